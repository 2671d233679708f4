/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WATCH_FOLLOW_H
#define WATCH_FOLLOW_H

#include "snapshot.h"
#include "watch_set.h"

/* The steps of watch_follow(); only watch*.c include this. */

/* Enters everything into an empty set. `former`: what was watched until now. */
void watch_follow_all(struct watch_set *set, const struct watch_set *former,
	const struct snapshot *snapshot, struct changes *missed);

/* Adds what is new in what was looked at. */
void watch_follow_taken(struct watch_set *set, const struct snapshot *snapshot,
	const struct changes *taken, struct changes *missed);

#endif
