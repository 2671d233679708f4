/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The cache of made credentials, through handshakes: which of them are made, how often, and which
 * go first. The linker puts __wrap_credentials_make() in the place of the library's own.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "credentials.h"
#include "error.h"
#include "handshake.h"
#include "scratch.h"

int __real_credentials_make(struct certificate *const *members, size_t members_length,
	struct clock_source *clock, struct credentials **credentials, struct certbind_error *error);
int __wrap_credentials_make(struct certificate *const *members, size_t members_length,
	struct clock_source *clock, struct credentials **credentials, struct certbind_error *error);

static const struct timespec pause_while_making = { .tv_nsec = 50 * 1000 * 1000 };
static atomic_bool is_slow; /* so that others come meanwhile */
static atomic_int makes_that_fail; /* so many from now on */

/* How often each certificate's credentials were made. */
static struct {
	const char *name;
	atomic_int made;
} counts[] = { { "wildcard", 0 }, { "names", 0 }, { "ed", 0 }, { "panel", 0 } };

int __wrap_credentials_make(struct certificate *const *members, size_t members_length,
	struct clock_source *clock, struct credentials **credentials, struct certbind_error *error)
{
	size_t i;

	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (strcmp(counts[i].name, members[0]->name) == 0)
			atomic_fetch_add(&counts[i].made, 1);
	if (is_slow)
		(void)nanosleep(&pause_while_making, NULL);
	if (atomic_load(&makes_that_fail) > 0) {
		atomic_fetch_sub(&makes_that_fail, 1);
		*credentials = NULL;
		return error_set(error, CERTBIND_E_TLS, NULL, 0, "not made");
	}
	return __real_credentials_make(members, members_length, clock, credentials, error);
}

static const char configuration[] =
	"cache_size = 2;\n"
	"trust_file = \"@PKI@/ca.pem\";\n"
	"services = ( { name = \"webmail\"; default = \"panel\"; } );\n"
	"certificates = (\n"
	"  { name = \"panel\"; chain = \"@PKI@/panel.pem\"; key = \"@PKI@/panel.key\"; },\n"
	"  { name = \"wildcard\"; chain = \"@PKI@/wildcard.pem\";\n"
	"    key = \"@PKI@/wildcard.key\"; },\n"
	"  { name = \"names\"; chain = \"@PKI@/names.pem\"; key = \"@PKI@/names.key\"; },\n"
	"  { name = \"ed\"; chain = \"@PKI@/ed.pem\"; key = \"@PKI@/ed.key\"; }\n"
	");\n"
	"domains = (\n"
	"  { name = \"good.example\"; mail = \"none\"; },\n"
	"  { name = \"names.example\"; mail = \"none\"; },\n"
	"  { name = \"ed.example\"; mail = \"none\"; }\n"
	");\n";

static const char *const good = "webmail.good.example";
static const char *const names = "webmail.names.example";
static const char *const ed = "webmail.ed.example";

struct fixture {
	struct certbind_store *store;
	struct certbind_context *context;
};

static void open_fixture(struct fixture *fixture)
{
	struct certbind_error error;
	size_t i;

	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		counts[i].made = 0;
	if (certbind_store_open(
		    &fixture->store, scratch_write("certbind.conf", configuration), &error) < 0)
		fail_msg("%s:%d: %s", error.file, error.line, error.message);
	assert_int_equal(
		certbind_context_new(&fixture->context, fixture->store, "webmail", NULL), 0);
}

static void close_fixture(struct fixture *fixture)
{
	certbind_context_free(fixture->context);
	certbind_store_close(fixture->store);
}

static int serve(struct certbind_context *context, const char *host)
{
	const struct handshake_client client = { .server_name = host };
	struct handshake handshake;

	handshake_whole(&handshake, context, &client);
	return handshake.client_status;
}

static void expect_made(int wildcard_made, int names_made, int ed_made)
{
	assert_int_equal(counts[0].made, wildcard_made);
	assert_int_equal(counts[1].made, names_made);
	assert_int_equal(counts[2].made, ed_made);
}

static void what_was_not_used_goes_first(void **state)
{
	struct fixture fixture;

	(void)state;
	open_fixture(&fixture);
	expect_made(0, 0, 0); /* none before somebody asks */
	assert_int_equal(serve(fixture.context, good), 0);
	assert_int_equal(serve(fixture.context, names), 0);
	assert_int_equal(serve(fixture.context, good), 0);
	expect_made(1, 1, 0);
	/* The third has no room: `names` goes, for `good` was used after it. */
	assert_int_equal(serve(fixture.context, ed), 0);
	assert_int_equal(serve(fixture.context, good), 0);
	expect_made(1, 1, 1);
	/* And now `ed`, not `good`. */
	assert_int_equal(serve(fixture.context, names), 0);
	assert_int_equal(serve(fixture.context, good), 0);
	expect_made(1, 2, 1);
	assert_int_equal(serve(fixture.context, ed), 0);
	expect_made(1, 2, 2);
	close_fixture(&fixture);
}

/* What is given up goes on in the sessions that have it. */
static void a_session_keeps_what_it_has(void **state)
{
	const struct handshake_client client = { .server_name = good };
	struct handshake held;
	struct fixture fixture;

	(void)state;
	open_fixture(&fixture);
	handshake_begin(&held, fixture.context, &client);
	(void)gnutls_handshake(held.client);
	(void)gnutls_handshake(held.server);
	expect_made(1, 0, 0);
	assert_int_equal(serve(fixture.context, names), 0);
	assert_int_equal(serve(fixture.context, ed), 0);
	assert_int_equal(serve(fixture.context, good), 0);
	expect_made(2, 1, 1);
	handshake_run(&held);
	assert_int_equal(held.client_status, 0);
	assert_int_equal(held.server_status, 0);
	handshake_end(&held);
	close_fixture(&fixture);
}

/* A reload that changes nothing gives up nothing; a smaller cache_size counts at once. */
static void a_reload_keeps_what_is_made(void **state)
{
	static const char smaller[] = "cache_size = 1;";
	char text[sizeof(configuration)];
	struct fixture fixture;

	(void)state;
	open_fixture(&fixture);
	assert_int_equal(serve(fixture.context, good), 0);
	assert_int_equal(serve(fixture.context, names), 0);
	assert_int_equal(certbind_store_reload(fixture.store, NULL), 0);
	assert_int_equal(serve(fixture.context, good), 0);
	assert_int_equal(serve(fixture.context, names), 0);
	expect_made(1, 1, 0);
	memcpy(text, configuration, sizeof(text));
	memcpy(text, smaller, strlen(smaller));
	(void)scratch_write("certbind.conf", text);
	assert_int_equal(certbind_store_reload(fixture.store, NULL), 0);
	assert_int_equal(serve(fixture.context, names), 0);
	expect_made(1, 1, 0);
	assert_int_equal(serve(fixture.context, good), 0);
	expect_made(2, 1, 0);
	close_fixture(&fixture);
}

enum { CROWD = 100 };

struct crowd {
	struct certbind_context *context;
	pthread_barrier_t start;
	atomic_int served;
};

static void *crowd_member(void *data)
{
	struct crowd *crowd = data;

	(void)pthread_barrier_wait(&crowd->start);
	if (serve(crowd->context, good) == 0)
		atomic_fetch_add(&crowd->served, 1);
	return NULL;
}

static int crowd_served(struct certbind_context *context)
{
	struct crowd crowd = { .context = context };
	pthread_t threads[CROWD];
	size_t i;

	assert_int_equal(pthread_barrier_init(&crowd.start, NULL, CROWD), 0);
	is_slow = true;
	for (i = 0; i < CROWD; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, crowd_member, &crowd), 0);
	for (i = 0; i < CROWD; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	is_slow = false;
	(void)pthread_barrier_destroy(&crowd.start);
	return crowd.served;
}

static void a_hundred_threads_make_it_once(void **state)
{
	struct fixture fixture;

	(void)state;
	open_fixture(&fixture);
	assert_int_equal(crowd_served(fixture.context), CROWD);
	expect_made(1, 0, 0);
	close_fixture(&fixture);
}

/* Whoever could not make it serves the default instead; the next one that waits makes it. */
static void a_failed_maker_is_followed(void **state)
{
	struct fixture fixture;

	(void)state;
	open_fixture(&fixture);
	makes_that_fail = 1;
	assert_int_equal(crowd_served(fixture.context), CROWD);
	expect_made(2, 0, 0);
	assert_int_equal(counts[3].made, 1);
	close_fixture(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_not_used_goes_first),
		cmocka_unit_test(a_session_keeps_what_it_has),
		cmocka_unit_test(a_reload_keeps_what_is_made),
		cmocka_unit_test(a_hundred_threads_make_it_once),
		cmocka_unit_test(a_failed_maker_is_followed),
	};

	return cmocka_run_group_tests(tests, scratch_set_up, scratch_tear_down);
}
