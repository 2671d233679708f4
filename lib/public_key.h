/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PUBLIC_KEY_H
#define PUBLIC_KEY_H

#include <gnutls/abstract.h>
#include <stdbool.h>

/*
 * May a signature be verified with this key? Not with one that makes that cost seconds or hours:
 * RSA and DSA of more than 16,384 bits, RSA with an exponent of more than 64 bits, DSA with a
 * subgroup of more than 512. No authority has such a key, and OpenSSL refuses them as well.
 * Threads: any.
 */
bool public_key_is_affordable(gnutls_pubkey_t key);

#endif
