/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WATCH_H
#define WATCH_H

#include "changes.h"
#include "snapshot.h"

/*
 * Tells which of the files that a snapshot was made of may have changed: inotify(7) on the
 * directories that name them, also those on the way of symbolic links. Threads: one thread per
 * object.
 */
struct watch;

struct watch *watch_new(void); /* NULL: memory, or no inotify instance to be had */
void watch_free(struct watch *watch); /* NULL does nothing */
int watch_fd(const struct watch *watch); /* readable when there are events */

/*
 * Watches what this snapshot was made of. `taken`: what was looked at since the last call, so that
 * only there something can be new; NULL: everything, and nothing else is watched any more.
 * `missed` receives what may have changed after it was read and before it was watched; NULL: it
 * is about to be read. CERTBIND_OK or CERTBIND_E_MEMORY.
 */
int watch_follow(struct watch *watch, const struct snapshot *snapshot, const struct changes *taken,
	struct changes *missed);

/* Takes the events that have come, and notes what they are about. Returns whether any matters. */
bool watch_read(struct watch *watch, struct changes *changes);

/* The same for some of them: true when there were any. *matter: set if one of those does. */
bool watch_read_some(struct watch *watch, struct changes *changes, bool *matter);

/* Why looking from time to time is needed. */
enum watch_gap {
	WATCH_GAP_NONE, /* it is not */
	WATCH_GAP_INOTIFY, /* there is no watch at all */
	WATCH_GAP_MEMORY, /* watch_follow() had none left */
	WATCH_GAP_LIMIT, /* a directory can't be watched */
	WATCH_GAP_UNMOUNTED, /* what is mounted there again tells nothing of it */
	WATCH_GAP_OVERFLOW /* events were lost; until watch_looked() */
};

/* Of the last watch_follow(). *text: a clause for the log; lives until the next call. */
enum watch_gap watch_gap(const struct watch *watch, const char **text);

/* After a look that no event has led to. */
void watch_looked(struct watch *watch);

#endif
