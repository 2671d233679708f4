/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tls_client.h"
#include "tls_hello.h"
#include <nettle/curve25519.h>
#include <nettle/memops.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum { TYPE_CHANGE = 20, TYPE_ALERT = 21, TYPE_HANDSHAKE = 22, TYPE_APPLICATION = 23 };
enum { SERVER_HELLO = 2, NEW_TICKET = 4, CERTIFICATE = 11, FINISHED = 20 };

static uint8_t private_key[CURVE25519_SIZE], public_key[CURVE25519_SIZE];

void tls_client_prepare(void)
{
	if (getrandom(private_key, sizeof(private_key), 0) != (ssize_t)sizeof(private_key))
		abort();
	curve25519_mul_g(public_key, private_key);
}

static int fail(struct tls_client *client, const char *error)
{
	client->error = error;
	return -1;
}

static uint32_t get(const uint8_t *bytes, size_t size)
{
	uint32_t value = 0;

	while (size-- > 0)
		value = value << 8 | *bytes++;
	return value;
}

void tls_client_start(struct tls_client *client, const char *host, const struct tls_ticket *ticket)
{
	static const uint8_t zeros[TLS_SECRET];
	size_t length;

	client->state = TLS_WAITS_HELLO;
	client->is_resumed = false;
	client->offered = ticket;
	client->tickets = 0;
	client->error = NULL;
	client->raw_length = 0;
	client->message_length = 0;
	tls_extract(zeros, ticket != NULL ? ticket->secret : NULL, client->early);
	length = tls_hello_write(
		client->sending + TLS_HEADER, host, public_key, ticket, client->early);
	client->sending[0] = TYPE_HANDSHAKE;
	client->sending[1] = 3;
	client->sending[2] = 1;
	client->sending[3] = (uint8_t)(length >> 8);
	client->sending[4] = (uint8_t)length;
	client->sending_length = TLS_HEADER + length;
	client->sending_done = 0;
	sha256_init(&client->transcript);
	sha256_update(&client->transcript, length, client->sending + TLS_HEADER);
}

static int set_handshake_keys(struct tls_client *client, const uint8_t *server_share)
{
	static const uint8_t zeros[TLS_SECRET];
	uint8_t shared[CURVE25519_SIZE], derived[TLS_SECRET], hash[TLS_SECRET];

	if (!client->is_resumed && client->offered != NULL) /* the server did not take the ticket */
		tls_extract(zeros, NULL, client->early);
	curve25519_mul(shared, private_key, server_share);
	tls_derive(client->early, "derived", NULL, derived);
	tls_extract(derived, shared, client->handshake);
	tls_transcript_hash(&client->transcript, hash);
	tls_derive(client->handshake, "c hs traffic", hash, client->client_secret);
	tls_derive(client->handshake, "s hs traffic", hash, client->server_secret);
	tls_direction_set(&client->in, client->server_secret);
	tls_direction_set(&client->out, client->client_secret);
	return 0;
}

/* HelloRetryRequest has no key, only a group, and so ends here as well. */
static int take_server_hello(struct tls_client *client, const uint8_t *body, size_t length)
{
	const uint8_t *end = body + length, *share = NULL;
	size_t skip, type, size;

	if (length < 2 + 32 + 1 || length < 2 + 32 + 1 + (size_t)body[34] + 2 + 1 + 2)
		return fail(client, "short ServerHello");
	skip = 2 + 32 + 1 + (size_t)body[34];
	if (get(body + skip, 2) != 0x1301)
		return fail(client, "another cipher");
	for (body += skip + 2 + 1 + 2; end - body >= 4; body += size) {
		type = get(body, 2);
		size = get(body + 2, 2);
		body += 4;
		if (size > (size_t)(end - body))
			break;
		if (type == 51 && size == 4 + CURVE25519_SIZE && get(body, 2) == 0x1d)
			share = body + 4;
		else if (type == 41)
			client->is_resumed = true;
	}
	if (share == NULL)
		return fail(client, "no X25519 key in ServerHello");
	client->state = TLS_WAITS_FINISHED;
	return set_handshake_keys(client, share);
}

/* Its first entry, behind an empty context: the server's own certificate. */
static int take_certificate(struct tls_client *client, const uint8_t *body, size_t length)
{
	struct sha256_ctx hash;
	size_t size = length > 7 ? get(body + 4, 3) : 0;

	if (size == 0 || size > length - 7)
		return fail(client, "no certificate");
	if (client->wants_leaf) {
		sha256_init(&hash);
		sha256_update(&hash, size, body + 7);
		sha256_digest(&hash, TLS_SECRET, client->leaf);
	}
	return 0;
}

/* What tickets need; without them the connection ends here. */
static void set_traffic_keys(struct tls_client *client, const uint8_t *hash)
{
	uint8_t derived[TLS_SECRET], secret[TLS_SECRET];

	tls_derive(client->handshake, "derived", NULL, derived);
	tls_extract(derived, NULL, client->master);
	tls_derive(client->master, "s ap traffic", hash, secret);
	tls_direction_set(&client->in, secret);
}

static int take_finished(struct tls_client *client, const uint8_t *body, size_t length)
{
	static const uint8_t change[] = { TYPE_CHANGE, 3, 3, 0, 1, 1 };
	uint8_t expected[TLS_SECRET], hash[TLS_SECRET], message[4 + TLS_SECRET];

	tls_finished(client->server_secret, &client->transcript, expected);
	if (length != TLS_SECRET || !memeql_sec(expected, body, TLS_SECRET))
		return fail(client, "the server's Finished is wrong");
	sha256_update(&client->transcript, 4 + length, body - 4);
	message[0] = FINISHED;
	message[1] = 0;
	message[2] = 0;
	message[3] = TLS_SECRET;
	tls_finished(client->client_secret, &client->transcript, message + 4);
	memcpy(client->sending, change, sizeof(change));
	client->sending_length =
		sizeof(change) + tls_record_seal(&client->out, message, sizeof(message),
					 client->sending + sizeof(change));
	client->sending_done = 0;
	client->state = TLS_DONE;
	if (client->kept != NULL) {
		tls_transcript_hash(&client->transcript, hash);
		set_traffic_keys(client, hash);
		sha256_update(&client->transcript, sizeof(message), message);
		tls_transcript_hash(&client->transcript, hash);
		tls_derive(client->master, "res master", hash, client->resumption);
	}
	return 0;
}

static int take_ticket(struct tls_client *client, const uint8_t *body, size_t length)
{
	struct tls_ticket *ticket = client->kept;
	struct timespec now;
	size_t nonce_length, size;

	if (length < 9 || length < 9 + (size_t)body[8] + 2)
		return fail(client, "short ticket");
	nonce_length = body[8];
	size = get(body + 9 + nonce_length, 2);
	if (size > TLS_TICKET_MAX || length < 9 + nonce_length + 2 + size || nonce_length > 32)
		return fail(client, "ticket too long");
	if (client->tickets++ > 0)
		return 0;
	ticket->age_add = get(body + 4, 4);
	tls_expand(client->resumption, "resumption", body + 9, nonce_length, ticket->secret,
		TLS_SECRET);
	memcpy(ticket->bytes, body + 9 + nonce_length + 2, size);
	ticket->length = size;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	ticket->received_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	return 0;
}

static int take_message(struct tls_client *client, const uint8_t *message, size_t length)
{
	const uint8_t *body = message + 4;

	if (client->state == TLS_DONE)
		return message[0] == NEW_TICKET ? take_ticket(client, body, length - 4) : 0;
	if (client->state == TLS_WAITS_FINISHED && message[0] == FINISHED)
		return take_finished(client, body, length - 4);
	sha256_update(&client->transcript, length, message);
	if (client->state == TLS_WAITS_HELLO)
		return message[0] == SERVER_HELLO ? take_server_hello(client, body, length - 4)
						  : fail(client, "no ServerHello");
	return message[0] == CERTIFICATE ? take_certificate(client, body, length - 4) : 0;
}

/* Messages may share a record, or stretch over several. */
static int take_messages(struct tls_client *client)
{
	size_t used = 0, length;
	int status = 0;

	while (client->message_length - used >= 4 && status == 0) {
		length = 4 + (size_t)get(client->message + used + 1, 3);
		if (length > client->message_length - used)
			break;
		status = take_message(client, client->message + used, length);
		used += length;
	}
	client->message_length -= used;
	memmove(client->message, client->message + used, client->message_length);
	return status;
}

static int take_record(struct tls_client *client, uint8_t *record, size_t size)
{
	uint8_t type = record[0];
	const uint8_t *content = record + TLS_HEADER;
	int length = (int)size - TLS_HEADER;

	if (type == TYPE_CHANGE)
		return 0;
	if (type == TYPE_APPLICATION && client->state != TLS_WAITS_HELLO)
		length = tls_record_open(&client->in, record, size, &type);
	if (length < 0)
		return fail(client, "a record does not open");
	if (client->state == TLS_DONE && type != TYPE_HANDSHAKE) /* its end, or a greeting */
		return 0;
	if (type == TYPE_ALERT)
		return fail(client, "an alert");
	if (type != TYPE_HANDSHAKE)
		return fail(client, "an unexpected record");
	if ((size_t)length > sizeof(client->message) - client->message_length)
		return fail(client, "messages too long");
	memcpy(client->message + client->message_length, content, (size_t)length);
	client->message_length += (size_t)length;
	return take_messages(client);
}

/* After the handshake only tickets are of interest. */
static bool reads_no_more(const struct tls_client *client)
{
	return client->state == TLS_DONE && client->kept == NULL;
}

int tls_client_take(struct tls_client *client, size_t length)
{
	size_t used = 0, size;
	int status = 0;

	client->raw_length += length;
	while (status == 0 && !reads_no_more(client) && client->raw_length - used >= TLS_HEADER) {
		size = TLS_HEADER + (size_t)get(client->raw + used + 3, 2);
		if (size > client->raw_length - used)
			break;
		status = take_record(client, client->raw + used, size);
		used += size;
	}
	client->raw_length = reads_no_more(client) ? 0 : client->raw_length - used;
	memmove(client->raw, client->raw + used, client->raw_length);
	if (status == 0 && client->raw_length == sizeof(client->raw))
		return fail(client, "a record is too long");
	return status;
}
