/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A tenant may write one file, domains.d/evil.example.conf, and tries to have the hosts of others:
 * who is served what before and after, and what is said of it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <certbind/certbind.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "scratch.h"

#define CERTIFICATE(name)                                                                          \
	"  { name = \"" name "\"; chain = \"@PKI@/" name ".pem\"; key = \"@PKI@/" name ".key\"; }"

/*
 * good.example has a wildcard certificate and says nothing; names.example has a host outside of
 * itself; bücher.example; silent.example has no host of its own; sub.good.example is the customer
 * of a customer.
 */
static const char configuration[] =
	"trust_file = \"@PKI@/ca.pem\";\n"
	"services = (\n"
	"  { name = \"webmail\"; default = \"panel\"; },\n"
	"  { name = \"mail\"; default = \"panel\"; shared_hosts = [ \"mail.provider.example\" ]; "
	"}\n"
	");\n"
	"certificates = (\n" CERTIFICATE("panel") ",\n" CERTIFICATE("wildcard") ",\n" CERTIFICATE(
		"names") ",\n" CERTIFICATE("idn") ",\n" CERTIFICATE("ed") "\n);\n"
									  "domains_dir = "
									  "\"domains.d\";\n";

static const struct {
	const char *domain, *text;
} tenants[] = {
	{ "good.example", "" },
	{ "sub.good.example", "webmail = \"ed\";\n" },
	{ "names.example", "webmail = \"names\"; mail = \"none\";\n"
			   "webmail_hosts = [ \"webmail.names.example\", "
			   "\"imap.elsewhere.example\" ];\n" },
	{ "xn--bcher-kva.example", "webmail = \"idn\"; mail = \"none\";\n" },
	{ "silent.example", "webmail = \"none\"; mail_hosts = [ ];\n" },
	{ "gone.example", "webmail = \"none\"; mail = \"none\";\n" },
};

enum { TENANTS = sizeof(tenants) / sizeof(tenants[0]), TOLD_SIZE = 8192, TEXT_SIZE = 65536 };

static time_t june_2026(void *data)
{
	(void)data;
	return 1780272000;
}

static void write_domain(const char *domain, const char *text)
{
	char name[512];

	(void)snprintf(name, sizeof(name), "domains.d/%s.conf", domain);
	(void)scratch_write(name, text);
}

static struct certbind_store *load(void)
{
	struct certbind_store *store;
	struct certbind_error error;

	assert_int_equal(certbind_store_new(&store), 0);
	certbind_store_set_clock(store, june_2026, NULL);
	if (certbind_store_load(store, scratch_write("certbind.conf", configuration), &error) < 0)
		fail_msg("%s:%d: %s", error.file, error.line, error.message);
	return store;
}

/* "DOMAIN CERTIFICATE" that a client with the name gets; "-" for none. */
static void served(struct certbind_store *store, const char *service, const char *host, char *text)
{
	struct certbind_selection selection;

	assert_int_equal(certbind_store_select(store, service, host, &selection, NULL), 0);
	(void)snprintf(text, 512, "%s %s", selection.domain[0] != '\0' ? selection.domain : "-",
		selection.certificate[0] != '\0' ? selection.certificate : "-");
}

/* Errors alone, each as "DOMAIN HOST CODE\n". */
static int tell(void *data, const struct certbind_finding *finding)
{
	char *told = data;
	size_t length = strlen(told);

	if (strcmp(finding->code, "host-conflict") == 0 ||
		strcmp(finding->code, "bad-configuration") == 0)
		(void)snprintf(told + length, TOLD_SIZE - length, "%s %s %s\n",
			finding->domain != NULL ? finding->domain : "-",
			finding->host != NULL ? finding->host : "-", finding->code);
	return 0;
}

/*
 * What evil.example says; whom it is about; what a client of that name gets without evil.example's
 * file and with it; what is told.
 */
static const struct row {
	const char *what, *text;
	const char *service, *host;
	const char *before, *after;
	const char *told;
} rows[] = {
	{ "nothing", "", "webmail", "webmail.good.example", "good.example wildcard",
		"good.example wildcard", "" },
	{ "its own hosts", "webmail_hosts = [ \"a.evil.example\", \"evil.example\" ];", "webmail",
		"a.evil.example", "- panel", "evil.example panel", "" },
	{ "an exact host", "webmail_hosts = [ \"webmail.good.example\" ];", "webmail",
		"webmail.good.example", "good.example wildcard", "good.example wildcard",
		"evil.example webmail.good.example host-conflict\n"
		"good.example webmail.good.example host-conflict\n" },
	{ "with its owner's certificate",
		"webmail = \"wildcard\"; webmail_hosts = [ \"webmail.good.example\" ];", "webmail",
		"webmail.good.example", "good.example wildcard", "good.example wildcard",
		"evil.example webmail.good.example host-conflict\n"
		"good.example webmail.good.example host-conflict\n" },
	{ "a name that its owner has only in a certificate",
		"webmail = \"wildcard\"; webmail_hosts = [ \"shop.good.example\" ];", "webmail",
		"shop.good.example", "- wildcard", "- wildcard",
		"evil.example shop.good.example host-conflict\n" },
	{ "the domain above another's hosts", "webmail_hosts = [ \"good.example\" ];", "webmail",
		"good.example", "- wildcard", "- wildcard",
		"evil.example good.example host-conflict\n" },
	{ "a host deep below another's domain", "webmail_hosts = [ \"a.b.c.good.example\" ];",
		"webmail", "a.b.c.good.example", "- panel", "- panel",
		"evil.example a.b.c.good.example host-conflict\n" },
	{ "a host of a customer's customer", "webmail_hosts = [ \"webmail.sub.good.example\" ];",
		"webmail", "webmail.sub.good.example", "sub.good.example ed", "sub.good.example ed",
		"evil.example webmail.sub.good.example host-conflict\n"
		"sub.good.example webmail.sub.good.example host-conflict\n" },
	{ "a host of a domain that has none of its own",
		"mail = \"names\"; mail_hosts = [ \"mail.silent.example\" ];", "mail",
		"mail.silent.example", "- panel", "- panel",
		"evil.example mail.silent.example host-conflict\n" },
	{ "a host of a domain that is switched off",
		"webmail = \"names\"; webmail_hosts = [ \"webmail.gone.example\" ];", "webmail",
		"webmail.gone.example", "- panel", "- panel",
		"evil.example webmail.gone.example host-conflict\n" },
	{ "the provider's shared host", "mail_hosts = [ \"mail.provider.example\" ];", "mail",
		"mail.provider.example", "- panel", "- panel",
		"evil.example mail.provider.example host-conflict\n" },
	/* By the design neither has it: it is in neither's domain. */
	{ "a host that another has outside of its domain",
		"webmail_hosts = [ \"imap.elsewhere.example\" ];", "webmail",
		"imap.elsewhere.example", "names.example names", "- names",
		"evil.example imap.elsewhere.example host-conflict\n"
		"names.example imap.elsewhere.example host-conflict\n" },
	{ "upper case and a dot behind", "webmail_hosts = [ \"WebMail.GOOD.Example.\" ];",
		"webmail", "webmail.good.example", "good.example wildcard", "good.example wildcard",
		"evil.example webmail.good.example host-conflict\n"
		"good.example webmail.good.example host-conflict\n" },
	{ "a U-label",
		"webmail_hosts = [ \"webmail.b\xc3\xbc"
		"cher.example\" ];",
		"webmail", "webmail.xn--bcher-kva.example", "xn--bcher-kva.example idn",
		"xn--bcher-kva.example idn",
		"evil.example webmail.xn--bcher-kva.example host-conflict\n"
		"xn--bcher-kva.example webmail.xn--bcher-kva.example host-conflict\n" },
	{ "full-width letters", "webmail_hosts = [ \"webmail.\xef\xbd\x87ood.example\" ];",
		"webmail", "webmail.good.example", "good.example wildcard", "good.example wildcard",
		"evil.example webmail.good.example host-conflict\n"
		"good.example webmail.good.example host-conflict\n" },
	{ "a wildcard", "webmail_hosts = [ \"*.good.example\" ];", "webmail",
		"webmail.good.example", "good.example wildcard", "good.example wildcard",
		"evil.example - bad-configuration\n" },
	{ "another's name in its own file", "name = \"good.example\"; webmail = \"none\";",
		"webmail", "webmail.good.example", "good.example wildcard", "good.example wildcard",
		"evil.example - bad-configuration\n" },
	/* Plainly allowed: the certificates are the provider's to give; clients refuse it. */
	{ "another's certificate for its own host", "webmail = \"wildcard\";", "webmail",
		"webmail.evil.example", "- panel", "evil.example wildcard", "" },
	{ "another's certificate, so that its names are bound to a service that its owner has "
	  "not bound",
		"mail = \"names\";", "mail", "webmail.names.example", "- panel", "- names", "" },
};

/* The others are served what they were but for the row's own host. */
static void expect_others(struct certbind_store *store, const struct row *row)
{
	static const struct {
		const char *service, *host, *expected;
	} others[] = {
		{ "webmail", "webmail.good.example", "good.example wildcard" },
		{ "mail", "mail.good.example", "good.example wildcard" },
		{ "webmail", "webmail.sub.good.example", "sub.good.example ed" },
		{ "webmail", "webmail.names.example", "names.example names" },
		{ "webmail", "webmail.xn--bcher-kva.example", "xn--bcher-kva.example idn" },
		{ "mail", "mail.provider.example", "- panel" },
		{ "mail", NULL, "- panel" },
	};
	char text[512];
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		served(store, others[i].service, others[i].host, text);
		if (strcmp(text, others[i].expected) != 0)
			fail_msg("%s: %s gets \"%s\"", row->what,
				others[i].host != NULL ? others[i].host : "no name", text);
	}
}

static void others_keep_their_hosts(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct certbind_store *store;
		char before[512], after[512], told[TOLD_SIZE] = "";
		char path[4096];

		(void)snprintf(
			path, sizeof(path), "%s/domains.d/evil.example.conf", scratch_path());
		(void)unlink(path);
		store = load();
		served(store, row->service, row->host, before);
		write_domain("evil.example", row->text);
		assert_int_equal(certbind_store_reload(store, NULL), 0);
		served(store, row->service, row->host, after);
		assert_int_equal(certbind_check_each(store, NULL, 0, tell, NULL, told, NULL), 0);
		if (strcmp(before, row->before) != 0 || strcmp(after, row->after) != 0 ||
			strcmp(told, row->told) != 0)
			fail_msg("%s: before \"%s\", after \"%s\", told:\n%s", row->what, before,
				after, told);
		expect_others(store, row);
		certbind_store_close(store);
		/* And the same for who starts with it. */
		store = load();
		served(store, row->service, row->host, after);
		assert_string_equal(after, row->after);
		expect_others(store, row);
		certbind_store_close(store);
	}
}

/* What stands in `domains` is the provider's own word. */
static void the_provider_may_give_a_host_away(void **state)
{
	char text[4096], after[512];
	struct certbind_store *store;

	(void)state;
	write_domain("evil.example", "");
	(void)snprintf(text, sizeof(text),
		"%sdomains = ( { name = \"friend.example\"; webmail = \"wildcard\";\n"
		"  webmail_hosts = [ \"friend.good.example\" ]; } );\n",
		configuration);
	assert_int_equal(certbind_store_open(&store, scratch_write("given.conf", text), NULL), 0);
	served(store, "webmail", "friend.good.example", after);
	assert_string_equal(after, "friend.example wildcard");
	certbind_store_close(store);
}

/* As many hosts as a file may have, and more: bounded, and the others are as they were. */
static void thousands_of_hosts(void **state)
{
	static const size_t counts[] = { 1000, 1001, 5000 };
	static char text[TEXT_SIZE * 4];
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct certbind_store *store;
		char told[TOLD_SIZE] = "", mine[512];
		size_t length = (size_t)snprintf(text, sizeof(text), "webmail_hosts = [ ");

		for (j = 0; j < counts[i]; j++)
			length += (size_t)snprintf(text + length, sizeof(text) - length,
				"%s\"h%zu.evil.example\"", j > 0 ? ", " : "", j);
		(void)snprintf(text + length, sizeof(text) - length, " ];\n");
		write_domain("evil.example", text);
		store = load();
		served(store, "webmail", "h999.evil.example", mine);
		assert_string_equal(mine, counts[i] == 1000 ? "evil.example panel" : "- panel");
		expect_others(store, &rows[0]);
		assert_int_equal(certbind_check_each(store, NULL, 0, tell, NULL, told, NULL), 0);
		assert_string_equal(
			told, counts[i] == 1000 ? "" : "evil.example - bad-configuration\n");
		certbind_store_close(store);
	}
}

static int set_up(void **state)
{
	char path[4096];
	size_t i;

	(void)state;
	scratch_make();
	(void)snprintf(path, sizeof(path), "%s/domains.d", scratch_path());
	assert_int_equal(mkdir(path, 0755), 0);
	for (i = 0; i < TENANTS; i++)
		write_domain(tenants[i].domain, tenants[i].text);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(others_keep_their_hosts),
		cmocka_unit_test(the_provider_may_give_a_host_away),
		cmocka_unit_test(thousands_of_hosts),
	};

	return cmocka_run_group_tests(tests, set_up, scratch_tear_down);
}
