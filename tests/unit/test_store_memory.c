/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every allocation of the library's own fails once: in a load, in a reload, while a context and a
 * session are made, in a handshake. What comes of it is success or CERTBIND_E_MEMORY; nothing is
 * lost, what was in service stays, and the next try goes well.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "checker.h"
#include "failing_memory.h"
#include "handshake.h"
#include "scratch.h"

static const char configuration[] =
	"state_dir = \"state\";\n"
	"cache_size = 1;\n"
	"trust_file = \"@PKI@/ca.pem\";\n"
	"services = ( { name = \"webmail\"; default = \"panel\"; alpn = [ \"http/1.1\" ]; },\n"
	"  { name = \"mail\"; shared_hosts = [ \"mail.provider.example\" ]; } );\n"
	"certificates = (\n"
	"  { name = \"panel\"; chain = \"@PKI@/panel.pem\"; key = \"@PKI@/panel.key\"; },\n"
	"  { name = \"site\"; chain = \"site.pem\"; key = \"site.key\"; },\n"
	"  { name = \"both\"; pairs = (\n"
	"    { chain = \"@PKI@/ecdsa.pem\"; key = \"@PKI@/ecdsa.key\"; },\n"
	"    { chain = \"@PKI@/rsa.pem\"; key = \"@PKI@/rsa.key\"; } ); }\n"
	");\n"
	"certificate_dirs = [ \"live\" ];\n"
	"domains = (\n"
	"  { name = \"good.example\"; webmail = \"site\"; },\n"
	"  { name = \"both.example\"; mail = \"none\"; }\n"
	");\n"
	"domains_dir = \"domains.d\";\n";

static const char *const good = "webmail.good.example";
static const char *const both = "webmail.both.example";

static time_t test_clock(void *data)
{
	(void)data;
	return 1780272000; /* 2026-06-01 */
}

/* The certificate and key of good.example. */
static void put(const char *name)
{
	char command[1024];

	(void)snprintf(command, sizeof(command),
		"cat '%s/%s.pem' > '%s/site.pem'; cat '%s/%s.key' > '%s/site.key'", getenv("PKI"),
		name, scratch_path(), getenv("PKI"), name, scratch_path());
	assert_int_equal(system(command), 0);
}

static const char *prepare(void)
{
	char command[1024];

	(void)snprintf(command, sizeof(command),
		"cd '%s' && rm -rf state live domains.d && mkdir live domains.d && "
		"ln -s '%s/names.pem' live/names.crt && ln -s '%s/names.key' live/names.key && "
		"echo 'mail = \"none\";' > domains.d/names.example.conf",
		scratch_path(), getenv("PKI"), getenv("PKI"));
	assert_int_equal(system(command), 0);
	put("wildcard");
	return scratch_write("certbind.conf", configuration);
}

static const char *serve(struct certbind_context *context, const char *host)
{
	static struct handshake handshake;
	const struct handshake_client client = { .server_name = host };

	handshake_whole(&handshake, context, &client);
	assert_int_equal(handshake.client_status, 0);
	assert_int_equal(handshake.server_status, 0);
	return handshake.subject;
}

static struct certbind_store *open_store(const char *path)
{
	struct certbind_store *store;

	assert_int_equal(certbind_store_new(&store), 0);
	certbind_store_set_clock(store, test_clock, NULL);
	assert_int_equal(certbind_store_load(store, path, NULL), 0);
	return store;
}

static struct certbind_context *new_context(struct certbind_store *store, const char *service)
{
	struct certbind_context *context;

	assert_int_equal(certbind_context_new(&context, store, service, NULL), 0);
	return context;
}

/* Was anything let fail? Only then may the status be that of exhausted memory. */
static bool judge(int status)
{
	bool has_failed = memory_has_failed();

	memory_fail_at(0);
	if (status != CERTBIND_OK) {
		assert_true(has_failed);
		assert_int_equal(status, CERTBIND_E_MEMORY);
	}
	return has_failed;
}

static void tell(const char *what, size_t allocations, size_t refused)
{
	print_message("%s: %zu allocations, %zu refused\n", what, allocations, refused);
	assert_true(allocations > 2);
}

static void a_load_survives(void **state)
{
	const char *path = prepare();
	size_t stride = checker_stride(23);
	size_t live = memory_live();
	size_t refused = 0;
	size_t n;

	(void)state;
	for (n = 1;; n += stride) {
		struct certbind_store *store = NULL;
		struct certbind_context *context;
		struct certbind_error error;
		bool has_failed;
		int status;

		memory_fail_at(n);
		status = certbind_store_new(&store);
		if (status == CERTBIND_OK) {
			certbind_store_set_clock(store, test_clock, NULL);
			status = certbind_store_load(store, path, &error);
		}
		has_failed = judge(status);
		refused += status < 0;
		if (status < 0 && store != NULL)
			assert_int_equal(certbind_store_load(store, path, NULL), 0);
		if (store != NULL) {
			context = new_context(store, "webmail");
			assert_string_equal(serve(context, good), "*.good.example");
			certbind_context_free(context);
			certbind_store_close(store);
		}
		assert_int_equal(memory_live(), live);
		if (!has_failed)
			break;
	}
	tell("load", n - 1, refused);
}

static void a_reload_survives(void **state)
{
	static const char *const files[] = { "wildcard", "exact" };
	static const char *const subjects[] = { "*.good.example", "webmail.good.example" };
	const char *path = prepare();
	size_t stride = checker_stride(23);
	size_t live = memory_live();
	struct certbind_store *store = open_store(path);
	struct certbind_context *context = new_context(store, "webmail");
	struct certbind_context *mail = new_context(store, "mail");
	size_t refused = 0;
	unsigned int turn = 0;
	bool has_failed = true;
	size_t n;

	(void)state;
	for (n = 1; has_failed; n += stride) {
		int status;

		turn ^= 1;
		put(files[turn]);
		memory_fail_at(n);
		status = certbind_store_reload(store, NULL);
		has_failed = judge(status);
		refused += status < 0;
		/* What was in service, or the new, as the status says. */
		assert_string_equal(serve(context, good), subjects[status < 0 ? turn ^ 1 : turn]);
		assert_string_equal(serve(context, both), both);
		assert_int_equal(certbind_store_reload(store, NULL), 0);
		assert_string_equal(serve(context, good), subjects[turn]);
	}
	certbind_context_free(mail);
	certbind_context_free(context);
	certbind_store_close(store);
	assert_int_equal(memory_live(), live);
	tell("reload", n - stride - 1, refused);
}

/* A context that needs certbind's own certificate: once it is made and kept, then it is read. */
static void a_context_survives(void **state)
{
	const char *path = prepare();
	size_t live = memory_live();
	int round;

	(void)state;
	for (round = 0; round < 2; round++) {
		struct certbind_store *store = open_store(path);
		struct certbind_context *context;
		size_t refused = 0;
		bool has_failed = true;
		size_t n;

		for (n = 1; has_failed; n++) {
			int status;

			memory_fail_at(n);
			status = certbind_context_new(&context, store, "mail", NULL);
			has_failed = judge(status);
			refused += status < 0;
			if (status < 0)
				assert_null(context);
			certbind_context_free(context);
		}
		context = new_context(store, "mail");
		(void)serve(context, "mail.provider.example");
		certbind_context_free(context);
		certbind_store_close(store);
		assert_int_equal(memory_live(), live);
		tell(round == 0 ? "context, its certificate made" : "context, and read", n - 2,
			refused);
	}
}

static void a_session_survives(void **state)
{
	struct certbind_store *store = open_store(prepare());
	struct certbind_context *context = new_context(store, "webmail");
	size_t live = memory_live();
	bool has_failed = true;
	size_t n;

	(void)state;
	for (n = 1; has_failed; n++) {
		gnutls_session_t session;
		int status;

		memory_fail_at(n);
		status = certbind_context_session(context, 0, &session, NULL);
		has_failed = judge(status);
		if (status < 0)
			assert_null(session);
		else
			gnutls_deinit(session);
		assert_int_equal(memory_live(), live);
	}
	assert_true(n > 2);
	certbind_context_free(context);
	certbind_store_close(store);
}

/*
 * Where credentials can't be made, the default is served; where not even that is possible, the
 * client is told. False: nothing failed any more.
 */
static bool handshake_survives(struct certbind_context *context, size_t n, size_t *refused)
{
	const struct handshake_client client = { .server_name = good };
	struct handshake handshake;
	bool has_failed;

	handshake_begin(&handshake, context, &client);
	memory_fail_at(n);
	handshake_run(&handshake);
	has_failed = judge(CERTBIND_OK);
	handshake_end(&handshake);
	if (handshake.server_status < 0) {
		assert_true(has_failed);
		assert_true(handshake.alert >= 0);
		(*refused)++;
		return true;
	}
	assert_int_equal(handshake.client_status, 0);
	assert_string_equal(handshake.subject, strcmp(handshake.selection.certificate, "panel") == 0
						       ? "panel.provider.example"
						       : "*.good.example");
	assert_true(has_failed || strcmp(handshake.selection.certificate, "site") == 0);
	return has_failed;
}

/* The cache holds one, so that each handshake makes its credentials. */
static void a_handshake_survives(void **state)
{
	struct certbind_store *store = open_store(prepare());
	struct certbind_context *context = new_context(store, "webmail");
	size_t live;
	size_t refused = 0;
	bool has_failed = true;
	size_t n;

	(void)state;
	/* What was asked for once has a bundle from then on, the default too. */
	assert_string_equal(serve(context, "nobody.example"), "panel.provider.example");
	assert_string_equal(serve(context, good), "*.good.example");
	assert_string_equal(serve(context, both), both);
	live = memory_live();
	for (n = 1; has_failed; n++) {
		has_failed = handshake_survives(context, n, &refused);
		assert_string_equal(serve(context, good), "*.good.example");
		assert_string_equal(serve(context, both), both);
		assert_int_equal(memory_live(), live);
	}
	certbind_context_free(context);
	certbind_store_close(store);
	tell("handshake", n - 2, refused);
}

/* What GnuTLS can't use: it is told where that is configured. */
static void note_unusable(void *data, int level, const struct certbind_error *event)
{
	size_t *count = data;

	(void)level;
	if (strstr(event->message, "can't use it") == NULL)
		return;
	assert_non_null(strstr(event->file, "/certbind.conf"));
	assert_int_equal(event->line, strstr(event->message, "\"panel\"") != NULL ? 7 : 8);
	(*count)++;
}

static void a_first_handshake_survives(void **state)
{
	const char *path = prepare();
	size_t unusable = 0;
	size_t live = memory_live();
	size_t refused = 0;
	bool has_failed = true;
	size_t n;

	(void)state;
	for (n = 1; has_failed; n++) {
		struct certbind_store *store = open_store(path);
		struct certbind_context *context = new_context(store, "webmail");

		certbind_store_set_log(store, note_unusable, &unusable);
		has_failed = handshake_survives(context, n, &refused);
		assert_string_equal(serve(context, good), "*.good.example");
		certbind_context_free(context);
		certbind_store_close(store);
		assert_int_equal(memory_live(), live);
	}
	tell("first handshake", n - 2, refused);
	assert_true(unusable > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_load_survives),
		cmocka_unit_test(a_reload_survives),
		cmocka_unit_test(a_context_survives),
		cmocka_unit_test(a_session_survives),
		cmocka_unit_test(a_handshake_survives),
		cmocka_unit_test(a_first_handshake_survives),
	};

	return cmocka_run_group_tests(tests, scratch_set_up, scratch_tear_down);
}
