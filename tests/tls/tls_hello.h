/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TLS_HELLO_H
#define TLS_HELLO_H

#include "tls_client.h"

/*
 * Writes a whole ClientHello message to `out`, which has room for TLS_TICKET_MAX + 512 bytes, and
 * returns its length. With a ticket, `early` is its early secret, which the binder is made with.
 */
size_t tls_hello_write(uint8_t *out, const char *host, const uint8_t *key_share,
	const struct tls_ticket *ticket, const uint8_t *early);

#endif
