/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client_pool.h"
#include "client_connection.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 30000, HOST_SIZE = 256 };

struct pool {
	const struct pool_options *options;
	struct pool_result *result;
	struct tls_ticket ticket;
	struct connection *connections;
	struct pollfd *fds; /* one a connection */
	uint64_t begun, ended_at; /* ns; ended_at 0: no end by time */
	uint64_t started; /* connections */
	uint64_t random;
};

static void pool_fail(struct pool *pool, const char *error)
{
	if (pool->result->failed++ == 0)
		(void)snprintf(pool->result->error, sizeof(pool->result->error), "%s", error);
}

/* Xorshift: the order of the domains need not be secret, only the same for every server. */
static uint64_t pool_random(struct pool *pool)
{
	pool->random ^= pool->random << 13;
	pool->random ^= pool->random >> 7;
	pool->random ^= pool->random << 17;
	return pool->random;
}

static const char *pool_host(struct pool *pool, char *host)
{
	const struct pool_options *options = pool->options;
	const char *number = strstr(options->host, "%d");
	uint64_t step = options->is_shuffled ? pool_random(pool) : pool->started;

	if (number == NULL)
		return options->host;
	(void)snprintf(host, HOST_SIZE, "%.*s%zu%s", (int)(number - options->host), options->host,
		options->first + (size_t)(step % options->length) * options->stride, number + 2);
	return host;
}

static bool pool_is_over(const struct pool *pool)
{
	const struct pool_options *options = pool->options;

	return (options->handshakes > 0 && pool->started >= options->handshakes) ||
	       (pool->ended_at > 0 && now_ns() >= pool->ended_at);
}

/* Starts the next connection in this place, unless enough have been. */
static void pool_next(struct pool *pool, size_t place)
{
	struct connection *connection = &pool->connections[place];
	const struct tls_ticket *ticket = pool->options->resumes ? &pool->ticket : NULL;
	char host[HOST_SIZE];

	connection_close(connection);
	pool->fds[place].fd = -1;
	if (pool_is_over(pool))
		return;
	if (connection_open(connection, pool->options->port, pool_host(pool, host), ticket) < 0)
		pool_fail(pool, connection->tls.error);
	pool->started++;
	pool->fds[place].fd = connection->fd;
	pool->fds[place].events = POLLOUT;
}

static void pool_count(struct pool *pool, const struct connection *connection)
{
	pool->result->handshakes++;
	if (connection->tls.is_resumed)
		pool->result->resumed++;
	histogram_add(&pool->result->latency, connection->handshaken - connection->begun);
}

static void pool_step(struct pool *pool, size_t place)
{
	struct connection *connection = &pool->connections[place];
	int status = connection_step(connection);

	if (status > 0)
		pool_count(pool, connection);
	else if (status < 0)
		pool_fail(pool, connection->tls.error);
	if (status != 0)
		pool_next(pool, place);
	else
		pool->fds[place].events = connection_event(connection);
}

static bool pool_has_open(const struct pool *pool)
{
	size_t i;

	for (i = 0; i < pool->options->connections; i++)
		if (pool->fds[i].fd >= 0)
			return true;
	return false;
}

static int pool_loop(struct pool *pool)
{
	size_t i;
	int ready;

	for (i = 0; i < pool->options->connections; i++)
		pool_next(pool, i);
	while (pool_has_open(pool)) {
		ready = poll(pool->fds, pool->options->connections, PATIENCE_MS);
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0) {
			pool_fail(pool, "the server answers no more");
			return -1;
		}
		for (i = 0; i < pool->options->connections; i++)
			if (pool->fds[i].fd >= 0 && pool->fds[i].revents != 0)
				pool_step(pool, i);
	}
	return 0;
}

/* One connection to its end, for its ticket. */
static int pool_take_ticket(struct pool *pool)
{
	struct connection *connection = &pool->connections[0];
	struct pollfd fd = { .fd = -1 };
	char host[HOST_SIZE];
	int status;

	connection->tls.kept = &pool->ticket;
	status = connection_open(connection, pool->options->port, pool_host(pool, host), NULL);
	while (status == 0) {
		fd.fd = connection->fd;
		fd.events = connection_event(connection);
		if (poll(&fd, 1, PATIENCE_MS) <= 0) {
			connection->tls.error = "the server does not answer";
			status = -1;
		} else {
			status = connection_step(connection);
		}
	}
	pool->result->tickets = connection->tls.tickets;
	if (status < 0)
		pool_fail(pool, connection->tls.error);
	else if (connection->tls.tickets == 0 && pool->options->resumes)
		pool_fail(pool, "the server gives no tickets");
	connection_close(connection);
	connection->tls.kept = NULL;
	return pool->result->failed > 0 ? -1 : 0;
}

int pool_run(const struct pool_options *options, struct pool_result *result)
{
	struct pool pool = { .options = options, .result = result, .random = 88172645463325252 };
	int status = -1;
	size_t i;

	memset(result, 0, sizeof(*result));
	pool.connections = calloc(options->connections, sizeof(*pool.connections));
	pool.fds = calloc(options->connections, sizeof(*pool.fds));
	if (pool.connections == NULL || pool.fds == NULL)
		goto out;
	for (i = 0; i < options->connections; i++) {
		pool.connections[i].fd = -1;
		pool.fds[i].fd = -1;
	}
	status = pool_take_ticket(&pool);
	if (status < 0)
		goto out;
	pool.begun = now_ns();
	pool.ended_at = options->seconds > 0 ? pool.begun + (uint64_t)(options->seconds * 1e9) : 0;
	status = pool_loop(&pool);
	result->seconds = (double)(now_ns() - pool.begun) / 1e9;
out:
	for (i = 0; pool.connections != NULL && i < options->connections; i++)
		connection_close(&pool.connections[i]);
	free(pool.connections);
	free(pool.fds);
	return status;
}
