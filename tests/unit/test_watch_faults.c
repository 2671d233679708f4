/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where files can't be watched, or events are lost, changes are found by looking every poll_interval
 * seconds; the log is told once. What could not be read for a moment is read again.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <time.h>
#include "fault.h"
#include "handshake.h"
#include "scratch.h"

static const char configuration[] =
	"poll_interval = 1;\n"
	"trust_file = \"@PKI@/ca.pem\";\n"
	"services = ( { name = \"webmail\"; default = \"panel\"; } );\n"
	"certificates = (\n"
	"  { name = \"panel\"; chain = \"@PKI@/panel.pem\"; key = \"@PKI@/panel.key\"; },\n"
	"  { name = \"site\"; chain = \"live/site.pem\"; key = \"live/site.key\"; }\n"
	");\n"
	"domains = ( { name = \"good.example\"; webmail = \"site\"; mail = \"none\"; } );\n";

static const char *const host = "webmail.good.example";

/* What the log was told, by the reading thread too. */
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static char log_text[16384];

static void keep_log(void *data, int level, const struct certbind_error *event)
{
	size_t length;

	(void)data;
	(void)level;
	(void)pthread_mutex_lock(&log_lock);
	length = strlen(log_text);
	(void)snprintf(log_text + length, sizeof(log_text) - length, "%s\n", event->message);
	(void)pthread_mutex_unlock(&log_lock);
}

static int count_told(const char *words)
{
	const char *at;
	int count = 0;

	(void)pthread_mutex_lock(&log_lock);
	for (at = log_text; (at = strstr(at, words)) != NULL; at++)
		count++;
	(void)pthread_mutex_unlock(&log_lock);
	return count;
}

/* Copies a certificate and its key in place. */
static void put(const char *name)
{
	char command[1024];

	(void)snprintf(command, sizeof(command),
		"mkdir -p '%s/live' && cd '%s/live' && cat '%s/%s.pem' > site.pem && "
		"cat '%s/%s.key' > site.key",
		scratch_path(), scratch_path(), getenv("PKI"), name, getenv("PKI"), name);
	assert_int_equal(system(command), 0);
}

static const char *serve(struct certbind_context *context)
{
	static struct handshake handshake;
	const struct handshake_client client = { .server_name = host };

	handshake_whole(&handshake, context, &client);
	assert_int_equal(handshake.client_status, 0);
	return handshake.subject;
}

/* Serves the events of so many milliseconds, or until the client gets what is expected. */
static int await(struct certbind_store *store, struct certbind_context *context,
	const char *subject, int milliseconds)
{
	struct pollfd fd = { .fd = certbind_store_fd(store), .events = POLLIN };
	int waited;

	assert_true(fd.fd >= 0);
	for (waited = 0; waited < milliseconds; waited += 100) {
		if (subject != NULL && strcmp(serve(context), subject) == 0)
			return 1;
		(void)poll(&fd, 1, 100);
		if (fd.revents != 0)
			(void)certbind_store_dispatch(store, NULL);
	}
	return subject != NULL && strcmp(serve(context), subject) == 0;
}

enum { LONG = 15000 /* ms: a poll_interval, and what a loaded machine adds */ };

static void begin(struct certbind_store **store, struct certbind_context **context)
{
	put("wildcard");
	log_text[0] = '\0';
	assert_int_equal(certbind_store_new(store), 0);
	certbind_store_set_log(*store, keep_log, NULL);
	assert_int_equal(
		certbind_store_load(*store, scratch_write("certbind.conf", configuration), NULL),
		0);
	assert_int_equal(certbind_context_new(context, *store, "webmail", NULL), 0);
}

static void end(struct certbind_store *store, struct certbind_context *context)
{
	fault_set(NULL, 0, 0);
	certbind_context_free(context);
	certbind_store_close(store);
}

/* Two renewals, and a pause in which nothing is told again. */
static void expect_polling(
	struct certbind_store *store, struct certbind_context *context, const char *words)
{
	assert_int_equal(await(store, context, "*.good.example", LONG), 1);
	put("exact");
	assert_int_equal(await(store, context, "webmail.good.example", LONG), 1);
	(void)await(store, context, NULL, 1500);
	put("wildcard");
	assert_int_equal(await(store, context, "*.good.example", LONG), 1);
	if (count_told(words) != 1 || count_told("looked at every 1 s") != 1)
		fail_msg("\"%s\" is not told once: %s", words, log_text);
}

static void no_watch_can_be_had(void **state)
{
	struct certbind_store *store;
	struct certbind_context *context;

	(void)state;
	begin(&store, &context);
	fault_set("inotify_add_watch", FAULT_EVERY, ENOSPC);
	expect_polling(store, context, "can't be watched: No space left on device");
	end(store, context);
}

static void no_inotify_can_be_had(void **state)
{
	struct certbind_store *store;
	struct certbind_context *context;

	(void)state;
	begin(&store, &context);
	fault_set("inotify_init", FAULT_EVERY, EMFILE);
	expect_polling(store, context, "inotify can't be had");
	end(store, context);
}

static void expect_no_look(struct certbind_store *store, struct certbind_context *context)
{
	fault_set("open", FAULT_EVERY, EIO);
	fault_set_path("certbind.conf");
	(void)await(store, context, NULL, 1500);
	assert_null(fault_path());
}

/* With everything watched nothing is told, and nothing is looked at in vain. */
static void nothing_is_told_of_watching(void **state)
{
	struct certbind_store *store;
	struct certbind_context *context;

	(void)state;
	begin(&store, &context);
	assert_true(certbind_store_fd(store) >= 0);
	(void)await(store, context, NULL, 1000);
	put("exact");
	assert_int_equal(await(store, context, "webmail.good.example", LONG), 1);
	assert_string_equal(log_text, "");
	expect_no_look(store, context);
	end(store, context);
}

static void lost_events_cost_nothing(void **state)
{
	struct certbind_store *store;
	struct certbind_context *context;
	int i;

	(void)state;
	begin(&store, &context);
	assert_true(certbind_store_fd(store) >= 0);
	(void)await(store, context, NULL, 1000);
	for (i = 0; i < 2; i++) {
		fault_lose_events();
		put(i % 2 == 0 ? "exact" : "wildcard");
		assert_int_equal(
			await(store, context,
				i % 2 == 0 ? "webmail.good.example" : "*.good.example", LONG),
			1);
		(void)await(store, context, NULL, 1500);
	}
	if (count_told("queue of events") != 1)
		fail_msg("not told once: %s", log_text);
	/* A look has been made since: there is no need of more. */
	expect_no_look(store, context);
	end(store, context);
}

/* A moment without descriptors: no event tells when it is over. */
static void what_can_t_be_read_is_read_again(void **state)
{
	struct certbind_store *store;
	struct certbind_context *context;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		begin(&store, &context);
		assert_true(certbind_store_fd(store) >= 0);
		(void)await(store, context, NULL, 1000);
		fault_set("open", FAULT_EVERY, i == 0 ? EMFILE : EIO);
		if (i == 1) /* of the certificate's files alone */
			fault_set_path("site.key");
		put("exact");
		(void)await(store, context, NULL, 1500);
		assert_non_null(fault_path());
		assert_string_equal(serve(context), "*.good.example");
		fault_set(NULL, 0, 0);
		assert_int_equal(await(store, context, "webmail.good.example", LONG), 1);
		end(store, context);
	}
}

/* Needs the right to mount. What is mounted over the place later is found. */
static void an_unmounted_file_system_comes_again(void **state)
{
	struct certbind_store *store;
	struct certbind_context *context;
	char place[512];

	(void)state;
	(void)snprintf(place, sizeof(place), "%s/live", scratch_path());
	put("wildcard");
	if (mount("tmpfs", place, "tmpfs", 0, "size=1m") != 0) {
		print_message("a file system can't be mounted: %s\n", strerror(errno));
		skip();
	}
	begin(&store, &context);
	assert_true(certbind_store_fd(store) >= 0);
	(void)await(store, context, NULL, 1000);
	assert_int_equal(umount2(place, MNT_DETACH), 0);
	(void)await(store, context, NULL, 1500);
	assert_int_equal(mount("tmpfs", place, "tmpfs", 0, "size=1m"), 0);
	put("exact");
	assert_int_equal(await(store, context, "webmail.good.example", LONG), 1);
	end(store, context);
	assert_int_equal(umount2(place, MNT_DETACH), 0);
	if (count_told("is not mounted any more") != 1)
		fail_msg("not told once: %s", log_text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_watch_can_be_had),
		cmocka_unit_test(no_inotify_can_be_had),
		cmocka_unit_test(nothing_is_told_of_watching),
		cmocka_unit_test(lost_events_cost_nothing),
		cmocka_unit_test(what_can_t_be_read_is_read_again),
		cmocka_unit_test(an_unmounted_file_system_comes_again),
	};

	return cmocka_run_group_tests(tests, scratch_set_up, scratch_tear_down);
}
