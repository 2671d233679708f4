/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "certificate.h"
#include "pki.h"
#include "scratch.h"
#include "staple.h"
#include <certbind/certbind.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define YEAR_2030 INT64_C(1893456000)
#define YEAR_2031 INT64_C(1924992000)
#define YEAR_2032 INT64_C(1956528000)

static struct der *chain_item(const char *file, size_t i)
{
	struct der **chain;
	size_t length;
	struct der *der;

	assert_int_equal(certificate_chain_read(file, NULL, &chain, &length, NULL), CERTBIND_OK);
	assert_true(i < length);
	der = der_ref(chain[i]);
	certificate_chain_free(chain, length);
	return der;
}

static void takes_what_is_good(void **state)
{
	static const struct {
		const char *file;
		int64_t from, until;
	} rows[] = {
		{ PKI("staple-good.der"), YEAR_2030, YEAR_2031 },
		{ PKI("staple-good.pem"), YEAR_2030, YEAR_2031 },
		{ PKI("staple-good-hash.der"), YEAR_2030, YEAR_2031 },
		{ PKI("staple-delegated.der"), YEAR_2030, YEAR_2031 },
		{ PKI("staple-delegated-hash.der"), YEAR_2030, YEAR_2031 },
		{ PKI("staple-future.der"), YEAR_2031, YEAR_2032 },
	};
	struct der *certificate = chain_item(PKI("san.pem"), 0);
	struct der *issuer = chain_item(PKI("san.pem"), 1);
	struct der *staple_der = NULL;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct certbind_error error = { 0 };
		const struct staple_question question = { rows[i].file, certificate, issuer,
			PKI_NOW, NULL };
		struct staple staple;

		if (staple_read(&question, &staple, &error) != CERTBIND_OK)
			fail_msg("%s %s", rows[i].file, error.message);
		assert_int_equal(staple.from, rows[i].from);
		assert_int_equal(staple.until, rows[i].until);
		/* What is served is DER, whatever the file was. */
		if (i == 0)
			staple_der = der_ref(staple.der);
		if (i == 1)
			assert_true(der_equal(staple.der, staple_der));
		der_unref(staple.der);
	}
	der_unref(staple_der);
	der_unref(certificate);
	der_unref(issuer);
}

static void is_worth_no_more_than_its_responder(void **state)
{
	struct der *certificate = chain_item(PKI("san.pem"), 0);
	struct der *issuer = chain_item(PKI("san.pem"), 1);
	struct staple_question question = { PKI("staple-responder-will-end.der"), certificate,
		issuer, INT64_C(1835000000), NULL };
	struct certbind_error error;
	struct staple staple;

	(void)state;
	/* In 2028, when its responder is valid until 2029 and the response until 2031. */
	assert_int_equal(staple_read(&question, &staple, NULL), CERTBIND_OK);
	assert_int_equal(staple.until, INT64_C(1861920000));
	der_unref(staple.der);
	question.now = PKI_NOW;
	assert_int_equal(staple_read(&question, &staple, &error), CERTBIND_E_CERTIFICATE);
	assert_non_null(strstr(error.message, "responder whose certificate has expired"));
	assert_null(staple.der);
	der_unref(certificate);
	der_unref(issuer);
}

static void refuses_what_is_not(void **state)
{
	static const struct {
		const char *file;
		int status;
		const char *message;
	} rows[] = {
		{ PKI("missing.der"), CERTBIND_E_FILE, "does not exist" },
		{ "/", CERTBIND_E_FILE, "is a directory" },
		{ PKI("empty.pem"), CERTBIND_E_CERTIFICATE, "holds no OCSP response" },
		{ PKI("text.pem"), CERTBIND_E_CERTIFICATE, "holds no OCSP response" },
		{ PKI("san.der"), CERTBIND_E_CERTIFICATE, "holds no OCSP response" },
		{ PKI("san.pem"), CERTBIND_E_CERTIFICATE, "holds no OCSP response" },
		{ PKI("san-cut.pem"), CERTBIND_E_CERTIFICATE, "does not end" },
		{ PKI("staple-refusal.der"), CERTBIND_E_CERTIFICATE, "responder's refusal" },
		{ PKI("staple-expired.der"), CERTBIND_E_CERTIFICATE, "has expired" },
		{ PKI("staple-endless.der"), CERTBIND_E_CERTIFICATE, "until when it is valid" },
		{ PKI("staple-revoked.der"), CERTBIND_E_CERTIFICATE, "is revoked" },
		{ PKI("staple-unknown.der"), CERTBIND_E_CERTIFICATE,
			"does not say that the certificate is good" },
		{ PKI("staple-must.der"), CERTBIND_E_CERTIFICATE, "not about this certificate" },
		{ PKI("staple-other-certificate.der"), CERTBIND_E_CERTIFICATE,
			"not about this certificate" },
		{ PKI("staple-other-issuer.der"), CERTBIND_E_CERTIFICATE,
			"not about this certificate" },
		{ PKI("staple-other-key.der"), CERTBIND_E_CERTIFICATE,
			"not about this certificate" },
		{ PKI("staple-other-signer.der"), CERTBIND_E_CERTIFICATE, "is not signed by" },
		{ PKI("staple-forged.der"), CERTBIND_E_CERTIFICATE, "is not signed by" },
		{ PKI("staple-undelegated.der"), CERTBIND_E_CERTIFICATE, "is not signed by" },
		{ PKI("staple-damaged.der"), CERTBIND_E_CERTIFICATE, "is not signed by" },
		{ PKI("staple-responder-ends.der"), CERTBIND_E_CERTIFICATE,
			"responder whose certificate has expired" },
	};
	struct der *certificate = chain_item(PKI("san.pem"), 0);
	struct der *issuer = chain_item(PKI("san.pem"), 1);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct certbind_error error = { 0 };
		const struct staple_question question = { rows[i].file, certificate, issuer,
			PKI_NOW, NULL };
		struct staple staple;

		if (staple_read(&question, &staple, &error) != rows[i].status)
			fail_msg("%s: %s", rows[i].file, error.message);
		if (strstr(error.message, rows[i].message) == NULL)
			fail_msg("%s: \"%s\" lacks \"%s\"", rows[i].file, error.message,
				rows[i].message);
		assert_string_equal(error.file, rows[i].file);
		assert_null(staple.der);
	}
	der_unref(certificate);
	der_unref(issuer);
}

/* Through a configured certificate: a bad staple is a fault and costs nothing else. */
static void costs_only_the_staple(void **state)
{
	static const struct {
		const char *chain, *staple, *message;
	} rows[] = {
		{ PKI("san.pem"), PKI("staple-good.der"), NULL },
		{ PKI("san-reversed.pem"), PKI("staple-good.der"), NULL },
		{ PKI("san.pem"), PKI("staple-expired.der"), "has expired" },
		{ PKI("san.pem"), PKI("missing.der"), "does not exist" },
		{ PKI("san-alone.pem"), PKI("staple-good.der"),
			"the chain lacks the certificate's issuer" },
		{ PKI("san-foreign.pem"), PKI("staple-good.der"),
			"the chain lacks the certificate's issuer" },
	};
	const struct certificate_options options = { .now = PKI_NOW };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *chain = strdup(rows[i].chain);
		char *key = strdup(PKI("san.key"));
		char *staple = strdup(rows[i].staple);
		struct config_pair pair = { .chain = { &chain, 1 }, .key = key, .staple = staple };
		char name[] = "x";
		const struct config_certificate entry = {
			.name = name, .pairs = &pair, .pairs_length = 1
		};
		struct certificate *certificate;
		const struct certificate_fault *fault;

		assert_int_equal(certificate_read(&entry, &options, &certificate, NULL), 0);
		assert_int_equal(certificate->pairs_length, 1);
		if (rows[i].message == NULL) {
			assert_non_null(pair_more(&certificate->pairs[0])->staple);
			assert_int_equal(
				pair_more(&certificate->pairs[0])->staple->from, YEAR_2030);
			assert_int_equal(
				pair_more(&certificate->pairs[0])->staple->until, YEAR_2031);
		} else {
			fault = &certificate->faults[certificate->faults_length - 1];
			assert_null(pair_more(&certificate->pairs[0])->staple);
			assert_int_equal(fault->code, FINDING_STAPLE_INVALID);
			assert_string_equal(fault->file, rows[i].staple);
			if (strstr(fault->message, rows[i].message) == NULL)
				fail_msg("%s", fault->message);
		}
		certificate_unref(certificate);
		free(chain);
		free(key);
		free(staple);
	}
}

static int count_code(void *data, const struct certbind_finding *finding)
{
	*(int *)data += strcmp(finding->code, "staple-invalid") == 0;
	return 0;
}

static time_t clock_of_test(void *data)
{
	(void)data;
	return PKI_NOW;
}

/* A staple that is good now is told of when another time is asked for. */
static void its_end_is_foreseen(void **state)
{
	static const struct {
		int64_t at;
		int told;
	} rows[] = { { 0, 0 }, { PKI_NOW, 0 }, { YEAR_2030 - 1, 1 }, { YEAR_2030, 0 },
		{ YEAR_2031 - 1, 0 }, { YEAR_2031, 1 }, { YEAR_2032, 1 } };
	struct certbind_store *store;
	size_t i;

	(void)state;
	assert_int_equal(certbind_store_new(&store), 0);
	certbind_store_set_clock(store, clock_of_test, NULL);
	assert_int_equal(
		certbind_store_load(store,
			scratch_write("staple.conf",
				"trust_file = \"" PKI(
					"root.crt") "\";\n"
						    "certificates = ( { name = \"san\"; chain = "
						    "\"" PKI(
							    "san.pem") "\";\n"
								       "  key = \"" PKI("san.key") "\"; staple = \"" PKI(
									       "staple-good.der") "\"; } );\n"
												  "domains = ( { name = \"example.net\"; webmail = \"san\"; mail = \"none\"; } );\n"),
			NULL),
		0);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int told = 0;

		assert_int_equal(certbind_check_each(store, "example.net", rows[i].at, count_code,
					 NULL, &told, NULL),
			0);
		if (told != rows[i].told)
			fail_msg("row %zu: %d", i, told);
	}
	certbind_store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_is_good),
		cmocka_unit_test(is_worth_no_more_than_its_responder),
		cmocka_unit_test(refuses_what_is_not),
		cmocka_unit_test(costs_only_the_staple),
		cmocka_unit_test(its_end_is_foreseen),
	};

	return cmocka_run_group_tests(tests, scratch_set_up, scratch_tear_down);
}
