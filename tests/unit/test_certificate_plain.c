/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "certificate.h"
#include "certificate_plain.h"
#include "pki.h"
#include "pkix.h"

static asn1_node definitions;

static const struct {
	const char *file;
	bool is_plain;
} rows[] = {
	{ PKI("san.crt"), true },
	{ PKI("rsa.crt"), true },
	{ PKI("deep.crt"), true },
	{ PKI("wildcard.crt"), true },
	{ PKI("common-name.crt"), true },
	{ PKI("expired.crt"), true },
	{ PKI("intermediate.crt"), true },
	{ PKI("root.crt"), true },
	{ PKI("ed25519.crt"), false },
	{ PKI("must-staple.crt"), false },
};

static struct der *read_one(const char *file)
{
	struct der **chain;
	struct der *der;
	size_t length;

	assert_int_equal(certificate_chain_read(file, NULL, &chain, &length, NULL), 0);
	assert_int_equal(length, 1);
	der = der_ref(chain[0]);
	certificate_chain_free(chain, length);
	return der;
}

static void datum_is(const gnutls_datum_t *a, const gnutls_datum_t *b)
{
	assert_int_equal(a->size, b->size);
	assert_memory_equal(a->data, b->data, a->size);
}

/* Where it is plain, GnuTLS has to take it and to find the same. */
static bool compare(const unsigned char *data, size_t size)
{
	struct der *der = der_new(NULL, data, size, false);
	const struct certificate_facts *expected;
	struct certificate_facts facts;
	char *names = malloc(size + 1);
	size_t names_size;
	int gnutls_status = 0;
	bool is_plain;

	assert_true(der != NULL && names != NULL);
	is_plain = certificate_plain_read(der, definitions, &facts, names, &names_size);
	if (is_plain) {
		assert_int_equal(certificate_facts(der, &expected, &gnutls_status), 0);
		assert_true(facts.not_before == expected->not_before);
		assert_true(facts.not_after == expected->not_after);
		assert_int_equal(facts.key_algorithm, expected->key_algorithm);
		assert_memory_equal(facts.key_id, expected->key_id, PUBLIC_ID_SIZE);
		assert_false(expected->must_staple);
		datum_is(&facts.subject, &expected->subject);
		datum_is(&facts.issuer, &expected->issuer);
		assert_int_equal(facts.names_length, expected->names_length);
		assert_memory_equal(names, expected->names, names_size);
	}
	free(names);
	der_unref(der);
	return is_plain;
}

static void reads_what_gnutls_reads(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct der *der = read_one(rows[i].file);

		assert_int_equal(compare(der->data, der->size), rows[i].is_plain);
		der_unref(der);
	}
}

/* How far apart the bytes are that are changed: valgrind is slow. */
static size_t step(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload != NULL && strstr(preload, "vgpreload") != NULL ? 7 : 1;
}

/* Each byte of each certificate, with some of its values, and each length. */
static void never_takes_more_than_gnutls(void **state)
{
	static const unsigned char changes[] = { 0x01, 0x02, 0x03, 0x10, 0x20, 0x80, 0xff };
	size_t taken = 0;
	size_t i, j, at;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct der *der = read_one(rows[i].file);
		unsigned char *data = malloc(der->size + 1);

		assert_non_null(data);
		for (at = 0; at < der->size; at += step()) {
			memcpy(data, der->data, der->size);
			for (j = 0; j < sizeof(changes); j++) {
				data[at] = der->data[at] ^ changes[j];
				taken += compare(data, der->size) ? 1 : 0;
			}
			data[at] = der->data[at];
			(void)compare(data, at);
		}
		data[der->size] = 0;
		assert_false(compare(data, der->size + 1));
		free(data);
		der_unref(der);
	}
	assert_true(taken > 1000);
}

static int make_definitions(void **state)
{
	(void)state;
	return pkix_definitions(&definitions);
}

static int free_definitions(void **state)
{
	(void)state;
	(void)asn1_delete_structure(&definitions);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_gnutls_reads),
		cmocka_unit_test(never_takes_more_than_gnutls),
	};

	return cmocka_run_group_tests(tests, make_definitions, free_definitions);
}
