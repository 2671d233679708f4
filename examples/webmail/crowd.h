/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ends connections that only take room: libmicrohttpd's own time-out starts again at every byte.
 * `now` is a clock that nobody sets. */
#ifndef EXAMPLES_WEBMAIL_CROWD_H
#define EXAMPLES_WEBMAIL_CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* From a connection's begin, or an answer's end, to the end of the next answer. */
#define CROWD_SECONDS 120

struct crowd;

/* One connection; lives as long as its owner wants, between crowd_add() and crowd_remove(). */
struct crowd_member {
	int fd;
	time_t heard;
	bool is_user;
	bool is_leaving;
	struct crowd_member *next;
	struct crowd_member **previous;
};

/* For about so many; NULL when memory is exhausted. */
struct crowd *crowd_new(size_t size);
void crowd_free(struct crowd *crowd);

/*
 * Counts a connection in. When that makes too many, the one that has been silent for longest, of
 * those where nobody is logged in, is shut down: idle connections keep nobody out.
 */
void crowd_add(struct crowd *crowd, struct crowd_member *member, int fd, time_t now);
void crowd_remove(struct crowd *crowd, struct crowd_member *member);

/* A request has been answered, of somebody who is logged in or not. */
void crowd_heard(struct crowd *crowd, struct crowd_member *member, bool is_user, time_t now);

/* Shuts down what has gone on for CROWD_SECONDS; to be called now and then. */
void crowd_end_slow(struct crowd *crowd, time_t now);

#endif
