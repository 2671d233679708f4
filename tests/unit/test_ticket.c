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
#include <unistd.h>
#include "checker.h"
#include "handshake.h"
#include "scratch.h"
#include "ticket.h"

/* Session tickets: who resumes whose session, in memory. */

#define TLS12 "NORMAL:-VERS-ALL:+VERS-TLS1.2"
#define TLS13 "NORMAL:-VERS-ALL:+VERS-TLS1.3"

static const char *const priorities[] = { TLS12, TLS13, HANDSHAKE_RETRY };
enum { PRIORITIES = sizeof(priorities) / sizeof(priorities[0]) };

/* @A@ and @B@: what the two tenants are bound to. */
static const char services[] =
	"trust_file = \"@PKI@/ca.pem\";\n"
	"services = (\n"
	"  { name = \"webmail\"; default = \"panel\"; priority = \"-GROUP-SECP384R1\"; },\n"
	"  { name = \"mail\"; default = \"panel\"; priority = \"-GROUP-SECP384R1\"; }\n"
	");\n"
	"certificates = (\n"
	"  { name = \"panel\"; chain = \"@PKI@/panel.pem\"; key = \"@PKI@/panel.key\"; },\n"
	"  { name = \"site\"; chain = \"site.pem\"; key = \"site.key\"; },\n"
	"  { name = \"both\"; chain = \"@PKI@/ecdsa.pem\"; key = \"@PKI@/ecdsa.key\"; },\n"
	"  { name = \"names\"; chain = \"@PKI@/names.pem\"; key = \"@PKI@/names.key\"; }\n"
	");\n";
static const char tenants[] =
	"domains = (\n"
	"  { name = \"a.example\"; webmail = \"site\"; mail = \"site\";\n"
	"    webmail_hosts = [ \"webmail.a.example\", \"www.a.example\" ]; },\n"
	"  { name = \"b.example\"; webmail = \"site\"; mail = \"site\"; },\n"
	"  { name = \"c.example\"; webmail = \"names\"; },\n"
	"  { name = \"bare.example\"; },\n"
	"  { name = \"barer.example\"; }\n"
	");\n";

static const char *write_config(const char *name, const char *first, const char *domains)
{
	char text[4096];

	(void)snprintf(text, sizeof(text), "%s%s%s", first, services, domains);
	return scratch_write(name, text);
}

static void put(const char *name, const char *pki_name)
{
	char command[1024];

	(void)snprintf(command, sizeof(command), "cat '%s/%s' > '%s/%s'", getenv("PKI"), pki_name,
		scratch_path(), name);
	assert_int_equal(system(command), 0);
}

struct fixture {
	struct certbind_store *store;
	struct certbind_context *webmail, *mail;
};

static void fixture_open(struct fixture *fixture, const char *path)
{
	struct certbind_error error;

	if (certbind_store_open(&fixture->store, path, &error) < 0)
		fail_msg("%s:%d: %s", error.file, error.line, error.message);
	assert_int_equal(
		certbind_context_new(&fixture->webmail, fixture->store, "webmail", NULL), 0);
	assert_int_equal(certbind_context_new(&fixture->mail, fixture->store, "mail", NULL), 0);
}

static void fixture_close(struct fixture *fixture)
{
	certbind_context_free(fixture->webmail);
	certbind_context_free(fixture->mail);
	certbind_store_close(fixture->store);
}

static void fixture_default(struct fixture *fixture)
{
	put("site.pem", "wildcard.pem");
	put("site.key", "wildcard.key");
	fixture_open(fixture, write_config("certbind.conf", "", tenants));
}

/*
 * A ticket of a session for that name. A client that comes back begins with the group that it had:
 * so that it is asked for another one then, it is not asked now.
 */
static gnutls_datum_t visit(
	struct certbind_context *context, const char *server_name, const char *priority)
{
	const struct handshake_client client = { .server_name = server_name,
		.priority = strcmp(priority, HANDSHAKE_RETRY) == 0 ? TLS13 : priority };
	struct handshake handshake;
	gnutls_datum_t ticket;

	handshake_begin(&handshake, context, &client);
	handshake_run(&handshake);
	assert_int_equal(handshake.client_status, 0);
	assert_int_equal(handshake.is_resumed, 0);
	ticket = handshake_ticket(&handshake);
	handshake_end(&handshake);
	return ticket;
}

/* Comes back with the ticket: is it taken? A full handshake is made where it is not. */
static int comes_back(struct certbind_context *context, const char *server_name,
	const char *priority, gnutls_datum_t ticket)
{
	const struct handshake_client client = {
		.server_name = server_name, .priority = priority, .ticket = ticket
	};
	struct handshake handshake;

	handshake_whole(&handshake, context, &client);
	assert_int_equal(handshake.client_status, 0);
	assert_int_equal(handshake.server_status, 0);
	assert_int_equal(handshake.is_retried, strcmp(priority, HANDSHAKE_RETRY) == 0);
	return handshake.is_resumed;
}

/* Names with the scope that they belong to; NULL: no SNI. */
static const struct {
	const char *name;
	int scope;
} names[] = {
	{ "webmail.a.example", 1 },
	{ "www.a.example", 1 },
	{ "WWW.A.example", 1 },
	{ "webmail.b.example", 2 }, /* the same certificate */
	{ "webmail.c.example", 3 },
	{ "other.names.example", 4 }, /* chosen by the certificate's names */
	{ "imap.elsewhere.example", 4 },
	{ "good.example", 5 },
	{ "webmail.bare.example", 6 }, /* all of these get the default certificate */
	{ "webmail.barer.example", 7 },
	{ "unknown.example", 8 },
	{ "unknown2.example", 8 },
	{ NULL, 8 },
};
enum { NAMES = sizeof(names) / sizeof(names[0]) };

/* TLS 1.2: GnuTLS itself takes a ticket for the very name only (RFC 6066, 3). */
static int is_same_name(size_t i, size_t j)
{
	if (names[i].name == NULL || names[j].name == NULL)
		return names[i].name == names[j].name;
	return strcmp(names[i].name, names[j].name) == 0;
}

/*
 * Each name's ticket at each other name, on both services' sockets, in each version; under valgrind
 * at every third name, each time others.
 */
static void a_ticket_is_good_in_its_scope_only(void **state)
{
	size_t stride = checker_stride(3);
	struct fixture fixture;
	size_t i, j, k, combinations = 0;

	(void)state;
	fixture_default(&fixture);
	for (k = 0; k < PRIORITIES; k++)
		for (i = 0; i < NAMES; i++) {
			gnutls_datum_t ticket =
				visit(fixture.webmail, names[i].name, priorities[k]);

			for (j = (i + k) % stride; j < NAMES; j += stride) {
				int expected = names[i].scope == names[j].scope &&
					       (k > 0 || is_same_name(i, j));

				if (comes_back(fixture.webmail, names[j].name, priorities[k],
					    ticket) != expected)
					fail_msg("%s: %s's ticket for %s: expected %d",
						priorities[k], names[i].name, names[j].name,
						expected);
				combinations++;
			}
			assert_int_equal(
				comes_back(fixture.mail, names[i].name, priorities[k], ticket), 0);
			combinations++;
			gnutls_free(ticket.data);
		}
	if (stride == 1)
		assert_int_equal(combinations, PRIORITIES * NAMES * (NAMES + 1));
	fixture_close(&fixture);
}

/* Runs until the client has sent its first hello, and asks for another name in its second. */
static void the_name_is_the_same_after_a_retry(void **state)
{
	static const char *const others[] = { "webmail.b.example", "www.a.example",
		"unknown.example" };
	struct fixture fixture;
	gnutls_datum_t ticket;
	size_t i;

	(void)state;
	fixture_default(&fixture);
	ticket = visit(fixture.webmail, "webmail.a.example", HANDSHAKE_RETRY);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		const struct handshake_client client = { .server_name = "webmail.a.example",
			.priority = HANDSHAKE_RETRY,
			.ticket = ticket };
		struct handshake handshake;

		handshake_begin(&handshake, fixture.webmail, &client);
		(void)gnutls_handshake(handshake.client);
		assert_int_equal(gnutls_server_name_set(handshake.client, GNUTLS_NAME_DNS,
					 others[i], strlen(others[i])),
			0);
		handshake_run(&handshake);
		assert_int_equal(handshake.server_status, GNUTLS_E_RECEIVED_ILLEGAL_PARAMETER);
		assert_int_equal(handshake.alert, GNUTLS_A_ILLEGAL_PARAMETER);
		assert_int_equal(handshake.is_retried, 1);
		assert_int_equal(handshake.is_resumed, 0);
		handshake_end(&handshake);
	}
	gnutls_free(ticket.data);
	fixture_close(&fixture);
}

static void renegotiation_selects_the_same(void **state)
{
	static const struct {
		const char *name;
		int status;
	} rows[] = { { "webmail.a.example", 0 },
		{ "webmail.b.example", GNUTLS_E_RECEIVED_ILLEGAL_PARAMETER } };
	struct fixture fixture;
	size_t i;
	char byte;

	(void)state;
	fixture_default(&fixture);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct handshake handshake;

		handshake_begin(&handshake, fixture.webmail,
			&(const struct handshake_client){
				.server_name = "webmail.a.example", .priority = TLS12 });
		handshake_run(&handshake);
		assert_int_equal(handshake.client_status, 0);
		assert_int_equal(gnutls_server_name_set(handshake.client, GNUTLS_NAME_DNS,
					 rows[i].name, strlen(rows[i].name)),
			0);
		handshake.client_status = gnutls_handshake(handshake.client);
		assert_int_equal(
			gnutls_record_recv(handshake.server, &byte, 1), GNUTLS_E_REHANDSHAKE);
		handshake.server_status = GNUTLS_E_AGAIN;
		handshake_run(&handshake);
		assert_int_equal(handshake.server_status, rows[i].status);
		assert_string_equal(handshake.selection.domain, "a.example");
		handshake_end(&handshake);
	}
	fixture_close(&fixture);
}

/* What a change of the configuration or of files does to tickets that are out. */
static void changes_end_tickets_or_do_not(void **state)
{
	static const struct {
		const char *domains; /* instead of the tenants; NULL: as they were */
		const char *site; /* what the files of "site" become; NULL: as they were */
		int resumes;
	} rows[] = {
		{ NULL, NULL, 1 },
		{ NULL, "exact", 1 }, /* renewed */
		{ "domains = ( { name = \"a.example\"; webmail = \"both\"; } );\n", NULL, 0 },
		{ "domains = ( { name = \"a.example\"; } );\n", NULL, 0 }, /* unbound */
		{ "domains = ( { name = \"a.example\"; webmail = \"none\"; } );\n", NULL, 0 },
		{ "domains = ( );\n", NULL, 0 }, /* removed */
		{ "domains = ( { name = \"b.example\"; webmail = \"site\";\n"
		  "webmail_hosts = [ \"webmail.a.example\" ]; } );\n",
			NULL, 0 }, /* another tenant's now */
		/* The last good certificate stays, and so do its tickets. */
		{ NULL, "garbage", 1 },
	};
	size_t i, k;

	(void)state;
	for (k = 0; k < PRIORITIES; k++)
		for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			struct fixture fixture;
			gnutls_datum_t ticket;
			char file[64];

			fixture_default(&fixture);
			ticket = visit(fixture.webmail, "webmail.a.example", priorities[k]);
			if (rows[i].domains != NULL)
				(void)write_config("certbind.conf", "", rows[i].domains);
			if (rows[i].site != NULL) {
				(void)snprintf(file, sizeof(file), "%s.pem", rows[i].site);
				put("site.pem", file);
			}
			if (rows[i].site != NULL && strcmp(rows[i].site, "garbage") != 0) {
				(void)snprintf(file, sizeof(file), "%s.key", rows[i].site);
				put("site.key", file);
			}
			assert_int_equal(certbind_store_reload(fixture.store, NULL), 0);
			if (comes_back(fixture.webmail, "webmail.a.example", priorities[k],
				    ticket) != rows[i].resumes)
				fail_msg("row %zu, %s", i, priorities[k]);
			gnutls_free(ticket.data);
			fixture_close(&fixture);
		}
}

static void tickets_are_switched_off(void **state)
{
	struct fixture fixture;
	size_t k;

	(void)state;
	fixture_default(&fixture);
	assert_int_equal(certbind_context_set_tickets(NULL, 0), CERTBIND_E_INVALID);
	for (k = 0; k < 2; k++) {
		struct handshake_client client = { .server_name = "webmail.a.example",
			.priority = priorities[k],
			.server_flags = GNUTLS_NO_TICKETS };
		struct handshake handshake;

		/* A session's own flag: none is issued, none is taken. */
		handshake_begin(&handshake, fixture.webmail, &client);
		handshake_run(&handshake);
		client.ticket = handshake_ticket(&handshake);
		assert_int_equal(
			gnutls_session_get_flags(handshake.client) & GNUTLS_SFLAGS_SESSION_TICKET,
			0);
		handshake_end(&handshake);
		gnutls_free(client.ticket.data);
		client.ticket = visit(fixture.webmail, client.server_name, priorities[k]);
		handshake_whole(&handshake, fixture.webmail, &client);
		assert_int_equal(handshake.client_status, 0);
		assert_int_equal(handshake.is_resumed, 0);
		/* The context's switch. */
		assert_int_equal(certbind_context_set_tickets(fixture.webmail, 0), 0);
		assert_int_equal(comes_back(fixture.webmail, client.server_name, priorities[k],
					 client.ticket),
			0);
		assert_int_equal(certbind_context_set_tickets(fixture.webmail, 1), 0);
		assert_int_equal(comes_back(fixture.webmail, client.server_name, priorities[k],
					 client.ticket),
			1);
		gnutls_free(client.ticket.data);
	}
	fixture_close(&fixture);
}

static int find_code(void *data, const struct certbind_finding *finding)
{
	return finding->file != NULL && strstr(finding->file, "ticket.key") != NULL &&
	       strcmp(finding->code, data) == 0;
}

static void expect_code(struct certbind_store *store, const char *code)
{
	static const char *const codes[] = { "unreadable", "malformed", "key-permissions",
		"stale-last-good" };
	char text[32];
	size_t i;

	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		(void)snprintf(text, sizeof(text), "%s", codes[i]);
		if (certbind_check_each(store, NULL, 0, find_code, NULL, text, NULL) !=
			(code != NULL && strcmp(code, text) == 0))
			fail_msg("%s: not as expected (%s)", text, code != NULL ? code : "none");
	}
}

static const char *key_path(void)
{
	static char path[512];

	(void)snprintf(path, sizeof(path), "%s/ticket.key", scratch_path());
	return path;
}

static const char shared[] = "ticket_key_file = \"ticket.key\";\n";

/* Two daemons with one file; a third with its own random key. */
static void daemons_share_a_file(void **state)
{
	struct fixture one, two, alone;
	size_t k;

	(void)state;
	put("site.pem", "wildcard.pem");
	put("site.key", "wildcard.key");
	assert_int_equal(certbind_ticket_key_write(key_path(), NULL), 0);
	fixture_open(&one, write_config("one.conf", shared, tenants));
	fixture_open(&two, write_config("two.conf", shared, tenants));
	fixture_open(&alone, write_config("alone.conf", "", tenants));
	expect_code(one.store, NULL);
	for (k = 0; k < PRIORITIES; k++) {
		gnutls_datum_t ticket = visit(one.webmail, "www.a.example", priorities[k]);

		assert_int_equal(
			comes_back(two.webmail, "www.a.example", priorities[k], ticket), 1);
		assert_int_equal(
			comes_back(two.webmail, "webmail.b.example", priorities[k], ticket), 0);
		assert_int_equal(
			comes_back(alone.webmail, "www.a.example", priorities[k], ticket), 0);
		/* The file is replaced: the former one's tickets are good no more. */
		assert_int_equal(certbind_ticket_key_write(key_path(), NULL), 0);
		assert_int_equal(certbind_store_reload(two.store, NULL), 0);
		assert_int_equal(
			comes_back(two.webmail, "www.a.example", priorities[k], ticket), 0);
		assert_int_equal(
			comes_back(one.webmail, "www.a.example", priorities[k], ticket), 1);
		assert_int_equal(certbind_store_reload(one.store, NULL), 0);
		gnutls_free(ticket.data);
	}
	fixture_close(&one);
	fixture_close(&two);
	fixture_close(&alone);
}

/* Each fault of the file: at a reload the last good key stays, at a start a random one is used. */
static void a_faulty_file_costs_nothing(void **state)
{
	static const char strict[] =
		"ticket_key_file = \"ticket.key\"; strict_key_permissions = true;\n";
	static const struct {
		const char *command; /* on $f */
		const char *first; /* of the configuration */
		const char *at_reload, *at_start;
		int is_used; /* all the same, at the start */
	} rows[] = {
		{ "rm -f $f", shared, "stale-last-good", "unreadable", 0 },
		{ "rm $f; mkdir $f", shared, "stale-last-good", "unreadable", 0 },
		{ "truncate -s 63 $f", shared, "stale-last-good", "malformed", 0 },
		{ ": > $f", shared, "stale-last-good", "malformed", 0 },
		{ "truncate -s 4097 $f", shared, "stale-last-good", "unreadable", 0 },
		{ "chmod 644 $f", shared, "key-permissions", "key-permissions", 1 },
		{ "chmod 620 $f", strict, "stale-last-good", "key-permissions", 0 },
	};
	char command[1024];
	size_t i;

	(void)state;
	put("site.pem", "wildcard.pem");
	put("site.key", "wildcard.key");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture running, started;
		gnutls_datum_t ticket;

		(void)rmdir(key_path());
		assert_int_equal(certbind_ticket_key_write(key_path(), NULL), 0);
		fixture_open(&running, write_config("one.conf", rows[i].first, tenants));
		ticket = visit(running.webmail, "www.a.example", TLS13);
		(void)snprintf(command, sizeof(command), "f='%s'; %s", key_path(), rows[i].command);
		assert_int_equal(system(command), 0);
		assert_int_equal(certbind_store_reload(running.store, NULL), 0);
		assert_int_equal(certbind_store_reload(running.store, NULL), 0);
		expect_code(running.store, rows[i].at_reload);
		assert_int_equal(comes_back(running.webmail, "www.a.example", TLS13, ticket), 1);
		fixture_open(&started, write_config("two.conf", rows[i].first, tenants));
		expect_code(started.store, rows[i].at_start);
		assert_int_equal(comes_back(started.webmail, "www.a.example", TLS13, ticket),
			rows[i].is_used);
		/* Mended. */
		(void)rmdir(key_path());
		assert_int_equal(certbind_ticket_key_write(key_path(), NULL), 0);
		assert_int_equal(certbind_store_reload(running.store, NULL), 0);
		expect_code(running.store, NULL);
		assert_int_equal(comes_back(running.webmail, "www.a.example", TLS13, ticket), 0);
		gnutls_free(ticket.data);
		fixture_close(&running);
		fixture_close(&started);
	}
}

static void a_key_file_is_written(void **state)
{
	struct certbind_error error;
	struct stat status;
	static const mode_t masks[] = { 0, 077, 0777 };
	char path[600], before[64], after[64];
	FILE *file;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		(void)unlink(key_path());
		(void)umask(masks[i]);
		assert_int_equal(certbind_ticket_key_write(key_path(), NULL), 0);
		(void)umask(022);
		assert_int_equal(stat(key_path(), &status), 0);
		assert_int_equal(status.st_mode, S_IFREG | 0600);
		assert_int_equal(status.st_size, 64);
	}
	file = fopen(key_path(), "r");
	assert_int_equal(fread(before, 1, 64, file), 64);
	(void)fclose(file);
	assert_int_equal(chmod(key_path(), 0666), 0);
	/* A link is replaced: what it leads to is not touched. */
	(void)snprintf(path, sizeof(path), "%s/link", scratch_path());
	assert_int_equal(symlink(key_path(), path), 0);
	assert_int_equal(certbind_ticket_key_write(path, NULL), 0);
	assert_int_equal(lstat(path, &status), 0);
	assert_int_equal(status.st_mode, S_IFREG | 0600);
	assert_int_equal(certbind_ticket_key_write(key_path(), NULL), 0);
	assert_int_equal(stat(key_path(), &status), 0);
	assert_int_equal(status.st_mode, S_IFREG | 0600);
	file = fopen(key_path(), "r");
	assert_int_equal(fread(after, 1, 64, file), 64);
	(void)fclose(file);
	assert_memory_not_equal(before, after, 64);
	assert_int_equal(certbind_ticket_key_write(NULL, NULL), CERTBIND_E_INVALID);
	assert_int_equal(certbind_ticket_key_write("", NULL), CERTBIND_E_INVALID);
	assert_int_equal(certbind_ticket_key_write("/tmp/", NULL), CERTBIND_E_INVALID);
	(void)snprintf(path, sizeof(path), "%s/nowhere/ticket.key", scratch_path());
	assert_int_equal(certbind_ticket_key_write(path, &error), CERTBIND_E_FILE);
	assert_string_equal(error.file, path);
	assert_int_equal(certbind_ticket_key_write(scratch_path(), &error), CERTBIND_E_FILE);
}

/* Scopes that read the same when their parts are joined, and hosts of other versions. */
static void scopes_are_told_apart(void **state)
{
	struct certificate ab = { .name = (char *)(uintptr_t) "ab" };
	struct certificate b = { .name = (char *)(uintptr_t) "b" };
	struct certificate *one[] = { &ab, &b }, *other[] = { &b, &ab };
	const struct ticket_scope scopes[] = {
		{ TICKET_BINDING, "mail", "a", one, 1 },
		{ TICKET_BINDING, "mail", "aa", one + 1, 1 },
		{ TICKET_BINDING, "maila", "", one, 1 },
		{ TICKET_BINDING, "mail", "a", one, 2 },
		{ TICKET_BINDING, "mail", "a", one, 0 },
		{ TICKET_CERTIFICATE, "mail", "", one, 1 },
		{ TICKET_DEFAULT, "mail", "", one, 1 },
	};
	enum { SCOPES = sizeof(scopes) / sizeof(scopes[0]) };
	const struct ticket_scope reordered = { TICKET_BINDING, "mail", "a", other, 2 };
	/* Made with other tools: see the two labels in ticket.c. */
	static const unsigned char expected[8] = { 0x4c, 0xba, 0xc3, 0x48, 0xe0, 0x8f, 0x54, 0xeb };
	unsigned char bytes[64] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde";
	unsigned char keys[SCOPES][TICKET_KEY_SIZE], again[TICKET_KEY_SIZE];
	struct der *master;
	size_t i, j;

	(void)state;
	master = ticket_master_from(NULL, bytes, sizeof(bytes));
	assert_non_null(master);
	for (i = 0; i < SCOPES; i++) {
		assert_int_equal(ticket_derive(master, &scopes[i], keys[i]), 0);
		for (j = 0; j < i; j++)
			assert_memory_not_equal(keys[i], keys[j], TICKET_KEY_SIZE);
	}
	assert_int_equal(ticket_derive(master, &reordered, again), 0);
	assert_memory_equal(again, keys[3], TICKET_KEY_SIZE);
	assert_memory_equal(keys[0], expected, sizeof(expected));
	der_unref(master);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ticket_is_good_in_its_scope_only),
		cmocka_unit_test(the_name_is_the_same_after_a_retry),
		cmocka_unit_test(renegotiation_selects_the_same),
		cmocka_unit_test(changes_end_tickets_or_do_not),
		cmocka_unit_test(tickets_are_switched_off),
		cmocka_unit_test(daemons_share_a_file),
		cmocka_unit_test(a_faulty_file_costs_nothing),
		cmocka_unit_test(a_key_file_is_written),
		cmocka_unit_test(scopes_are_told_apart),
	};

	return cmocka_run_group_tests(tests, scratch_set_up, scratch_tear_down);
}
