/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hellos with pre-shared keys (RFC 8446, 4.2.11) that their client has every right to, but not
 * here: real tickets of one tenant's host, with their secrets, under another's name, with binders
 * that are right, wrong, or missing. A ticket is taken where it was given, and nowhere else.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "scratch.h"
#include "tls_client.h"
#include "wire.h"

#define HOST_A "webmail.a.example"
#define HOST_B "webmail.b.example"

/* Both tenants have one certificate: nothing but the scope tells their tickets apart. */
static const char configuration[] =
	"trust_file = \"@PKI@/ca.pem\";\n"
	"services = (\n"
	"  { name = \"webmail\"; default = \"panel\"; unknown_sni = \"reject\"; },\n"
	"  { name = \"mail\"; hosts = [ \"webmail.%d\" ]; default = \"panel\"; }\n"
	");\n"
	"certificates = (\n"
	"  { name = \"panel\"; chain = \"@PKI@/panel.pem\"; key = \"@PKI@/panel.key\"; },\n"
	"  { name = \"both\"; chain = \"@PKI@/ecdsa.pem\"; key = \"@PKI@/ecdsa.key\"; }\n"
	");\n"
	"domains = (\n"
	"  { name = \"a.example\"; webmail = \"both\"; mail = \"both\"; },\n"
	"  { name = \"b.example\"; webmail = \"both\"; mail = \"both\"; }\n"
	");\n";

/* What a server answers beside an alert's number, and the index of the identity it takes. */
enum { FULL = -1, RETRY = -2, TAKES = -10 };

/* Types of extensions (RFC 8446, 4.2). */
enum { PSK = 41, EARLY_DATA = 42, MODES = 45, SHARES = 51 };

enum { IDENTITIES_MAX = 3, HELLO_HEADER = 4 };

static struct certbind_store *store;
static struct certbind_context *webmail, *mail;
static struct tls_ticket ticket_a, ticket_b, ticket_mail;
static struct wire input, output, hello, partial;

/* The whole handshake of a thin client, which keeps the first ticket in `kept`. */
static bool thin_visit(struct certbind_context *context, const char *host,
	const struct tls_ticket *offered, struct tls_ticket *kept)
{
	static struct tls_client client;
	struct wire_server server;
	size_t taken = 0;
	int round;

	memset(&client, 0, sizeof(client));
	client.kept = kept;
	tls_client_start(&client, host, offered);
	input.size = 0;
	wire_server_begin(&server, context, &input, &output);
	for (round = 0; round < 2; round++) {
		wire_add(&input, client.sending, client.sending_length);
		wire_server_run(&server);
		memcpy(client.raw + client.raw_length, output.data + taken, output.size - taken);
		if (tls_client_take(&client, output.size - taken) != 0)
			fail_msg("%s", client.error);
		taken = output.size;
	}
	assert_int_equal(server.status, 0);
	assert_int_equal(client.state, TLS_DONE);
	assert_int_equal(gnutls_session_is_resumed(server.session) != 0, client.is_resumed);
	assert_true(kept == NULL || kept->length > 0);
	wire_server_end(&server);
	return client.is_resumed;
}

/* How a binder is made. */
enum binder {
	RIGHT,
	WRONG, /* one bit of it */
	ANOTHERS, /* right, of the identity's neighbour */
	SHORT, /* 31 bytes */
	EXTERNAL /* right for a PSK that no session gave */
};

struct identity {
	const struct tls_ticket *ticket;
	enum binder binder;
	long cut; /* bytes at the end that are not there */
	bool is_forged; /* one bit of it */
	uint32_t age;
};

struct offer {
	struct identity identities[IDENTITIES_MAX + 1]; /* up to one without a ticket */
	size_t binders_length; /* 0: one each */
};

#define TICKET(...)                                                                                \
	{                                                                                          \
		.ticket = __VA_ARGS__                                                              \
	}
#define OFFER(...)                                                                                 \
	{                                                                                          \
		.identities = { __VA_ARGS__ }                                                      \
	}

static size_t offer_length(const struct offer *offer)
{
	size_t length = 0;

	while (offer->identities[length].ticket != NULL)
		length++;
	return length;
}

static size_t binder_size(const struct identity *identity)
{
	return identity->binder == SHORT ? TLS_SECRET - 1 : TLS_SECRET;
}

static size_t binders_size(const struct offer *offer, size_t count)
{
	size_t size = 2;
	size_t i;

	for (i = 0; i < count; i++)
		size += 1 + binder_size(&offer->identities[i]);
	return size;
}

static void add_identities(struct wire *body, const struct offer *offer)
{
	size_t size = 0;
	size_t i;

	for (i = 0; i < offer_length(offer); i++)
		size += 6 + offer->identities[i].ticket->length - (size_t)offer->identities[i].cut;
	wire_add_number(body, size, 2);
	for (i = 0; i < offer_length(offer); i++) {
		const struct identity *identity = &offer->identities[i];
		size_t length = identity->ticket->length - (size_t)identity->cut;

		wire_add_number(body, length, 2);
		wire_add(body, identity->ticket->bytes, length);
		if (identity->is_forged)
			body->data[body->size - 1] ^= 1;
		wire_add_number(body, identity->ticket->age_add + identity->age, 4);
	}
}

/* RFC 8446, 4.2.11.2: over the hello up to the binders, and what went before it. */
static void make_binder(const struct identity *identity, const struct sha256_ctx *before,
	const struct wire *message, size_t size, unsigned char *binder)
{
	static const unsigned char zeros[TLS_SECRET];
	struct sha256_ctx transcript = *before;
	unsigned char early[TLS_SECRET], key[TLS_SECRET];

	tls_extract(zeros, identity->ticket->secret, early);
	tls_derive(early, identity->binder == EXTERNAL ? "ext binder" : "res binder", NULL, key);
	sha256_update(&transcript, size, message->data);
	tls_finished(key, &transcript, binder);
	if (identity->binder == WRONG)
		binder[TLS_SECRET - 1] ^= 1;
}

/* Puts pre_shared_key at the end; `before` is the transcript of earlier messages. */
static void add_offer(
	struct wire *message, const struct offer *offer, const struct sha256_ctx *before)
{
	static struct wire body;
	size_t count = offer->binders_length > 0 ? offer->binders_length : offer_length(offer);
	size_t binders = binders_size(offer, count);
	size_t at, end, i;

	body.size = 0;
	add_identities(&body, offer);
	wire_add_number(&body, binders - 2, 2);
	for (i = 0; i < count; i++) {
		unsigned char room[TLS_SECRET] = { 0 };

		wire_add_number(&body, binder_size(&offer->identities[i]), 1);
		wire_add(&body, room, binder_size(&offer->identities[i]));
	}
	wire_add_extension(message, PSK, body.data, body.size, false);
	end = message->size - binders;
	at = end + 2;
	for (i = 0; i < count; i++) {
		const struct identity *identity = &offer->identities[i];
		unsigned char binder[TLS_SECRET];

		if (identity->binder == ANOTHERS)
			identity = &offer->identities[(i + 1) % offer_length(offer)];
		make_binder(identity, before, message, end, binder);
		memcpy(message->data + at + 1, binder, binder_size(&offer->identities[i]));
		at += 1 + binder_size(&offer->identities[i]);
	}
}

/* A hello of the thin client without any ticket, as a message. */
static void begin_hello(const char *host)
{
	static struct tls_client client;

	tls_client_start(&client, host, NULL);
	hello.size = 0;
	wire_add(&hello, client.sending + TLS_HEADER, client.sending_length - TLS_HEADER);
}

/* The identity that a ServerHello takes (RFC 8446, 4.1.3; 4.2.11); -1: none. */
static int selected_identity(const struct wire *records)
{
	static struct wire message;
	const unsigned char *at, *end;

	if (!wire_join(records, &message) || message.data[0] != 2)
		return -1;
	end = message.data + message.size;
	at = message.data + HELLO_HEADER + 2 + 32;
	at += 1 + *at + 2 + 1 + 2;
	while (end - at >= 4) {
		size_t type = (size_t)at[0] << 8 | at[1];
		size_t size = (size_t)at[2] << 8 | at[3];

		if (type == PSK && size == 2)
			return at[4] << 8 | at[5];
		at += 4 + size;
	}
	return -1;
}

/* What the server said since `from`, to a hello that was whole. */
static int outcome_since(size_t from)
{
	static struct wire answer;
	struct wire_answer read = wire_read_answer(&output, from);
	int identity;

	if (!read.is_handshake)
		return read.alert >= 0 ? read.alert : -100;
	if (read.is_retry)
		return RETRY;
	answer.size = 0;
	wire_add(&answer, output.data + from, output.size - from);
	identity = selected_identity(&answer);
	return identity < 0 ? FULL : TAKES - identity;
}

/* Sends `hello`, and tells what comes of it. What is said to resume must be the right session. */
static int send_hello(struct certbind_context *context)
{
	struct wire_server server;
	int outcome;

	input.size = 0;
	wire_add_records(&input, &hello, RECORD_MAX);
	wire_server_begin(&server, context, &input, &output);
	wire_server_run(&server);
	outcome = outcome_since(0);
	wire_server_end(&server);
	return outcome;
}

static void expect(const char *section, const char *what, int outcome, int expected)
{
	if (outcome != expected)
		fail_msg("RFC 8446, %s: %s: %d instead of %d", section, what, outcome, expected);
}

static void real_clients_resume_at_home_only(void **state)
{
	(void)state;
	assert_true(thin_visit(webmail, HOST_A, &ticket_a, NULL));
	assert_true(thin_visit(webmail, HOST_B, &ticket_b, NULL));
	assert_true(thin_visit(mail, HOST_A, &ticket_mail, NULL));
	assert_false(thin_visit(webmail, HOST_B, &ticket_a, NULL));
	assert_false(thin_visit(webmail, HOST_A, &ticket_b, NULL));
	assert_false(thin_visit(webmail, HOST_A, &ticket_mail, NULL));
	assert_false(thin_visit(mail, HOST_A, &ticket_a, NULL));
}

/*
 * The binders of all rows are right for their secrets where nothing else is said. An identity that
 * the server can't open is unknown to it: it goes on without. The RFC wants a wrong binder to abort the
 * handshake, and names no alert; an age that is not the server's own may at most cost the ticket.
 */
static const struct row {
	const char *section, *what;
	const char *host;
	struct offer offer;
	int expected;
} rows[] = {
	{ "4.2.11", "at home", HOST_A, OFFER(TICKET(&ticket_a)), TAKES },
	{ "4.2.11", "under another tenant's name", HOST_B, OFFER(TICKET(&ticket_a)), FULL },
	{ "4.2.11", "of another service", HOST_A, OFFER(TICKET(&ticket_mail)), FULL },
	{ "4.2.11.2", "a wrong binder", HOST_A, OFFER(TICKET(&ticket_a, .binder = WRONG)),
		GNUTLS_A_ILLEGAL_PARAMETER },
	{ "4.2.11.2", "a wrong binder under another's name", HOST_B,
		OFFER(TICKET(&ticket_a, .binder = WRONG)), FULL },
	{ "4.2.11.2", "a binder of an external PSK", HOST_A,
		OFFER(TICKET(&ticket_a, .binder = EXTERNAL)), GNUTLS_A_ILLEGAL_PARAMETER },
	{ "4.2.11", "a binder of 31 bytes", HOST_A, OFFER(TICKET(&ticket_a, .binder = SHORT)),
		GNUTLS_A_ILLEGAL_PARAMETER },
	{ "4.2.11", "an identity cut short", HOST_A, OFFER(TICKET(&ticket_a, .cut = 1)), FULL },
	{ "4.2.11", "half an identity", HOST_A, OFFER(TICKET(&ticket_a, .cut = 64)), FULL },
	{ "4.2.11", "a forged identity", HOST_A, OFFER(TICKET(&ticket_a, .is_forged = true)),
		FULL },
	{ "4.2.11.1", "ten days old", HOST_A,
		OFFER(TICKET(&ticket_a, .age = 10U * 24 * 3600 * 1000)), FULL },
	{ "4.2.11.1", "from the future", HOST_A, OFFER(TICKET(&ticket_a, .age = UINT32_MAX)),
		FULL },
	{ "4.2.11", "another's first", HOST_A, OFFER(TICKET(&ticket_b), TICKET(&ticket_a)),
		TAKES - 1 },
	{ "4.2.11", "another's second", HOST_A, OFFER(TICKET(&ticket_a), TICKET(&ticket_b)),
		TAKES },
	{ "4.2.11", "two others'", HOST_B, OFFER(TICKET(&ticket_a), TICKET(&ticket_mail)), FULL },
	{ "4.2.11.2", "the other's binder is wrong", HOST_A,
		OFFER(TICKET(&ticket_b, .binder = WRONG), TICKET(&ticket_a)), TAKES - 1 },
	{ "4.2.11.2", "both have the other's binder", HOST_A,
		OFFER(TICKET(&ticket_b, .binder = ANOTHERS), TICKET(&ticket_a, .binder = ANOTHERS)),
		GNUTLS_A_ILLEGAL_PARAMETER },
	{ "4.2.11", "two identities and one binder", HOST_A,
		{ .identities = { TICKET(&ticket_b), TICKET(&ticket_a) }, .binders_length = 1 },
		GNUTLS_A_ILLEGAL_PARAMETER },
	{ "4.2.11", "three, the last at home", HOST_A,
		OFFER(TICKET(&ticket_b), TICKET(&ticket_mail), TICKET(&ticket_a)), TAKES - 2 },
};

static void begin_transcript(struct sha256_ctx *transcript)
{
	sha256_init(transcript);
}

static void offers(void **state)
{
	struct sha256_ctx nothing;
	size_t i;

	(void)state;
	begin_transcript(&nothing);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin_hello(rows[i].host);
		add_offer(&hello, &rows[i].offer, &nothing);
		expect(rows[i].section, rows[i].what, send_hello(webmail), rows[i].expected);
	}
}

/*
 * Other parts of the hello, beside a ticket that is good. Without modes the RFC wants an alert, and
 * GnuTLS sends 110; of no mode at all it makes nothing worse than a full handshake.
 */
static const struct beside {
	const char *section, *what;
	unsigned int type;
	const char *data; /* NULL: the extension is not there */
	size_t size;
	int expected;
} besides[] = {
	{ "4.2.9", "no modes", MODES, NULL, 0, GNUTLS_A_UNSUPPORTED_EXTENSION },
	{ "4.2.9", "only psk_ke, without forward secrecy", MODES, "\1\0", 2, FULL },
	{ "4.2.9", "unknown modes beside the right one", MODES, "\3\x7f\xff\1", 4, TAKES },
	{ "4.2.9", "an empty list of modes", MODES, "\0", 1, FULL },
	{ "4.2.10", "early data", EARLY_DATA, "", 0, TAKES },
};

static void what_stands_beside(void **state)
{
	static const struct offer offer = OFFER(TICKET(&ticket_a));
	struct sha256_ctx nothing;
	size_t i;

	(void)state;
	begin_transcript(&nothing);
	for (i = 0; i < sizeof(besides) / sizeof(besides[0]); i++) {
		begin_hello(HOST_A);
		wire_set_extension(&hello, besides[i].type, besides[i].data, besides[i].size);
		add_offer(&hello, &offer, &nothing);
		expect(besides[i].section, besides[i].what, send_hello(webmail),
			besides[i].expected);
	}
}

/* RFC 8446, 4.2.11: "pre_shared_key" must be the last extension. */
static void it_is_the_last(void **state)
{
	static const struct offer offer = OFFER(TICKET(&ticket_a));
	struct sha256_ctx nothing;

	(void)state;
	begin_transcript(&nothing);
	begin_hello(HOST_A);
	add_offer(&hello, &offer, &nothing);
	wire_add_extension(&hello, 0x6a6a, "x", 1, false);
	expect("4.2.11", "not the last extension", send_hello(webmail), GNUTLS_A_ILLEGAL_PARAMETER);
}

/* RFC 8446, 4.4.1: after a HelloRetryRequest the first hello counts as its hash. */
static void transcript_of_retry(const struct wire *first, struct sha256_ctx *transcript)
{
	static struct wire retry;
	unsigned char hash[TLS_SECRET];

	sha256_init(transcript);
	sha256_update(transcript, first->size, first->data);
	sha256_digest(transcript, TLS_SECRET, hash);
	assert_true(wire_join(&output, &retry));
	sha256_init(transcript);
	sha256_update(transcript, 4, (const unsigned char *)"\xfe\0\0\x20");
	sha256_update(transcript, TLS_SECRET, hash);
	sha256_update(transcript, retry.size, retry.data);
}

/* A hello without a share, then, as it was asked for, with one and the offer. */
static int send_after_retry(const char *first_host, const char *host, const struct offer *offer)
{
	struct wire_server server;
	struct sha256_ctx transcript;
	size_t from;
	int outcome;

	begin_hello(first_host);
	wire_copy(&partial, &hello);
	wire_set_extension(&partial, SHARES, "\0\0", 2);
	input.size = 0;
	wire_add_records(&input, &partial, RECORD_MAX);
	wire_server_begin(&server, webmail, &input, &output);
	wire_server_run(&server);
	assert_int_equal(outcome_since(0), RETRY);
	transcript_of_retry(&partial, &transcript);
	from = output.size;
	if (strcmp(host, first_host) != 0) {
		static struct wire other;

		wire_copy(&other, &hello);
		begin_hello(host);
		/* All but the name is the first hello's: random, session id. */
		memcpy(hello.data + HELLO_HEADER + 2, other.data + HELLO_HEADER + 2, 32 + 1 + 32);
	}
	add_offer(&hello, offer, &transcript);
	wire_add_records(&input, &hello, RECORD_MAX);
	wire_server_run(&server);
	outcome = outcome_since(from);
	wire_server_end(&server);
	return outcome;
}

static void after_a_retry(void **state)
{
	static const struct offer of_a = OFFER(TICKET(&ticket_a));
	static const struct offer wrong = OFFER(TICKET(&ticket_a, .binder = WRONG));
	static const struct offer both = OFFER(TICKET(&ticket_b), TICKET(&ticket_a));

	(void)state;
	expect("4.1.4", "at home", send_after_retry(HOST_A, HOST_A, &of_a), TAKES);
	expect("4.1.4", "a wrong binder", send_after_retry(HOST_A, HOST_A, &wrong),
		GNUTLS_A_ILLEGAL_PARAMETER);
	expect("4.1.4", "another's name", send_after_retry(HOST_B, HOST_B, &of_a), FULL);
	expect("4.1.4", "both tickets", send_after_retry(HOST_A, HOST_A, &both), TAKES - 1);
	expect("4.1.2", "another name in the second hello", send_after_retry(HOST_A, HOST_B, &of_a),
		GNUTLS_A_ILLEGAL_PARAMETER);
	expect("4.1.2", "the ticket's name in the second hello",
		send_after_retry(HOST_B, HOST_A, &of_a), GNUTLS_A_ILLEGAL_PARAMETER);
}

static int set_up(void **state)
{
	struct certbind_error error;

	(void)state;
	scratch_make();
	if (certbind_store_open(&store, scratch_write("certbind.conf", configuration), &error) <
		0) {
		print_error("%s:%d: %s\n", error.file, error.line, error.message);
		return -1;
	}
	assert_int_equal(certbind_context_new(&webmail, store, "webmail", NULL), 0);
	assert_int_equal(certbind_context_new(&mail, store, "mail", NULL), 0);
	tls_client_prepare();
	assert_false(thin_visit(webmail, HOST_A, NULL, &ticket_a));
	assert_false(thin_visit(webmail, HOST_B, NULL, &ticket_b));
	assert_false(thin_visit(mail, HOST_A, NULL, &ticket_mail));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	certbind_context_free(webmail);
	certbind_context_free(mail);
	certbind_store_close(store);
	scratch_remove();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_clients_resume_at_home_only),
		cmocka_unit_test(offers),
		cmocka_unit_test(what_stands_beside),
		cmocka_unit_test(it_is_the_last),
		cmocka_unit_test(after_a_retry),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
