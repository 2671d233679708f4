/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include "scratch.h"
#include "store.h"

static const char main_text[] =
	"trust_file = \"ca.pem\";\nstate_dir = \"state\";\nticket_key_file = \"ticket.key\";\n"
	"include = [ \"conf.d/*.conf\" ];\n"
	"certificates = ( { name = \"panel\"; chain = \"panel.pem\"; key = \"panel.key\"; } );\n"
	"certificate_dirs = [ \"live\", \"flat\" ];\ndomains_dir = \"domains.d\";\n";

static const char set_up_files[] =
	"umask 077; mkdir live live/site flat conf.d domains.d; cp $PKI/ca.pem ca.pem;"
	"cp $PKI/panel.pem $PKI/panel.key .; head -c 64 /dev/urandom >ticket.key;"
	"cp $PKI/names.pem live/site/fullchain.pem; cp $PKI/names.key live/site/privkey.pem;"
	"cat $PKI/wildcard.pem $PKI/wildcard.key >flat/one.pem;"
	"echo 'mail = \"none\";' >domains.d/good.example.conf;"
	"echo 'expiry_warning_days = 3;' >conf.d/a.conf";

static time_t test_clock(void *data)
{
	(void)data;
	return 1780272000; /* 2026-06-01 */
}

/* In the scratch directory. */
static void shell(const char *command)
{
	char text[2048];

	(void)snprintf(text, sizeof(text), "cd %s && { %s; }", scratch_path(), command);
	assert_int_equal(system(text), 0);
}

static bool is_current(struct certbind_store *store)
{
	struct snapshot *snapshot = store_snapshot(store);
	bool is_it = snapshot_is_current(snapshot, store->config_path);

	snapshot_unref(snapshot);
	return is_it;
}

/* What is done to the files, whether nothing of it matters, and whether something is at fault then. */
static const struct {
	const char *command;
	bool is_current, is_faulty;
} rows[] = {
	{ "true", true, false },
	{ "touch -d 2020-01-01 flat/one.pem", false, false },
	{ "cp flat/one.pem flat/.new; mv flat/.new flat/one.pem", false, false },
	{ "touch -d 2020-01-01 live/site/privkey.pem", false, false },
	{ "touch -d 2020-01-01 panel.pem", false, false },
	{ "touch -d 2020-01-01 ca.pem", false, false },
	{ "head -c 64 /dev/urandom >ticket.key", false, false },
	{ "cat $PKI/exact.pem $PKI/exact.key >flat/two.pem; chmod 600 flat/two.pem", false, false },
	{ "echo nothing >flat/README; touch flat/.hidden live/.hidden", true, false },
	{ "mkdir live/new", true, false },
	{ "cp $PKI/old.pem live/new/fullchain.pem", true, false },
	{ "cp $PKI/old.key live/new/privkey.pem", false, false },
	{ "cp $PKI/exact.pem flat/three.crt", true, false },
	{ "cp $PKI/exact.key flat/three.key", false, false },
	{ "touch -d 2020-01-01 domains.d/good.example.conf", false, false },
	{ "touch domains.d/.new domains.d/README", true, false },
	{ "touch domains.d/more.example.conf", false, false },
	{ "rm domains.d/more.example.conf", false, false },
	{ "touch -d 2020-01-01 conf.d/a.conf", false, false },
	{ "touch conf.d/a.txt", true, false },
	{ "touch conf.d/b.conf", false, false },
	{ "rm conf.d/b.conf", false, false },
	{ "touch -d 2020-01-01 certbind.conf", false, false },
	{ "echo 'nonsense = 1;' >domains.d/bad.example.conf", false, true },
	{ "rm domains.d/bad.example.conf", false, false },
	{ "echo nothing >flat/one.pem", false, true },
	{ "cat $PKI/wildcard.pem $PKI/wildcard.key >flat/one.pem", false, false },
	{ "rm -r live/new", false, true },
};

/* What a snapshot was read from is looked at as a build would, and whatever is at fault is looked at again. */
static void looks_as_a_build_does(void **state)
{
	struct certbind_store *store;
	struct certbind_error error;
	size_t i;

	(void)state;
	shell(set_up_files);
	assert_int_equal(certbind_store_new(&store), CERTBIND_OK);
	certbind_store_set_clock(store, test_clock, NULL);
	assert_int_equal(
		certbind_store_load(store, scratch_write("certbind.conf", main_text), &error),
		CERTBIND_OK);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		shell(rows[i].command);
		if (is_current(store) != rows[i].is_current)
			fail_msg(
				"%s: %scurrent", rows[i].command, rows[i].is_current ? "not " : "");
		assert_int_equal(certbind_store_reload(store, &error), CERTBIND_OK);
		if (is_current(store) == rows[i].is_faulty)
			fail_msg("%s: %scurrent after the reload", rows[i].command,
				rows[i].is_faulty ? "" : "not ");
	}
	certbind_store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(looks_as_a_build_does),
	};

	return cmocka_run_group_tests(tests, scratch_set_up, scratch_tear_down);
}
