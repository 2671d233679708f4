/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "error.h"
#include "store_watcher.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/*
 * The thread that watches, reads and builds; what it has built waits in the store until the
 * daemon's own thread publishes it.
 */

enum {
	QUIET_MS = 10, /* changes come in groups: it waits until there are no more */
	QUIET_FAULT_MS = 100, /* longer, when what has come so far is at fault */
	QUIET_MAX_MS = 600 /* but not longer than that */
};

void store_watcher_signal(int fd)
{
	const uint64_t one = 1;
	ssize_t written;

	do {
		written = write(fd, &one, sizeof(one));
	} while (written < 0 && errno == EINTR);
}

static void watcher_free_retired(struct store_watcher *watcher)
{
	struct snapshot *retired;

	(void)pthread_mutex_lock(&watcher->store->lock);
	retired = watcher->retired;
	watcher->retired = NULL;
	(void)pthread_mutex_unlock(&watcher->store->lock);
	while (retired != NULL) {
		struct snapshot *next = retired->next_retired;

		snapshot_unref(retired);
		retired = next;
	}
}

void store_watcher_retire(struct store_watcher *watcher, struct snapshot *snapshot)
{
	if (watcher == NULL || snapshot == NULL || watcher->process != getpid()) {
		snapshot_unref(snapshot);
		return;
	}
	(void)pthread_mutex_lock(&watcher->store->lock);
	snapshot->next_retired = watcher->retired;
	watcher->retired = snapshot;
	(void)pthread_mutex_unlock(&watcher->store->lock);
	store_watcher_signal(watcher->wake_fd);
}

/* The thread was woken: frees what is retired. Returns whether it is to end. */
static bool watcher_is_ending(struct store_watcher *watcher)
{
	uint64_t count;

	if (read(watcher->wake_fd, &count, sizeof(count)) == (ssize_t)sizeof(count))
		watcher_free_retired(watcher);
	return atomic_load(&watcher->is_stopping);
}

/* How long to wait for events, whatever else is going on in the directories. */
static int watcher_patience(const struct store_watcher *watcher)
{
	int64_t left = watcher->look_at - store_watcher_ms();

	return left < 0 || watcher->is_behind ? 0 : (int)left;
}

/*
 * Waits until nothing more comes for `quiet` ms, or until `end`, ms of CLOCK_MONOTONIC. Returns
 * false when the thread is to end.
 */
static bool watcher_settle(struct store_watcher *watcher, int quiet, int64_t end)
{
	struct pollfd fds[2] = { { .fd = watcher->wake_fd, .events = POLLIN },
		{ .fd = watch_fd(watcher->watch), .events = POLLIN } };

	while (store_watcher_ms() < end) {
		int ready = poll(fds, 2, quiet);

		if (fds[0].revents != 0 && watcher_is_ending(watcher))
			return false;
		if (ready == 0)
			return true;
		/* Poll tells at once while events come: the wait is made here. */
		(void)poll(fds, 1, quiet);
		if (fds[0].revents != 0 && watcher_is_ending(watcher))
			return false;
		(void)watch_read(watcher->watch, &watcher->changes);
	}
	return true;
}

/*
 * Builds once nothing happens any more. What is at fault then may be half written: it is told only
 * if it is so after a longer wait, too. Returns false when the thread is to end.
 */
static bool watcher_settle_and_build(struct store_watcher *watcher)
{
	int64_t end = store_watcher_ms() + QUIET_MAX_MS;

	if (!watcher_settle(watcher, QUIET_MS, end))
		return false;
	if (store_watcher_build(watcher, false))
		return true;
	if (!watcher_settle(watcher, QUIET_FAULT_MS, end))
		return false;
	(void)store_watcher_build(watcher, true);
	return true;
}

/* Looks at everything, for no event tells what to look at. */
static void watcher_look(struct store_watcher *watcher)
{
	if (watcher->watch != NULL)
		watch_looked(watcher->watch);
	watcher->changes.is_all = true;
	(void)store_watcher_build(watcher, true);
}

static void *watcher_run(void *data)
{
	struct store_watcher *watcher = data;
	struct pollfd fds[2] = { { .fd = watcher->wake_fd, .events = POLLIN },
		{ .fd = watcher->watch != NULL ? watch_fd(watcher->watch) : -1,
			.events = POLLIN } };

	/* Something may have changed between the load and the first watch. */
	watcher_look(watcher);
	for (;;) {
		int ready = poll(fds, 2, watcher_patience(watcher));

		if (ready > 0 && fds[0].revents != 0 && watcher_is_ending(watcher))
			return NULL;
		if (ready < 0)
			continue;
		if (ready > 0 && fds[1].revents != 0 &&
			watch_read(watcher->watch, &watcher->changes))
			watcher->is_behind = true;
		if (watcher->is_behind && watcher->watch != NULL) {
			if (!watcher_settle_and_build(watcher))
				return NULL;
		} else if (ready == 0) {
			watcher_look(watcher);
		}
	}
}

/* The daemon's signals are for its own threads. */
static int watcher_start(struct store_watcher *watcher)
{
	sigset_t all, former;
	int status;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &former);
	status = pthread_create(&watcher->thread, NULL, watcher_run, watcher);
	(void)pthread_sigmask(SIG_SETMASK, &former, NULL);
	return status == 0 ? CERTBIND_OK : CERTBIND_E_SYSTEM;
}

static void watcher_release(struct store_watcher *watcher)
{
	watch_free(watcher->watch);
	changes_clear(&watcher->changes);
	snapshot_unref(watcher->base);
	watcher_free_retired(watcher);
	if (watcher->ready_fd >= 0)
		(void)close(watcher->ready_fd);
	if (watcher->wake_fd >= 0)
		(void)close(watcher->wake_fd);
	free(watcher);
}

void store_watcher_free(struct store_watcher *watcher)
{
	if (watcher == NULL)
		return;
	if (watcher->process == getpid()) {
		atomic_store(&watcher->is_stopping, true);
		store_watcher_signal(watcher->wake_fd);
		(void)pthread_join(watcher->thread, NULL);
	}
	watcher_release(watcher);
}

static int watcher_new(struct certbind_store *store)
{
	struct store_watcher *watcher = calloc(1, sizeof(*watcher));

	if (watcher == NULL)
		return CERTBIND_E_MEMORY;
	watcher->store = store;
	watcher->process = getpid();
	watcher->look_at = store_watcher_ms() + (int64_t)STORE_WATCHER_LOOK_MAX_S * 1000;
	watcher->watch = watch_new();
	watcher->ready_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	watcher->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (watcher->ready_fd < 0 || watcher->wake_fd < 0 ||
		watcher_start(watcher) != CERTBIND_OK) {
		watcher_release(watcher);
		return CERTBIND_E_SYSTEM;
	}
	store->watcher = watcher;
	return CERTBIND_OK;
}

int store_watcher_ready_fd(const struct store_watcher *watcher)
{
	return watcher->process == getpid() ? watcher->ready_fd : -1;
}

int certbind_store_fd(struct certbind_store *store)
{
	struct snapshot *snapshot;
	int status = CERTBIND_OK;

	if (store == NULL)
		return CERTBIND_E_INVALID;
	snapshot = store_snapshot(store);
	if (snapshot == NULL)
		return CERTBIND_E_STATE;
	snapshot_unref(snapshot);
	if (store->watcher != NULL && store->watcher->process != getpid()) {
		store_locks_renew(store);
		watcher_release(store->watcher); /* the parent's: its copies only */
		store->watcher = NULL;
	}
	if (store->watcher == NULL)
		status = watcher_new(store);
	return status == CERTBIND_OK ? store->watcher->ready_fd : status;
}
