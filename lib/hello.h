/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HELLO_H
#define HELLO_H

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>

/* What certbind reads in a ClientHello; points into the message. */
struct hello {
	const unsigned char
		*server_name; /* the first of type host_name (RFC 6066, 3); NULL: none */
	size_t server_name_length;
	const unsigned char *protocols; /* ALPN's ProtocolNameList (RFC 7301, 3.1); NULL: none */
	size_t protocols_length;
};

/* Reads `message`, as a PRE ClientHello hook is given it. Returns 0 or a GnuTLS error. */
int hello_read(const gnutls_datum_t *message, struct hello *hello);

/* Does the client's list have the protocol? */
bool hello_has_protocol(const struct hello *hello, const char *protocol);

#endif
