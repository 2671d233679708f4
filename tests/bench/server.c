/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE /* accept4 */
#include "server.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 64, BACKLOG = 1024, BEAT_NS = 1000000 };

struct counts {
	unsigned long handshakes, resumed, failed, wakes;
	double turn_max, wake_max, late_max; /* s */
	int error; /* of the first failure */
};

struct client {
	struct client *next, *previous; /* all that are connected */
	gnutls_session_t session;
	int fd;
	bool is_handshaken;
};

struct loop {
	const struct server *server;
	int epoll_fd, listen_fd, beat_fd;
	double beat_at; /* when the next is due */
	struct client *clients;
	struct counts counts;
	bool is_over;
};

static double seconds(clockid_t clock)
{
	struct timespec time;

	(void)clock_gettime(clock, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

double server_cpu(void)
{
	return seconds(CLOCK_PROCESS_CPUTIME_ID);
}

double server_now(void)
{
	return seconds(CLOCK_MONOTONIC);
}

static int loop_add(const struct loop *loop, int fd, const void *tag)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = (void *)(uintptr_t)tag };

	return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static void client_end(struct loop *loop, struct client *client)
{
	if (client->next != NULL)
		client->next->previous = client->previous;
	if (client->previous != NULL)
		client->previous->next = client->next;
	else
		loop->clients = client->next;
	gnutls_deinit(client->session);
	(void)close(client->fd);
	free(client);
}

static void count_failure(struct loop *loop, int status)
{
	if (loop->counts.failed++ == 0)
		loop->counts.error = status;
}

/* Waits for room to write only when GnuTLS says so, which in a handshake this small is never. */
static void client_wait(const struct loop *loop, struct client *client)
{
	struct epoll_event event = { .data.ptr = client };

	if (gnutls_record_get_direction(client->session) == 0)
		return;
	event.events = EPOLLIN | EPOLLOUT;
	(void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, client->fd, &event);
}

static void client_step(struct loop *loop, struct client *client)
{
	char byte;
	ssize_t status;

	if (!client->is_handshaken) {
		status = gnutls_handshake(client->session);
		if (status < 0 && !gnutls_error_is_fatal((int)status)) {
			client_wait(loop, client);
			return;
		}
		if (status < 0) {
			count_failure(loop, (int)status);
			(void)gnutls_alert_send_appropriate(client->session, (int)status);
			client_end(loop, client);
			return;
		}
		client->is_handshaken = true;
		loop->counts.handshakes++;
		loop->counts.resumed += gnutls_session_is_resumed(client->session) != 0;
	}
	/* As a daemon that waits for a request; this client sends none and ends. */
	status = gnutls_record_recv(client->session, &byte, 1);
	if (status != GNUTLS_E_AGAIN && status != GNUTLS_E_INTERRUPTED)
		client_end(loop, client);
}

static void loop_accept(struct loop *loop)
{
	struct client *client;
	int status, yes = 1;
	int fd = accept4(loop->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	client = calloc(1, sizeof(*client));
	if (client == NULL)
		abort();
	client->fd = fd;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	status = loop->server->session(loop->server->data, fd, &client->session);
	if (status < 0 || loop_add(loop, fd, client) < 0) {
		count_failure(loop, status);
		(void)close(fd);
		free(client);
		return;
	}
	client->next = loop->clients;
	if (client->next != NULL)
		client->next->previous = client;
	loop->clients = client;
	client_step(loop, client);
}

static void maximum(double *of, double value)
{
	if (value > *of)
		*of = value;
}

static void loop_beat(struct loop *loop)
{
	uint64_t count;

	if (read(loop->beat_fd, &count, sizeof(count)) != (ssize_t)sizeof(count))
		return;
	/* Of several that were missed the first is the latest. */
	maximum(&loop->counts.late_max, server_now() - loop->beat_at);
	loop->beat_at += (double)count * BEAT_NS / 1e9;
}

static void loop_wake(struct loop *loop)
{
	double begun = server_now();

	if (loop->server->wake(loop->server->data) < 0)
		(void)fprintf(stderr, "a change was refused\n");
	maximum(&loop->counts.wake_max, server_now() - begun);
	loop->counts.wakes++;
}

static void loop_answer(struct loop *loop)
{
	const struct counts *counts = &loop->counts;
	char line[64];

	if (read(STDIN_FILENO, line, sizeof(line)) <= 0) {
		loop->is_over = true;
		return;
	}
	(void)printf("{\"handshakes\": %lu, \"resumed\": %lu, \"failed\": %lu, \"wakes\": %lu, "
		     "\"turn_max\": %.6f, \"wake_max\": %.6f, \"late_max\": %.6f, \"error\": "
		     "\"%s\"}\n",
		counts->handshakes, counts->resumed, counts->failed, counts->wakes,
		counts->turn_max, counts->wake_max, counts->late_max,
		counts->error < 0 ? gnutls_strerror(counts->error) : "");
	(void)fflush(stdout);
	memset(&loop->counts, 0, sizeof(loop->counts));
}

static void loop_handle(struct loop *loop, void *tag)
{
	if (tag == &loop->listen_fd)
		loop_accept(loop);
	else if (tag == &loop->beat_fd)
		loop_beat(loop);
	else if (tag == &loop->server->wake_fd)
		loop_wake(loop);
	else if (tag == &loop->is_over)
		loop_answer(loop);
	else
		client_step(loop, tag);
}

static int loop_turns(struct loop *loop)
{
	struct epoll_event events[EVENTS];
	double begun;
	int i, length;

	while (!loop->is_over) {
		length = epoll_wait(loop->epoll_fd, events, EVENTS, -1);
		if (length < 0 && errno != EINTR)
			return -1;
		begun = loop->server->has_beat ? server_now() : 0;
		for (i = 0; i < length; i++)
			loop_handle(loop, events[i].data.ptr);
		if (loop->server->has_beat)
			maximum(&loop->counts.turn_max, server_now() - begun);
	}
	return 0;
}

static int open_listener(int *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof(address);
	int yes = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_port = htons((uint16_t)*port);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
		bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		listen(fd, BACKLOG) < 0 ||
		getsockname(fd, (struct sockaddr *)&address, &length) < 0)
		return -1;
	*port = ntohs(address.sin_port);
	return fd;
}

static int open_beat(struct loop *loop)
{
	const struct itimerspec each = { { 0, BEAT_NS }, { 0, BEAT_NS } };

	loop->beat_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (loop->beat_fd < 0 || timerfd_settime(loop->beat_fd, 0, &each, NULL) < 0)
		return -1;
	loop->beat_at = server_now() + BEAT_NS / 1e9;
	return loop_add(loop, loop->beat_fd, &loop->beat_fd);
}

int server_run(const struct server *server, double open_at)
{
	struct loop loop = { .server = server };
	double wall = server_now() - open_at, cpu = server_cpu();
	int port = server->port, status;

	loop.listen_fd = open_listener(&port);
	loop.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop.listen_fd < 0 || loop.epoll_fd < 0 ||
		loop_add(&loop, loop.listen_fd, &loop.listen_fd) < 0 ||
		loop_add(&loop, STDIN_FILENO, &loop.is_over) < 0 ||
		(server->wake_fd >= 0 && loop_add(&loop, server->wake_fd, &server->wake_fd) < 0) ||
		(server->has_beat && open_beat(&loop) < 0)) {
		perror("bench server");
		return 2;
	}
	(void)printf("{\"port\": %d, \"open_wall\": %.6f, \"open_cpu\": %.6f}\n", port, wall, cpu);
	(void)fflush(stdout);
	status = loop_turns(&loop);
	while (loop.clients != NULL)
		client_end(&loop, loop.clients);
	(void)close(loop.listen_fd);
	(void)close(loop.epoll_fd);
	return status < 0 ? 1 : 0;
}
