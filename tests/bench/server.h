/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SERVER_H
#define SERVER_H

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What the bench's own servers have in common: one thread, one epoll loop, connections that end
 * after their handshake. They differ in where a session comes from.
 */

/* certbind's default, appended to the system's. */
#define SERVER_PRIORITY "-VERS-TLS1.0:-VERS-TLS1.1:-RSA"

struct server {
	void *data;
	/* Makes a session whose transport is `fd`, or returns a GnuTLS or certbind error. */
	int (*session)(void *data, int fd, gnutls_session_t *session);
	int wake_fd; /* -1: none */
	int (*wake)(void *data); /* wake_fd is readable */
	int port; /* 0: any free one */
	bool has_beat; /* measures how late the loop is, every millisecond */
};

/* Seconds that the process has used, of all its threads, and those of CLOCK_MONOTONIC. */
double server_cpu(void);
double server_now(void);

/*
 * Prints {"port", "open_wall", "open_cpu"}, with what it took since `open_at`, and serves
 * until standard input ends. For each line there it prints its counts, and begins them anew.
 */
int server_run(const struct server *server, double open_at);

#endif
