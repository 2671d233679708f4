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
#include "certificate_read.h"
#include "checker.h"
#include "definitions.h"
#include "pki.h"

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

static void part_is(
	const struct der *der, const struct certificate_part *a, const struct certificate_part *b)
{
	assert_int_equal(a->size, b->size);
	assert_true(a->at + a->size <= der->size && b->at + b->size <= der->size);
	assert_memory_equal(der->data + a->at, der->data + b->at, a->size);
}

/* The bytes that are said to be the public key are that to GnuTLS. */
static void key_is_there(const struct der *der, const struct certificate_facts *facts)
{
	gnutls_datum_t whole = der_peek(der);
	gnutls_datum_t info = { whole.data + facts->key_at, facts->key_size };
	unsigned char ids[2][32];
	size_t sizes[2] = { sizeof(ids[0]), sizeof(ids[1]) };
	gnutls_x509_crt_t crt;
	gnutls_pubkey_t key;

	assert_true(facts->key_at + facts->key_size < der->size);
	assert_int_equal(gnutls_x509_crt_init(&crt), 0);
	assert_int_equal(gnutls_pubkey_init(&key), 0);
	assert_int_equal(gnutls_x509_crt_import(crt, &whole, GNUTLS_X509_FMT_DER), 0);
	assert_int_equal(gnutls_pubkey_import(key, &info, GNUTLS_X509_FMT_DER), 0);
	assert_int_equal(
		gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA256, ids[0], &sizes[0]), 0);
	assert_int_equal(
		gnutls_pubkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, ids[1], &sizes[1]), 0);
	assert_memory_equal(ids[0], ids[1], sizeof(ids[0]));
	gnutls_pubkey_deinit(key);
	gnutls_x509_crt_deinit(crt);
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

	if (der == NULL || names == NULL)
		abort();
	is_plain = certificate_plain_read(der, definitions, &facts, names, &names_size);
	if (is_plain) {
		assert_int_equal(certificate_facts(der, &expected, &gnutls_status), 0);
		assert_true(facts.not_before == expected->not_before);
		assert_true(facts.not_after == expected->not_after);
		assert_int_equal(facts.key_algorithm, expected->key_algorithm);
		assert_int_equal(facts.key_usage, expected->key_usage);
		key_is_there(der, &facts);
		assert_memory_equal(facts.key_id, expected->key_id, PUBLIC_ID_SIZE);
		assert_false(expected->must_staple);
		part_is(der, &facts.subject, &expected->subject);
		part_is(der, &facts.issuer, &expected->issuer);
		assert_int_equal(facts.names_length, expected->names_length);
		assert_memory_equal(names, certificate_facts_names(expected), names_size);
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
		for (at = 0; at < der->size; at += checker_stride(13)) {
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

/* Where it is plain, GnuTLS has to take it and to find the same. */
static bool compare_key(const gnutls_datum_t *data)
{
	unsigned char id[PUBLIC_ID_SIZE], expected[PUBLIC_ID_SIZE];
	gnutls_x509_privkey_t key;

	if (!key_plain_id(definitions, data, id))
		return false;
	assert_int_equal(gnutls_x509_privkey_init(&key), 0);
	assert_int_equal(gnutls_x509_privkey_import_pkcs8(
				 key, data, GNUTLS_X509_FMT_DER, NULL, GNUTLS_PKCS_PLAIN),
		0);
	assert_int_equal(public_id_of_x509_key(key, expected), 0);
	assert_memory_equal(id, expected, PUBLIC_ID_SIZE);
	gnutls_x509_privkey_deinit(key);
	return true;
}

static void never_takes_more_keys_than_gnutls(void **state)
{
	static const gnutls_ecc_curve_t curves[] = { GNUTLS_ECC_CURVE_SECP256R1,
		GNUTLS_ECC_CURVE_SECP384R1, GNUTLS_ECC_CURVE_SECP521R1 };
	size_t i, at;
	unsigned int value;

	(void)state;
	for (i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		gnutls_x509_privkey_t key;
		gnutls_datum_t data;

		assert_int_equal(gnutls_x509_privkey_init(&key), 0);
		assert_int_equal(gnutls_x509_privkey_generate(
					 key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(curves[i]), 0),
			0);
		assert_int_equal(gnutls_x509_privkey_export2_pkcs8(
					 key, GNUTLS_X509_FMT_DER, NULL, GNUTLS_PKCS_PLAIN, &data),
			0);
		gnutls_x509_privkey_deinit(key);
		assert_true(compare_key(&data));
		for (at = 0; at < data.size; at += checker_stride(13)) {
			unsigned char right = data.data[at];
			unsigned int size = data.size;

			for (value = 0; value < 256; value += value < 8 ? 1 : 31) {
				data.data[at] = (unsigned char)value;
				(void)compare_key(&data);
			}
			data.data[at] = right;
			data.size = (unsigned int)at;
			assert_false(compare_key(&data));
			data.size = size;
		}
		assert_true(compare_key(&data));
		gnutls_free(data.data);
	}
}

static void leaves_other_keys_to_gnutls(void **state)
{
	static const gnutls_pk_algorithm_t algorithms[] = { GNUTLS_PK_RSA,
		GNUTLS_PK_EDDSA_ED25519 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		gnutls_x509_privkey_t key;
		gnutls_datum_t data;

		assert_int_equal(gnutls_x509_privkey_init(&key), 0);
		assert_int_equal(
			gnutls_x509_privkey_generate(key, algorithms[i], i == 0 ? 2048 : 256, 0),
			0);
		assert_int_equal(gnutls_x509_privkey_export2_pkcs8(
					 key, GNUTLS_X509_FMT_DER, NULL, GNUTLS_PKCS_PLAIN, &data),
			0);
		gnutls_x509_privkey_deinit(key);
		assert_false(compare_key(&data));
		gnutls_free(data.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_gnutls_reads),
		cmocka_unit_test(never_takes_more_than_gnutls),
		cmocka_unit_test(never_takes_more_keys_than_gnutls),
		cmocka_unit_test(leaves_other_keys_to_gnutls),
	};

	return cmocka_run_group_tests(tests, definitions_make, definitions_free);
}
