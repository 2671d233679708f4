/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _POSIX_C_SOURCE 200809L
#include "address.h"
#include "connection.h"
#include "crowd.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 128

static void rest(struct server *server)
{
	for (struct listener *listener = server->listeners; listener; listener = listener->next)
		ev_io_stop(server->loop, &listener->io);
	ev_timer_again(server->loop, &server->rest);
}

void listener_wake_all(struct server *server)
{
	ev_timer_stop(server->loop, &server->rest);
	for (struct listener *listener = server->listeners; listener; listener = listener->next)
		ev_io_start(server->loop, &listener->io);
}

static bool make_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
	       fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

static void on_client(struct ev_loop *loop, struct ev_io *io, int events)
{
	struct listener *listener = io->data;
	struct server *server = listener->server;
	int fd, on = 1;

	(void)loop;
	(void)events;
	fd = accept(io->fd, NULL, NULL);
	if (fd < 0) {
		/* A client that waits keeps the socket readable: without a rest this would spin. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			rest(server);
		return;
	}
	/* Answers are written whole, so that waiting for more to send only delays them. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (make_nonblocking(fd) && crowd_admits(server, fd))
		connection_open(listener, fd);
	else
		(void)close(fd);
}

static int listen_on(const struct addrinfo *address)
{
	int on = 1, fd = socket(address->ai_family, SOCK_STREAM, 0), error;

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* An IPv6 wildcard leaves IPv4 to a listener of its own. */
	if (address->ai_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0 &&
		make_nonblocking(fd))
		return fd;
	error = errno;
	(void)close(fd);
	errno = error;
	return -1;
}

static bool announce(const struct protocol *protocol, int fd)
{
	char text[ADDRESS_TEXT_SIZE];

	if (!address_print(fd, false, text))
		return false;
	(void)printf("listening %s %s\n", protocol->name, text);
	return fflush(stdout) == 0;
}

static struct listener *add(struct server *server, const struct protocol *protocol,
	struct certbind_context *context, int fd)
{
	struct listener *listener = calloc(1, sizeof(*listener));

	if (!listener)
		return NULL;
	listener->server = server;
	listener->protocol = protocol;
	listener->context = context;
	ev_io_init(&listener->io, on_client, fd, EV_READ);
	listener->io.data = listener;
	ev_io_start(server->loop, &listener->io);
	listener->next = server->listeners;
	server->listeners = listener;
	return listener;
}

bool listener_open(struct server *server, const struct protocol *protocol,
	struct certbind_context *context, const char *address, char *message, size_t size)
{
	struct addrinfo *result = NULL;
	int status = address_resolve(address, &result), fd;

	if (status != 0) {
		(void)snprintf(message, size, "%s: expected ADDRESS:PORT: %s", address,
			gai_strerror(status));
		return false;
	}
	fd = listen_on(result);
	freeaddrinfo(result);
	if (fd < 0) {
		(void)snprintf(message, size, "%s: %s", address, strerror(errno));
		return false;
	}
	if (!add(server, protocol, context, fd)) {
		(void)close(fd);
		(void)snprintf(message, size, "out of memory");
		return false;
	}
	(void)snprintf(message, size, "%s: can't tell the address", address);
	return announce(protocol, fd);
}

void listener_close_all(struct server *server)
{
	while (server->listeners) {
		struct listener *listener = server->listeners;

		server->listeners = listener->next;
		ev_io_stop(server->loop, &listener->io);
		(void)close(listener->io.fd);
		free(listener);
	}
}
