/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <certbind/certbind.h>
#include "bundle.h"
#include "scratch.h"

/* What serves no more is freed by the thread that reads, not by the daemon's event loop. */

static pthread_t event_loop;
static atomic_uint unrefs_here, unrefs_elsewhere;

void __real_bundle_unref(struct bundle *bundle);
void __wrap_bundle_unref(struct bundle *bundle);

/* A snapshot that is freed gives up its bundles. */
void __wrap_bundle_unref(struct bundle *bundle)
{
	atomic_fetch_add(
		pthread_equal(pthread_self(), event_loop) ? &unrefs_here : &unrefs_elsewhere, 1);
	__real_bundle_unref(bundle);
}

static const char main_file[] =
	"certificates = ( { name = \"panel\"; chain = \"@PKI@/panel.pem\";\n"
	"                   key = \"@PKI@/panel.key\"; } );\n"
	"domains = ( { name = \"good.example\"; webmail = \"panel\"; mail = \"none\"; } );\n"
	"domains_dir = \".\";\n";

static void dispatch_frees_nothing(void **state)
{
	struct certbind_store *store;
	struct certbind_selection selection = { .rule = 0 };
	struct pollfd fd = { .events = POLLIN };
	int i;

	(void)state;
	event_loop = pthread_self();
	assert_int_equal(
		certbind_store_open(&store, scratch_write("main.cfg", main_file), NULL), 0);
	fd.fd = certbind_store_fd(store);
	assert_true(fd.fd >= 0);
	(void)scratch_write("new.example.conf", "webmail = \"panel\";\n");
	for (i = 0; i < 100 && selection.rule != CERTBIND_RULE_EXACT; i++) {
		(void)poll(&fd, 1, 100);
		atomic_store(&unrefs_here, 0);
		assert_int_equal(certbind_store_dispatch(store, NULL), 0);
		assert_int_equal(unrefs_here, 0);
		assert_int_equal(certbind_store_select(
					 store, "webmail", "webmail.new.example", &selection, NULL),
			0);
	}
	assert_int_equal(selection.rule, CERTBIND_RULE_EXACT);
	for (i = 0; i < 100 && unrefs_elsewhere == 0; i++)
		(void)poll(NULL, 0, 100);
	assert_true(unrefs_elsewhere > 0);
	assert_int_equal(unrefs_here, 0);
	certbind_store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(dispatch_frees_nothing) };

	return cmocka_run_group_tests(tests, scratch_set_up, scratch_tear_down);
}
