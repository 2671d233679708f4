/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _POSIX_C_SOURCE 200809L
#include "crowd.h"
#include "client.h"

#include <string.h>

static size_t count_network(const struct server *server, const uint8_t *network)
{
	const struct connection *connection;
	size_t count = 0;

	for (connection = server->connections; connection; connection = connection->next)
		if (memcmp(connection->network, network, ADDRESS_NETWORK_SIZE) == 0)
			count++;
	return count;
}

static struct connection *longest_silent(const struct server *server)
{
	struct connection *connection, *found = NULL;

	for (connection = server->connections; connection; connection = connection->next)
		if (!connection->is_user && (!found || connection->heard < found->heard))
			found = connection;
	return found;
}

bool crowd_admits(struct server *server, int fd)
{
	uint8_t network[ADDRESS_NETWORK_SIZE];
	struct connection *silent;

	address_network(fd, network);
	if (count_network(server, network) >= SERVER_CONNECTIONS_PER_CLIENT)
		return false;
	if (server->connections_count < server->connections_max)
		return true;
	silent = longest_silent(server);
	if (!silent)
		return false;
	connection_log(silent, "ended: others need the room");
	connection_free(silent);
	return true;
}
