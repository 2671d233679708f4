/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "public_key.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

/* An odd number with its highest bit set. */
static gnutls_datum_t number(unsigned char *bytes, unsigned int bits)
{
	gnutls_datum_t datum = { bytes, (bits + 7) / 8 };

	memset(bytes, 0xff, datum.size);
	bytes[0] = (unsigned char)(0xffU >> (datum.size * 8 - bits));
	return datum;
}

static void rsa_keys(void **state)
{
	static const struct {
		unsigned int modulus, exponent; /* bits */
		bool is_affordable;
	} rows[] = { { 1024, 17, true }, { 2048, 17, true }, { 2048, 2, true }, { 2048, 64, true },
		{ 2048, 65, false }, { 2048, 2047, false }, { 16384, 17, true },
		{ 16384, 64, true }, { 16384, 65, false }, { 16385, 17, false },
		{ 65536, 17, false }, { 65536, 65535, false } };
	static unsigned char modulus[8192], exponent[8192];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		gnutls_datum_t m = number(modulus, rows[i].modulus);
		gnutls_datum_t e = number(exponent, rows[i].exponent);
		gnutls_pubkey_t key;

		assert_int_equal(gnutls_pubkey_init(&key), 0);
		assert_int_equal(gnutls_pubkey_import_rsa_raw(key, &m, &e), 0);
		if (public_key_is_affordable(key) != rows[i].is_affordable)
			fail_msg("%u bits, exponent of %u", rows[i].modulus, rows[i].exponent);
		gnutls_pubkey_deinit(key);
	}
}

static void dsa_keys(void **state)
{
	static const struct {
		unsigned int prime, subgroup; /* bits */
		bool is_affordable;
	} rows[] = { { 1024, 160, true }, { 3072, 256, true }, { 3072, 512, true },
		{ 3072, 520, false }, { 3072, 3000, false }, { 20000, 256, false } };
	static unsigned char prime[8192], subgroup[8192];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		gnutls_datum_t p = number(prime, rows[i].prime);
		gnutls_datum_t q = number(subgroup, rows[i].subgroup);
		gnutls_pubkey_t key;

		assert_int_equal(gnutls_pubkey_init(&key), 0);
		assert_int_equal(gnutls_pubkey_import_dsa_raw(key, &p, &q, &q, &q), 0);
		if (public_key_is_affordable(key) != rows[i].is_affordable)
			fail_msg("%u bits, subgroup of %u", rows[i].prime, rows[i].subgroup);
		gnutls_pubkey_deinit(key);
	}
}

static void keys_on_curves(void **state)
{
	static const unsigned int curves[] = { GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1),
		GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP521R1) };
	static const gnutls_pk_algorithm_t algorithms[] = { GNUTLS_PK_ECDSA, GNUTLS_PK_ECDSA,
		GNUTLS_PK_EDDSA_ED25519 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		gnutls_privkey_t private_key;
		gnutls_pubkey_t key;

		assert_int_equal(gnutls_privkey_init(&private_key), 0);
		assert_int_equal(gnutls_privkey_generate(
					 private_key, algorithms[i], i < 2 ? curves[i] : 0, 0),
			0);
		assert_int_equal(gnutls_pubkey_init(&key), 0);
		assert_int_equal(gnutls_pubkey_import_privkey(key, private_key, 0, 0), 0);
		assert_true(public_key_is_affordable(key));
		gnutls_pubkey_deinit(key);
		gnutls_privkey_deinit(private_key);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rsa_keys),
		cmocka_unit_test(dsa_keys),
		cmocka_unit_test(keys_on_curves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
