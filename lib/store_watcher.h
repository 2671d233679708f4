/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_WATCHER_H
#define STORE_WATCHER_H

#include "store.h"
#include "watch.h"

/* Only store_watcher*.c include this. */

enum { STORE_WATCHER_LOOK_MAX_S = 3600 /* dates come and go without any file changing */ };

struct store_watcher {
	struct certbind_store *store;
	struct watch *watch; /* NULL: inotify can't be had */
	pthread_t thread;
	pid_t process; /* a fork's child has no thread */
	int ready_fd; /* the daemon's: something is pending */
	int wake_fd; /* the thread's: end, or free what is retired */
	atomic_bool is_stopping;
	struct snapshot *retired; /* under the store's lock; linked by next_retired */
	/* The thread's own from here on. */
	unsigned int told_gaps; /* a bit for each enum watch_gap */
	int64_t look_at; /* the next look without any event; ms of CLOCK_MONOTONIC */
	struct snapshot *base; /* the last one that was read; NULL: none so far */
	struct changes changes; /* since then */
	bool is_behind; /* some of them are to be looked at now */
};

int64_t store_watcher_ms(void); /* of CLOCK_MONOTONIC */
void store_watcher_signal(int fd);

/*
 * store_watcher_build.c: reads what has changed, and offers it to the daemon. Returns false when
 * that is worse than what is there, which is dropped then, unless `is_final`.
 */
bool store_watcher_build(struct store_watcher *watcher, bool is_final);

#endif
