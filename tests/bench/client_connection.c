/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client_connection.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

uint64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int connection_open(
	struct connection *connection, int port, const char *host, const struct tls_ticket *ticket)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int yes = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	connection->is_handshaken = false;
	connection->has_finished = false;
	connection->begun = now_ns();
	tls_client_start(&connection->tls, host, ticket);
	connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (connection->fd >= 0 &&
		setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) == 0 &&
		(connect(connection->fd, (struct sockaddr *)&address, sizeof(address)) == 0 ||
			errno == EINPROGRESS))
		return 0;
	connection->tls.error = strerror(errno);
	connection_close(connection);
	return -1;
}

static int connection_send(struct connection *connection)
{
	struct tls_client *tls = &connection->tls;
	ssize_t sent;

	while (tls->sending_done < tls->sending_length) {
		sent = send(connection->fd, tls->sending + tls->sending_done,
			tls->sending_length - tls->sending_done, MSG_NOSIGNAL);
		if (sent < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (sent < 0) {
			tls->error = strerror(errno);
			return -1;
		}
		tls->sending_done += (size_t)sent;
	}
	/* The client has nothing more to say: the server closes, so nothing is left on its way. */
	if (connection->is_handshaken && !connection->has_finished) {
		connection->has_finished = true;
		(void)shutdown(connection->fd, SHUT_WR);
	}
	return 0;
}

static int connection_end(struct connection *connection, const char *error)
{
	if (connection->is_handshaken)
		return 1;
	if (connection->tls.error == NULL)
		connection->tls.error = error;
	return -1;
}

int connection_step(struct connection *connection)
{
	struct tls_client *tls = &connection->tls;
	ssize_t got;

	if (connection_send(connection) < 0)
		return connection_end(connection, "send");
	got = recv(
		connection->fd, tls->raw + tls->raw_length, sizeof(tls->raw) - tls->raw_length, 0);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (got <= 0)
		return connection_end(connection, got < 0 ? strerror(errno) : "closed too early");
	if (tls_client_take(tls, (size_t)got) < 0)
		return -1;
	if (tls->state == TLS_DONE && !connection->is_handshaken) {
		connection->is_handshaken = true;
		connection->handshaken = now_ns();
		return connection_send(connection);
	}
	return 0;
}

short connection_event(const struct connection *connection)
{
	return connection->tls.sending_done < connection->tls.sending_length ? POLLOUT : POLLIN;
}

void connection_close(struct connection *connection)
{
	if (connection->fd >= 0)
		(void)close(connection->fd);
	connection->fd = -1;
}
