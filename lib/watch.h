/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WATCH_H
#define WATCH_H

#include "snapshot.h"

/*
 * Tells when a file that a snapshot was made of may have changed: inotify(7) on the directories
 * that name it, also those on the way of symbolic links. Threads: one thread per object.
 */
struct watch;

struct watch *watch_new(void); /* NULL: memory, or no inotify instance to be had */
void watch_free(struct watch *watch); /* NULL does nothing */
int watch_fd(const struct watch *watch); /* readable when there are events */

/* Watches what this snapshot was made of, and nothing else any more. CERTBIND_OK or CERTBIND_E_MEMORY. */
int watch_follow(struct watch *watch, const struct snapshot *snapshot);

/* Takes the events that have come. Returns whether one of them is about a file that matters. */
bool watch_read(struct watch *watch);

/* Why not everything is watched, so that looking from time to time is needed; NULL: everything is. Lives until the next call. */
const char *watch_gap(const struct watch *watch);

#endif
