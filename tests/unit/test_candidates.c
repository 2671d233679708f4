/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scratch.h"
#include <certbind/certbind.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static const char head[] =
	"trust_file = \"@PKI@/ca.pem\";\n"
	"services = ( { name = \"webmail\"; hosts = [ \"webmail.%d\", \"www.%d\" ]; } );\n"
	"certificates = (\n"
	"{ name = \"wild\"; chain = \"@PKI@/wildcard.pem\"; key = \"@PKI@/wildcard.key\"; },\n"
	"{ name = \"exact\"; chain = \"@PKI@/exact.pem\"; key = \"@PKI@/exact.key\"; },\n"
	"{ name = \"later\"; chain = \"@PKI@/later.pem\"; key = \"@PKI@/later.key\"; },\n"
	"{ name = \"ecdsa\"; chain = \"@PKI@/ecdsa.pem\"; key = \"@PKI@/ecdsa.key\"; },\n"
	"{ name = \"rsa\"; chain = \"@PKI@/rsa.pem\"; key = \"@PKI@/rsa.key\"; },\n"
	"{ name = \"old\"; chain = \"@PKI@/old.pem\"; key = \"@PKI@/old.key\"; },\n"
	"{ name = \"strange\"; chain = \"@PKI@/strange.pem\"; key = \"@PKI@/strange.key\"; },\n"
	"{ name = \"broken\"; chain = \"@PKI@/garbage.pem\"; key = \"@PKI@/old.key\"; } );\n";

static time_t clock_of_test(void *data)
{
	(void)data;
	return 1780272000; /* 2026-06-01 */
}

/* "NAME:COVERED/MISSING" of each, a "*" behind what is chosen; and all reasons. */
struct told {
	char line[1024];
	char reasons[4096];
};

static int tell(void *data, const struct certbind_candidate *candidate)
{
	struct told *told = data;
	size_t length = strlen(told->line);
	size_t reasons = strlen(told->reasons);

	(void)snprintf(told->line + length, sizeof(told->line) - length, "%s%s:%zu/%zu%s",
		length > 0 ? " " : "", candidate->certificate, candidate->covers_length,
		candidate->missing_length, candidate->chosen ? "*" : "");
	(void)snprintf(told->reasons + reasons, sizeof(told->reasons) - reasons, "%s: %s\n",
		candidate->certificate, candidate->reason);
	assert_int_equal(candidate->not_after == -1, strcmp(candidate->certificate, "broken") == 0);
	return 0;
}

static struct certbind_store *open_store(const char *domains)
{
	struct certbind_store *store;
	struct certbind_error error;
	char text[4096];

	(void)snprintf(text, sizeof(text), "%s%s", head, domains);
	assert_int_equal(certbind_store_new(&store), CERTBIND_OK);
	certbind_store_set_clock(store, clock_of_test, NULL);
	assert_int_equal(
		certbind_store_load(store, scratch_write("certbind.conf", text), &error), 0);
	return store;
}

static const struct {
	const char *domain; /* its entry */
	const char *name;
	const char *line; /* the beginning of what is told */
	const char *reason; /* a part of the reasons */
} cases[] = {
	/* All hosts before an exact name of some; later expiry; those that cover none at the end. */
	{ "", "good.example",
		"wild:2/0* later:1/1 exact:1/1 ecdsa:0/2 rsa:0/2 strange:0/2 old:0/2 broken:0/2",
		"wild: chosen by auto; covers all hosts by a wildcard; valid until 2060-12-31; "
		"trusted" },
	{ "webmail = \"exact\";", "good.example", "wild:2/0 later:1/1 exact:1/1* ecdsa:0/2",
		"exact: chosen: the domain names it; covers some of the hosts" },
	/* One host: the exact name before the wildcard. */
	{ "webmail_hosts = [ \"webmail.good.example\" ];", "good.example",
		"later:1/0* exact:1/0 wild:1/0 ecdsa:0/1",
		"later: chosen by auto; covers the host by" },
	{ "webmail = \"none\";", "good.example", "wild:2/0 later:1/1 exact:1/1",
		"wild: covers all" },
	{ "webmail_hosts = [ ];", "good.example", "later:0/0 ecdsa:0/0 exact:0/0",
		"no host of its own" },
	/* The best of each key type is served. */
	{ "", "both.example", "ecdsa:1/1* rsa:1/1* later:0/2", "rsa: chosen by auto" },
	{ "", "old.example", "old:2/0* later:0/2",
		"covers all hosts by a wildcard; expired on 2021" },
	{ "", "strange.example", "strange:1/1* later:0/2", "clients do not trust its chain" },
	{ "webmail = \"broken\";", "good.example", "wild:2/0 later:1/1 exact:1/1",
		"broken: the domain names it, but it can't be served; can't be used: " },
};

static void test_order_and_reasons(void **state)
{
	struct certbind_error error;
	char domains[512];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct told told = { { 0 }, { 0 } };
		struct certbind_store *store;

		(void)snprintf(domains, sizeof(domains), "domains = ( { name = \"%s\"; %s } );\n",
			cases[i].name, cases[i].domain);
		store = open_store(domains);
		assert_int_equal(
			certbind_candidates(store, cases[i].name, "webmail", tell, &told, &error),
			CERTBIND_OK);
		if (strncmp(told.line, cases[i].line, strlen(cases[i].line)) != 0)
			fail_msg("case %zu: %s", i, told.line);
		if (strstr(told.reasons, cases[i].reason) == NULL)
			fail_msg("case %zu: %s", i, told.reasons);
		certbind_store_close(store);
	}
}

static int stop(void *data, const struct certbind_candidate *candidate)
{
	(void)candidate;
	(*(int *)data)++;
	return 7;
}

static void test_errors_and_the_end_of_a_walk(void **state)
{
	struct certbind_store *store;
	struct certbind_error error;
	int calls = 0;

	(void)state;
	assert_int_equal(certbind_store_new(&store), CERTBIND_OK);
	assert_int_equal(certbind_candidates(store, "good.example", "mail", stop, &calls, &error),
		CERTBIND_E_STATE);
	certbind_store_close(store);
	store = open_store("domains = ( { name = \"good.example\"; } );\n");
	assert_int_equal(certbind_candidates(store, "nope.example", "mail", stop, &calls, &error),
		CERTBIND_E_UNKNOWN_DOMAIN);
	assert_int_equal(certbind_candidates(store, "good.example", "nope", stop, &calls, &error),
		CERTBIND_E_UNKNOWN_SERVICE);
	assert_int_equal(certbind_candidates(store, "good.example", NULL, stop, &calls, &error),
		CERTBIND_E_INVALID);
	assert_int_equal(calls, 0);
	assert_int_equal(
		certbind_candidates(store, "GOOD.example.", "mail", stop, &calls, &error), 7);
	assert_int_equal(calls, 1);
	certbind_store_close(store);
}

/* What the service's default certificate is used for, though nothing names it. */
static void test_the_default_has_its_role(void **state)
{
	static const struct {
		const char *rest, *service, *reason;
	} rows[] = {
		{ "services = ( { name = \"mail\"; default = \"wild\";\n"
		  "  shared_hosts = [ \"mail.provider.example\" ]; } );\n"
		  "domains = ( { name = \"elsewhere.example\"; } );\n",
			"mail", "wild: the service's default, which serves the shared host; " },
		{ "services = ( { name = \"mail\"; default = \"wild\"; } );\n"
		  "domains = ( { name = \"elsewhere.example\"; } );\n",
			"mail", "wild: served now, as the service's default; " },
		{ "services = ( { name = \"mail\"; default = \"wild\"; } );\n"
		  "domains = ( { name = \"good.example\"; mail = \"none\"; } );\n",
			"mail", "wild: covers all hosts by a wildcard; " },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct told told = { "", "" };
		struct certbind_store *store;
		char text[2048];

		(void)snprintf(text, sizeof(text),
			"trust_file = \"@PKI@/ca.pem\";\n"
			"certificates = ( { name = \"wild\"; chain = \"@PKI@/wildcard.pem\";\n"
			"  key = \"@PKI@/wildcard.key\"; } );\n%s",
			rows[i].rest);
		assert_int_equal(
			certbind_store_open(&store, scratch_write("role.conf", text), NULL), 0);
		assert_int_equal(
			certbind_candidates(store, i < 2 ? "elsewhere.example" : "good.example",
				rows[i].service, tell, &told, NULL),
			0);
		if (strstr(told.reasons, rows[i].reason) == NULL)
			fail_msg("row %zu: %s", i, told.reasons);
		certbind_store_close(store);
	}
}

static int setup(void **state)
{
	(void)state;
	scratch_make();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	scratch_remove();
	return 0;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_order_and_reasons),
		TEST(test_the_default_has_its_role),
		TEST(test_errors_and_the_end_of_a_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
