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
#include "scratch.h"

/* 2026-06-01, 00:00 UTC. */
static time_t june_2026(void *data)
{
	(void)data;
	return 1780272000;
}

/* Collects "service host code", a line each, of what is not fine; `all` takes that too. */
struct told {
	char text[8192];
	int all;
	int advice_is_missing;
};

static int tell(void *data, const struct certbind_finding *finding)
{
	struct told *told = data;
	size_t length = strlen(told->text);

	if (finding->severity != CERTBIND_SEVERITY_OK && finding->advice[0] == '\0')
		told->advice_is_missing = 1;
	if (finding->severity == CERTBIND_SEVERITY_OK && !told->all)
		return 0;
	(void)snprintf(told->text + length, sizeof(told->text) - length, "%s %s %s %s\n",
		finding->service != NULL ? finding->service : "-",
		finding->host != NULL ? finding->host : "-",
		finding->certificate != NULL ? finding->certificate : "-", finding->code);
	return 0;
}

static void check(const char *text, const char *domain, struct told *told)
{
	struct certbind_store *store;
	struct certbind_error error;

	assert_int_equal(certbind_store_new(&store), 0);
	certbind_store_set_clock(store, june_2026, NULL);
	if (certbind_store_load(store, scratch_write("check.conf", text), &error) < 0)
		fail_msg("%s:%d: %s", error.file, error.line, error.message);
	if (certbind_check_each(store, domain, 0, tell, NULL, told, &error) < 0)
		fail_msg("%s", error.message);
	certbind_store_close(store);
	assert_false(told->advice_is_missing);
}

/* Each code that a certificate can have, by one that has that fault alone. */
static void each_fault_has_its_code(void **state)
{
	static const struct {
		const char *name; /* of the certificate and of the domain, NAME.example */
		const char *rest; /* of the certificate's entry */
		const char *codes;
	} rows[] = {
		{ "exact", "chain = \"@PKI@/exact.pem\"; key = \"@PKI@/exact.key\";",
			"not-covered" },
		{ "old", "chain = \"@PKI@/old.pem\"; key = \"@PKI@/old.key\";", "expired" },
		{ "future", "chain = \"@PKI@/future.pem\"; key = \"@PKI@/future.key\";",
			"not-yet-valid" },
		{ "client", "chain = \"@PKI@/client.pem\"; key = \"@PKI@/client.key\";",
			"not-server-auth" },
		{ "isca", "chain = \"@PKI@/isca.pem\"; key = \"@PKI@/isca.key\";", "is-ca" },
		{ "cn", "chain = \"@PKI@/cn.pem\"; key = \"@PKI@/cn.key\";", "common-name-only" },
		{ "sha1", "chain = \"@PKI@/sha1.pem\"; key = \"@PKI@/sha1.key\";",
			"weak-signature" },
		{ "weak", "chain = \"@PKI@/weak.pem\"; key = \"@PKI@/weak.key\";", "weak-key" },
		{ "noeku", "chain = \"@PKI@/noeku.pem\"; key = \"@PKI@/noeku.key\";", "profile" },
		{ "soon", "chain = \"@PKI@/soon.pem\"; key = \"@PKI@/soon.key\";", "expires-soon" },
		{ "must", "chain = \"@PKI@/must.pem\"; key = \"@PKI@/must.key\";",
			"staple-missing" },
		{ "chained", "chain = \"@PKI@/chained.pem\"; key = \"@PKI@/chained.key\";",
			"missing-intermediate" },
		{ "chained", "chain = \"@PKI@/order.chain\"; key = \"@PKI@/chained.key\";",
			"chain-order" },
		{ "constrained",
			"chain = \"@PKI@/constrained.chain\"; key = \"@PKI@/constrained.key\";",
			"name-constraint" },
		{ "strange", "chain = \"@PKI@/strange.chain\"; key = \"@PKI@/strange.key\";",
			"untrusted-chain" },
		{ "alone", "chain = \"@PKI@/alone.pem\"; key = \"@PKI@/alone.key\";",
			"self-signed" },
		{ "mismatch", "chain = \"@PKI@/exact.pem\"; key = \"@PKI@/panel.key\";",
			"key-mismatch" },
		{ "missing", "chain = \"@PKI@/missing.pem\"; key = \"@PKI@/panel.key\";",
			"unreadable" },
		{ "garbage", "chain = \"@PKI@/garbage.pem\"; key = \"@PKI@/panel.key\";",
			"malformed" },
		{ "good",
			"chain = \"@PKI@/wildcard.pem\"; key = \"@PKI@/wildcard.key\"; "
			"staple = \"@PKI@/garbage.pem\";",
			"staple-invalid" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct told told = { "", 0, 0 };
		char text[1024], domain[64], expected[512] = "", codes[64];
		char *code, *rest;

		(void)snprintf(domain, sizeof(domain), "%s.example", rows[i].name);
		(void)snprintf(text, sizeof(text),
			"trust_file = \"@PKI@/ca.pem\";\n"
			"certificates = ( { name = \"%s\"; %s } );\n"
			"domains = ( { name = \"%s\"; webmail = \"%s\"; mail = \"none\"; } );\n",
			rows[i].name, rows[i].rest, domain, rows[i].name);
		check(text, domain, &told);
		(void)snprintf(codes, sizeof(codes), "%s", rows[i].codes);
		for (code = strtok_r(codes, " ", &rest); code != NULL;
			code = strtok_r(NULL, " ", &rest)) {
			size_t length = strlen(expected);

			if (strcmp(rows[i].name, "exact") == 0)
				(void)snprintf(domain, sizeof(domain), "exact.example");
			(void)snprintf(expected + length, sizeof(expected) - length,
				"webmail webmail.%s %s %s\n", domain, rows[i].name, code);
		}
		if (strcmp(told.text, expected) != 0)
			fail_msg("%s: expected %s, got %s", rows[i].name, expected, told.text);
	}
}

static void key_permissions_warn_or_refuse(void **state)
{
	static const char *const strict[] = { "false", "true" };
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct told told = { "", 1, 0 };
		char text[1024];

		(void)snprintf(text, sizeof(text),
			"trust_file = \"@PKI@/ca.pem\";\nstrict_key_permissions = %s;\n"
			"certificates = ( { name = \"open\"; chain = \"@PKI@/panel.pem\";\n"
			"  key = \"@PKI@/open.key\"; } );\n"
			"domains = ( { name = \"provider.example\"; mail = \"open\";\n"
			"  webmail = \"none\"; } );\n",
			strict[i]);
		check(text, "provider.example", &told);
		assert_string_equal(
			told.text, i == 0 ? "mail mail.provider.example open key-permissions\n"
					    "mail mail.provider.example open covered\n"
					    "mail mail.provider.example open needs-sni\n"
					  : "mail mail.provider.example open key-permissions\n");
	}
}

static const char provider[] =
	"trust_file = \"@PKI@/ca.pem\";\n"
	"services = (\n"
	"  { name = \"mail\"; default = \"panel\"; shared_hosts = [ \"mail.provider.example\" ]; } "
	");\n"
	"certificates = (\n"
	"  { name = \"panel\"; chain = \"@PKI@/panel.pem\"; key = \"@PKI@/panel.key\"; },\n"
	"  { name = \"wildcard\"; chain = \"@PKI@/wildcard.pem\"; key = \"@PKI@/wildcard.key\"; "
	"},\n"
	"  { name = \"names\"; chain = \"@PKI@/names.pem\"; key = \"@PKI@/names.key\"; },\n"
	"  { name = \"unused\"; chain = \"@PKI@/garbage.pem\"; key = \"@PKI@/panel.key\"; },\n"
	"  { name = \"wrong\"; chain = \"a.pem\"; kex = \"x\"; key = \"a.key\"; }\n"
	");\n"
	"domains = (\n"
	"  { name = \"a.example\"; mail = \"none\"; webmail = \"names\";\n"
	"    webmail_hosts = [ \"webmail.names.example\", \"webmail.good.example\" ]; },\n"
	"  { name = \"b.example\"; mial = \"x\"; },\n"
	"  { name = \"good.example\"; },\n"
	"  { name = \"nobody.example\"; webmail = \"nosuch\"; },\n"
	"  { name = \"none.example\"; mail_hosts = [ ]; webmail = \"none\"; },\n"
	"  { name = \"bare.example\"; webmail_hosts = [ ]; }\n"
	");\n";

static void all_is_told_in_order(void **state)
{
	struct told told = { "", 1, 0 };

	(void)state;
	check(provider, NULL, &told);
	assert_string_equal(told.text,
		/* What belongs to no domain. */
		"- - wrong bad-configuration\n"
		"webmail - - default-certificate\n"
		"mail mail.provider.example panel covered\n"
		"- - unused malformed\n"
		/* The domains by name. */
		"webmail webmail.names.example names covered\n"
		"webmail webmail.good.example names host-conflict\n"
		"- - - bad-configuration\n"
		"webmail - - bad-configuration\n"
		"mail mail.provider.example panel covered-by-shared-host\n"
		"webmail webmail.good.example - host-conflict\n"
		"webmail webmail.good.example wildcard covered\n"
		"mail mail.good.example wildcard covered\n"
		"mail mail.good.example wildcard needs-sni\n"
		"webmail webmail.nobody.example nosuch no-certificate\n"
		"mail mail.provider.example panel covered-by-shared-host\n"
		"mail mail.provider.example panel covered-by-shared-host\n");
}

/* Hosts that a service's default certificate is for, by what that is. */
static void shared_hosts_are_checked(void **state)
{
	static const struct {
		const char *service, *domains, *told;
	} rows[] = {
		{ "default = \"panel\";", "", "mail mail.provider.example panel covered\n" },
		{ "default = \"names\";", "", "mail mail.provider.example names not-covered\n" },
		{ "default = \"auto\";", "", "mail mail.provider.example panel covered\n" },
		{ "default = \"nosuch\";", "",
			"mail mail.provider.example nosuch no-certificate\n" },
		{ "", "", "mail mail.provider.example - self-signed\n" },
		/* A domain that the name is in takes it over. */
		{ "default = \"names\";",
			"{ name = \"provider.example\"; mail = \"panel\"; webmail = \"none\";\n"
			"  mail_hosts = [ \"mail.provider.example\" ]; }",
			"mail mail.provider.example panel covered\n" },
		{ "default = \"panel\";",
			"{ name = \"provider.example\"; mail = \"nosuch\"; webmail = \"none\";\n"
			"  mail_hosts = [ \"mail.provider.example\" ]; }",
			"mail mail.provider.example panel covered\n" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct told told = { "", 1, 0 };
		char text[2048];

		(void)snprintf(text, sizeof(text),
			"trust_file = \"@PKI@/ca.pem\";\n"
			"services = ( { name = \"mail\"; %s\n"
			"  shared_hosts = [ \"mail.provider.example\" ]; } );\n"
			"certificates = (\n"
			"  { name = \"panel\"; chain = \"@PKI@/panel.pem\";\n"
			"    key = \"@PKI@/panel.key\"; },\n"
			"  { name = \"names\"; chain = \"@PKI@/names.pem\";\n"
			"    key = \"@PKI@/names.key\"; } );\n"
			"domains = ( %s );\n",
			rows[i].service, rows[i].domains);
		check(text, NULL, &told);
		if (strstr(told.text, rows[i].told) == NULL)
			fail_msg("row %zu: %s", i, told.text);
	}
}

static int tell_place(void *data, const struct certbind_finding *finding)
{
	struct told *told = data;
	size_t length = strlen(told->text);

	if (strcmp(finding->code, "bad-configuration") == 0)
		(void)snprintf(told->text + length, sizeof(told->text) - length, "%s:%d ",
			finding->domain, finding->line);
	return 0;
}

/* By name, those of one name in the order of the file; and of the one that is asked for. */
static void faulty_domains_are_told_in_order(void **state)
{
	static const char text[] = "domains = (\n"
				   "  { name = \"z.example\"; nothing = 1; },\n"
				   "  { name = \"a.example\"; mail = 1; },\n"
				   "  { name = \"b.example\"; mail = \"none\"; },\n"
				   "  { name = \"c.example\"; nothing = 1; },\n"
				   "  { name = \"a.example\"; webmail = 1; } );\n";
	struct told told = { "", 0, 0 };
	struct certbind_store *store;

	(void)state;
	assert_int_equal(certbind_store_open(&store, scratch_write("faulty.conf", text), NULL), 0);
	assert_int_equal(certbind_check_each(store, NULL, 0, tell_place, NULL, &told, NULL), 0);
	assert_string_equal(
		told.text, "a.example:3 a.example:6 a.example:6 c.example:5 z.example:2 ");
	told.text[0] = '\0';
	assert_int_equal(
		certbind_check_each(store, "A.example", 0, tell_place, NULL, &told, NULL), 0);
	assert_string_equal(told.text, "a.example:3 a.example:6 a.example:6 ");
	certbind_store_close(store);
}

static int keep_advice(void *data, const struct certbind_finding *finding)
{
	if (strcmp(finding->code, "default-certificate") == 0 ||
		strcmp(finding->code, "not-covered") == 0)
		(void)snprintf(data, 1024, "%s", finding->advice);
	return 0;
}

static void advice_names_one_certificate_for_all(void **state)
{
	static const struct {
		const char *entry;
		const char *advice;
	} rows[] = {
		{ "mail = \"none\";",
			"Get a wildcard certificate for *.d.example, or one with webmail.d.example "
			"among its subject alternative names." },
		{ "", "Get a wildcard certificate for *.d.example, or one with webmail.d.example "
		      "and mail.d.example among its subject alternative names. The wildcard alone "
		      "covers neither d.example itself nor names two labels deep." },
		{ "mail_hosts = [ \"d.example\", \"a.b.d.example\" ];",
			"Get a wildcard certificate for *.d.example that also names d.example and "
			"a.b.d.example, or one with webmail.d.example, d.example and a.b.d.example "
			"among its subject alternative names. The wildcard alone covers neither "
			"d.example itself nor names two labels deep." },
		{ "webmail = \"none\"; mail_hosts = [ \"mx.other.example\" ];",
			"Get a certificate with mx.other.example among its subject alternative "
			"names." },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[512], advice[1024] = "";
		struct certbind_store *store;

		(void)snprintf(text, sizeof(text), "domains = ( { name = \"d.example\"; %s } );\n",
			rows[i].entry);
		assert_int_equal(
			certbind_store_open(&store, scratch_write("advice.conf", text), NULL), 0);
		assert_int_equal(
			certbind_check_each(store, "d.example", 0, keep_advice, NULL, advice, NULL),
			0);
		assert_string_equal(advice, rows[i].advice);
		certbind_store_close(store);
	}
}

static void another_day_can_be_asked_for(void **state)
{
	static const struct {
		time_t at;
		const char *code;
	} rows[] = {
		{ 1779062400, "covered" }, /* 2026-05-18: three weeks before its end */
		{ 1780272000, "expires-soon" },
		{ 1780876801, "expired" }, /* 2026-06-08, a second late */
	};
	struct certbind_store *store;
	size_t i;

	(void)state;
	assert_int_equal(
		certbind_store_open(&store,
			scratch_write("day.conf",
				"trust_file = \"@PKI@/ca.pem\";\n"
				"certificates = ( { name = \"soon\"; chain = \"@PKI@/soon.pem\";\n"
				"  key = \"@PKI@/soon.key\"; } );\n"
				"domains = ( { name = \"soon.example\"; mail = \"none\"; } );\n"),
			NULL),
		0);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct certbind_report *report;

		assert_int_equal(
			certbind_check(store, "SOON.example.", rows[i].at, &report, NULL), 0);
		assert_true(certbind_report_count(report) >= 1);
		assert_string_equal(certbind_report_get(report, 0)->code, rows[i].code);
		assert_true(certbind_report_get(report, 0)->not_after == 1780876800);
		assert_null(certbind_report_get(report, certbind_report_count(report)));
		certbind_report_free(report);
	}
	assert_int_equal(
		certbind_check(store, "nobody.example", 0, NULL, NULL), CERTBIND_E_INVALID);
	certbind_store_close(store);
}

static int stop(void *data, const struct certbind_finding *finding)
{
	(void)data;
	(void)finding;
	return 42;
}

static int count_progress(void *data, size_t done, size_t total)
{
	size_t *count = data;

	assert_true(done <= total);
	(*count)++;
	return 0;
}

static int ignore(void *data, const struct certbind_finding *finding)
{
	(void)data;
	(void)finding;
	return 0;
}

static void callers_can_stop_and_see_progress(void **state)
{
	struct certbind_store *store;
	size_t count = 0;

	(void)state;
	assert_int_equal(
		certbind_store_open(&store, scratch_write("check.conf", provider), NULL), 0);
	assert_int_equal(certbind_check_each(store, NULL, 0, stop, NULL, NULL, NULL), 42);
	assert_int_equal(
		certbind_check_each(store, NULL, 0, ignore, count_progress, &count, NULL), 0);
	assert_int_equal(count, 5); /* domains that are in service */
	certbind_store_close(store);
}

static void verify_and_covers_need_no_configuration(void **state)
{
	static const struct {
		const char *chain, *host, *code;
	} rows[] = {
		{ "wildcard.pem", "webmail.good.example", "covered" },
		{ "wildcard.pem", "good.example", "covered" },
		{ "wildcard.pem", "a.b.good.example", "not-covered" },
		{ "wildcard.pem", "192.0.2.1", "not-covered" },
		{ "old.pem", "webmail.old.example", "expired" },
		{ "cn.pem", "webmail.cn.example", "common-name-only" },
		{ "idn.pem",
			"webmail.b\xc3\xbc"
			"cher.example",
			"covered" },
	};
	char anchors[512];
	size_t i;

	(void)state;
	(void)snprintf(anchors, sizeof(anchors), "%s/ca.pem", getenv("PKI"));
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct certbind_report *report;
		char chain[512];
		int covered;

		(void)snprintf(chain, sizeof(chain), "%s/%s", getenv("PKI"), rows[i].chain);
		assert_int_equal(
			certbind_verify(chain, anchors, rows[i].host, 1780272000, &report, NULL),
			0);
		assert_int_equal(certbind_report_count(report), 1);
		assert_string_equal(certbind_report_get(report, 0)->code, rows[i].code);
		assert_string_equal(certbind_report_get(report, 0)->file, chain);
		certbind_report_free(report);
		assert_int_equal(certbind_covers(chain, rows[i].host, &covered, NULL), 0);
		assert_int_equal(covered, strcmp(rows[i].code, "covered") == 0 ||
						  strcmp(rows[i].code, "expired") == 0);
	}
	assert_int_equal(
		certbind_covers("/nonexistent", "a.example", &(int){ 0 }, NULL), CERTBIND_E_FILE);
}

static int ignore_binding(void *data, const struct certbind_binding *binding)
{
	(void)data;
	(void)binding;
	return 0;
}

/* Each question, asked wrongly, or of a store that has loaded nothing. */
static void mistakes_are_told(void **state)
{
	struct certbind_selection selection;
	struct certbind_report *report = NULL;
	struct certbind_store *store;
	struct certbind_error error;
	int covered = 7;

	(void)state;
	certbind_store_close(NULL);
	certbind_report_free(NULL);
	assert_int_equal(certbind_report_count(NULL), 0);
	assert_int_equal(certbind_store_new(&store), 0);
	assert_int_equal(
		certbind_check_each(NULL, NULL, 0, ignore, NULL, NULL, &error), CERTBIND_E_INVALID);
	assert_int_equal(
		certbind_check_each(store, NULL, 0, NULL, NULL, NULL, &error), CERTBIND_E_INVALID);
	assert_int_equal(
		certbind_check_each(store, NULL, 0, ignore, NULL, NULL, &error), CERTBIND_E_STATE);
	assert_string_equal(error.message, "nothing is loaded");
	assert_int_equal(certbind_check(store, NULL, 0, &report, &error), CERTBIND_E_STATE);
	assert_null(report);
	assert_int_equal(certbind_store_each_binding(NULL, NULL, ignore_binding, NULL, &error),
		CERTBIND_E_INVALID);
	assert_int_equal(
		certbind_store_each_binding(store, NULL, NULL, NULL, &error), CERTBIND_E_INVALID);
	assert_int_equal(certbind_store_each_binding(store, NULL, ignore_binding, NULL, &error),
		CERTBIND_E_STATE);
	assert_int_equal(
		certbind_store_select(store, NULL, NULL, &selection, &error), CERTBIND_E_INVALID);
	assert_int_equal(
		certbind_store_select(store, "mail", NULL, &selection, &error), CERTBIND_E_STATE);
	certbind_store_close(store);

	assert_int_equal(
		certbind_store_open(&store, scratch_write("check.conf", provider), NULL), 0);
	assert_int_equal(certbind_check(store, "unknown.example", 0, &report, &error),
		CERTBIND_E_UNKNOWN_DOMAIN);
	assert_int_equal(
		certbind_check(store, "no host", 0, &report, &error), CERTBIND_E_UNKNOWN_DOMAIN);
	assert_null(report);
	assert_int_equal(certbind_store_select(store, "chat", NULL, &selection, &error),
		CERTBIND_E_UNKNOWN_SERVICE);
	certbind_store_close(store);

	assert_int_equal(
		certbind_verify(NULL, NULL, "a.example", 0, &report, &error), CERTBIND_E_INVALID);
	assert_int_equal(certbind_verify("/", NULL, NULL, 0, &report, &error), CERTBIND_E_INVALID);
	assert_int_equal(
		certbind_verify("/", NULL, "a.example", 0, &report, &error), CERTBIND_E_FILE);
	assert_null(report);
	assert_int_equal(certbind_covers(NULL, "a.example", &covered, &error), CERTBIND_E_INVALID);
	assert_int_equal(certbind_covers("/", "a.example", &covered, &error), CERTBIND_E_FILE);
	assert_int_equal(covered, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_fault_has_its_code),
		cmocka_unit_test(key_permissions_warn_or_refuse),
		cmocka_unit_test(all_is_told_in_order),
		cmocka_unit_test(shared_hosts_are_checked),
		cmocka_unit_test(faulty_domains_are_told_in_order),
		cmocka_unit_test(advice_names_one_certificate_for_all),
		cmocka_unit_test(another_day_can_be_asked_for),
		cmocka_unit_test(callers_can_stop_and_see_progress),
		cmocka_unit_test(verify_and_covers_need_no_configuration),
		cmocka_unit_test(mistakes_are_told),
	};

	return cmocka_run_group_tests(tests, scratch_set_up, scratch_tear_down);
}
