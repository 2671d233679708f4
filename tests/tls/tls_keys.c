/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tls_keys.h"
#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <string.h>

enum { TYPE_HANDSHAKE = 22, TYPE_APPLICATION = 23 };

void tls_transcript_hash(const struct sha256_ctx *transcript, uint8_t *hash)
{
	struct sha256_ctx copy = *transcript;

	sha256_digest(&copy, TLS_SECRET, hash);
}

void tls_hmac(const uint8_t *key, const uint8_t *message, size_t length, uint8_t *mac)
{
	struct hmac_sha256_ctx hmac;

	hmac_sha256_set_key(&hmac, TLS_SECRET, key);
	hmac_sha256_update(&hmac, length, message);
	hmac_sha256_digest(&hmac, TLS_SECRET, mac);
}

void tls_expand(const uint8_t *secret, const char *label, const uint8_t *context,
	size_t context_length, uint8_t *out, size_t out_length)
{
	uint8_t info[2 + 1 + 32 + 1 + TLS_SECRET + 1], mac[TLS_SECRET];
	size_t label_length = strlen(label), length = 0;

	info[length++] = 0;
	info[length++] = (uint8_t)out_length;
	info[length++] = (uint8_t)(6 + label_length);
	memcpy(info + length, "tls13 ", 6);
	memcpy(info + length + 6, label, label_length);
	length += 6 + label_length;
	info[length++] = (uint8_t)context_length;
	if (context_length > 0)
		memcpy(info + length, context, context_length);
	length += context_length;
	info[length++] = 1; /* HKDF-Expand's first and only block */
	tls_hmac(secret, info, length, mac);
	memcpy(out, mac, out_length);
}

void tls_derive(const uint8_t *secret, const char *label, const uint8_t *hash, uint8_t *out)
{
	struct sha256_ctx nothing;
	uint8_t empty[TLS_SECRET];

	if (hash == NULL) {
		sha256_init(&nothing);
		sha256_digest(&nothing, TLS_SECRET, empty);
		hash = empty;
	}
	tls_expand(secret, label, hash, TLS_SECRET, out, TLS_SECRET);
}

void tls_extract(const uint8_t *salt, const uint8_t *input, uint8_t *out)
{
	static const uint8_t zeros[TLS_SECRET];

	tls_hmac(salt, input != NULL ? input : zeros, TLS_SECRET, out);
}

void tls_finished(const uint8_t *secret, const struct sha256_ctx *transcript, uint8_t *data)
{
	uint8_t key[TLS_SECRET], hash[TLS_SECRET];

	tls_expand(secret, "finished", NULL, 0, key, TLS_SECRET);
	tls_transcript_hash(transcript, hash);
	tls_hmac(key, hash, TLS_SECRET, data);
}

void tls_direction_set(struct tls_direction *direction, const uint8_t *secret)
{
	uint8_t key[AES128_KEY_SIZE];

	tls_expand(secret, "key", NULL, 0, key, sizeof(key));
	tls_expand(secret, "iv", NULL, 0, direction->iv, sizeof(direction->iv));
	gcm_aes128_set_key(&direction->cipher, key);
	direction->sequence = 0;
}

static void direction_begin(struct tls_direction *direction, const uint8_t *header)
{
	uint8_t nonce[sizeof(direction->iv)];
	size_t i;

	memcpy(nonce, direction->iv, sizeof(nonce));
	for (i = 0; i < 8; i++)
		nonce[sizeof(nonce) - 1 - i] ^= (uint8_t)(direction->sequence >> (8 * i));
	direction->sequence++;
	gcm_aes128_set_iv(&direction->cipher, sizeof(nonce), nonce);
	gcm_aes128_update(&direction->cipher, TLS_HEADER, header);
}

int tls_record_open(struct tls_direction *direction, uint8_t *record, size_t size, uint8_t *type)
{
	uint8_t tag[TLS_TAG], *body = record + TLS_HEADER;
	size_t length;

	if (size < TLS_HEADER + TLS_TAG + 1)
		return -1;
	length = size - TLS_HEADER - TLS_TAG;
	direction_begin(direction, record);
	gcm_aes128_decrypt(&direction->cipher, length, body, body);
	gcm_aes128_digest(&direction->cipher, TLS_TAG, tag);
	if (!memeql_sec(tag, body + length, TLS_TAG))
		return -1;
	while (length > 0 && body[length - 1] == 0) /* padding */
		length--;
	if (length == 0)
		return -1;
	*type = body[length - 1];
	return (int)length - 1;
}

size_t tls_record_seal(
	struct tls_direction *direction, const uint8_t *message, size_t length, uint8_t *record)
{
	size_t sealed = length + 1 + TLS_TAG;
	uint8_t *body = record + TLS_HEADER;

	record[0] = TYPE_APPLICATION;
	record[1] = 3;
	record[2] = 3;
	record[3] = (uint8_t)(sealed >> 8);
	record[4] = (uint8_t)sealed;
	memcpy(body, message, length);
	body[length] = TYPE_HANDSHAKE;
	direction_begin(direction, record);
	gcm_aes128_encrypt(&direction->cipher, length + 1, body, body);
	gcm_aes128_digest(&direction->cipher, TLS_TAG, body + length + 1);
	return TLS_HEADER + sealed;
}
