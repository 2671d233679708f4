/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <certbind/certbind.h>
#include "scratch.h"

/* 2026-06-01, when every certificate but "old" is within its dates. */
static time_t june_2026(void *data)
{
	(void)data;
	return 1780272000;
}

#define CERTIFICATE(name)                                                                          \
	"  { name = \"" name "\"; chain = \"@PKI@/" name ".pem\"; key = \"@PKI@/" name ".key\"; }"

static struct certbind_store *load(const char *name, const char *text)
{
	struct certbind_store *store;
	struct certbind_error error;

	assert_int_equal(certbind_store_new(&store), 0);
	certbind_store_set_clock(store, june_2026, NULL);
	if (certbind_store_load(store, scratch_write(name, text), &error) < 0)
		fail_msg("%s:%d: %s", error.file, error.line, error.message);
	return store;
}

struct row {
	const char *service;
	const char *host;
	int rule;
	const char *domain;
	const char *certificate;
};

static void assert_rows(struct certbind_store *store, const struct row *rows, size_t length)
{
	struct certbind_selection selection;
	size_t i;

	for (i = 0; i < length; i++) {
		assert_int_equal(certbind_store_select(
					 store, rows[i].service, rows[i].host, &selection, NULL),
			0);
		if (selection.rule != rows[i].rule ||
			strcmp(selection.domain, rows[i].domain) != 0 ||
			strcmp(selection.certificate, rows[i].certificate) != 0)
			fail_msg("row %zu, %s: rule %d, domain \"%s\", certificate \"%s\"", i,
				rows[i].host != NULL ? rows[i].host : "(none)", selection.rule,
				selection.domain, selection.certificate);
	}
}

#define ASSERT_ROWS(store, rows) assert_rows(store, rows, sizeof(rows) / sizeof((rows)[0]))

/* Valid before expired, exact before wildcard, later before earlier, whatever the order. */
static void auto_has_an_order(void **state)
{
	static const char *const orders[] = {
		CERTIFICATE("wildcard") "," CERTIFICATE("exact") "," CERTIFICATE("later"),
		CERTIFICATE("later") "," CERTIFICATE("exact") "," CERTIFICATE("wildcard"),
		CERTIFICATE("exact") "," CERTIFICATE("later") "," CERTIFICATE("wildcard"),
	};
	static const struct row rows[] = {
		{ "webmail", "webmail.good.example", CERTBIND_RULE_EXACT, "good.example", "later" },
		{ "mail", "mail.good.example", CERTBIND_RULE_EXACT, "good.example", "wildcard" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		char text[2048];
		struct certbind_store *store;

		(void)snprintf(text, sizeof(text),
			"trust_file = \"@PKI@/ca.pem\";\ncertificates = (\n%s\n);\n"
			"domains = ( { name = \"good.example\"; } );\n",
			orders[i]);
		store = load("auto.conf", text);
		ASSERT_ROWS(store, rows);
		certbind_store_close(store);
	}
}

/* A certificate that covers a host in two ways covers it once. */
static void exact_wins_though_a_wildcard_matches_too(void **state)
{
	static const struct row rows[] = {
		{ "webmail", "webmail.good.example", CERTBIND_RULE_EXACT, "good.example",
			"twoways" },
	};
	struct certbind_store *store = load("twoways.conf",
		"trust_file = \"@PKI@/ca.pem\";\n"
		"certificates = (\n" CERTIFICATE("wildlater") "," CERTIFICATE(
			"twoways") ");\n"
				   "domains = ( { name = \"good.example\"; } );\n");

	(void)state;
	ASSERT_ROWS(store, rows);
	certbind_store_close(store);
}

static void one_certificate_for_all_hosts_is_preferred(void **state)
{
	static const struct row rows[] = {
		{ "webmail", "webmail.good.example", CERTBIND_RULE_EXACT, "good.example",
			"wildcard" },
		{ "webmail", "other.good.example", CERTBIND_RULE_EXACT, "good.example",
			"wildcard" },
	};
	struct certbind_store *store = load("all.conf",
		"trust_file = \"@PKI@/ca.pem\";\n"
		"certificates = (\n" CERTIFICATE("exact") "," CERTIFICATE(
			"wildcard") ");\n"
				    "domains = ( { name = \"good.example\";\n"
				    "  webmail_hosts = [ \"webmail.good.example\", "
				    "\"other.good.example\" ]; } );\n");

	(void)state;
	ASSERT_ROWS(store, rows);
	certbind_store_close(store);
}

/* The clients' key types decide between two certificates that are equally good. */
static void auto_joins_key_types(void **state)
{
	static const struct row rows[] = {
		{ "webmail", "webmail.both.example", CERTBIND_RULE_EXACT, "both.example", "ecdsa" },
	};
	struct certbind_store *store = load("types.conf",
		"trust_file = \"@PKI@/ca.pem\";\n"
		"certificates = (\n" CERTIFICATE("rsa") "," CERTIFICATE(
			"ecdsa") ");\n"
				 "domains = ( { name = \"both.example\"; } );\n");

	(void)state;
	ASSERT_ROWS(store, rows);
	certbind_store_close(store);
}

static void hosts_belong_to_the_longest_suffix(void **state)
{
	static const struct row rows[] = {
		/* Claimed by a.example too; good.example is its suffix. */
		{ "mail", "mail.good.example", CERTBIND_RULE_EXACT, "good.example", "wildcard" },
		/* Claimed by two domains, and below neither: by the certificate's own name. */
		{ "mail", "imap.elsewhere.example", CERTBIND_RULE_EXACT, "", "names" },
		/* A tenant does not get the provider's shared host. */
		{ "mail", "mail.provider.example", CERTBIND_RULE_DEFAULT, "", "panel" },
	};
	struct certbind_store *store = load("conflict.conf",
		"trust_file = \"@PKI@/ca.pem\";\n"
		"services = ( { name = \"mail\"; default = \"panel\";\n"
		"  shared_hosts = \"mail.provider.example\"; } );\n"
		"certificates = (\n" CERTIFICATE("wildcard") "," CERTIFICATE(
			"names") "," CERTIFICATE("panel") ");\n"
							  "domains = (\n"
							  "  { name = \"a.example\"; mail = "
							  "\"names\"; mail_hosts = [ "
							  "\"mail.good.example\",\n"
							  "    \"imap.elsewhere.example\", "
							  "\"mail.provider.example\" ]; },\n"
							  "  { name = \"good.example\"; mail = "
							  "\"wildcard\"; },\n"
							  "  { name = \"b.example\"; mail = "
							  "\"names\"; mail_hosts = "
							  "\"imap.elsewhere.example\"; } );\n");

	(void)state;
	ASSERT_ROWS(store, rows);
	certbind_store_close(store);
}

struct listed {
	char text[2048];
};

static int list_binding(void *data, const struct certbind_binding *binding)
{
	struct listed *listed = data;
	size_t length = strlen(listed->text);
	size_t i;

	length += (size_t)snprintf(listed->text + length, sizeof(listed->text) - length,
		"%s %s %s %s", binding->domain, binding->service, binding->chosen_by,
		binding->certificate != NULL ? binding->certificate : "-");
	for (i = 0; i < binding->hosts_length; i++)
		length += (size_t)snprintf(listed->text + length, sizeof(listed->text) - length,
			" %s", binding->hosts[i]);
	(void)snprintf(listed->text + length, sizeof(listed->text) - length, "%s\n",
		binding->not_after > 0 ? " dated" : "");
	return 0;
}

static void bindings_are_listed(void **state)
{
	struct listed listed = { "" };
	struct certbind_error error;
	struct certbind_store *store = load("list.conf",
		"trust_file = \"@PKI@/ca.pem\";\n"
		"services = ( { name = \"mail\"; default = \"panel\";\n"
		"  shared_hosts = \"mail.provider.example\"; } );\n"
		"certificates = (\n" CERTIFICATE("wildcard") "," CERTIFICATE(
			"panel") "," CERTIFICATE("exact") ");\n"
							  "domains = (\n"
							  "  { name = \"shared.example\"; },\n"
							  "  { name = \"good.example\"; mail = "
							  "\"wildcard\"; },\n"
							  "  { name = \"gone.example\"; webmail = "
							  "\"nosuch\"; mail = \"none\"; } );\n");

	(void)state;
	assert_int_equal(certbind_store_each_binding(store, NULL, list_binding, &listed, NULL), 0);
	assert_string_equal(listed.text,
		"gone.example webmail explicit nosuch webmail.gone.example\n"
		"gone.example mail none -\n"
		"good.example webmail auto exact webmail.good.example dated\n"
		"good.example mail explicit wildcard mail.good.example dated\n"
		"shared.example webmail default - webmail.shared.example\n"
		"shared.example mail shared-host -\n");
	assert_int_equal(
		certbind_store_each_binding(store, "nobody.example", list_binding, &listed, &error),
		CERTBIND_E_UNKNOWN_DOMAIN);
	certbind_store_close(store);
}

static void refusals_say_where(void **state)
{
	static const struct {
		const char *text;
		int line;
		const char *message;
	} rows[] = {
		{ "services = (\n  { name = \"mail\";\n    priority = \"NORMAL:+WHAT\"; }\n);\n", 3,
			"+WHAT" },
		{ "trust_file = \"missing.pem\";\n", 0, "does not exist" },
		{ "nonsense = 1;\n", 1, "nonsense" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct certbind_store *store;
		struct certbind_error error;

		assert_int_equal(certbind_store_open(&store,
					 scratch_write("refused.conf", rows[i].text), &error),
			CERTBIND_E_CONFIG);
		assert_null(store);
		assert_int_equal(error.line, rows[i].line);
		if (strstr(error.message, rows[i].message) == NULL)
			fail_msg("%s", error.message);
	}
}

/* A store that serves nothing writes nothing. */
static void loading_writes_nothing(void **state)
{
	char path[512];
	struct stat status;
	struct certbind_report *report;
	struct certbind_store *store = load("quiet.conf", "state_dir = \"quiet-state\";\n");

	(void)state;
	assert_int_equal(certbind_check(store, NULL, 0, &report, NULL), 0);
	certbind_report_free(report);
	certbind_store_close(store);
	(void)snprintf(path, sizeof(path), "%s/quiet-state", scratch_path());
	assert_int_not_equal(stat(path, &status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(auto_has_an_order),
		cmocka_unit_test(exact_wins_though_a_wildcard_matches_too),
		cmocka_unit_test(one_certificate_for_all_hosts_is_preferred),
		cmocka_unit_test(auto_joins_key_types),
		cmocka_unit_test(hosts_belong_to_the_longest_suffix),
		cmocka_unit_test(bindings_are_listed),
		cmocka_unit_test(refusals_say_where),
		cmocka_unit_test(loading_writes_nothing),
	};

	return cmocka_run_group_tests(tests, scratch_set_up, scratch_tear_down);
}
