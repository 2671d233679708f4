/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OWN_THREADS_H
#define OWN_THREADS_H

#include <pthread.h>
#include <stdatomic.h>

/*
 * The library's own threads: a program that is linked with -Wl,--wrap=pthread_create counts them,
 * can have none be had, and fails where one is started without its signals blocked.
 */
extern atomic_size_t own_threads_started;
extern atomic_bool own_threads_are_refused;

/* For the test's own. */
int __real_pthread_create(
	pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *data);

#endif
