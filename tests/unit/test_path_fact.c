/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <certbind/error.h>
#include <gnutls/x509-ext.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "chain_case.h"
#include "checker.h"
#include "definitions.h"
#include "path_extension.h"
#include "path_fact.h"

/* The facts of plain certificates are read without GnuTLS: they have to be the same. */

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void datums_are(const gnutls_datum_t *a, const gnutls_datum_t *b)
{
	assert_int_equal(a->size, b->size);
	if (a->size > 0)
		assert_memory_equal(a->data, b->data, a->size);
}

static void names_are(const struct fact_names *a, const struct fact_names *b)
{
	assert_int_equal(a->length, b->length);
	for (size_t i = 0; i < a->length; i++) {
		assert_int_equal(a->items[i].type, b->items[i].type);
		assert_int_equal(a->items[i].size, b->items[i].size);
		assert_memory_equal(a->items[i].data, b->items[i].data, a->items[i].size + 1);
		assert_int_equal(a->items[i].has_distance, b->items[i].has_distance);
	}
}

static void form_is(const struct fact *a, const struct fact *b)
{
	assert_int_equal(a->has_key, b->has_key);
	assert_int_equal(a->key_algorithm, b->key_algorithm);
	assert_int_equal(a->key_bits, b->key_bits);
	assert_memory_equal(a->key_id, b->key_id, sizeof(a->key_id));
	assert_int_equal(a->signature_algorithm, b->signature_algorithm);
	datums_are(&a->signed_part, &b->signed_part);
	datums_are(&a->signature, &b->signature);
	assert_string_equal(a->subject, b->subject);
	assert_string_equal(a->issuer, b->issuer);
	assert_string_equal(fact_label(a), fact_label(b));
	assert_true(a->not_before == b->not_before);
	assert_true(a->not_after == b->not_after);
	assert_int_equal(a->serial, b->serial);
	assert_int_equal(a->version, b->version);
	assert_string_equal(a->malformed, b->malformed);
	names_are(&a->common_names, &b->common_names);
	assert_int_equal(a->has_strange_common_name, b->has_strange_common_name);
}

static void extensions_are(const struct fact *a, const struct fact *b)
{
	assert_int_equal(a->extensions, b->extensions);
	assert_int_equal(a->critical, b->critical);
	assert_string_equal(a->unknown_critical, b->unknown_critical);
	assert_int_equal(a->is_ca, b->is_ca);
	assert_int_equal(a->path_length, b->path_length);
	assert_int_equal(a->key_usage, b->key_usage);
	assert_int_equal(a->has_server_auth, b->has_server_auth);
	assert_int_equal(a->has_any_purpose, b->has_any_purpose);
	assert_int_equal(a->has_other_purpose, b->has_other_purpose);
	datums_are(&a->subject_key_id, &b->subject_key_id);
	datums_are(&a->authority_key_id, &b->authority_key_id);
	names_are(&a->names, &b->names);
	names_are(&a->permitted, &b->permitted);
	names_are(&a->excluded, &b->excluded);
	assert_int_equal(a->has_bad_authority_info, b->has_bad_authority_info);
	names_are(&a->policies, &b->policies);
	names_are(&a->mapped_from, &b->mapped_from);
	names_are(&a->mapped_to, &b->mapped_to);
	assert_int_equal(a->has_unknown_qualifier, b->has_unknown_qualifier);
	assert_int_equal(a->require_policy, b->require_policy);
	assert_int_equal(a->inhibit_mapping, b->inhibit_mapping);
	assert_int_equal(a->inhibit_any, b->inhibit_any);
}

/* Returns whether it was read without GnuTLS. */
static bool compare(const unsigned char *data, size_t size)
{
	struct der *der = der_new(NULL, data, size, false);
	struct fact *found, *expected;
	bool is_plain;

	assert_non_null(der);
	assert_int_equal(fact_new(definitions, der, &found), 0);
	is_plain = found != NULL && !found->import->is_done;
	if (is_plain) {
		assert_int_equal(fact_new_imported(definitions, der, &expected), 0);
		assert_non_null(expected);
		form_is(found, expected);
		extensions_are(found, expected);
		fact_unref(expected);
	}
	fact_unref(found);
	der_unref(der);
	return is_plain;
}

static bool is_plain_case(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(chains); i++)
		if (strcmp(chains[i].name, name) == 0)
			return compare(chains[i].chain[0].data, chains[i].chain[0].size);
	fail_msg("no chain %s", name);
	return false;
}

static void reads_what_gnutls_reads(void **state)
{
	size_t plain = 0;
	size_t i, j;

	(void)state;
	for (i = 0; i < COUNT(chains); i++)
		for (j = 0; j < chains[i].chain_length; j++)
			plain += compare(chains[i].chain[j].data, chains[i].chain[j].size) ? 1 : 0;
	assert_true(plain > COUNT(chains) / 2);
}

static void leaves_the_rest_to_gnutls(void **state)
{
	static const char *const plain[] = { "plain", "key_rsa_2048", "serial_negative", "key_p384",
		"key_p521", "rsa_sha384", "rsa_sha512", "ecdsa_sha384", "ecdsa_sha512" };

	(void)state;
	for (size_t i = 0; i < COUNT(plain); i++)
		assert_true(is_plain_case(plain[i]));
	assert_false(is_plain_case("leaf_version_1"));
	assert_false(is_plain_case("rsa_pss"));
	assert_false(is_plain_case("ecdsa_sha1"));
	assert_false(is_plain_case("key_ed25519"));
	assert_false(is_plain_case("self_signed_is_ca"));
}

/* Each byte of some certificates, with some of its values, and each length. */
static void never_reads_otherwise_than_gnutls(void **state)
{
	static const char *const names[] = { "plain", "key_rsa_2048" };
	static const unsigned char changes[] = { 0x01, 0x02, 0x03, 0x10, 0x20, 0x80, 0xff };
	size_t taken = 0;
	size_t i, j, k, at;

	(void)state;
	for (i = 0; i < COUNT(chains); i++) {
		const gnutls_datum_t *certificate = &chains[i].chain[0];
		unsigned char *data;

		for (k = 0; k < COUNT(names) && strcmp(chains[i].name, names[k]) != 0; k++)
			;
		/* The others with fewer changes: there are many. */
		if (k == COUNT(names) && (i % 8 != 0 || certificate->size > 1500))
			continue;
		data = malloc(certificate->size);
		assert_non_null(data);
		memcpy(data, certificate->data, certificate->size);
		for (at = 0; at < certificate->size; at += checker_stride(61)) {
			for (j = 0; j < COUNT(changes); j += k == COUNT(names) ? 4 : 1) {
				data[at] = certificate->data[at] ^ changes[j];
				taken += compare(data, certificate->size) ? 1 : 0;
			}
			data[at] = certificate->data[at];
			assert_false(compare(data, at));
		}
		free(data);
	}
	assert_true(checker_stride(61) > 1 || taken > 10000);
}

/* Takes the value, as GnuTLS has written it. */
static struct fact read_value(const char *oid, int written, gnutls_datum_t *value)
{
	struct extension extension = { .value = *value };
	struct fact fact = { .path_length = -1 };

	assert_int_equal(written, 0);
	(void)snprintf(extension.oid, sizeof(extension.oid), "%s", oid);
	assert_int_equal(extension_read(&fact, definitions, &extension), CERTBIND_OK);
	assert_string_equal(fact.malformed, "");
	gnutls_free(value->data);
	return fact;
}

static void reads_what_gnutls_writes(void **state)
{
	static const char *const purposes[] = { GNUTLS_KP_TLS_WWW_SERVER, GNUTLS_KP_TLS_WWW_CLIENT,
		GNUTLS_KP_ANY, GNUTLS_KP_CODE_SIGNING };
	gnutls_datum_t value;
	struct fact fact;
	unsigned int bits;
	int written;

	(void)state;
	for (bits = 1; bits < 0x100; bits++) {
		written = gnutls_x509_ext_export_key_usage(bits, &value);
		fact = read_value(GNUTLS_X509EXT_OID_KEY_USAGE, written, &value);
		assert_int_equal(fact.key_usage, bits);
	}
	for (bits = 0; bits < 8; bits++) {
		unsigned int is_ca = bits == 0 ? 0 : 1;
		int length = is_ca == 0 ? -1 : (int)bits - 2;

		written = gnutls_x509_ext_export_basic_constraints(is_ca, length, &value);
		fact = read_value(GNUTLS_X509EXT_OID_BASIC_CONSTRAINTS, written, &value);
		assert_int_equal(fact.is_ca, is_ca);
		assert_int_equal(fact.path_length, length);
	}
	for (bits = 1; bits < 1U << COUNT(purposes); bits++) {
		gnutls_x509_key_purposes_t list;

		assert_int_equal(gnutls_x509_key_purpose_init(&list), 0);
		for (size_t i = 0; i < COUNT(purposes); i++)
			if ((bits & 1U << i) != 0)
				assert_int_equal(gnutls_x509_key_purpose_set(list, purposes[i]), 0);
		written = gnutls_x509_ext_export_key_purposes(list, &value);
		gnutls_x509_key_purpose_deinit(list);
		fact = read_value(GNUTLS_X509EXT_OID_EXTENDED_KEY_USAGE, written, &value);
		assert_int_equal(fact.has_server_auth, (bits & 1) != 0);
		assert_int_equal(fact.has_any_purpose, (bits & 4) != 0);
		assert_int_equal(fact.has_other_purpose, (bits & 8) != 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_gnutls_reads),
		cmocka_unit_test(leaves_the_rest_to_gnutls),
		cmocka_unit_test(reads_what_gnutls_writes),
		cmocka_unit_test(never_reads_otherwise_than_gnutls),
	};

	return cmocka_run_group_tests(tests, definitions_make, definitions_free);
}
