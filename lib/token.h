/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TOKEN_H
#define TOKEN_H

#include <gnutls/abstract.h>

/*
 * A private key object that signs with another one, which must outlive it. GnuTLS' credentials
 * take their key objects over; a key in a token is opened once and stays where it is, however
 * often credentials are made from it. Returns 0 or a GnuTLS error.
 */
int token_key_borrow(gnutls_privkey_t token_key, gnutls_privkey_t *key);

#endif
