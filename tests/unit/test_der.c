/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "der.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void copies_its_bytes(void **state)
{
	char bytes[] = "abc";
	struct der *der = der_new(NULL, bytes, 3, false);
	gnutls_datum_t datum;

	(void)state;
	assert_non_null(der);
	bytes[0] = 'x';
	datum = der_peek(der);
	assert_int_equal(datum.size, 3);
	assert_memory_equal(datum.data, "abc", 3);
	assert_int_equal(der->kind, DER_OPEN);
	der_unref(der);
	der_unref(NULL);
}

static void counts_references(void **state)
{
	struct der *der = der_new(NULL, "abc", 3, true);

	(void)state;
	assert_non_null(der);
	assert_ptr_equal(der_ref(der), der);
	der_unref(der);
	assert_memory_equal(der->data, "abc", 3);
	der_unref(der);
}

static void compares_bytes(void **state)
{
	struct der *a = der_new(NULL, "abc", 3, false);
	struct der *b = der_new(NULL, "abc", 3, false);
	struct der *c = der_new(NULL, "abd", 3, false);
	struct der *d = der_new(NULL, "ab", 2, false);
	struct der *e = der_new(NULL, NULL, 0, false);

	(void)state;
	assert_true(der_equal(a, a));
	assert_true(der_equal(a, b));
	assert_false(der_equal(a, c));
	assert_false(der_equal(a, d));
	assert_false(der_equal(d, e));
	der_unref(a);
	der_unref(b);
	der_unref(c);
	der_unref(d);
	der_unref(e);
}

static void pool_keeps_equal_bytes_once(void **state)
{
	struct der_pool *pool = der_pool_new();
	struct der *a = der_new(pool, "abc", 3, false);
	struct der *b = der_new(pool, "abc", 3, false);
	struct der *c = der_new(pool, "abd", 3, false);

	(void)state;
	assert_ptr_equal(a, b);
	assert_ptr_not_equal(a, c);
	assert_int_equal(der_pool_count(pool), 2);
	der_unref(a);
	assert_int_equal(der_pool_count(pool), 2);
	der_unref(b);
	assert_int_equal(der_pool_count(pool), 1);
	/* The pool may go first. */
	der_pool_unref(pool);
	assert_memory_equal(c->data, "abd", 3);
	der_unref(c);
	der_pool_unref(NULL);
}

static void pool_grows_and_shrinks(void **state)
{
	enum { COUNT = 3000 };
	static struct der *ders[COUNT];
	struct der_pool *pool = der_pool_new();
	char text[16];
	int i;

	(void)state;
	for (i = 0; i < COUNT; i++) {
		(void)snprintf(text, sizeof(text), "%d", i);
		ders[i] = der_new(pool, text, strlen(text), false);
		assert_non_null(ders[i]);
	}
	assert_int_equal(der_pool_count(pool), COUNT);
	for (i = 0; i < COUNT; i++) {
		struct der *again;

		(void)snprintf(text, sizeof(text), "%d", i);
		again = der_new(pool, text, strlen(text), false);
		assert_ptr_equal(again, ders[i]);
		der_unref(again);
	}
	for (i = 0; i < COUNT; i++)
		der_unref(ders[i]);
	assert_int_equal(der_pool_count(pool), 0);
	der_pool_unref(pool);
}

static void note_is_kept_once(void **state)
{
	struct der *der = der_new(NULL, "abc", 3, false);
	void *first = malloc(1);
	void *second = malloc(1);

	(void)state;
	assert_null(der_note_peek(der));
	assert_ptr_equal(der_note_take(der, first), first);
	assert_ptr_equal(der_note_take(der, second), first);
	assert_ptr_equal(der_note_peek(der), first);
	der_unref(der);
}

static void *use_pool(void *data)
{
	struct der_pool *pool = data;
	char text[16];
	int i;

	for (i = 0; i < 20000; i++) {
		struct der *der;

		(void)snprintf(text, sizeof(text), "%d", i % 7);
		der = der_new(pool, text, strlen(text), false);
		if (der == NULL || memcmp(der->data, text, der->size) != 0)
			return data;
		(void)der_note_take(der, malloc(1));
		der_unref(der);
	}
	return NULL;
}

static void threads_share_a_pool(void **state)
{
	struct der_pool *pool = der_pool_new();
	pthread_t threads[3];
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, use_pool, pool), 0);
	for (i = 0; i < 3; i++) {
		void *failed;

		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
	assert_int_equal(der_pool_count(pool), 0);
	der_pool_unref(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_its_bytes),
		cmocka_unit_test(counts_references),
		cmocka_unit_test(compares_bytes),
		cmocka_unit_test(pool_keeps_equal_bytes_once),
		cmocka_unit_test(pool_grows_and_shrinks),
		cmocka_unit_test(note_is_kept_once),
		cmocka_unit_test(threads_share_a_pool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
