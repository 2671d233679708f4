/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tls_hello.h"
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

struct writer {
	uint8_t *bytes;
	size_t length;
};

static void put(struct writer *writer, uint32_t value, size_t size)
{
	while (size-- > 0)
		writer->bytes[writer->length++] = (uint8_t)(value >> (8 * size));
}

static void put_bytes(struct writer *writer, const void *bytes, size_t size)
{
	memcpy(writer->bytes + writer->length, bytes, size);
	writer->length += size;
}

/* Leaves room for a length of `size` bytes; put_end() fills it in. */
static size_t put_begin(struct writer *writer, size_t size)
{
	writer->length += size;
	return writer->length;
}

static void put_end(struct writer *writer, size_t begin, size_t size)
{
	struct writer at = { writer->bytes, begin - size };

	put(&at, (uint32_t)(writer->length - begin), size);
}

/* An extension of fixed content. */
static void put_extension(struct writer *writer, uint32_t type, const char *bytes, size_t size)
{
	put(writer, type, 2);
	put(writer, (uint32_t)size, 2);
	put_bytes(writer, bytes, size);
}

static void put_server_name(struct writer *writer, const char *host)
{
	size_t length = strlen(host);

	put(writer, 0, 2);
	put(writer, (uint32_t)length + 5, 2);
	put(writer, (uint32_t)length + 3, 2);
	put(writer, 0, 1);
	put(writer, (uint32_t)length, 2);
	put_bytes(writer, host, length);
}

static uint32_t ticket_age(const struct tls_ticket *ticket)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint32_t)((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000 -
			  ticket->received_ms) +
	       ticket->age_add;
}

/* pre_shared_key comes last (RFC 8446, 4.2.11); its binder covers all that stands before it. */
static void put_ticket(struct writer *writer, const struct tls_ticket *ticket)
{
	put(writer, 41, 2);
	put(writer, (uint32_t)ticket->length + 2 + 2 + 4 + 2 + 1 + TLS_SECRET, 2);
	put(writer, (uint32_t)ticket->length + 2 + 4, 2);
	put(writer, (uint32_t)ticket->length, 2);
	put_bytes(writer, ticket->bytes, ticket->length);
	put(writer, ticket_age(ticket), 4);
	put(writer, 1 + TLS_SECRET, 2);
	put(writer, TLS_SECRET, 1);
	writer->length += TLS_SECRET;
}

static void write_binder(struct writer *writer, const uint8_t *early)
{
	struct sha256_ctx transcript;
	uint8_t key[TLS_SECRET];

	tls_derive(early, "res binder", NULL, key);
	sha256_init(&transcript);
	sha256_update(&transcript, writer->length - TLS_SECRET - 3, writer->bytes);
	tls_finished(key, &transcript, writer->bytes + writer->length - TLS_SECRET);
}

static void put_extensions(struct writer *writer, const char *host, const uint8_t *key_share)
{
	put_server_name(writer, host);
	put_extension(writer, 10, "\0\2\0\x1d", 4); /* supported_groups: x25519 */
	/* signature_algorithms: ecdsa_secp256r1_sha256, rsa_pss_rsae_sha256 */
	put_extension(writer, 13, "\0\4\4\3\x8\4", 6);
	put_extension(writer, 43, "\2\3\4", 3); /* supported_versions: 1.3 */
	put_extension(writer, 45, "\1\1", 2); /* psk_key_exchange_modes: psk_dhe_ke */
	put(writer, 51, 2); /* key_share */
	put(writer, 6 + 32, 2);
	put(writer, 4 + 32, 2);
	put(writer, 0x1d, 2); /* x25519 */
	put(writer, 32, 2);
	put_bytes(writer, key_share, 32);
}

size_t tls_hello_write(uint8_t *out, const char *host, const uint8_t *key_share,
	const struct tls_ticket *ticket, const uint8_t *early)
{
	struct writer writer = { out, 0 };
	uint8_t random[64];
	size_t message, extensions;

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		abort();
	put(&writer, 1, 1);
	message = put_begin(&writer, 3);
	put(&writer, 0x0303, 2);
	put_bytes(&writer, random, 32);
	/* A session id, as browsers and OpenSSL send it: the server answers with a ChangeCipherSpec. */
	put(&writer, 32, 1);
	put_bytes(&writer, random + 32, 32);
	put(&writer, 2, 2);
	put(&writer, 0x1301, 2); /* TLS_AES_128_GCM_SHA256 */
	put(&writer, 0x0100, 2); /* no compression */
	extensions = put_begin(&writer, 2);
	put_extensions(&writer, host, key_share);
	if (ticket != NULL)
		put_ticket(&writer, ticket);
	put_end(&writer, extensions, 2);
	put_end(&writer, message, 3);
	if (ticket != NULL)
		write_binder(&writer, early);
	return writer.length;
}
