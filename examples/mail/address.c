/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _POSIX_C_SOURCE 200809L
#include "address.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Takes ADDRESS:PORT apart; the port is what follows the last colon. */
static bool split(char *text, char **host, char **port)
{
	char *colon = strrchr(text, ':');
	size_t length;

	if (!colon || colon == text || colon[1] == '\0')
		return false;
	*colon = '\0';
	*host = text;
	*port = colon + 1;
	length = strlen(text);
	if (text[0] != '[')
		return strchr(text, ':') == NULL;
	if (length < 3 || text[length - 1] != ']')
		return false;
	text[length - 1] = '\0';
	*host = text + 1;
	return true;
}

int address_resolve(const char *address, struct addrinfo **result)
{
	struct addrinfo hints = {
		.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM,
	};
	char *text = strdup(address), *host, *port;
	int status = EAI_MEMORY;

	if (text)
		status = split(text, &host, &port) ? getaddrinfo(host, port, &hints, result)
						   : EAI_NONAME;
	free(text);
	return status;
}

void address_network(int fd, uint8_t network[static ADDRESS_NETWORK_SIZE])
{
	struct sockaddr_storage storage = { .ss_family = AF_UNSPEC };
	socklen_t length = sizeof(storage);
	const uint8_t *address = ((struct sockaddr_in6 *)&storage)->sin6_addr.s6_addr;

	memset(network, 0, ADDRESS_NETWORK_SIZE);
	if (getpeername(fd, (struct sockaddr *)&storage, &length) < 0)
		return;
	/* No IPv6 network begins with four zero bytes, but that of addresses which stand for IPv4's. */
	if (storage.ss_family == AF_INET)
		memcpy(network + 4, &((struct sockaddr_in *)&storage)->sin_addr, 4);
	else if (IN6_IS_ADDR_V4MAPPED(&((struct sockaddr_in6 *)&storage)->sin6_addr))
		memcpy(network + 4, address + 12, 4);
	else
		memcpy(network, address, ADDRESS_NETWORK_SIZE);
}

bool address_print(int fd, bool is_peer, char text[static ADDRESS_TEXT_SIZE])
{
	struct sockaddr_storage storage;
	struct sockaddr *address = (struct sockaddr *)&storage;
	socklen_t length = sizeof(storage);
	char host[64], port[8];
	int status =
		is_peer ? getpeername(fd, address, &length) : getsockname(fd, address, &length);

	(void)snprintf(text, ADDRESS_TEXT_SIZE, "unknown");
	if (status < 0 || getnameinfo(address, length, host, sizeof(host), port, sizeof(port),
				  NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return false;
	if (strchr(host, ':'))
		(void)snprintf(text, ADDRESS_TEXT_SIZE, "[%s]:%s", host, port);
	else
		(void)snprintf(text, ADDRESS_TEXT_SIZE, "%s:%s", host, port);
	return true;
}
