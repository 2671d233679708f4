/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_H
#define STORE_H

#include "clock.h"
#include "snapshot.h"
#include <certbind/store.h>
#include <pthread.h>
#include <sys/types.h>

/* What is to be told to the log, in order. */
struct store_events {
	struct store_event {
		int level;
		struct certbind_error error;
	} * items;
	size_t length;
};

/* Why the last reload was refused: the former snapshot goes on. Reference counted, immutable. */
struct store_refusal {
	atomic_uint references;
	struct certbind_error error;
};

/* What one reading of the configuration brought. */
struct store_build {
	struct snapshot *snapshot; /* NULL: refused */
	struct store_refusal *refusal; /* why; NULL: not refused */
	struct store_events events; /* everything that is wrong now */
	bool is_changed; /* is there anything in it that the former snapshot has not? */
	bool has_failed; /* a file that is there could not be read: no event tells when it can be */
};

struct store_watcher;

/*
 * The one mutable object: which snapshot is current, and what outlives snapshots. Reference
 * counted: contexts hold it, and sessions hold contexts.
 */
struct certbind_store {
	atomic_uint references;
	struct clock_source *clock;
	struct der_pool *pool;
	struct bundle_cache *cache;
	struct der *ticket_key; /* secret: for session tickets while no file gives one */

	pthread_mutex_t lock; /* of the next six; never held for long */
	struct snapshot *snapshot; /* NULL: nothing loaded */
	struct bundle *own; /* certbind's own self-signed certificate; NULL: not needed so far */
	struct store_refusal *refusal; /* NULL: the last reading was fine */
	struct store_build
		*pending; /* built by the watcher, to be published by dispatch; NULL: none */
	struct store_served {
		char *service; /* that a context was made for */
		struct snapshot
			*kept; /* the last that had it, when the current one has not; NULL */
	} * served;
	size_t served_length;

	pthread_mutex_t build_lock; /* one builder; taken before publish_lock */
	char *config_path; /* set by load */
	pthread_mutex_t publish_lock; /* one publisher; of the next three */
	struct table told; /* what was wrong at the last reading, as it was told to the log */
	char **told_keys;
	size_t told_length;

	pthread_mutex_t own_lock; /* one maker of it */
	pthread_mutex_t log_lock;
	certbind_log_func *log;
	void *log_data;
	struct store_watcher *watcher; /* NULL: nobody asked for the descriptor */
};

struct certbind_store *store_ref(struct certbind_store *store);
void store_unref(struct certbind_store *store); /* NULL does nothing */

/* The current snapshot, with a reference for the caller; NULL: nothing is loaded. */
struct snapshot *store_snapshot(struct certbind_store *store);

/* The master key of session tickets, with a reference for the caller; NULL: there is none. */
struct der *store_ticket_key(struct certbind_store *store);

/* Why the last reload was refused, with a reference for the caller; NULL: it was not. */
struct store_refusal *store_refusal(struct certbind_store *store);
void store_refusal_unref(struct store_refusal *refusal); /* NULL does nothing */

/* The self-signed certificate, with a reference for the caller; NULL: not made. */
struct bundle *store_own_bundle(struct certbind_store *store);

/*
 * Makes it, takes it from state_dir, or renews it before it ends. Writes to state_dir.
 */
int store_own_prepare(
	struct certbind_store *store, struct snapshot *snapshot, struct certbind_error *error);

/* Remembers that a context of the service was made. CERTBIND_OK or CERTBIND_E_MEMORY. */
int store_note_served(struct certbind_store *store, const char *service);

/*
 * The snapshot that a context of the service goes by, with a reference for the caller: the current
 * one, or the last one that had the service.
 */
struct snapshot *store_service_snapshot(
	struct certbind_store *store, const char *name, struct snapshot_service **service);

/* Before `next` is put into service: remembers what it lacks. The caller has the lock. */
void store_keep_services(struct certbind_store *store, const struct snapshot *next);

/* Is there one that wants to be renewed? */
bool store_own_is_ending(struct certbind_store *store);

void store_log(struct certbind_store *store, int level, const struct certbind_error *event);

/*
 * store_build.c: reads what has changed since `former`, which it replaces (NULL: nothing), was
 * read; `changes` NULL: looks at everything. The caller has build_lock. store_build_free() gives
 * back what was not published.
 */
int store_build(struct certbind_store *store, struct snapshot *former,
	const struct changes *changes, struct store_build **build, struct certbind_error *error);
void store_build_free(struct store_build *build); /* NULL does nothing */
/*
 * Looks at everything, for a caller that has allocations of its own to make: out of their way
 * (thread.h).
 */
int store_build_apart(struct certbind_store *store, struct snapshot *former,
	struct store_build **build, struct certbind_error *error);

/*
 * store_publish.c: takes a build into service, in steps that can't fail; frees it. The caller has
 * publish_lock. *former (may be NULL): what served before, with its reference; NULL: nothing.
 */
int store_publish(struct certbind_store *store, struct store_build *build, struct snapshot **former,
	struct certbind_error *error);
void store_told_clear(struct certbind_store *store);

/* store_reload.c: the latest version there is: what waits, else what serves. With a reference. */
struct snapshot *store_latest(struct certbind_store *store);

/*
 * store_watcher_thread.c: what the daemon's descriptor stands for, as bits of enum
 * store_watcher_wake; taken. 0 also when there is no watcher, or it is that of the process that
 * this one was forked from.
 */
unsigned int store_watcher_woken(struct store_watcher *watcher);
/* Has read what they tell of. CERTBIND_OK or CERTBIND_E_SYSTEM: no thread can be had. */
int store_watcher_work(
	struct store_watcher *watcher, unsigned int wakes, struct certbind_error *error);
/*
 * Gives up a reference that may be the last: freeing ten thousand certificates takes longer than an
 * event loop may stand still, so the thread does it. NULL for both is allowed.
 */
void store_watcher_retire(struct store_watcher *watcher, struct snapshot *snapshot);
/* store.c: in a fork's child: the thread that may have held a lock is not here. */
void store_locks_renew(struct certbind_store *store);
void store_watcher_free(struct store_watcher *watcher); /* NULL does nothing */

/* Fills the public struct from what was selected. */
void store_selection(const struct snapshot_service *service, const struct snapshot_result *result,
	struct certbind_selection *selection);

#endif
