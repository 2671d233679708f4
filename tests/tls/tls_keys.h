/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TLS_KEYS_H
#define TLS_KEYS_H

#include <nettle/gcm.h>
#include <nettle/sha2.h>
#include <stddef.h>
#include <stdint.h>

/* The key schedule of TLS 1.3 (RFC 8446, 7.1) with SHA-256, and its records with AES-128-GCM. */

enum { TLS_SECRET = 32, TLS_TAG = 16, TLS_HEADER = 5 };

/* One direction of a connection. */
struct tls_direction {
	struct gcm_aes128_ctx cipher;
	uint8_t iv[12];
	uint64_t sequence;
};

/* The hash of everything that went into `transcript` so far, which goes on. */
void tls_transcript_hash(const struct sha256_ctx *transcript, uint8_t *hash);

void tls_hmac(const uint8_t *key, const uint8_t *message, size_t length, uint8_t *mac);

/* HKDF-Expand-Label; `out_length` is at most TLS_SECRET. */
void tls_expand(const uint8_t *secret, const char *label, const uint8_t *context,
	size_t context_length, uint8_t *out, size_t out_length);

/* Derive-Secret with a transcript's hash; NULL: of nothing. */
void tls_derive(const uint8_t *secret, const char *label, const uint8_t *hash, uint8_t *out);

/* HKDF-Extract; `input` NULL: zeros. */
void tls_extract(const uint8_t *salt, const uint8_t *input, uint8_t *out);

/* verify_data of a Finished message under the sender's traffic secret. */
void tls_finished(const uint8_t *secret, const struct sha256_ctx *transcript, uint8_t *data);

void tls_direction_set(struct tls_direction *direction, const uint8_t *secret);

/* Opens a whole record in place. Returns the content's length, its type in `type`; -1: forged. */
int tls_record_open(struct tls_direction *direction, uint8_t *record, size_t size, uint8_t *type);

/* Seals `length` bytes of a handshake message; `record` has room for 22 more. Returns its size. */
size_t tls_record_seal(
	struct tls_direction *direction, const uint8_t *message, size_t length, uint8_t *record);

#endif
