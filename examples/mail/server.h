/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What all connections share. */
#ifndef MAIL_SERVER_H
#define MAIL_SERVER_H

#include "../common/users.h"

#include <certbind/certbind.h>
#include <ev.h>
#include <stdbool.h>
#include <stddef.h>

struct connection;
struct dialogue;

#define SERVER_CONNECTIONS_MAX 1000

/* One client's part of them. */
#define SERVER_CONNECTIONS_PER_CLIENT 100

/* A connection may hold its socket, a directory and a message. */
#define SERVER_DESCRIPTORS_PER_CONNECTION 4

/* Seconds for which listeners rest when there are too many connections or descriptors. */
#define SERVER_REST 1.0

/* One of the four kinds of socket. */
struct protocol {
	/* As in the options and in the lines on stdout. */
	const char *name;
	const struct dialogue *dialogue;
	/* The handshake comes first; the others have STARTTLS. */
	bool has_implicit_tls;
	/* Users send their own mail here. */
	bool is_submission;
};

struct listener {
	struct server *server;
	const struct protocol *protocol;
	/* The TLS side: certbind_context_session() makes each connection's session from it. */
	struct certbind_context *context;
	struct ev_io io;
	struct listener *next;
};

struct server {
	struct ev_loop *loop;
	struct certbind_store *store;
	struct users *users;
	/* NULL: nobody has a mailbox. */
	const char *spool;
	char hostname[256];
	/* Connections are made with certbind_session_set_fd(). */
	bool is_buffered;
	struct listener *listeners;
	struct connection *connections;
	size_t connections_count;
	/* What the descriptors suffice for. */
	size_t connections_max;
	/* Ends a rest of the listeners. */
	struct ev_timer rest;
};

/*
 * Opens a socket and prints where it listens.
 *
 * `address` is ADDRESS:PORT, IPv6 in brackets. Returns false with a text in `message`.
 */
bool listener_open(struct server *server, const struct protocol *protocol,
	struct certbind_context *context, const char *address, char *message, size_t size);

/* Called when a connection has ended. */
void listener_wake_all(struct server *server);

void listener_close_all(struct server *server);

#endif
