/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HANDSHAKE_H
#define HANDSHAKE_H

#include <certbind/certbind.h>

/*
 * Priorities: a client whose only share is of a group that the server does not take, so that it is
 * asked for another by a HelloRetryRequest.
 */
#define HANDSHAKE_RETRY "NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-SECP384R1:+GROUP-SECP256R1"
#define HANDSHAKE_RETRY_SERVER "-VERS-TLS1.0:-VERS-TLS1.1:-RSA:-GROUP-SECP384R1"

/* What the client of a handshake in memory does. */
struct handshake_client {
	const char *server_name; /* NULL: sends none */
	const char *priority; /* NULL: GnuTLS' default */
	const char *protocols[4]; /* ALPN, ends with NULL */
	gnutls_datum_t ticket; /* what handshake_ticket() gave: asks to resume; size 0: does not */
	unsigned int server_flags; /* for certbind_context_session() */
};

/* Two sessions over a socket pair. */
struct handshake {
	gnutls_session_t server, client;
	gnutls_certificate_credentials_t trust;
	int sockets[2];
	int server_status, client_status; /* of gnutls_handshake(); GNUTLS_E_AGAIN: unfinished */
	int is_retried; /* there was a HelloRetryRequest */
	int alert; /* that the client was sent; -1: none */
	struct certbind_selection selection; /* of the server's session, at the end */
	char subject[256]; /* CN of the certificate that the client got; empty: none, or no CN */
	char protocol[32]; /* that was negotiated; empty: none */
	int is_resumed; /* both sides say so */
};

/* Makes both sessions, with nothing sent yet. */
void handshake_begin(struct handshake *handshake, struct certbind_context *context,
	const struct handshake_client *client);

/* Steps both until they end, fail, or wait for each other. */
void handshake_run(struct handshake *handshake);

/* What the client of a finished handshake has to come back with, to be freed with gnutls_free(). */
gnutls_datum_t handshake_ticket(struct handshake *handshake);

void handshake_end(struct handshake *handshake);

/* All three. */
void handshake_whole(struct handshake *handshake, struct certbind_context *context,
	const struct handshake_client *client);

#endif
