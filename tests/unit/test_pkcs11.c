/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "certificate.h"
#include "handshake.h"
#include "pki.h"
#include <gnutls/pkcs11.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static char directory[] = "/tmp/certbind-test-pkcs11.XXXXXX";

static int run(const char *command)
{
	int status = system(command);

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int make_token(void)
{
	char text[1024];

	if (mkdtemp(directory) == NULL)
		return -1;
	(void)snprintf(text, sizeof(text), "%s/softhsm2.conf", directory);
	if (setenv("SOFTHSM2_CONF", text, 1) != 0)
		return -1;
	(void)snprintf(text, sizeof(text), "%s %s %s", TOKEN_SCRIPT, directory, PKI_DIRECTORY);
	return run(text);
}

/* That module alone: what else the machine has registered with p11-kit is no part of the test. */
static int load_module(void)
{
	static const char *const paths[] = { "/usr/lib/softhsm/libsofthsm2.so",
		"/usr/lib/pkcs11/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so" };
	size_t i;

	if (gnutls_pkcs11_init(GNUTLS_PKCS11_FLAG_MANUAL, NULL) < 0)
		return -1;
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (access(paths[i], R_OK) == 0)
			return gnutls_pkcs11_add_provider(paths[i], NULL) < 0;
	return 77;
}

static int remove_token(void)
{
	char text[256];

	(void)snprintf(text, sizeof(text), "rm -r %s", directory);
	return run(text);
}

static struct certificate *read_token(
	const char *uri, const char *chain, const char *password, const char *password_file)
{
	const struct certificate_options options = { .now = PKI_NOW };
	char *key = strdup(uri);
	char *file = chain != NULL ? strdup(chain) : NULL;
	struct der *pin =
		password != NULL ? der_new(NULL, password, strlen(password) + 1, true) : NULL;
	char *pin_file = password_file != NULL ? strdup(password_file) : NULL;
	char name[] = "x";
	struct config_pair pair = { .chain = { &file, chain != NULL },
		.key = key,
		.key_password = pin,
		.key_password_file = pin_file };
	const struct config_certificate entry = { .name = name, .pairs = &pair, .pairs_length = 1 };
	struct certificate *certificate;

	assert_int_equal(certificate_read(&entry, &options, &certificate, NULL), CERTBIND_OK);
	free(key);
	free(file);
	der_unref(pin);
	free(pin_file);
	return certificate;
}

/* The key signs for the certificate after everything it was read from is gone. */
static void check_signs(const struct pair *pair)
{
	const gnutls_datum_t data = { (unsigned char *)directory, 5 };
	gnutls_datum_t der = der_peek(pair->chain[0]);
	gnutls_datum_t signature = { NULL, 0 };
	gnutls_pubkey_t public_key;
	gnutls_x509_crt_t crt;
	gnutls_sign_algorithm_t algorithm =
		gnutls_pk_to_sign(pair->facts->key_algorithm, GNUTLS_DIG_SHA256);

	assert_int_equal(gnutls_x509_crt_init(&crt), 0);
	assert_int_equal(gnutls_x509_crt_import(crt, &der, GNUTLS_X509_FMT_DER), 0);
	assert_int_equal(gnutls_pubkey_init(&public_key), 0);
	assert_int_equal(gnutls_pubkey_import_x509(public_key, crt, 0), 0);
	assert_int_equal(gnutls_privkey_sign_data2(
				 pair_more(pair)->token_key, algorithm, 0, &data, &signature),
		0);
	assert_true(gnutls_pubkey_verify_data2(public_key, algorithm, 0, &data, &signature) >= 0);
	gnutls_free(signature.data);
	gnutls_pubkey_deinit(public_key);
	gnutls_x509_crt_deinit(crt);
}

static void uses_keys_in_a_token(void **state)
{
	static const struct {
		const char *uri, *chain, *password, *password_file;
	} rows[] = {
		{ "pkcs11:token=test;object=san;type=private", PKI("san.pem"), "secret", NULL },
		{ "pkcs11:token=test;object=rsa;type=private", PKI("rsa.pem"), "secret", NULL },
		{ "pkcs11:token=test;object=san;type=private", PKI("san.pem"), NULL,
			PKI("password") },
		{ "pkcs11:token=test;object=san;type=private?pin-value=secret", PKI("san.pem"),
			NULL, NULL },
		{ "pkcs11:token=test;object=san", PKI("san.pem"), "secret", NULL },
		{ "pkcs11:token=test;id=%01;type=private", PKI("san.pem"), "secret", NULL },
		/* No public key in the token: a signature tells. */
		{ "pkcs11:token=test;object=wildcard;type=private", PKI("wildcard.pem"), "secret",
			NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct certificate *certificate = read_token(
			rows[i].uri, rows[i].chain, rows[i].password, rows[i].password_file);

		if (certificate->faults_length > 0)
			fail_msg("%s", certificate->faults[0].message);
		assert_int_equal(certificate->pairs_length, 1);
		assert_null(certificate->pairs[0].key);
		assert_non_null(pair_more(&certificate->pairs[0])->token_key);
		assert_int_equal(certificate->pairs[0].chain_length, 2);
		check_signs(&certificate->pairs[0]);
		certificate_unref(certificate);
	}
}

static void tells_what_is_wrong(void **state)
{
	static const struct {
		const char *uri, *chain, *password;
		enum finding_code code;
		const char *message;
	} rows[] = {
		{ "pkcs11:token=test;object=san;type=private", PKI("rsa.pem"), "secret",
			FINDING_KEY_MISMATCH, "is not the private key of any certificate" },
		{ "pkcs11:token=test;object=san;type=private", PKI("wildcard.pem"), "secret",
			FINDING_KEY_MISMATCH, "is not the private key of any certificate" },
		{ "pkcs11:token=test;object=wildcard;type=private", PKI("san.pem"), "secret",
			FINDING_KEY_MISMATCH, "is not the private key of any certificate" },
		{ "pkcs11:token=test;object=wildcard;type=private", PKI("rsa.pem"), "secret",
			FINDING_KEY_MISMATCH, "is not the private key of any certificate" },
		{ "pkcs11:token=test;object=missing;type=private", PKI("san.pem"), "secret",
			FINDING_UNREADABLE, "is not there" },
		{ "pkcs11:token=missing;object=san;type=private", PKI("san.pem"), "secret",
			FINDING_UNREADABLE, "is not there" },
		{ "pkcs11:token=test;object=san;type=private", PKI("san.pem"), "wrong",
			FINDING_UNREADABLE, "the token refuses the login" },
		{ "pkcs11:token=test;object=san;type=private", PKI("san.pem"), NULL,
			FINDING_UNREADABLE, "the token refuses the login" },
		{ "pkcs11:token=test;object=san;type=private?pin-value=hidden", PKI("san.pem"),
			NULL, FINDING_UNREADABLE, "the token refuses the login" },
		{ "pkcs11:nonsense", PKI("san.pem"), "secret", FINDING_MALFORMED,
			"is no pkcs11: URI" },
		{ "pkcs11:token=test;object=san;type=private", NULL, "secret", FINDING_MALFORMED,
			"the certificate chain has to be given" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct certificate *certificate =
			read_token(rows[i].uri, rows[i].chain, rows[i].password, NULL);
		const struct certificate_fault *fault = &certificate->faults[0];

		assert_int_equal(certificate->pairs_length, 0);
		assert_int_equal(certificate->faults_length, 1);
		if (fault->code != rows[i].code || strstr(fault->message, rows[i].message) == NULL)
			fail_msg("%s: %s", rows[i].uri, fault->message);
		/* Nothing that may hold the PIN. */
		assert_null(strstr(fault->message, "pin-value"));
		assert_null(strstr(fault->file, "pin-value"));
		assert_null(strstr(fault->message, "secret"));
		certificate_unref(certificate);
	}
}

static time_t test_clock(void *data)
{
	(void)data;
	return PKI_NOW;
}

/* A store whose webmail is served with a key of the token. */
static struct certbind_store *open_store(const char *name)
{
	struct certbind_store *store;
	struct certbind_error error;
	char path[256];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/certbind.conf", directory);
	file = fopen(path, "w");
	assert_non_null(file);
	(void)fprintf(file,
		"state_dir = \"state\"; trust_file = \"" PKI(
			"root.crt") "\";\n"
				    "services = ( { name = \"webmail\"; default = \"token\"; } );\n"
				    "certificates = ( { name = \"token\"; chain = \"%s/%s.pem\";\n"
				    "  key = \"pkcs11:token=test;object=%s;type=private\";\n"
				    "  key_password = \"secret\"; } );\n",
		PKI_DIRECTORY, name, name);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(certbind_store_new(&store), 0);
	certbind_store_set_clock(store, test_clock, NULL);
	if (certbind_store_load(store, path, &error) < 0)
		fail_msg("%s:%d: %s", error.file, error.line, error.message);
	return store;
}

/* Each way in which a handshake uses a private key. */
static void serves_with_keys_in_a_token(void **state)
{
	static const struct {
		const char *name, *priority;
	} rows[] = {
		{ "san", "NORMAL:-VERS-ALL:+VERS-TLS1.3" },
		{ "san", "NORMAL:-VERS-ALL:+VERS-TLS1.2" },
		{ "wildcard", "NORMAL" },
		{ "rsa", "NORMAL:-VERS-ALL:+VERS-TLS1.3" },
		{ "rsa", "NORMAL:-VERS-ALL:+VERS-TLS1.2" },
		{ "rsa", "NORMAL:-VERS-ALL:+VERS-TLS1.2:-SIGN-ALL:+SIGN-RSA-SHA256" },
		{ "rsa", "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA" },
		{ "rsa", "NORMAL:-VERS-ALL:+VERS-TLS1.0:-KX-ALL:+ECDHE-RSA" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct handshake_client client = { .priority = rows[i].priority };
		struct certbind_store *store = open_store(rows[i].name);
		struct certbind_context *context;
		struct handshake handshake;

		assert_int_equal(certbind_context_new(&context, store, "webmail", NULL), 0);
		assert_int_equal(
			certbind_context_set_priority(context, "NORMAL:+VERS-TLS1.0:+RSA", NULL),
			0);
		handshake_whole(&handshake, context, &client);
		if (handshake.server_status < 0 || handshake.client_status < 0)
			fail_msg("row %zu: %s, %s", i, gnutls_strerror(handshake.server_status),
				gnutls_strerror(handshake.client_status));
		assert_string_equal(handshake.selection.certificate, "token");
		certbind_context_free(context);
		certbind_store_close(store);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uses_keys_in_a_token),
		cmocka_unit_test(serves_with_keys_in_a_token),
		cmocka_unit_test(tells_what_is_wrong),
	};
	int failed = make_token();

	if (failed == 0)
		failed = load_module();
	if (failed == 0)
		failed = cmocka_run_group_tests(tests, NULL, NULL);
	gnutls_pkcs11_deinit();
	(void)remove_token();
	return failed;
}
