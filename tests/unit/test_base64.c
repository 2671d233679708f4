/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>
#include "base64.h"

static bool decode(const char *text, size_t length, unsigned char **data, size_t *size)
{
	/* No more than what is asked for, so that valgrind sees what is written behind it. */
	*data = malloc(length + 1);
	assert_non_null(*data);
	return base64_decode(text, length, *data, size);
}

static void decodes(void **state)
{
	static const struct {
		const char *text;
		const char *data; /* NULL: it is none */
	} rows[] = {
		{ "", NULL },
		{ " \n", NULL },
		{ "Zg==", "f" },
		{ "Zm8=", "fo" },
		{ "Zm9v", "foo" },
		{ "Zm9vYmFy", "foobar" },
		{ "\r\nZm9v\r\nYmFy\r\n", "foobar" },
		{ "Z m\t9\nv\rYmFy", "foobar" },
		{ "Zm9vZg = =", "foof" },
		{ "Zm9vZg==\n", "foof" },
		{ "Zm9vZh==", NULL }, /* a bit that does not count */
		{ "Zm9=", NULL },
		{ "Zm9", NULL },
		{ "Z", NULL },
		{ "Z===", NULL },
		{ "====", NULL },
		{ "Zg==Zg==", NULL },
		{ "Zg==\nZm9v", NULL },
		{ "Zg=v", NULL },
		{ "Zm9v=", NULL },
		{ "Zm9-", NULL },
		{ "Zm9_", NULL },
		{ "Zm9\xc3", NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned char *data;
		size_t size;
		bool is_it = decode(rows[i].text, strlen(rows[i].text), &data, &size);

		assert_int_equal(is_it, rows[i].data != NULL);
		if (rows[i].data != NULL) {
			assert_int_equal(size, strlen(rows[i].data));
			assert_memory_equal(data, rows[i].data, strlen(rows[i].data));
		}
		free(data);
	}
}

/* Random texts, some with a character that is out of place: GnuTLS says the same of each. */
static void decodes_what_gnutls_decodes(void **state)
{
	static const char characters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
		"== \n\r\t.:\x7f";
	size_t taken = 0;
	unsigned int i;

	(void)state;
	srandom(5);
	for (i = 0; i < 200000; i++) {
		char text[24];
		size_t room = i % 2 == 0 ? 64 : sizeof(characters) - 1;
		size_t length = 1 + (size_t)random() % sizeof(text);
		gnutls_datum_t datum = { (unsigned char *)text, (unsigned int)length };
		gnutls_datum_t expected = { NULL, 0 };
		unsigned char *data;
		size_t size, j;
		bool is_it;

		for (j = 0; j < length; j++)
			text[j] = characters[(size_t)random() % room];
		if (i % 3 == 0)
			text[length - 1] = '=';
		is_it = decode(text, length, &data, &size);
		assert_int_equal(is_it, gnutls_base64_decode2(&datum, &expected) >= 0);
		if (is_it) {
			assert_int_equal(size, expected.size);
			assert_memory_equal(data, expected.data, size);
			taken++;
		}
		free(data);
		gnutls_free(expected.data);
	}
	assert_true(taken > 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes),
		cmocka_unit_test(decodes_what_gnutls_decodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
