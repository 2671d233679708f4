/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What connection.c and crowd.c know of a connection. */
#ifndef MAIL_CLIENT_H
#define MAIL_CLIENT_H

#include "address.h"
#include "connection.h"
#include "queue.h"
#include "transport.h"

struct connection {
	struct server *server;
	const struct protocol *protocol;
	struct certbind_context *context;
	struct transport transport;
	struct ev_io io;
	struct ev_timer timer;
	void *state;
	double idle;
	bool is_in_handshake;
	bool is_starting_tls;
	bool is_ending;
	bool is_broken;
	bool is_logged;
	/* Logged in: whoever is not goes first when there are too many. */
	bool is_user;
	uint8_t network[ADDRESS_NETWORK_SIZE];
	/* When the last whole command came, or the connection. */
	ev_tstamp heard;
	char peer[ADDRESS_TEXT_SIZE];
	struct queue output;
	size_t input_length;
	char input[CONNECTION_INPUT_SIZE];
	struct connection *next;
	struct connection **previous;
};

/* Ends a connection at once. */
void connection_free(struct connection *connection);

#endif
