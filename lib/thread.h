/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef THREAD_H
#define THREAD_H

#include <pthread.h>
#include <stdbool.h>

/*
 * Starts a thread of the library's own: the daemon's signals are for its own threads, so all are
 * blocked. False: none can be had. The caller joins it.
 */
bool thread_start(pthread_t *thread, void *(*run)(void *), void *data);

/*
 * Runs it to its end in a thread of its own; where none can be had, here. malloc(3) gives each
 * thread an arena: what stays, and the holes between, are not in the caller's, where they would
 * make each of its later allocations look further.
 */
void thread_run_apart(void (*run)(void *), void *data);

#endif
