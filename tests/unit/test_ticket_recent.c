/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <string.h>
#include "ticket_recent.h"

/* The ticket key that is kept: always the one that would be derived. */

enum { ROUNDS = 2000, THREADS = 4, PIECE = 8 };

static struct certificate site = { .name = (char *)(uintptr_t) "site" };
static struct certificate *members[] = { &site };

#define SCOPE(kind, service, domain)                                                               \
	{                                                                                          \
		kind, service, domain, members, 1                                                  \
	}
static const char long_domain[] =
	"a-label-that-is-rather-long.and-another-one-of-the-same-kind.and-a-third-one.example";
static const struct ticket_scope scopes[] = {
	SCOPE(TICKET_BINDING, "webmail", "a.example"),
	SCOPE(TICKET_BINDING, "mail", "a.example"),
	SCOPE(TICKET_BINDING, "webmail", "b.example"),
	SCOPE(TICKET_BINDING, "webmail", long_domain),
	/* All in one row they read alike. */
	SCOPE(TICKET_BINDING, "mailb", ""),
	SCOPE(TICKET_BINDING, "mail", "b"),
	SCOPE(TICKET_CERTIFICATE, "mail", ""),
	SCOPE(TICKET_DEFAULT, "mail", ""),
};
enum { SCOPES = sizeof(scopes) / sizeof(scopes[0]), MASTERS = 2 };

struct fixture {
	struct der *masters[MASTERS];
	unsigned char keys[MASTERS][SCOPES][TICKET_KEY_SIZE]; /* as they are derived */
};

static struct der *master_of(unsigned char byte)
{
	unsigned char bytes[TICKET_FILE_MIN];
	struct der *master;

	memset(bytes, byte, sizeof(bytes));
	master = ticket_master_from(NULL, bytes, sizeof(bytes));
	assert_non_null(master);
	return master;
}

static int set_up(void **state)
{
	static struct fixture fixture;
	size_t i, j;

	for (i = 0; i < MASTERS; i++) {
		fixture.masters[i] = master_of((unsigned char)(1 + i));
		for (j = 0; j < SCOPES; j++)
			assert_int_equal(
				ticket_derive(fixture.masters[i], &scopes[j], fixture.keys[i][j]),
				0);
	}
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	size_t i;

	for (i = 0; i < MASTERS; i++)
		der_unref(fixture->masters[i]);
	return 0;
}

/* Any scope after any other one, under either master. */
static void the_key_is_the_derived_one(void **state)
{
	const struct fixture *fixture = *state;
	struct ticket_recent recent = { 0 };
	unsigned char key[TICKET_KEY_SIZE];
	size_t before, after, i;

	for (before = 0; before < (size_t)MASTERS * SCOPES; before++)
		for (after = 0; after < (size_t)MASTERS * SCOPES; after++) {
			const size_t places[] = { before, after, after };

			for (i = 0; i < 3; i++) {
				size_t master = places[i] / SCOPES, scope = places[i] % SCOPES;

				memset(key, 0, sizeof(key));
				assert_int_equal(
					ticket_recent_derive(&recent, fixture->masters[master],
						&scopes[scope], key),
					0);
				assert_memory_equal(key, fixture->keys[master][scope], sizeof(key));
			}
		}
}

/* What is kept is what is used: seen by spoiling it. */
static void the_kept_key_is_used(void **state)
{
	const struct fixture *fixture = *state;
	struct der *again = master_of(1);
	struct ticket_recent recent = { 0 };
	unsigned char key[TICKET_KEY_SIZE];

	assert_int_equal(ticket_recent_derive(&recent, fixture->masters[0], &scopes[0], key), 0);
	recent.wrapped[0] ^= 1;
	assert_int_equal(ticket_recent_derive(&recent, fixture->masters[0], &scopes[0], key), 0);
	assert_memory_not_equal(key, fixture->keys[0][0], sizeof(key));
	/* So it is with a master key that was read again. */
	assert_int_equal(ticket_recent_derive(&recent, again, &scopes[0], key), 0);
	assert_memory_not_equal(key, fixture->keys[0][0], sizeof(key));
	/* Not with another one, whose key replaces it. */
	assert_int_equal(ticket_recent_derive(&recent, fixture->masters[1], &scopes[0], key), 0);
	assert_memory_equal(key, fixture->keys[1][0], sizeof(key));
	assert_int_equal(ticket_recent_derive(&recent, fixture->masters[0], &scopes[0], key), 0);
	assert_memory_equal(key, fixture->keys[0][0], sizeof(key));
	der_unref(again);
}

/* Who reads it without the master key, or has only another one, has nothing. */
static void nothing_is_kept_in_the_clear(void **state)
{
	const struct fixture *fixture = *state;
	const unsigned char *key = fixture->keys[0][0];
	const unsigned char *bytes;
	struct ticket_recent recent = { 0 };
	unsigned char got[TICKET_KEY_SIZE];
	size_t i, j;

	assert_int_equal(ticket_recent_derive(&recent, fixture->masters[0], &scopes[0], got), 0);
	bytes = (const unsigned char *)&recent;
	for (i = 0; i + PIECE <= sizeof(recent); i++)
		for (j = 0; j + PIECE <= TICKET_KEY_SIZE; j++)
			assert_true(memcmp(bytes + i, key + j, PIECE) != 0);
	aes256_decrypt(
		&ticket_master_peek(fixture->masters[1])->unwrap, sizeof(got), got, recent.wrapped);
	assert_memory_not_equal(got, key, sizeof(got));
}

struct asking {
	const struct fixture *fixture;
	struct ticket_recent *recent;
	size_t first;
	size_t wrong;
};

static void *ask(void *data)
{
	struct asking *asking = data;
	unsigned char key[TICKET_KEY_SIZE];
	size_t i;

	for (i = 0; i < ROUNDS; i++) {
		size_t master = (i / 7 + asking->first) % MASTERS;
		size_t scope = (i / 3 + asking->first) % SCOPES;

		if (ticket_recent_derive(asking->recent, asking->fixture->masters[master],
			    &scopes[scope], key) < 0 ||
			memcmp(key, asking->fixture->keys[master][scope], sizeof(key)) != 0)
			asking->wrong++;
	}
	return NULL;
}

static void threads_get_their_own(void **state)
{
	struct ticket_recent recent = { 0 };
	struct asking asking[THREADS];
	pthread_t threads[THREADS];
	size_t i;

	for (i = 0; i < THREADS; i++) {
		asking[i] = (struct asking){ *state, &recent, i, 0 };
		assert_int_equal(pthread_create(&threads[i], NULL, ask, &asking[i]), 0);
	}
	for (i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(asking[i].wrong, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_key_is_the_derived_one),
		cmocka_unit_test(the_kept_key_is_used),
		cmocka_unit_test(nothing_is_kept_in_the_clear),
		cmocka_unit_test(threads_get_their_own),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
