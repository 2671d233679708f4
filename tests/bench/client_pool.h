/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLIENT_POOL_H
#define CLIENT_POOL_H

#include "histogram.h"
#include "tls_client.h"

/* Several connections at a time to one server, each a handshake and its end, for as long as asked. */

struct pool_options {
	int port; /* of 127.0.0.1 */
	const char *host; /* with one %zu in it for the number of the domain, or none */
	size_t first, length, stride; /* domains first, first + stride, …: so many */
	bool is_shuffled; /* they come in no order */
	size_t connections; /* at a time */
	uint64_t handshakes; /* then it ends; 0: no bound */
	double seconds; /* likewise */
	bool resumes; /* with a ticket that a first connection gets */
};

struct pool_result {
	uint64_t handshakes, resumed, failed;
	unsigned int tickets; /* that the first connection got */
	double seconds;
	struct histogram latency; /* from connect() to the server's Finished */
	char error[128]; /* of the first failure */
};

int pool_run(const struct pool_options *options, struct pool_result *result);

#endif
