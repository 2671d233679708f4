/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "table.h"

/* The first test vectors of the SipHash paper's reference: key 00..0f, input 00, 01, … */
static void siphash_is_siphash_2_4(void **state)
{
	static const struct {
		size_t size;
		uint64_t hash;
	} rows[] = {
		{ 0, UINT64_C(0x726fdb47dd0e0e31) },
		{ 1, UINT64_C(0x74f839c593dc67fd) },
		{ 7, UINT64_C(0xab0200f58b01d137) },
		{ 8, UINT64_C(0x93f5f5799a932462) },
		{ 15, UINT64_C(0xa129ca6149be45e5) },
	};
	unsigned char bytes[16];
	struct hash_key key;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)i;
	memcpy(&key, bytes, sizeof(key));
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_true(hash_bytes(&key, bytes, rows[i].size) == rows[i].hash);
}

static void finds_what_was_put(void **state)
{
	enum { COUNT = 5000 };
	static char keys[COUNT][16];
	struct table table;
	size_t i;

	(void)state;
	assert_int_equal(table_init(&table, 0), 0);
	assert_null(table_get(&table, "k0"));
	for (i = 0; i < COUNT; i++) {
		void **place;

		(void)snprintf(keys[i], sizeof(keys[i]), "k%zu", i);
		place = table_place(&table, keys[i]);
		assert_non_null(place);
		assert_null(*place);
		*place = keys[i];
	}
	for (i = 0; i < COUNT; i++)
		assert_ptr_equal(table_get(&table, keys[i]), keys[i]);
	assert_int_equal(table.length, COUNT);
	assert_ptr_equal(*table_place(&table, "k17"), keys[17]);
	assert_int_equal(table.length, COUNT);
	assert_null(table_get(&table, "k5000"));
	assert_null(table_get(&table, ""));
	table_clear(&table);
	table_clear(&table);
	assert_null(table_get(&table, "k0"));
}

/* However many there are when it is fit, and however many come after that. */
static void finds_what_was_put_when_it_fits(void **state)
{
	enum { COUNT = 300 };
	static char keys[COUNT][16];
	size_t length, i;

	(void)state;
	for (i = 0; i < COUNT; i++)
		(void)snprintf(keys[i], sizeof(keys[i]), "k%zu", i);
	for (length = 0; length < COUNT; length++) {
		struct table table;

		assert_int_equal(table_init(&table, length % 2 == 0 ? 0 : COUNT), 0);
		for (i = 0; i < length; i++)
			*table_place(&table, keys[i]) = keys[i];
		table_fit(&table);
		assert_true(table.slots_length <= 8 || table.slots_length < length * 2);
		for (i = 0; i < COUNT; i++)
			assert_ptr_equal(table_get(&table, keys[i]), i < length ? keys[i] : NULL);
		for (i = length; i < COUNT; i++)
			*table_place(&table, keys[i]) = keys[i];
		for (i = 0; i < COUNT; i++)
			assert_ptr_equal(table_get(&table, keys[i]), keys[i]);
		table_clear(&table);
		table_fit(&table);
	}
}

static void two_tables_hash_differently(void **state)
{
	struct hash_key a, b;

	(void)state;
	assert_int_equal(hash_key_make(&a), 0);
	assert_int_equal(hash_key_make(&b), 0);
	assert_false(hash_bytes(&a, "x", 1) == hash_bytes(&b, "x", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(siphash_is_siphash_2_4),
		cmocka_unit_test(finds_what_was_put),
		cmocka_unit_test(finds_what_was_put_when_it_fits),
		cmocka_unit_test(two_tables_hash_differently),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
