/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probe.h"
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int64_t now(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

bool probe_fail(struct probe *probe, const char *format, ...)
{
	va_list arguments;
	size_t i;

	va_start(arguments, format);
	(void)vsnprintf(probe->fault, sizeof(probe->fault), format, arguments);
	va_end(arguments);
	for (i = 0; probe->fault[i] != '\0'; i++)
		if (probe->fault[i] < ' ' || probe->fault[i] > '~')
			probe->fault[i] = '?';
	return false;
}

bool probe_fail_errno(struct probe *probe, const char *what, int number)
{
	char text[128];

	if (strerror_r(number, text, sizeof(text)) != 0)
		(void)snprintf(text, sizeof(text), "error %d", number);
	return probe_fail(probe, "%s: %s", what, text);
}

bool probe_wait(struct probe *probe, short events)
{
	struct pollfd wanted = { .fd = probe->descriptor, .events = events };
	int64_t left;
	int ready;

	for (;;) {
		left = probe->deadline - now();
		if (left <= 0) {
			probe->is_late = true;
			return probe_fail(probe, "it did not answer in time");
		}
		ready = poll(&wanted, 1, (int)left);
		if (ready > 0)
			return true;
		if (ready < 0 && errno != EINTR)
			return probe_fail_errno(probe, "poll", errno);
	}
}

/* One place of several that the address may have. */
static bool connect_place(struct probe *probe, const struct addrinfo *place)
{
	int result = 0;
	socklen_t size = sizeof(result);

	probe->descriptor = socket(place->ai_family,
		place->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, place->ai_protocol);
	if (probe->descriptor < 0)
		return probe_fail_errno(probe, "socket", errno);
	if (connect(probe->descriptor, place->ai_addr, place->ai_addrlen) == 0)
		return true;
	if (errno != EINPROGRESS)
		return probe_fail_errno(probe, "connecting failed", errno);
	if (!probe_wait(probe, POLLOUT))
		return false;
	if (getsockopt(probe->descriptor, SOL_SOCKET, SO_ERROR, &result, &size) != 0)
		result = errno;
	if (result != 0)
		return probe_fail_errno(probe, "connecting failed", result);
	return true;
}

static void disconnect(struct probe *probe)
{
	if (probe->descriptor >= 0)
		(void)close(probe->descriptor);
	probe->descriptor = -1;
}

/* The first place that answers. */
static bool connect_any(struct probe *probe, const struct addrinfo *places)
{
	const struct addrinfo *place;

	for (place = places; place != NULL && !probe->is_late; place = place->ai_next) {
		if (connect_place(probe, place)) {
			probe->fault[0] = '\0';
			return true;
		}
		disconnect(probe);
	}
	return false;
}

void probe_run(const struct endpoint *endpoint, const char *host, unsigned int timeout,
	struct probe_result *result)
{
	struct probe probe = { .descriptor = -1, .deadline = now() + (int64_t)timeout * 1000 };

	memset(result, 0, sizeof(*result));
	if (endpoint->fault != NULL)
		(void)probe_fail(&probe, "%s", endpoint->fault);
	else if (connect_any(&probe, endpoint->places) && probe_starttls(&probe, endpoint->start))
		(void)probe_handshake(&probe, host, result);
	disconnect(&probe);
	memcpy(result->fault, probe.fault, sizeof(result->fault));
	result->is_late = probe.is_late;
}

void probe_result_clear(struct probe_result *result)
{
	unsigned int i;

	for (i = 0; i < result->chain_length; i++)
		free(result->chain[i].data);
	free(result->chain);
	memset(result, 0, sizeof(*result));
}
