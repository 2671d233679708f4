/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hash.h"
#include "hot.h"
#include <certbind/error.h>
#include <gnutls/crypto.h>
#include <string.h>

int hash_key_make(struct hash_key *key)
{
	return gnutls_rnd(GNUTLS_RND_NONCE, key, sizeof(*key)) < 0 ? CERTBIND_E_SYSTEM
								   : CERTBIND_OK;
}

static inline uint64_t rotate(uint64_t word, unsigned int bits)
{
	return word << bits | word >> (64 - bits);
}

static inline void sip_round(uint64_t *v)
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

static inline void sip_absorb(uint64_t *v, uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	sip_round(v);
	v[0] ^= word;
}

HOT uint64_t hash_bytes(const struct hash_key *key, const void *data, size_t size)
{
	const unsigned char *bytes = data;
	uint64_t v[4] = {
		key->words[0] ^ UINT64_C(0x736f6d6570736575),
		key->words[1] ^ UINT64_C(0x646f72616e646f6d),
		key->words[0] ^ UINT64_C(0x6c7967656e657261),
		key->words[1] ^ UINT64_C(0x7465646279746573),
	};
	uint64_t last = (uint64_t)size << 56;
	uint64_t word;
	size_t i;

	for (; size >= 8; bytes += 8, size -= 8) {
		/* In the machine's order: the hash never leaves the process. */
		memcpy(&word, bytes, 8);
		sip_absorb(v, word);
	}
	for (i = 0; i < size; i++)
		last |= (uint64_t)bytes[i] << (8 * i);
	sip_absorb(v, last);
	v[2] ^= 0xff;
	for (i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
