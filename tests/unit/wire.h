/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WIRE_H
#define WIRE_H

#include <certbind/certbind.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * What a hostile client sends, and what a server does with it. The bytes begin as a real client's
 * and are read here once more, after the RFCs alone: nothing is shared with the library.
 */

enum {
	WIRE_SIZE = 1 << 20,
	RECORD_HEADER = 5,
	RECORD_MAX = 1 << 14,
	RECORD_ALERT = 21,
	RECORD_HANDSHAKE = 22,
	EXTENSION_SERVER_NAME = 0,
	EXTENSION_ALPN = 16,
};

struct wire {
	size_t size;
	unsigned char data[WIRE_SIZE];
};

void wire_add(struct wire *wire, const void *bytes, size_t size);
void wire_add_number(struct wire *wire, size_t number, int bytes);

void wire_copy(struct wire *wire, const struct wire *from);

/* Makes room for, or takes away, bytes in the middle. */
void wire_splice(struct wire *wire, size_t at, size_t removed, const void *bytes, size_t size);

/* Appends a handshake message in records of at most so many bytes. */
void wire_add_records(struct wire *wire, const struct wire *message, size_t fragment);

/*
 * Captures a client's ClientHello, the handshake message without its record. `answer` NULL: the
 * first; else the second, as the client answers what a server has sent.
 */
struct wire_client {
	const char *server_name;
	const char *priority;
	const char *protocol; /* NULL: no ALPN */
};

struct certbind_context;
void wire_capture(
	const struct wire_client *client, struct certbind_context *context, struct wire hellos[2]);

/* A ClientHello as RFC 8446, 4.1.2 has it. */
struct wire_hello {
	size_t extensions; /* where their length stands; 0: there are none */
	bool has_name;
	char name[256]; /* lower case, without a dot at the end; "" also when it is no host name */
	bool is_name_bad; /* a list that RFC 6066, 3 does not allow */
	bool has_protocols;
	bool is_http; /* http/1.1 is among them */
};

/* Returns false when it is none. */
bool wire_read_hello(const struct wire *message, struct wire_hello *hello);

/* Joins handshake records up to the end of the first message. Returns false when that is not there. */
bool wire_join(const struct wire *records, struct wire *message);

/* Sets, or with data NULL takes away, the first extension of a type; sees to all lengths. */
void wire_set_extension(struct wire *message, unsigned int type, const void *data, size_t size);

/* Adds one at the end, or at the front, whether there is one of that type or not. */
void wire_add_extension(
	struct wire *message, unsigned int type, const void *data, size_t size, bool is_first);

/* wire_splice() within a ClientHello, whose lengths are mended. */
void wire_edit(struct wire *message, size_t at, size_t removed, const void *bytes, size_t size);

/* A server's session that lives on bytes. */
struct wire_server {
	gnutls_session_t session;
	struct wire *input;
	size_t taken;
	size_t at_once; /* bytes that one read gives */
	bool is_closed; /* the client's half */
	struct wire *output;
	int status;
};

void wire_server_begin(struct wire_server *server, struct certbind_context *context,
	struct wire *input, struct wire *output);
/* Goes on until it fails, is done, or waits for more. */
void wire_server_run(struct wire_server *server);
/* The client closes: the server must end, with an alert where it has not sent one. */
void wire_server_close(struct wire_server *server);
void wire_server_end(struct wire_server *server);

/* What the server has sent since `from`: fails the test where that is not made of whole records. */
struct wire_answer {
	bool is_handshake; /* it went on with the handshake */
	bool is_retry; /* with a HelloRetryRequest (RFC 8446, 4.1.3), and nothing more */
	int alert; /* -1: none, or under encryption */
	int level;
};

struct wire_answer wire_read_answer(const struct wire *output, size_t from);

#endif
