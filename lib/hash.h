/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HASH_H
#define HASH_H

#include <stddef.h>
#include <stdint.h>

/*
 * SipHash-2-4 (Aumasson, Bernstein: "SipHash: a fast short-input PRF"): a keyed hash, so that
 * whoever chooses the names can't choose their hashes.
 */
struct hash_key {
	uint64_t words[2];
};

/* Random bytes from GnuTLS. Returns CERTBIND_OK or CERTBIND_E_SYSTEM. */
int hash_key_make(struct hash_key *key);

uint64_t hash_bytes(const struct hash_key *key, const void *data, size_t size);

#endif
