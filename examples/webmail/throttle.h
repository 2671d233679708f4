/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bounds how often a client may fail to log in. Any thread. */
#ifndef EXAMPLES_WEBMAIL_THROTTLE_H
#define EXAMPLES_WEBMAIL_THROTTLE_H

#include <stdbool.h>
#include <sys/socket.h>
#include <time.h>

/* So many failures from one address (of IPv6, one /64) in so many seconds. */
#define THROTTLE_FAILURES 20
#define THROTTLE_SECONDS ((time_t)600)

struct throttle;

/* Returns NULL when memory is exhausted. */
struct throttle *throttle_new(void);

void throttle_free(struct throttle *throttle);

/* Tells whether that address may try at `now`, seconds of a clock that never goes back. */
bool throttle_allows(struct throttle *throttle, const struct sockaddr *peer, time_t now);

/* Counts a failure of that address. */
void throttle_count(struct throttle *throttle, const struct sockaddr *peer, time_t now);

#endif
