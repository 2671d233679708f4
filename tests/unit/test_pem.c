/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pem.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define BEGIN "-----BEGIN X-----\n"
#define END "-----END X-----\n"

/* How many blocks are found before the end, and whether that is one of the text. */
static void blocks_are_found(void **state)
{
	static const struct {
		const char *text;
		int blocks;
		enum pem_result end;
	} rows[] = {
		{ "", 0, PEM_END },
		{ "no block", 0, PEM_END },
		{ "-----END X-----\n", 0, PEM_END },
		{ BEGIN "QUJD\n" END, 1, PEM_END },
		{ "before " BEGIN "QUJD\n" END "between" BEGIN END "behind", 2, PEM_END },
		{ BEGIN "QUJD\n-----END X-----" BEGIN "QUJD\n" END, 2, PEM_END },
		{ BEGIN, 0, PEM_UNTERMINATED },
		{ "-----BEGIN X", 0, PEM_UNTERMINATED },
		{ "-----BEGIN X\n-----END X-----\n", 0, PEM_UNTERMINATED },
		{ BEGIN "QUJD\n", 0, PEM_UNTERMINATED },
		{ BEGIN "QUJD\n-----END X", 0, PEM_UNTERMINATED },
		{ BEGIN "QUJD\n-----END X--", 0, PEM_UNTERMINATED },
		{ BEGIN "QUJD\n" BEGIN "QUJD\n" END, 0, PEM_UNTERMINATED },
		{ BEGIN "QUJD\n" END BEGIN, 1, PEM_UNTERMINATED },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *at = rows[i].text;
		struct pem_block block;
		enum pem_result result;
		int blocks = 0;

		while ((result = pem_next(&at, &block)) == PEM_BLOCK) {
			assert_true(pem_has_label(&block, "X"));
			blocks++;
		}
		if (blocks != rows[i].blocks || result != rows[i].end)
			fail_msg("row %zu: %d blocks, then %d", i, blocks, (int)result);
	}
}

/* Line by line as all at once, whatever the lines look like. */
static void secrets_are_decoded_alike(void **state)
{
	static const char *const texts[] = {
		"QUJDREVGR0hJSktM\nTU5PUFFSU1RVVg==\n",
		"QUJDREVGR0hJSktMTU5PUFFSU1RVVg==\n",
		"QUJDREVGR0hJSktM\r\nTU5PUFFSU1RVVg==\r\n",
		"\n\n  QUJDREVGR0hJSktM  \n\n\tTU5PUFFSU1RVVg==\n\n",
		"QUJDREVGR0hJSktMT\nU5PUFFSU1RVVg==\n", /* no multiples of four */
		"QUJD\nREVGR0hJSktMTU5PUF\nFSU1RVVg\n==\n",
	};
	char text[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *at = text;
		struct pem_block block;
		gnutls_datum_t der;

		(void)snprintf(text, sizeof(text), BEGIN "%s" END, texts[i]);
		assert_int_equal(pem_next(&at, &block), PEM_BLOCK);
		if (pem_decode_secret(NULL, &block, &der) < 0)
			fail_msg("row %zu", i);
		assert_int_equal(der.size, 22);
		assert_memory_equal(der.data, "ABCDEFGHIJKLMNOPQRSTUV", 22);
		pem_secret_free(NULL, &block, &der);
	}
}

static void broken_secrets_are_refused(void **state)
{
	static const char *const texts[] = { "", "\n", "QUJ\n", "QU*D\n", "QUJD\n=EVG\n" };
	char text[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *at = text;
		struct pem_block block;
		gnutls_datum_t der;
		int status;

		(void)snprintf(text, sizeof(text), BEGIN "%s" END, texts[i]);
		assert_int_equal(pem_next(&at, &block), PEM_BLOCK);
		status = pem_decode_secret(NULL, &block, &der);
		if (status >= 0)
			fail_msg("row %zu: %u bytes", i, der.size);
		assert_null(der.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_are_found),
		cmocka_unit_test(secrets_are_decoded_alike),
		cmocka_unit_test(broken_secrets_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
