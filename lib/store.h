/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_H
#define STORE_H

#include "clock.h"
#include "snapshot.h"
#include <certbind/store.h>
#include <pthread.h>

/*
 * The one mutable object: which snapshot is current, and what outlives snapshots. Reference
 * counted: contexts hold it, and sessions hold contexts.
 */
struct certbind_store {
	atomic_uint references;
	struct clock_source *clock;
	struct der_pool *pool;
	struct bundle_cache *cache;
	pthread_mutex_t lock; /* of the two below; never held for long */
	struct snapshot *snapshot; /* NULL: nothing loaded */
	struct bundle *own; /* certbind's own self-signed certificate; NULL: not needed so far */
	pthread_mutex_t own_lock; /* one maker of it */
	pthread_mutex_t log_lock;
	certbind_log_func *log;
	void *log_data;
};

struct certbind_store *store_ref(struct certbind_store *store);
void store_unref(struct certbind_store *store); /* NULL does nothing */

/* The current snapshot, with a reference for the caller; NULL: nothing is loaded. */
struct snapshot *store_snapshot(struct certbind_store *store);

/* The self-signed certificate, with a reference for the caller; NULL: not made. */
struct bundle *store_own_bundle(struct certbind_store *store);

/* Makes it, or takes it from state_dir, when there is none yet. Writes to state_dir. */
int store_own_prepare(
	struct certbind_store *store, struct snapshot *snapshot, struct certbind_error *error);

void store_log(struct certbind_store *store, int level, const struct certbind_error *event);

/* Fills the public struct from what was selected. */
void store_selection(const struct snapshot_service *service, const struct snapshot_result *result,
	struct certbind_selection *selection);

#endif
