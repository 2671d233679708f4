/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One client: its socket in the event loop, its buffers, its time-outs. Knows no mail protocol. */
#ifndef MAIL_CONNECTION_H
#define MAIL_CONNECTION_H

#include "server.h"

#include <stdbool.h>
#include <stddef.h>

struct connection;

/* What a protocol does with a connection. */
struct dialogue {
	/* Greets; returns the protocol's own state, NULL when memory is exhausted. */
	void *(*open)(struct connection *connection);
	/*
	 * Takes a command, or a part of a message, off the front of what has come. Returns how many
	 * bytes that was, 0 to be called again when there are more. Never gets more than
	 * CONNECTION_INPUT_SIZE, and must take something of that much.
	 */
	size_t (*input)(void *state, char *bytes, size_t length);
	/* Goes on with a long answer; returns false when there is none. May be NULL. */
	bool (*output)(void *state);
	void (*close)(void *state);
	/* What the client is told last when it was idle for too long, and when the daemon ends. */
	const char *farewell_idle;
	const char *farewell_end;
	/* Seconds. */
	double idle;
};

#define CONNECTION_INPUT_SIZE 16384

/* Takes the socket. */
void connection_open(struct listener *listener, int fd);

/* Ends all of a server's connections at once, with a farewell as far as that does not block. */
void connection_close_all(struct server *server);

struct server *connection_server(struct connection *connection);
const struct protocol *connection_protocol(const struct connection *connection);

/* The client's address and port, as text. */
const char *connection_peer(const struct connection *connection);

bool connection_is_secure(const struct connection *connection);

/* What protects the connection, for a Received header. */
void connection_describe(const struct connection *connection, char *text, size_t size);

/* Somebody has logged in, and may be silent for so many seconds. */
void connection_set_user(struct connection *connection, double idle);

/* A whole command, or a message, has come: the time for the next begins. */
void connection_heard(struct connection *connection);

/* Part of a message has come: that gives a little more time, by its size. */
void connection_heard_part(struct connection *connection, size_t bytes);

void connection_write(struct connection *connection, const char *bytes, size_t length);
void connection_print(struct connection *connection, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A long answer pauses while this is false. */
bool connection_has_room(const struct connection *connection);

/* Both take effect when everything written before has been sent; no more input is taken. */
void connection_start_tls(struct connection *connection);
void connection_end(struct connection *connection);

/* A line on stderr that begins with protocol and peer. */
void connection_log(const struct connection *connection, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
