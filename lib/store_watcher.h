/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_WATCHER_H
#define STORE_WATCHER_H

#include "store.h"
#include "watch.h"

/* Only store_watcher*.c include this. */

/* What the daemon's descriptor stands for, as bits. */
enum store_watcher_wake {
	STORE_WATCHER_PENDING = 1, /* something is to be published */
	STORE_WATCHER_EVENTS = 2, /* of inotify */
	STORE_WATCHER_DUE = 4 /* the time to look at files has come */
};

/*
 * While nothing happens there is no thread: the descriptor of the daemon wakes it for events and
 * when it is time to look, and dispatch starts the thread that reads and builds.
 */
struct store_watcher {
	struct certbind_store *store;
	struct watch *watch; /* NULL: inotify can't be had */
	pid_t process; /* a fork's child has no thread */
	int fd; /* the daemon's: an epoll instance of the next two, and of the watch */
	int ready_fd; /* something is pending */
	int due_fd; /* look_at has come */
	int wake_fd; /* the thread's: end, or free what is retired */
	atomic_bool is_stopping;
	/* Under the store's lock. */
	bool is_running; /* the thread looks again at what is retired */
	bool has_thread; /* to be joined */
	struct snapshot *retired; /* linked by next_retired */
	/* The thread's, or who starts it. */
	pthread_t thread;
	/* The thread's own; the next one takes over. */
	unsigned int told_gaps; /* a bit for each enum watch_gap */
	int64_t look_at; /* the next look without any event; ms of CLOCK_MONOTONIC */
	struct snapshot *base; /* the last one that was read; NULL: none so far */
	struct changes changes; /* since then */
	bool is_behind; /* some of them are to be looked at now */
};

int64_t store_watcher_ms(void); /* of CLOCK_MONOTONIC */
void store_watcher_signal(int fd);

/* store_watcher_thread.c: frees what is retired. */
void store_watcher_free_retired(struct store_watcher *watcher);

/*
 * The thread has nothing to do. Returns whether it ends: from then on the daemon is woken for what
 * happens.
 */
bool store_watcher_end(struct store_watcher *watcher);

/* store_watcher.c: what the thread does. */
void *store_watcher_run(void *watcher);

/*
 * store_watcher_build.c: reads what has changed, and offers it to the daemon. Returns false when
 * that is worse than what is there, which is dropped then, unless `is_final`.
 */
bool store_watcher_build(struct store_watcher *watcher, bool is_final);

#endif
