/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An entry of the configuration that becomes faulty costs nothing while the store lives. */
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

/* What the first configuration has, and what becomes of it. */
#define HEAD "state_dir = \"state\"; trust_file = \"@PKI@/ca.pem\";\n"
#define SITE "{ name = \"site\"; chain = \"@PKI@/wildcard.pem\"; key = \"@PKI@/wildcard.key\"; }"
#define BOTH                                                                                       \
	"{ name = \"both\"; pairs = (\n"                                                           \
	"  { chain = \"@PKI@/ecdsa.pem\"; key = \"@PKI@/ecdsa.key\"; key_password = \"x\"; },\n"   \
	"  { chain = [ \"@PKI@/rsa.pem\" ]; key = \"@PKI@/rsa.key\"; } ); }"
#define DOMAINS                                                                                    \
	"domains = ( { name = \"good.example\"; webmail = \"site\"; mail = \"none\"; },\n"         \
	"  { name = \"both.example\"; webmail = \"both\"; mail = \"none\"; } );\n"

static const char first[] = HEAD "certificates = ( " SITE ", " BOTH " );\n" DOMAINS;

/* The certificate that a client of webmail.DOMAIN gets. */
static const char *served(struct certbind_store *store, const char *domain)
{
	static struct certbind_selection selection;
	char host[64];

	(void)snprintf(host, sizeof(host), "webmail.%s", domain);
	assert_int_equal(certbind_store_select(store, "webmail", host, &selection, NULL), 0);
	return selection.certificate;
}

static int count_faults(void *data, const struct certbind_finding *finding)
{
	*(int *)data += strcmp(finding->code, "bad-configuration") == 0;
	return 0;
}

static int faults(struct certbind_store *store)
{
	int count = 0;

	assert_int_equal(certbind_check_each(store, NULL, 0, count_faults, NULL, &count, NULL), 0);
	return count;
}

static void last_good_entries_stay(void **state)
{
	static const struct {
		const char *text;
		const char *site, *both; /* while the store lives */
		const char *site_anew, *both_anew; /* opened anew */
	} rows[] = {
		/* Each certificate's entry, and both. */
		{ HEAD "certificates = ( { name = \"site\"; kex = 1; }, " BOTH " );\n" DOMAINS,
			"site", "both", "", "both" },
		{ HEAD "certificates = ( " SITE ", { name = \"both\"; pairs = 1; } );\n" DOMAINS,
			"site", "both", "site", "" },
		{ HEAD "certificates = ( { name = \"both\"; }, { name = \"site\"; } );\n" DOMAINS,
			"site", "both", "", "" },
		/* One that is there in another place counts, not what it was. */
		{ HEAD "certificates = ( { name = \"site\"; x = 1; }, " SITE ", " BOTH
		       " );\n" DOMAINS,
			"site", "both", "", "both" },
		/* A domain's. */
		{ HEAD "certificates = ( " SITE ", " BOTH " );\n"
		       "domains = ( { name = \"good.example\"; webmail = 1; },\n"
		       "  { name = \"both.example\"; webmail = \"both\"; mail = \"none\"; } );\n",
			"site", "both", "", "both" },
		/* A domain's and its certificate's. */
		{ HEAD "certificates = ( " SITE ", { name = \"both\"; } );\n"
		       "domains = ( { name = \"good.example\"; webmail = \"site\"; },\n"
		       "  { name = \"both.example\"; webmail = 1; } );\n",
			"site", "both", "site", "" },
		/* What is gone, is gone. */
		{ HEAD "certificates = ( " BOTH ", { nothing = 1; } );\n" DOMAINS, "", "both", "",
			"both" },
	};
	size_t i;
	int round;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *path = scratch_write("keep.conf", first);
		struct certbind_store *store;

		assert_int_equal(certbind_store_open(&store, path, NULL), 0);
		assert_int_equal(faults(store), 0);
		assert_string_equal(served(store, "good.example"), "site");
		assert_string_equal(served(store, "both.example"), "both");
		(void)scratch_write("keep.conf", rows[i].text);
		for (round = 0; round < 2; round++) { /* kept once more of what was kept */
			assert_int_equal(certbind_store_reload(store, NULL), 0);
			assert_true(faults(store) > 0);
			if (strcmp(served(store, "good.example"), rows[i].site) != 0 ||
				strcmp(served(store, "both.example"), rows[i].both) != 0)
				fail_msg("row %zu: %s, %s", i, served(store, "good.example"),
					served(store, "both.example"));
		}
		(void)scratch_write("keep.conf", first);
		assert_int_equal(certbind_store_reload(store, NULL), 0);
		assert_int_equal(faults(store), 0);
		certbind_store_close(store);

		assert_int_equal(
			certbind_store_open(&store, scratch_write("keep.conf", rows[i].text), NULL),
			0);
		if (strcmp(served(store, "good.example"), rows[i].site_anew) != 0 ||
			strcmp(served(store, "both.example"), rows[i].both_anew) != 0)
			fail_msg("row %zu, anew: %s, %s", i, served(store, "good.example"),
				served(store, "both.example"));
		certbind_store_close(store);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(last_good_entries_stay),
	};

	return cmocka_run_group_tests(tests, scratch_set_up, scratch_tear_down);
}
