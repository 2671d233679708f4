/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store_watcher.h"
#include <poll.h>
#include <unistd.h>

/*
 * The thread that reads and builds; what it has built waits in the store until the daemon's own
 * thread publishes it.
 */

enum {
	QUIET_MS = 10, /* changes come in groups: it waits until there are no more */
	QUIET_FAULT_MS = 100, /* longer, when what has come so far is at fault */
	QUIET_MAX_MS = 600, /* but not longer than that */
	LINGER_MS = 200 /* the thread ends when it has had nothing to do for that long */
};

/* The thread was woken: frees what is retired. Returns whether it is to end. */
static bool watcher_is_ending(struct store_watcher *watcher)
{
	uint64_t count;

	if (read(watcher->wake_fd, &count, sizeof(count)) == (ssize_t)sizeof(count))
		store_watcher_free_retired(watcher);
	return atomic_load(&watcher->is_stopping);
}

static bool watcher_is_due(const struct store_watcher *watcher)
{
	return watcher->is_behind || store_watcher_ms() >= watcher->look_at;
}

/* How long to wait for events, whatever else is going on in the directories; ms. */
static int watcher_patience(const struct store_watcher *watcher)
{
	int64_t left = watcher->look_at - store_watcher_ms();

	if (watcher_is_due(watcher))
		return 0;
	return left < LINGER_MS ? (int)left : LINGER_MS;
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

void *store_watcher_run(void *data)
{
	struct store_watcher *watcher = data;
	struct pollfd fds[2] = { { .fd = watcher->wake_fd, .events = POLLIN },
		{ .fd = watcher->watch != NULL ? watch_fd(watcher->watch) : -1,
			.events = POLLIN } };

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
		} else if (ready == 0 && watcher_is_due(watcher)) {
			watcher_look(watcher);
		} else if (ready == 0 && store_watcher_end(watcher)) {
			return NULL;
		}
	}
}
