/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLOCK_H
#define CLOCK_H

#include <certbind/store.h>
#include <stdatomic.h>
#include <pthread.h>

/*
 * The store's clock, held by whatever may outlive the store: sessions go on when it is closed, but
 * the caller's function and data must not be used any more then. Threads: any.
 */
struct clock_source {
	atomic_uint references;
	pthread_mutex_t lock;
	certbind_clock_func *func; /* NULL: time(2) */
	void *data;
};

struct clock_source *clock_source_new(void); /* NULL: memory, or no lock */
struct clock_source *clock_source_ref(struct clock_source *source);
void clock_source_unref(struct clock_source *source); /* NULL does nothing */

/* Replaces the function; when it returns, the former one is not running and will not be called. */
void clock_source_set(struct clock_source *source, certbind_clock_func *func, void *data);

/* In a fork's child: the thread that may have held the lock is not here. */
void clock_source_renew(struct clock_source *source);

time_t clock_source_now(struct clock_source *source);

#endif
