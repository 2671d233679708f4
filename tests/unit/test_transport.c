/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "checker.h"
#include "talk.h"

/*
 * Every talk is held twice, with the server on GnuTLS' own transport and on certbind's: the client
 * gets the same bytes, and both sides' calls end in the same way.
 */

#define TLS12 "NORMAL:-VERS-ALL:+VERS-TLS1.2"
#define TLS13 "NORMAL:-VERS-ALL:+VERS-TLS1.3"
#define NO_COMPAT ":%DISABLE_TLS13_COMPAT_MODE"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Handshakes, each with how many sends certbind's transport needs for the server's part. */
static const struct {
	struct talk_plan plan;
	unsigned int writes;
	bool fails;
} handshakes[] = {
	{ { .server_priority = TLS12, .client_priority = TLS12 }, 2, false },
	{ { .server_priority = TLS12, .client_priority = TLS12, .has_tickets = true }, 2, false },
	{ { .server_priority = TLS13, .client_priority = TLS13, .rules_out_early_start = true }, 1,
		false },
	{ { .server_priority = TLS13,
		  .client_priority = TLS13,
		  .rules_out_early_start = true,
		  .has_tickets = true },
		1, false },
	/* GnuTLS might end the handshake after Finished: certbind can't know. */
	{ { .server_priority = TLS13, .client_priority = TLS13, .has_tickets = true }, 2, false },
	{ { .server_priority = TLS13,
		  .client_priority = TLS13,
		  .has_tickets = true,
		  .server_flags = GNUTLS_ENABLE_EARLY_START },
		2, false },
	{ { .server_priority = TLS13,
		  .client_priority = TLS13,
		  .server_flags = GNUTLS_ENABLE_EARLY_START },
		1, false },
	{ { .server_priority = TLS13 NO_COMPAT,
		  .client_priority = TLS13 NO_COMPAT,
		  .rules_out_early_start = true,
		  .has_tickets = true },
		1, false },
	/* The client's key shares are not the server's: HelloRetryRequest. */
	{ { .server_priority = TLS13 ":-GROUP-ALL:+GROUP-SECP256R1",
		  .client_priority = TLS13 ":-GROUP-ALL:+GROUP-SECP384R1:+GROUP-SECP256R1",
		  .rules_out_early_start = true,
		  .has_tickets = true },
		4, false },
	/* They do not agree: one alert. */
	{ { .server_priority = TLS13, .client_priority = TLS12 }, 1, true },
	{ { .server_priority = TLS13 ":-GROUP-ALL:+GROUP-X25519",
		  .client_priority = TLS13 ":-GROUP-ALL:+GROUP-SECP256R1" },
		1, true },
};

/* What is said after it. Reading stands where bytes may have been read ahead, writing where not. */
static const struct {
	const char *server, *client;
} dialogues[] = {
	{ "h", "h" },
	/* The server says nothing more before it has heard what may have come with Finished. */
	{ "h r5 s5 b", "h s5 r5 b a" },
	{ "h r3 r2 r700 r1 s9 r4000 r4096 r4097 s1 b a", "h s5 s701 r9 s12193 r1 b a" },
	{ "h r40000 s40000 r1 b a", "h s40000 r40000 s1 b a" },
	{ "h r1 r1 r1 r1 r1 r1 r1 r1 s1 a b", "h s1 s1 s1 s1 s1 s1 s1 s1 r1 b a" },
	{ "h s16384 s16385 c s1 s20000 s3 u r5 b", "h r32769 r20004 s5 a b" },
	{ "h s300000 r300000 b a", "h r300000 s300000 b a" },
	{ "h r5 e", "h s5 b a" },
	{ "h r10 B", "h s5 s5 a B" },
	{ "h r5", "h s5 a" },
	{ "h r9", "h s5" },
};

static const struct {
	const char *server, *client;
} updates[] = {
	{ "h r5 k s5 r5 t K s5 r5 b a", "h s5 r5 k s5 r5 t k s5 b a" },
	{ "h r10 t r20 s30 b", "h s5 K s5 t K s5 s15 r30 a b" },
};

static const int pieces[] = { TALK_ALL, 1, TALK_RANDOM, 5, 4096 };

/* valgrind is too slow for all of it. */
static unsigned int stride(void)
{
	return (unsigned int)checker_stride(53);
}

/* Of the kinds of pieces: all of them for each row, or under valgrind every third, each time others. */
static size_t pieces_stride(void)
{
	return checker_stride(3);
}

static int set_up(void **state)
{
	char chain[512], key[512];

	(void)state;
	(void)snprintf(chain, sizeof(chain), "%s/ecdsa.pem", getenv("PKI"));
	(void)snprintf(key, sizeof(key), "%s/ecdsa.key", getenv("PKI"));
	talk_begin(chain, key);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	talk_end();
	return 0;
}

static void assert_same(const struct talk_plan *plan, const struct talk_result *plain,
	const struct talk_result *ours)
{
	if (strcmp(plain->log, ours->log) == 0 &&
		strcmp(plain->client_log, ours->client_log) == 0 &&
		plain->bytes_length == ours->bytes_length &&
		memcmp(plain->bytes, ours->bytes, ours->bytes_length) == 0)
		return;
	print_error("%s, pieces %d, cut %zu, fault %d at %u:\n", plan->server_priority, plan->piece,
		plan->cut, (int)plan->fault, plan->fault_at);
	print_error(
		"plain: %zu bytes: %s| %s\n", plain->bytes_length, plain->log, plain->client_log);
	print_error("ours:  %zu bytes: %s| %s\n", ours->bytes_length, ours->log, ours->client_log);
	fail();
}

/* Returns what came of the talk with certbind's transport. */
static struct talk_result talk_twice(const struct talk_plan *plan)
{
	struct talk_plan both = *plan;
	struct talk_result plain, ours;

	both.server_flags |= GNUTLS_NONBLOCK;
	talk(&both, &plain);
	both.is_buffered = true;
	talk(&both, &ours);
	assert_same(plan, &plain, &ours);
	talk_result_free(&plain);
	return ours;
}

static void handshakes_in_pieces(void **state)
{
	size_t i, j;

	(void)state;
	for (i = 0; i < LENGTH(handshakes); i++)
		for (j = i % pieces_stride(); j < LENGTH(pieces); j += pieces_stride()) {
			struct talk_plan plan = handshakes[i].plan;
			struct talk_result result;

			plan.server_script = plan.client_script = "h";
			plan.piece = pieces[j];
			result = talk_twice(&plan);
			assert_int_equal(result.writes, handshakes[i].writes);
			assert_int_equal(strcmp(result.log, "h=0 ") != 0, handshakes[i].fails);
			/* One of them comes when nothing is there yet. */
			if (plan.piece == TALK_ALL)
				assert_in_range(result.reads, 1, handshakes[i].writes > 3 ? 5 : 3);
			talk_result_free(&result);
		}
}

static void dialogues_in_pieces(void **state)
{
	const char *much = checker_is_valgrind() ? "000" : "0000"; /* bytes */
	size_t i, j, k;

	(void)state;
	for (i = 0; i < 4; i++)
		for (j = 0; j < LENGTH(dialogues); j++)
			for (k = (i + j) % pieces_stride(); k < LENGTH(pieces);
				k += pieces_stride()) {
				struct talk_plan plan = handshakes[i].plan;
				struct talk_result result;

				plan.server_script = dialogues[j].server;
				plan.client_script = dialogues[j].client;
				plan.piece = pieces[k];
				/* One byte at a time would take too long. */
				if (strstr(plan.server_script, much) != NULL && plan.piece > 0 &&
					plan.piece < 4096)
					plan.piece = 600;
				result = talk_twice(&plan);
				assert_null(strstr(result.log, "waits"));
				assert_null(strstr(result.client_log, "waits"));
				talk_result_free(&result);
			}
}

static void keys_are_updated(void **state)
{
	size_t i, j;

	(void)state;
	for (i = 0; i < LENGTH(updates); i++)
		for (j = 0; j < LENGTH(pieces); j++) {
			struct talk_plan plan = handshakes[3].plan;
			struct talk_result result;

			plan.server_script = updates[i].server;
			plan.client_script = updates[i].client;
			plan.piece = pieces[j];
			result = talk_twice(&plan);
			assert_null(strstr(result.log, "=-"));
			assert_null(strstr(result.log, "waits"));
			talk_result_free(&result);
		}
}

/* TLS 1.2: the client begins anew, or is asked to. */
static void handshakes_come_again(void **state)
{
	size_t j;

	(void)state;
	for (j = 0; j < LENGTH(pieces); j++) {
		struct talk_plan plan = handshakes[1].plan;
		struct talk_result result;

		plan.server_script = "h r5 a";
		plan.client_script = "h s5 h s5 b";
		plan.piece = pieces[j];
		result = talk_twice(&plan);
		assert_non_null(strstr(result.log, "rehandshake h=0"));
		talk_result_free(&result);
		plan.server_script = "h n h b";
		plan.client_script = "h a";
		result = talk_twice(&plan);
		assert_non_null(strstr(result.log, "n=0 h=0 b=0"));
		talk_result_free(&result);
	}
}

static void sessions_are_resumed(void **state)
{
	size_t i, j;

	(void)state;
	for (i = 1; i < 4; i += 2)
		for (j = 0; j < LENGTH(pieces); j++) {
			struct talk_plan plan = handshakes[i].plan;
			struct talk_result first, second;

			plan.server_script = "h s5 r5 b";
			plan.client_script = "h r5 s5 a b";
			plan.piece = pieces[j];
			first = talk_twice(&plan);
			assert_non_null(first.ticket.data);
			plan.ticket = &first.ticket;
			second = talk_twice(&plan);
			assert_true(second.is_resumed);
			talk_result_free(&first);
			talk_result_free(&second);
		}
}

/* The client ends after any number of bytes. */
static void clients_go_in_every_phase(void **state)
{
	static const size_t rows[] = { 1, 3, 4, 8 };
	size_t i, cut;

	(void)state;
	for (i = 0; i < LENGTH(rows); i++) {
		struct talk_plan plan = handshakes[rows[i]].plan;
		struct talk_result whole, result;

		plan.server_script = "h r5 s5 r5 s5 b";
		plan.client_script = "h s5 r5 s5 r5 a b";
		whole = talk_twice(&plan);
		for (cut = 1; cut < whole.client_length;
			cut += cut < 8 && stride() == 1 ? 1 : 11 + 4 * stride()) {
			plan.cut = cut;
			result = talk_twice(&plan);
			talk_result_free(&result);
		}
		talk_result_free(&whole);
	}
}

/* The connection breaks after any number of bytes: no SIGPIPE, and every call comes to an end. */
static void connections_break_in_every_phase(void **state)
{
	size_t i, cut;

	(void)state;
	for (i = 1; i < 4; i += 2) {
		struct talk_plan plan = handshakes[i].plan;
		struct talk_result result;

		plan.server_flags = GNUTLS_NONBLOCK;
		plan.server_script = "h r5 s5 r5 s5 b";
		plan.client_script = "h s5 r5 s5 r5 a b";
		plan.is_buffered = true;
		plan.is_torn = true;
		for (cut = 1; cut < 700; cut += 12 + stride()) {
			plan.cut = cut;
			talk(&plan, &result);
			assert_null(strstr(result.log, "waits"));
			if (cut < 300)
				assert_non_null(strstr(result.log, "=-"));
			talk_result_free(&result);
		}
	}
}

static void fail_every_call(struct talk_plan *plan, enum talk_fault fault)
{
	struct talk_result result = talk_twice(plan);
	unsigned int calls = result.reads + result.writes, i;

	talk_result_free(&result);
	plan->fault = fault;
	for (i = 0; i <= calls; i += stride()) {
		/* With 0, every other one fails. */
		plan->fault_at = i;
		result = talk_twice(plan);
		assert_null(strstr(result.log, "waits"));
		talk_result_free(&result);
	}
	plan->fault = 0;
}

static void calls_fail_one_by_one(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(handshakes); i++) {
		struct talk_plan plan = handshakes[i].plan;

		plan.server_script = "h r5 s5 r6000 s30000 b a";
		plan.client_script = "h s5 r5 s3000 s3000 r30000 b a";
		fail_every_call(&plan, TALK_AGAIN);
		fail_every_call(&plan, TALK_INTERRUPTED);
		fail_every_call(&plan, TALK_SHORT);
	}
}

/* A silent client: the flight has gone out before GnuTLS waits for the answer. */
static void waiting_is_bounded(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		struct talk_plan plan = handshakes[i].plan;
		struct talk_result plain, ours;

		plan.handshake_timeout = 30;
		plan.server_script = "h";
		plan.client_script = "h";
		talk(&plan, &plain);
		plan.is_buffered = true;
		talk(&plan, &ours);
		assert_non_null(strstr(plain.log, "h=-319"));
		assert_same(&plan, &plain, &ours);
		talk_result_free(&plain);
		talk_result_free(&ours);
	}
}

/* Two records come at once: the second one is there when the socket has nothing. */
static void waiting_looks_at_what_was_read(void **state)
{
	size_t i;

	(void)state;
	for (i = 2; i < 4; i++) {
		struct talk_plan plan = handshakes[i].plan;
		struct talk_result plain, ours;

		plan.record_timeout = 30;
		plan.server_script = "h r5 r5 r1";
		plan.client_script = "h s5 s5";
		talk(&plan, &plain);
		plan.is_buffered = true;
		talk(&plan, &ours);
		assert_non_null(strstr(ours.log, "h=0 r5=0 r5=0"));
		assert_same(&plan, &plain, &ours);
		talk_result_free(&plain);
		talk_result_free(&ours);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handshakes_in_pieces),
		cmocka_unit_test(dialogues_in_pieces),
		cmocka_unit_test(keys_are_updated),
		cmocka_unit_test(handshakes_come_again),
		cmocka_unit_test(sessions_are_resumed),
		cmocka_unit_test(clients_go_in_every_phase),
		cmocka_unit_test(connections_break_in_every_phase),
		cmocka_unit_test(calls_fail_one_by_one),
		cmocka_unit_test(waiting_is_bounded),
		cmocka_unit_test(waiting_looks_at_what_was_read),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
