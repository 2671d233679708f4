/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PARALLEL_H
#define PARALLEL_H

#include <stddef.h>

/*
 * Work on many independent items, on several cores. Design rule 9: the threads are the library's
 * own, have all signals blocked, and have ended when the call returns.
 */

enum { PARALLEL_WORKERS_MAX = 9 }; /* the caller's thread among them */

/* Does item `index`. Whoever has the same `worker`, from 0, never runs at the same time. */
typedef void parallel_func(void *data, size_t worker, size_t index);

/*
 * Does items 0 to length - 1, each once, in no order. Another thread is worth its start only for
 * `worth` items or more. Where no thread can be had, the caller's does all.
 */
void parallel_run(size_t length, size_t worth, parallel_func *work, void *data);

#endif
