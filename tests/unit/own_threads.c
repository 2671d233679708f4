/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "own_threads.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>

atomic_size_t own_threads_started;
atomic_bool own_threads_are_refused;

int __wrap_pthread_create(
	pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *data);
int __wrap_pthread_create(
	pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *data)
{
	sigset_t blocked;

	assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &blocked), 0);
	assert_int_equal(sigismember(&blocked, SIGTERM), 1);
	if (atomic_load(&own_threads_are_refused))
		return EAGAIN;
	atomic_fetch_add(&own_threads_started, 1);
	return __real_pthread_create(thread, attributes, start, data);
}
