/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every allocation of the library's own fails once while it answers a question, or changes a
 * binding. What comes of it is the answer or CERTBIND_E_MEMORY; nothing is lost, and the same
 * question asked again is answered.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "checker.h"
#include "failing_memory.h"
#include "scratch.h"
#include <certbind/certbind.h>

static const char configuration[] =
	"state_dir = \"state\";\n"
	"trust_file = \"@PKI@/ca.pem\";\n"
	"services = ( { name = \"webmail\"; default = \"panel\"; },\n"
	"  { name = \"mail\"; shared_hosts = [ \"mail.provider.example\" ]; } );\n"
	"certificates = (\n"
	"  { name = \"panel\"; chain = \"@PKI@/panel.pem\"; key = \"@PKI@/panel.key\"; },\n"
	"  { name = \"site\"; chain = \"@PKI@/wildcard.pem\"; key = \"@PKI@/wildcard.key\"; },\n"
	"  { name = \"old\"; chain = \"@PKI@/old.pem\"; key = \"@PKI@/old.key\"; },\n"
	"  { name = \"cn\"; chain = \"@PKI@/cn.pem\"; key = \"@PKI@/cn.key\"; },\n"
	"  { name = \"both\"; pairs = (\n"
	"    { chain = \"@PKI@/ecdsa.pem\"; key = \"@PKI@/ecdsa.key\"; },\n"
	"    { chain = \"@PKI@/rsa.pem\"; key = \"@PKI@/rsa.key\"; } ); }\n"
	");\n"
	"domains = (\n"
	"  { name = \"good.example\"; webmail = \"site\"; },\n"
	"  { name = \"old.example\"; webmail = \"old\"; mail = \"old\"; },\n"
	"  { name = \"cn.example\"; webmail = \"cn\"; mail = \"missing\"; },\n"
	"  { name = \"b\xc3\xbc"
	"cher.example\"; mail = \"none\"; },\n"
	"  { name = \"faulty.example\"; nothing = 1; },\n"
	"  { name = \"both.example\"; }\n"
	");\n"
	"domains_dir = \"domains.d\";\n";

static char config[512], pem[512], ca[512];

/* 2026-06-01, 00:00 UTC. */
static time_t june_2026(void *data)
{
	(void)data;
	return 1780272000;
}

static int set_up(void **state)
{
	char path[512];

	if (scratch_set_up(state) != 0)
		return -1;
	(void)snprintf(config, sizeof(config), "%s", scratch_write("certbind.conf", configuration));
	(void)snprintf(path, sizeof(path), "mkdir '%s/domains.d'", scratch_path());
	(void)snprintf(pem, sizeof(pem), "%s/exact.pem", getenv("PKI"));
	(void)snprintf(ca, sizeof(ca), "%s/ca.pem", getenv("PKI"));
	return system(path);
}

static int count_finding(void *data, const struct certbind_finding *finding)
{
	(void)finding;
	++*(size_t *)data;
	return 0;
}

static int count_candidate(void *data, const struct certbind_candidate *candidate)
{
	(void)candidate;
	++*(size_t *)data;
	return 0;
}

static int count_binding(void *data, const struct certbind_binding *binding)
{
	(void)binding;
	++*(size_t *)data;
	return 0;
}

static int ask_check(struct certbind_store *store, size_t *told)
{
	struct certbind_report *report;
	int status = certbind_check(store, NULL, 0, &report, NULL);

	*told = certbind_report_count(report);
	certbind_report_free(report);
	return status;
}

static int ask_check_of_one(struct certbind_store *store, size_t *told)
{
	return certbind_check_each(store, "good.example", 0, count_finding, NULL, told, NULL);
}

static int ask_check_of_a_faulty_one(struct certbind_store *store, size_t *told)
{
	return certbind_check_each(store, "faulty.example", 0, count_finding, NULL, told, NULL);
}

static int ask_candidates(struct certbind_store *store, size_t *told)
{
	return certbind_candidates(store, "both.example", "mail", count_candidate, told, NULL);
}

static int ask_bindings(struct certbind_store *store, size_t *told)
{
	return certbind_store_each_binding(store, NULL, count_binding, told, NULL);
}

/* An endpoint that serves what no binding has. */
static int ask_served(struct certbind_store *store, size_t *told)
{
	struct certbind_served served = { .endpoint = "https://x:1",
		.service = "webmail",
		.host = "webmail.good.example",
		.chain_length = 1 };
	gnutls_datum_t text, der;
	int status;

	assert_int_equal(gnutls_load_file(pem, &text), 0);
	assert_int_equal(gnutls_pem_base64_decode2("CERTIFICATE", &text, &der), 0);
	served.chain = &der;
	status = certbind_check_served(store, &served, 0, count_finding, told, NULL);
	gnutls_free(text.data);
	gnutls_free(der.data);
	return status;
}

static int ask_verify(struct certbind_store *store, size_t *told)
{
	struct certbind_report *report;
	int status = certbind_verify(pem, ca, "other.good.example", 0, &report, NULL);

	(void)store;
	*told = certbind_report_count(report);
	certbind_report_free(report);
	return status;
}

static int ask_covers(struct certbind_store *store, size_t *told)
{
	int covered = 0;
	int status = certbind_covers(pem, "webmail.good.example", &covered, NULL);

	(void)store;
	*told = (size_t)covered;
	return status;
}

static int ask_bind(struct certbind_store *store, size_t *told)
{
	(void)store;
	*told = 1;
	return certbind_bind(config, "new.example", "webmail", "site", CERTBIND_FORCE, NULL);
}

static int ask_bind_checked(struct certbind_store *store, size_t *told)
{
	(void)store;
	*told = 1;
	return certbind_bind(config, "wild.good.example", "mail", "none", 0, NULL);
}

static int ask_unbind(struct certbind_store *store, size_t *told)
{
	(void)store;
	*told = 1;
	return certbind_unbind(config, "new.example", "webmail", NULL);
}

static const struct question {
	const char *what;
	int (*ask)(struct certbind_store *store, size_t *told);
} questions[] = {
	{ "check", ask_check },
	{ "check of one", ask_check_of_one },
	{ "check of a faulty one", ask_check_of_a_faulty_one },
	{ "candidates", ask_candidates },
	{ "bindings", ask_bindings },
	{ "served", ask_served },
	{ "verify", ask_verify },
	{ "covers", ask_covers },
	{ "bind", ask_bind },
	{ "bind, checked", ask_bind_checked },
	{ "unbind", ask_unbind },
};

/* A new store each time: what a question leaves in it for the next one is allocated again. */
static struct certbind_store *open_store(void)
{
	struct certbind_store *store;

	assert_int_equal(certbind_store_new(&store), 0);
	certbind_store_set_clock(store, june_2026, NULL);
	assert_int_equal(certbind_store_load(store, config, NULL), 0);
	return store;
}

/* How much is told when nothing fails. */
static size_t ask_once(const struct question *question)
{
	struct certbind_store *store = open_store();
	size_t told = 0;

	assert_int_equal(question->ask(store, &told), CERTBIND_OK);
	assert_true(told > 0);
	certbind_store_close(store);
	return told;
}

static void ask_often(const struct question *question)
{
	size_t expected = ask_once(question);
	size_t stride = checker_stride(17);
	size_t live = memory_live();
	size_t refused = 0;
	bool has_failed = true;
	size_t n;

	for (n = 1; has_failed; n += stride) {
		struct certbind_store *store = open_store();
		size_t told = 0;
		int status;

		memory_fail_at(n);
		status = question->ask(store, &told);
		has_failed = memory_has_failed();
		memory_fail_at(0);
		if (status != CERTBIND_OK) {
			if (status != CERTBIND_E_MEMORY || !has_failed)
				fail_msg("%s, allocation %zu: %d", question->what, n, status);
			refused++;
			told = 0;
			assert_int_equal(question->ask(store, &told), CERTBIND_OK);
		}
		if (told != expected)
			fail_msg("%s, allocation %zu: %zu told", question->what, n, told);
		certbind_store_close(store);
		if (memory_live() != live)
			fail_msg("%s, allocation %zu: %zu blocks are lost", question->what, n,
				memory_live() - live);
	}
	print_message(
		"%s: %zu allocations, %zu refused\n", question->what, n - stride - 1, refused);
	assert_true(refused > 0);
}

static void questions_survive(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
		ask_often(&questions[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(questions_survive),
	};

	return cmocka_run_group_tests(tests, set_up, scratch_tear_down);
}
