/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * While nothing happens there is no thread, and the descriptor is quiet; a change starts one. Where
 * none can be had, changes are taken later.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <certbind/certbind.h>
#include "own_threads.h"
#include "scratch.h"

static const char main_file[] =
	"certificates = ( { name = \"panel\"; chain = \"@PKI@/panel.pem\";\n"
	"                   key = \"@PKI@/panel.key\"; } );\n"
	"domains = ( { name = \"good.example\"; webmail = \"panel\"; mail = \"none\"; } );\n"
	"domains_dir = \".\";\n";

enum { WAITS = 300 /* of 100 ms: a loaded machine */ };

static int threads_before;

static int count_threads(void)
{
	DIR *dir = opendir("/proc/self/task");
	const struct dirent *entry;
	int count = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
		count += entry->d_name[0] != '.';
	(void)closedir(dir);
	return count;
}

static void await_no_thread(void)
{
	int i;

	for (i = 0; i < WAITS && count_threads() > threads_before; i++)
		(void)poll(NULL, 0, 100);
	assert_int_equal(count_threads(), threads_before);
}

static void *do_nothing(void *data)
{
	return data;
}

/* Opens what is served. A sanitizer starts a thread of its own with the first one. */
static struct certbind_store *begin(void)
{
	struct certbind_store *store;
	pthread_t thread;

	atomic_store(&own_threads_are_refused, false);
	assert_int_equal(__real_pthread_create(&thread, NULL, do_nothing, NULL), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(
		certbind_store_open(&store, scratch_write("main.cfg", main_file), NULL), 0);
	threads_before = count_threads();
	return store;
}

static bool is_served(struct certbind_store *store, const char *host)
{
	struct certbind_selection selection;

	assert_int_equal(certbind_store_select(store, "webmail", host, &selection, NULL), 0);
	return selection.rule == CERTBIND_RULE_EXACT;
}

static bool is_readable(int fd, int milliseconds)
{
	struct pollfd waiting = { .fd = fd, .events = POLLIN };

	return poll(&waiting, 1, milliseconds) > 0;
}

/*
 * Serves the descriptor until it is quiet. What other programs do in /tmp is an event, too, but
 * starts no thread.
 */
static void await_quiet(struct certbind_store *store, int fd)
{
	size_t before = own_threads_started;
	int i;

	for (i = 0; i < WAITS && is_readable(fd, 100); i++)
		assert_int_equal(certbind_store_dispatch(store, NULL), 0);
	assert_true(i < WAITS);
	assert_int_equal(own_threads_started, before);
	assert_int_equal(count_threads(), threads_before);
}

/* Serves the descriptor until the host is served. */
static void serve_until(struct certbind_store *store, int fd, const char *host)
{
	int i;

	for (i = 0; i < WAITS && !is_served(store, host); i++) {
		(void)is_readable(fd, 100);
		assert_int_equal(certbind_store_dispatch(store, NULL), 0);
	}
	assert_true(is_served(store, host));
}

static void idle_has_no_thread(void **state)
{
	struct certbind_store *store = begin();
	int fd = certbind_store_fd(store);
	int i;

	(void)state;
	assert_true(fd >= 0);
	assert_true(count_threads() > threads_before);
	await_no_thread();
	await_quiet(store, fd);
	for (i = 0; i < 3; i++) {
		char file[64], host[64];
		size_t before = own_threads_started;

		(void)snprintf(file, sizeof(file), "new%d.example.conf", i);
		(void)snprintf(host, sizeof(host), "webmail.new%d.example", i);
		(void)scratch_write(file, "webmail = \"panel\";\n");
		serve_until(store, fd, host);
		await_no_thread();
		await_quiet(store, fd);
		assert_in_range(own_threads_started - before, 1, 3);
	}
	certbind_store_close(store);
}

/* An editor writes beside the files that are read. */
static void what_does_not_matter_starts_no_thread(void **state)
{
	struct certbind_store *store = begin();
	int fd = certbind_store_fd(store);
	char text[64];
	int i;

	(void)state;
	await_no_thread();
	await_quiet(store, fd);
	(void)snprintf(text, sizeof(text), "%d", getpid());
	for (i = 0; i < 5; i++) {
		(void)scratch_write(".swap", text);
		assert_true(is_readable(fd, WAITS * 100));
		await_quiet(store, fd);
	}
	certbind_store_close(store);
}

static void changes_wait_for_a_thread(void **state)
{
	struct certbind_store *store = begin();
	struct certbind_error error = { .status = 0 };
	int fd = certbind_store_fd(store);
	int failures = 0;
	int i;

	(void)state;
	await_no_thread();
	atomic_store(&own_threads_are_refused, true);
	(void)scratch_write("late.example.conf", "webmail = \"panel\";\n");
	for (i = 0; i < 20; i++) {
		(void)is_readable(fd, 100);
		failures += certbind_store_dispatch(store, &error) == CERTBIND_E_SYSTEM;
	}
	assert_in_range(failures, 1, 3); /* tried once a second */
	assert_non_null(strstr(error.message, "no thread can be had"));
	atomic_store(&own_threads_are_refused, false);
	serve_until(store, fd, "webmail.late.example");
	certbind_store_close(store);
}

/* What was built waits for the daemon after its thread has ended, and is freed by whoever can. */
static void what_was_built_outlives_its_thread(void **state)
{
	struct certbind_store *store = begin();
	int fd = certbind_store_fd(store);

	(void)state;
	await_no_thread();
	(void)scratch_write("kept.example.conf", "webmail = \"panel\";\n");
	while (count_threads() == threads_before) {
		assert_true(is_readable(fd, WAITS * 100));
		assert_int_equal(certbind_store_dispatch(store, NULL), 0);
	}
	await_no_thread();
	assert_false(is_served(store, "webmail.kept.example"));
	atomic_store(&own_threads_are_refused, true);
	assert_int_equal(certbind_store_dispatch(store, NULL), 0);
	assert_true(is_served(store, "webmail.kept.example"));
	await_quiet(store, fd);
	certbind_store_close(store);
}

static void the_first_thread_may_be_asked_for_again(void **state)
{
	struct certbind_store *store = begin();
	int fd;

	(void)state;
	atomic_store(&own_threads_are_refused, true);
	assert_int_equal(certbind_store_fd(store), CERTBIND_E_SYSTEM);
	atomic_store(&own_threads_are_refused, false);
	fd = certbind_store_fd(store);
	assert_true(fd >= 0);
	await_no_thread();
	(void)scratch_write("again.example.conf", "webmail = \"panel\";\n");
	serve_until(store, fd, "webmail.again.example");
	certbind_store_close(store);
}

/*
 * A child has the parent's descriptor, and leaves what it tells to the parent. The child ends by a
 * signal: at an exit, a sanitizer looks for what belongs to the parent.
 */
static void a_child_takes_no_event_away(void **state)
{
	struct certbind_store *store = begin();
	int fd = certbind_store_fd(store);
	int status;
	pid_t child;

	(void)state;
	await_no_thread();
	(void)scratch_write("child.example.conf", "webmail = \"panel\";\n");
	assert_true(is_readable(fd, WAITS * 100));
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		bool is_right = certbind_store_dispatch(store, NULL) == 0 &&
				!is_served(store, "webmail.child.example");

		(void)raise(is_right ? SIGTERM : SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
	assert_true(is_readable(fd, 0));
	serve_until(store, fd, "webmail.child.example");
	certbind_store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(idle_has_no_thread),
		cmocka_unit_test(what_does_not_matter_starts_no_thread),
		cmocka_unit_test(changes_wait_for_a_thread),
		cmocka_unit_test(what_was_built_outlives_its_thread),
		cmocka_unit_test(the_first_thread_may_be_asked_for_again),
		cmocka_unit_test(a_child_takes_no_event_away),
	};

	return cmocka_run_group_tests(tests, scratch_set_up, scratch_tear_down);
}
