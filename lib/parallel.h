/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PARALLEL_H
#define PARALLEL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

/*
 * Work on many independent items, on several cores. Design rule 9: the threads are the library's
 * own, have all signals blocked, and have ended when the call that began them, or ends them, returns.
 */

enum { PARALLEL_WORKERS_MAX = 9 }; /* the caller's thread among them */

/* Does item `index`. Whoever has the same `worker`, from 0, never runs at the same time. */
typedef void parallel_func(void *data, size_t worker, size_t index);

/*
 * Does items 0 to length - 1, each once, in no order. Another thread is worth its start only for
 * `worth` items or more. Where no thread can be had, the caller's does all.
 */
void parallel_run(size_t length, size_t worth, parallel_func *work, void *data);

/* The same in two parts, between which the caller's thread has other things to do. */
struct parallel {
	parallel_func *work;
	void *data;
	size_t length;
	atomic_size_t next;
	atomic_size_t workers; /* numbers that are given away; 0 is the caller's */
	pthread_t threads[PARALLEL_WORKERS_MAX - 1];
	size_t started;
};
void parallel_begin(
	struct parallel *job, size_t length, size_t worth, parallel_func *work, void *data);
void parallel_end(struct parallel *job); /* does what is left, too */
/* Lets what nobody has begun be; parallel_end() follows. */
void parallel_cancel(struct parallel *job);

#endif
