/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <certbind/certbind.h>
#include <gnutls/x509.h>
#include "scratch.h"

enum { CHAIN_MAX = 4 };

/* 2026-06-01, 00:00 UTC. */
static time_t june_2026(void *data)
{
	(void)data;
	return 1780272000;
}

static struct certbind_store *load(void)
{
	static const char text[] =
		"trust_file = \"@PKI@/ca.pem\";\n"
		"services = ( { name = \"mail\"; unknown_sni = \"reject\"; } );\n"
		"certificates = (\n"
		"  { name = \"exact\"; chain = \"@PKI@/exact.pem\"; key = \"@PKI@/exact.key\"; },\n"
		"  { name = \"wild\"; chain = \"@PKI@/wildcard.pem\"; key = "
		"\"@PKI@/wildcard.key\"; "
		"},\n"
		"  { name = \"old\"; chain = \"@PKI@/old.pem\"; key = \"@PKI@/old.key\"; },\n"
		"  { name = \"fault\"; chain = \"@PKI@/exact.pem\"; key = \"@PKI@/old.key\"; },\n"
		"  { name = \"both\"; pairs = (\n"
		"    { chain = \"@PKI@/ecdsa.pem\"; key = \"@PKI@/ecdsa.key\"; },\n"
		"    { chain = \"@PKI@/rsa.pem\"; key = \"@PKI@/rsa.key\"; } ); } );\n"
		"domains = (\n"
		"  { name = \"good.example\"; webmail = \"exact\"; mail = \"wild\"; },\n"
		"  { name = \"old.example\"; webmail = \"old\"; mail = \"none\"; },\n"
		"  { name = \"both.example\"; webmail = \"both\"; mail = \"both\"; },\n"
		"  { name = \"names.example\"; webmail = \"fault\"; mail = \"none\"; },\n"
		"  { name = \"bare.example\"; mail = \"none\"; } );\n";
	struct certbind_store *store;
	struct certbind_error error;

	assert_int_equal(certbind_store_new(&store), 0);
	certbind_store_set_clock(store, june_2026, NULL);
	if (certbind_store_load(store, scratch_write("served.conf", text), &error) < 0)
		fail_msg("%s:%d: %s", error.file, error.line, error.message);
	return store;
}

/* The certificates of NAME.pem as a client gets them. */
static unsigned int read_chain(const char *name, gnutls_datum_t *chain)
{
	gnutls_datum_t pem;
	gnutls_x509_crt_t *list;
	char path[1024];
	unsigned int length, i;

	(void)snprintf(path, sizeof(path), "%s/%s.pem", getenv("PKI"), name);
	assert_int_equal(gnutls_load_file(path, &pem), 0);
	assert_true(
		gnutls_x509_crt_list_import2(&list, &length, &pem, GNUTLS_X509_FMT_PEM, 0) >= 0);
	assert_in_range(length, 1, CHAIN_MAX);
	for (i = 0; i < length; i++) {
		assert_int_equal(
			gnutls_x509_crt_export2(list[i], GNUTLS_X509_FMT_DER, &chain[i]), 0);
		gnutls_x509_crt_deinit(list[i]);
	}
	gnutls_free(list);
	gnutls_free(pem.data);
	return length;
}

static void free_chain(gnutls_datum_t *chain, unsigned int length)
{
	while (length > 0)
		gnutls_free(chain[--length].data);
}

/* "DOMAIN CERTIFICATE CODE;" of each finding, and the last advice. */
struct told {
	char text[512];
	char advice[8192];
};

static int tell(void *data, const struct certbind_finding *finding)
{
	struct told *told = data;
	size_t length = strlen(told->text);

	assert_int_equal(finding->severity, CERTBIND_SEVERITY_ERROR);
	assert_non_null(strstr(finding->advice, "imaps://x:1 serves "));
	/* Whoever is to change it is told where it is configured. */
	assert_int_equal(finding->file != NULL, finding->certificate != NULL);
	if (finding->file != NULL)
		assert_non_null(strstr(finding->file, "/served.conf"));
	assert_int_equal(finding->line > 0, finding->file != NULL);
	(void)snprintf(told->text + length, sizeof(told->text) - length, "%s %s %s;",
		finding->domain != NULL ? finding->domain : "-",
		finding->certificate != NULL ? finding->certificate : "-", finding->code);
	(void)snprintf(told->advice, sizeof(told->advice), "%s", finding->advice);
	return 0;
}

static void each_chain_is_judged(void **state)
{
	static const struct {
		const char *service, *host, *chain, *told, *advice;
	} rows[] = {
		{ "webmail", "webmail.good.example", "exact", "", "" },
		{ "webmail", "WEBMAIL.good.example.", "exact", "", "" },
		{ "mail", "mail.good.example", "wildcard", "", "" },
		{ "webmail", "webmail.both.example", "rsa", "", "" },
		{ "webmail", "webmail.both.example", "ecdsa", "", "" },
		{ "webmail", "webmail.good.example", "later", "good.example exact served-differs;",
			"serves another certificate for webmail.good.example: \"CN=" },
		{ "webmail", "webmail.good.example", "wildcard",
			"good.example exact served-differs;",
			"serves certificate \"wild\" for webmail.good.example" },
		{ "mail", "mail.good.example", "exact",
			"good.example wild served-differs;good.example exact served-invalid;",
			" not-covered: " },
		{ "webmail", "webmail.old.example", "old", "old.example old served-invalid;",
			" expired: " },
		{ "webmail", "webmail.good.example", "cn",
			"good.example exact served-differs;good.example - served-invalid;",
			" common-name-only: " },
		/* certbind's own certificate would be served; it is not in memory. */
		{ "webmail", "webmail.bare.example", "alone", "bare.example - served-invalid;",
			" self-signed: " },
		/* Its files are at fault: what they held before may be served, and it is good. */
		{ "webmail", "webmail.names.example", "names", "", "" },
		{ "webmail", "webmail.names.example", "exact",
			"names.example exact served-invalid;", " not-covered: " },
		/* Refused by policy: there is nothing that it could differ from. */
		{ "mail", "mail.unknown.example", "exact", "- exact served-invalid;",
			" not-covered: " },
		{ "mail", "192.0.2.1", "exact", "- exact served-invalid;", " not-covered: " },
	};
	struct certbind_store *store = load();
	struct certbind_error error;
	gnutls_datum_t chain[CHAIN_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct told told = { "", "" };
		const struct certbind_served served = {
			.endpoint = "imaps://x:1",
			.service = rows[i].service,
			.host = rows[i].host,
			.chain = chain,
			.chain_length = read_chain(rows[i].chain, chain),
		};

		assert_int_equal(certbind_check_served(store, &served, 0, tell, &told, &error), 0);
		free_chain(chain, served.chain_length);
		assert_string_equal(told.text, rows[i].told);
		if (strstr(told.advice, rows[i].advice) == NULL)
			fail_msg("row %zu: \"%s\"", i, told.advice);
	}
	certbind_store_close(store);
}

/* Where certbind's own certificate is to be served, there are no files to look at. */
static void another_than_certbinds_own(void **state)
{
	static const char text[] = "state_dir = \"state\"; trust_file = \"@PKI@/ca.pem\";\n"
				   "domains = ( { name = \"good.example\"; mail = \"none\"; } );\n";
	struct told told = { "", "" };
	gnutls_datum_t chain[CHAIN_MAX];
	const struct certbind_served served = {
		.endpoint = "imaps://x:1",
		.service = "webmail",
		.host = "webmail.good.example",
		.chain = chain,
		.chain_length = read_chain("exact", chain),
	};
	struct certbind_context *context;
	struct certbind_store *store;

	(void)state;
	assert_int_equal(certbind_store_new(&store), 0);
	certbind_store_set_clock(store, june_2026, NULL);
	assert_int_equal(certbind_store_load(store, scratch_write("own.conf", text), NULL), 0);
	assert_int_equal(certbind_context_new(&context, store, "webmail", NULL), 0);
	assert_int_equal(certbind_check_served(store, &served, 0, tell, &told, NULL), 0);
	assert_string_equal(told.text, "good.example - served-differs;");
	assert_non_null(strstr(told.advice, "certbind's own self-signed certificate"));
	assert_non_null(strstr(told.advice, "Reload or restart the daemon."));
	free_chain(chain, served.chain_length);
	certbind_context_free(context);
	certbind_store_close(store);
}

static int stop(void *data, const struct certbind_finding *finding)
{
	(void)finding;
	++*(int *)data;
	return 7;
}

static void the_caller_can_stop(void **state)
{
	struct certbind_store *store = load();
	gnutls_datum_t chain[CHAIN_MAX];
	const struct certbind_served served = {
		.endpoint = "x",
		.service = "mail",
		.host = "mail.good.example",
		.chain = chain,
		.chain_length = read_chain("exact", chain),
	};
	int count = 0;

	(void)state;
	assert_int_equal(certbind_check_served(store, &served, 0, stop, &count, NULL), 7);
	assert_int_equal(count, 1);
	free_chain(chain, served.chain_length);
	certbind_store_close(store);
}

static void mistakes_are_told(void **state)
{
	unsigned char junk[] = "no certificate";
	gnutls_datum_t datum = { junk, sizeof(junk) };
	const struct certbind_served good = { "imaps://x:1", "mail", "mail.good.example", &datum, 1,
		{ NULL } };
	struct certbind_served bad[] = { good, good, good, good, good, good };
	struct certbind_store *store = load();
	struct certbind_store *empty;
	struct told told = { "", "" };
	struct certbind_error error;
	size_t i;

	(void)state;
	bad[0].endpoint = NULL;
	bad[1].service = NULL;
	bad[2].host = NULL;
	bad[3].chain = NULL;
	bad[4].chain_length = 0;
	bad[5].chain_length = 65;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(certbind_check_served(store, &bad[i], 0, tell, &told, &error),
			CERTBIND_E_INVALID);
	assert_int_equal(
		certbind_check_served(store, NULL, 0, tell, &told, &error), CERTBIND_E_INVALID);
	assert_int_equal(
		certbind_check_served(store, &good, 0, NULL, &told, &error), CERTBIND_E_INVALID);
	assert_int_equal(
		certbind_check_served(NULL, &good, 0, tell, &told, &error), CERTBIND_E_INVALID);
	bad[0] = good;
	bad[0].service = "chat";
	assert_int_equal(certbind_check_served(store, &bad[0], 0, tell, &told, &error),
		CERTBIND_E_UNKNOWN_SERVICE);
	assert_string_equal(error.message, "service \"chat\": not configured");
	assert_string_equal(told.text, "");
	assert_int_equal(certbind_check_served(store, &good, 0, tell, &told, &error), 0);
	assert_string_equal(
		told.text, "good.example wild served-differs;good.example - served-invalid;");
	assert_non_null(strstr(told.advice, " malformed: "));
	assert_int_equal(certbind_store_new(&empty), 0);
	assert_int_equal(
		certbind_check_served(empty, &good, 0, tell, &told, &error), CERTBIND_E_STATE);
	certbind_store_close(empty);
	certbind_store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_chain_is_judged),
		cmocka_unit_test(another_than_certbinds_own),
		cmocka_unit_test(the_caller_can_stop),
		cmocka_unit_test(mistakes_are_told),
	};

	return cmocka_run_group_tests(tests, scratch_set_up, scratch_tear_down);
}
