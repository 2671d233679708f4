/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _POSIX_C_SOURCE 200809L
#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Gives the socket's address as a text. */
static int name_socket(int fd, char name[LISTENER_NAME_SIZE])
{
	struct sockaddr_storage bound = { .ss_family = AF_UNSPEC };
	socklen_t length = sizeof(bound);
	char host[48], port[6];

	if (getsockname(fd, (struct sockaddr *)&bound, &length) < 0 ||
		getnameinfo((struct sockaddr *)&bound, length, host, sizeof(host), port,
			sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return -1;
	(void)snprintf(name, LISTENER_NAME_SIZE, bound.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s",
		host, port);
	return 0;
}

static int open_socket(const struct addrinfo *address)
{
	int fd, flags, yes = 1;

	fd = socket(address->ai_family, address->ai_socktype, address->ai_protocol);
	if (fd < 0)
		return -1;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
		fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
		bind(fd, address->ai_addr, address->ai_addrlen) < 0 || listen(fd, SOMAXCONN) < 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* Takes ADDRESS:PORT apart, in place. */
static int look_up(char *where, struct addrinfo **found)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV };
	char *port = strrchr(where, ':');

	if (port == NULL || port == where || port[1] == '\0')
		return EAI_NONAME;
	*port = '\0';
	if (*where == '[' && port[-1] == ']') {
		where++;
		port[-1] = '\0';
	}
	return getaddrinfo(where, port + 1, &hints, found);
}

int listener_open(const char *where, char name[LISTENER_NAME_SIZE], char *message, size_t size)
{
	struct addrinfo *found = NULL;
	char *copy = strdup(where);
	int fd = -1, code = copy != NULL ? look_up(copy, &found) : EAI_MEMORY;

	if (code != 0) {
		(void)snprintf(
			message, size, "%s: ADDRESS:PORT expected: %s", where, gai_strerror(code));
		free(copy);
		return -1;
	}
	fd = open_socket(found);
	if (fd >= 0 && name_socket(fd, name) < 0) {
		(void)close(fd);
		fd = -1;
	}
	if (fd < 0)
		(void)snprintf(message, size, "%s: %s", where, strerror(errno));
	freeaddrinfo(found);
	free(copy);
	return fd;
}
