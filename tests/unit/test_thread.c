/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Threads of the library's own, and what work that is done apart leaves in the caller's heap. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>
#include <certbind/certbind.h>
#include "own_threads.h"
#include "scratch.h"
#include "thread.h"

enum { PIECES = 20000, PIECE_SIZE = 100 /* bytes */ };

struct work {
	pthread_t thread;
	sigset_t blocked;
	void *pieces[PIECES];
};

static void do_work(void *data)
{
	struct work *work = data;
	size_t i;

	work->thread = pthread_self();
	(void)pthread_sigmask(SIG_SETMASK, NULL, &work->blocked);
	for (i = 0; i < PIECES; i++)
		work->pieces[i] = malloc(PIECE_SIZE);
}

/* How much the heap that the caller's own allocations come from has grown meanwhile; bytes. */
static intptr_t run_apart(struct work *work)
{
	char *before = sbrk(0);
	char *after;
	size_t i;

	thread_run_apart(do_work, work);
	after = sbrk(0);
	for (i = 0; i < PIECES; i++) {
		assert_non_null(work->pieces[i]);
		free(work->pieces[i]);
	}
	return after - before;
}

static struct work work;

static void apart_is_another_thread(void **state)
{
	(void)state;
	assert_true(run_apart(&work) < 500000);
	assert_false(pthread_equal(work.thread, pthread_self()));
	assert_int_equal(sigismember(&work.blocked, SIGTERM), 1);
	assert_int_equal(sigismember(&work.blocked, SIGINT), 1);
}

static void without_threads_it_is_done_here(void **state)
{
	(void)state;
	atomic_store(&own_threads_are_refused, true);
	(void)run_apart(&work);
	atomic_store(&own_threads_are_refused, false);
	assert_true(pthread_equal(work.thread, pthread_self()));
	assert_int_equal(sigismember(&work.blocked, SIGTERM), 0);
}

/* The certificates that the system trusts alone take more than that to read. */
static const char main_file[] =
	"certificates = ( { name = \"panel\"; chain = \"@PKI@/panel.pem\";\n"
	"                   key = \"@PKI@/panel.key\"; } );\n"
	"domains = ( { name = \"good.example\"; webmail = \"panel\"; mail = \"none\"; } );\n"
	"trust_file = \"/etc/ssl/certs/ca-certificates.crt\";\n";

static void a_load_stays_out_of_the_callers_heap(void **state)
{
	const char *path = scratch_write("main.cfg", main_file);
	struct certbind_store *store;
	char *before = sbrk(0);
	char *after;

	(void)state;
	assert_int_equal(certbind_store_open(&store, path, NULL), 0);
	assert_int_equal(certbind_store_reload(store, NULL), 0);
	after = sbrk(0);
	assert_true(after - before < 200000); /* it may be trimmed */
	certbind_store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_load_stays_out_of_the_callers_heap),
		cmocka_unit_test(apart_is_another_thread),
		cmocka_unit_test(without_threads_it_is_done_here),
	};

	return cmocka_run_group_tests(tests, scratch_set_up, scratch_tear_down);
}
