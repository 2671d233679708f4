/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CONNECT_POOL_H
#define CONNECT_POOL_H

#include "connect_endpoint.h"
#include "findings.h"
#include <certbind/store.h>
#include <pthread.h>

/* One connection to be made, and what came of it. */
struct target {
	struct endpoint *endpoint;
	const char *host;
	size_t first; /* the caller's */
	struct findings findings; /* empty: all is well */
};

/* All of them, for a few threads. */
struct pool {
	struct certbind_store *store;
	time_t at;
	unsigned int timeout; /* s, of one connection */
	struct target *targets;
	size_t length;
	struct certbind_error error; /* why it was given up; status 0: it was not */
	pthread_mutex_t lock; /* of the rest, of `error`, and of what endpoints are known to do */
	size_t next;
	size_t done;
};

/* Makes the connections, eight at a time; CERTBIND_OK, or the status of the error. */
int pool_run(struct pool *pool);

#endif
