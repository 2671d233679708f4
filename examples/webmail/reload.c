/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reload.h"
#include "connection.h"
#include "crowd.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Seconds after which connections are looked at, when nothing else happens. */
#define PERIOD 5

/*
 * The threads of libmicrohttpd go on meanwhile: connections under way keep the certificate they
 * have, the next handshake gets what was taken here.
 */

static void tell_refusal(const char *cause, const struct certbind_error *error)
{
	char place[sizeof(error->file) + 16] = "";

	if (error->line > 0)
		(void)snprintf(place, sizeof(place), "%s:%d: ", error->file, error->line);
	else if (error->file[0] != '\0')
		(void)snprintf(place, sizeof(place), "%s: ", error->file);
	(void)fprintf(stderr, "webmail: %s: refused, what was loaded stays in service: %s%s\n",
		cause, place, error->message);
}

/* Returns whether the daemon is to go on. */
static bool take_signal(struct certbind_store *store, int fd)
{
	struct signalfd_siginfo signal;
	struct certbind_error error;

	if (read(fd, &signal, sizeof(signal)) != (ssize_t)sizeof(signal))
		return true;
	if (signal.ssi_signo != SIGHUP)
		return false;
	if (certbind_store_reload(store, &error) < 0)
		tell_refusal("SIGHUP", &error);
	else
		(void)fprintf(stderr, "webmail: SIGHUP: configuration and certificates are read\n");
	return true;
}

static int follow(const struct webmail *webmail, int signals_fd, int changes_fd)
{
	struct pollfd fds[] = { { .fd = signals_fd, .events = POLLIN },
		{ .fd = changes_fd, .events = POLLIN } };
	struct certbind_store *store = webmail->store;
	struct certbind_error error;

	for (;;) {
		if (poll(fds, 2, PERIOD * 1000) < 0 && errno != EINTR) {
			(void)fprintf(stderr, "webmail: poll: %s\n", strerror(errno));
			return -1;
		}
		if (fds[0].revents != 0 && !take_signal(store, signals_fd))
			return 0;
		if (fds[1].revents != 0 && certbind_store_dispatch(store, &error) < 0)
			tell_refusal("files have changed", &error);
		crowd_end_slow(webmail->crowd, connection_clock());
	}
}

int reload_until_end(const struct webmail *webmail, const sigset_t *signals)
{
	int signals_fd = signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK);
	int changes_fd = certbind_store_fd(webmail->store);
	int status = -1;

	if (signals_fd < 0)
		(void)fprintf(stderr, "webmail: signalfd: %s\n", strerror(errno));
	else if (changes_fd < 0)
		(void)fprintf(stderr, "webmail: changes can't be followed: %s\n",
			certbind_strerror(changes_fd));
	else
		status = follow(webmail, signals_fd, changes_fd);
	if (signals_fd >= 0)
		(void)close(signals_fd);
	return status;
}
