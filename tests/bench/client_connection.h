/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLIENT_CONNECTION_H
#define CLIENT_CONNECTION_H

#include "tls_client.h"

struct connection {
	int fd; /* -1: closed */
	bool is_handshaken; /* the server's Finished was right */
	bool has_finished; /* the client's is on its way */
	uint64_t begun, handshaken; /* ns of CLOCK_MONOTONIC */
	struct tls_client tls;
};

uint64_t now_ns(void);

/* Connects without waiting. Returns 0, or -1 with tls.error set. */
int connection_open(
	struct connection *connection, int port, const char *host, const struct tls_ticket *ticket);

/*
 * Goes on as far as it can. Returns 1 when the server has closed after the handshake, 0 when it
 * waits, -1 on failure with tls.error set.
 */
int connection_step(struct connection *connection);

/* What it waits for: an event of poll(2). */
short connection_event(const struct connection *connection);

void connection_close(struct connection *connection);

#endif
