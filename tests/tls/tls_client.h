/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TLS_CLIENT_H
#define TLS_CLIENT_H

#include "tls_keys.h"
#include <stdbool.h>

/*
 * The client's half of a TLS 1.3 handshake with the least work that a server can't tell from a
 * real one: X25519 with one key for all connections, AES-128-GCM, the server's Finished checked,
 * its certificate and signature not. It is cheaper than any server's half, so that one core of
 * clients keeps one core of server busy.
 */

enum { TLS_TICKET_MAX = 2048, TLS_FLIGHT_MAX = 65536 };

struct tls_ticket {
	uint8_t secret[TLS_SECRET];
	uint8_t bytes[TLS_TICKET_MAX];
	size_t length;
	uint32_t age_add;
	uint64_t received_ms;
};

enum tls_state {
	TLS_WAITS_HELLO,
	TLS_WAITS_FINISHED,
	TLS_DONE /* the handshake is; tickets may come */
};

struct tls_client {
	enum tls_state state;
	bool is_resumed;
	const struct tls_ticket *offered; /* NULL: a full handshake */
	struct tls_ticket *kept; /* where the first ticket goes; NULL: tickets are not read */
	unsigned int tickets; /* read */
	bool wants_leaf;
	uint8_t leaf[TLS_SECRET]; /* SHA-256 of the server's certificate, with wants_leaf */
	const char *error; /* why it failed */

	struct sha256_ctx transcript;
	uint8_t early[TLS_SECRET], handshake[TLS_SECRET], master[TLS_SECRET];
	uint8_t client_secret[TLS_SECRET], server_secret[TLS_SECRET], resumption[TLS_SECRET];
	struct tls_direction in, out;

	size_t raw_length, message_length, sending_length, sending_done;
	uint8_t raw[TLS_FLIGHT_MAX]; /* received, not opened */
	uint8_t message[TLS_FLIGHT_MAX]; /* of the handshake, opened */
	uint8_t sending[TLS_TICKET_MAX + 1024];
};

/* Makes the key pair that all connections share. */
void tls_client_prepare(void);

/* Puts a ClientHello into `sending`. `ticket` must live as long as the handshake. */
void tls_client_start(struct tls_client *client, const char *host, const struct tls_ticket *ticket);

/* Takes what came in behind raw_length. Returns 0, or -1 with `error` set. */
int tls_client_take(struct tls_client *client, size_t length);

#endif
