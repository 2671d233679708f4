/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "selfsigned_scratch.h"
#include <gnutls/crypto.h>

static const char *const other_names[] = { "host.example", "new.provider.example" };

/* How often bytes with a key in them were wiped. This definition stands before GnuTLS' own. */
static size_t wiped_keys;

void gnutls_memset(void *data, int c, size_t size)
{
	static const char mark[] = "PRIVATE KEY";
	volatile unsigned char *bytes = data;

	for (size_t i = 0; i + sizeof(mark) - 1 <= size; i++)
		if (memcmp((const char *)data + i, mark, sizeof(mark) - 1) == 0) {
			wiped_keys++;
			break;
		}
	for (size_t i = 0; i < size; i++)
		bytes[i] = (unsigned char)c;
}

static void assert_same(const struct selfsigned *a, const struct selfsigned *b)
{
	assert_int_equal(a->size, b->size);
	assert_memory_equal(a->pem, b->pem, a->size);
}

static void assert_extensions(gnutls_x509_crt_t certificate)
{
	unsigned char ids[2][64];
	size_t sizes[2] = { 64, 64 };
	char purpose[64];
	size_t size = sizeof(purpose);
	unsigned int usage, critical, is_ca;
	int path_length;

	assert_int_equal(gnutls_x509_crt_get_version(certificate), 3);
	assert_int_equal(
		gnutls_x509_crt_get_subject_key_id(certificate, ids[0], &sizes[0], &critical), 0);
	assert_int_equal(critical, 0);
	assert_int_equal(
		gnutls_x509_crt_get_authority_key_id(certificate, ids[1], &sizes[1], &critical), 0);
	assert_int_equal(critical, 0);
	assert_int_equal(sizes[0], sizes[1]);
	assert_memory_equal(ids[0], ids[1], sizes[0]);
	assert_int_equal(gnutls_x509_crt_get_key_usage(certificate, &usage, &critical), 0);
	assert_int_equal(usage, GNUTLS_KEY_DIGITAL_SIGNATURE);
	assert_int_equal(
		gnutls_x509_crt_get_key_purpose_oid(certificate, 0, purpose, &size, &critical), 0);
	assert_string_equal(purpose, GNUTLS_KP_TLS_WWW_SERVER);
	assert_int_equal(critical, 0);
	assert_true(gnutls_x509_crt_get_basic_constraints(
			    certificate, &critical, &is_ca, &path_length) >= 0);
	assert_int_equal(is_ca, 0);
}

static void test_what_it_is(void **state)
{
	struct selfsigned made;
	gnutls_x509_crt_t certificate;
	gnutls_x509_privkey_t key;
	gnutls_datum_t pem;
	unsigned char serial[64];
	size_t size = sizeof(serial);
	gnutls_ecc_curve_t curve;

	get_kept(*state, NOW, &made);
	certificate = parse(&made);
	assert_names(certificate);
	assert_extensions(certificate);
	assert_int_equal(gnutls_x509_crt_get_activation_time(certificate), NOW - DAY);
	assert_int_equal(gnutls_x509_crt_get_expiration_time(certificate), NOW + 364 * DAY);
	assert_int_equal(gnutls_x509_crt_get_serial(certificate, serial, &size), 0);
	assert_int_equal(size, 20);
	assert_int_equal(serial[0] & 0xc0, 0x40);
	assert_int_equal(
		gnutls_x509_crt_get_signature_algorithm(certificate), GNUTLS_SIGN_ECDSA_SHA256);
	assert_int_equal(gnutls_x509_crt_get_pk_ecc_raw(certificate, &curve, NULL, NULL), 0);
	assert_int_equal(curve, GNUTLS_ECC_CURVE_SECP256R1);
	assert_int_equal(gnutls_x509_crt_check_issuer(certificate, certificate), 1);
	/* the key: PKCS#8, in the same file */
	pem.data = made.pem;
	pem.size = (unsigned int)made.size;
	assert_int_equal(gnutls_x509_privkey_init(&key), 0);
	assert_int_equal(gnutls_x509_privkey_import_pkcs8(
				 key, &pem, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN),
		0);
	gnutls_x509_privkey_deinit(key);
	gnutls_x509_crt_deinit(certificate);
	selfsigned_free(&made);
	selfsigned_free(&made);
	assert_null(made.pem);
}

/* What is in the file is what was handed out, and is handed out again while it lives long enough. */
static void test_kept_and_renewed(void **state)
{
	const struct scratch *scratch = *state;
	struct selfsigned first, next, peeked;
	struct certbind_error error;

	get_kept(scratch, NOW, &first);
	assert_int_equal(
		selfsigned_peek_existing(scratch->directory, &peeked, &error), CERTBIND_OK);
	assert_same(&first, &peeked);
	assert_true(peeked.is_kept);
	get_kept(scratch, NOW + 334 * DAY, &next);
	assert_same(&first, &next);
	selfsigned_free(&next);
	/* not valid yet */
	get_kept(scratch, NOW - DAY, &next);
	assert_same(&first, &next);
	selfsigned_free(&next);
	get_kept(scratch, NOW - DAY - 1, &next);
	assert_false(is_same(&first, &next));
	selfsigned_free(&next);
	selfsigned_free(&first);
	/* under 30 days remain */
	get_kept(scratch, NOW, &first);
	get_kept(scratch, NOW + 334 * DAY + 1, &next);
	assert_false(is_same(&first, &next));
	selfsigned_free(&first);
	selfsigned_free(&next);
	selfsigned_free(&peeked);
}

static void test_names_changed(void **state)
{
	const struct scratch *scratch = *state;
	struct selfsigned first, next;
	struct certbind_error error;

	get_kept(scratch, NOW, &first);
	/* fewer names: it names all that are needed */
	assert_int_equal(
		selfsigned_get(scratch->directory, names + 1, 1, NOW, &next, &error), CERTBIND_OK);
	assert_same(&first, &next);
	selfsigned_free(&next);
	assert_int_equal(selfsigned_get(scratch->directory, other_names, COUNT(other_names), NOW,
				 &next, &error),
		CERTBIND_OK);
	assert_true(next.is_kept);
	assert_false(is_same(&first, &next));
	selfsigned_free(&first);
	selfsigned_free(&next);
	assert_int_equal(
		selfsigned_get(scratch->root, NULL, 0, NOW, &next, &error), CERTBIND_E_INVALID);
	assert_null(next.pem);
}

/* A first name that no Common Name has room for (64 characters). */
static void test_long_name(void **state)
{
	static const char label[] =
		"abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabc";
	const struct scratch *scratch = *state;
	struct selfsigned first, next;
	gnutls_x509_crt_t certificate;
	char name[160], dn[64];
	size_t size = sizeof(dn);
	const char *const list[] = { name };

	(void)snprintf(name, sizeof(name), "%s.%s.example", label, label);
	assert_int_equal(
		selfsigned_get(scratch->directory, list, 1, NOW, &first, NULL), CERTBIND_OK);
	certificate = parse(&first);
	assert_int_equal(gnutls_x509_crt_check_hostname(certificate, name), 1);
	assert_int_equal(gnutls_x509_crt_get_dn(certificate, dn, &size), 0);
	assert_string_equal(dn, "O=certbind");
	gnutls_x509_crt_deinit(certificate);
	assert_int_equal(
		selfsigned_get(scratch->directory, list, 1, NOW, &next, NULL), CERTBIND_OK);
	assert_same(&first, &next);
	selfsigned_free(&first);
	selfsigned_free(&next);
}

/* As many shared hosts as a service may have. */
static void test_many_names(void **state)
{
	enum { MANY = 1000, SIZE = 64 };
	const struct scratch *scratch = *state;
	struct selfsigned first, next;
	gnutls_x509_crt_t certificate;
	char *texts = malloc((size_t)MANY * SIZE);
	const char **list = calloc(MANY, sizeof(*list));

	assert_non_null(texts);
	assert_non_null(list);
	for (size_t i = 0; i < MANY; i++) {
		list[i] = texts + i * SIZE;
		(void)snprintf(texts + i * SIZE, SIZE, "mail%zu.provider.example", i);
	}
	assert_int_equal(
		selfsigned_get(scratch->directory, list, MANY, NOW, &first, NULL), CERTBIND_OK);
	assert_int_equal(
		selfsigned_get(scratch->directory, list, MANY, NOW, &next, NULL), CERTBIND_OK);
	assert_same(&first, &next);
	certificate = parse(&next);
	assert_int_equal(gnutls_x509_crt_check_hostname(certificate, list[MANY - 1]), 1);
	gnutls_x509_crt_deinit(certificate);
	selfsigned_free(&first);
	selfsigned_free(&next);
	free(list);
	free(texts);
}

static void test_damaged(void **state)
{
	const struct scratch *scratch = *state;
	struct selfsigned first, second, next;
	struct certbind_error error;
	unsigned char *mixed;
	const char *key;
	size_t certificate_size;

	get_kept(scratch, NOW, &first);
	assert_int_equal(unlink(scratch->file), 0);
	get_kept(scratch, NOW, &second);
	/* garbage, nothing, half a file */
	for (int i = 0; i < 3; i++) {
		write_file(scratch->file, i == 0 ? (const void *)"garbage" : first.pem,
			i == 0 ? 7 : (i == 1 ? 0 : first.size / 2));
		assert_int_equal(selfsigned_peek_existing(scratch->directory, &next, &error),
			CERTBIND_E_CERTIFICATE);
		assert_string_equal(error.file, scratch->file);
		assert_null(next.pem);
		get_kept(scratch, NOW, &next);
		assert_false(is_same(&next, &first));
		selfsigned_free(&next);
	}
	/* the one's certificate and the other's key */
	key = strstr((const char *)second.pem, "-----BEGIN PRIVATE KEY");
	assert_non_null(key);
	certificate_size = (size_t)(strstr((const char *)first.pem, "-----BEGIN PRIVATE KEY") -
				    (char *)first.pem);
	mixed = malloc(certificate_size + strlen(key));
	assert_non_null(mixed);
	memcpy(mixed, first.pem, certificate_size);
	memcpy(mixed + certificate_size, key, strlen(key));
	write_file(scratch->file, mixed, certificate_size + strlen(key));
	free(mixed);
	assert_int_equal(selfsigned_peek_existing(scratch->directory, &next, &error),
		CERTBIND_E_CERTIFICATE);
	get_kept(scratch, NOW, &next);
	assert_false(is_same(&next, &first));
	assert_false(is_same(&next, &second));
	selfsigned_free(&next);
	selfsigned_free(&first);
	selfsigned_free(&second);
}

static void test_keys_wiped(void **state)
{
	const struct scratch *scratch = *state;
	struct selfsigned made;

	/* made: GnuTLS' copy of the text */
	wiped_keys = 0;
	get_kept(scratch, NOW, &made);
	assert_int_equal(wiped_keys, 1);
	selfsigned_free(&made);
	assert_int_equal(wiped_keys, 2);
	/* read, and not good enough; then made */
	get_kept(scratch, NOW + 400 * DAY, &made);
	assert_int_equal(wiped_keys, 5);
	selfsigned_free(&made);
	assert_int_equal(wiped_keys, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_it_is),
		TEST(test_kept_and_renewed),
		TEST(test_names_changed),
		TEST(test_long_name),
		TEST(test_many_names),
		TEST(test_damaged),
		TEST(test_keys_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
