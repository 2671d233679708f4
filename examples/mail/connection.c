/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _POSIX_C_SOURCE 200809L
#include "client.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Seconds from the first byte of a handshake to its end, and for a farewell to get through. */
#define HANDSHAKE_TIMEOUT 30.0
#define FAREWELL_TIMEOUT 5.0

/* More than this in the output queue, and no further input is taken. */
#define ROOM 65536

/*
 * Bytes that buy a second: who sends a message, or reads a long answer, more slowly for long is cut
 * off.
 */
#define RATE 500.0

/* Steps after which other connections have their turn. */
#define TURN 32

enum step { STEP_ON, STEP_WAIT, STEP_DEAD };

struct server *connection_server(struct connection *connection)
{
	return connection->server;
}

const struct protocol *connection_protocol(const struct connection *connection)
{
	return connection->protocol;
}

const char *connection_peer(const struct connection *connection)
{
	return connection->peer;
}

bool connection_is_secure(const struct connection *connection)
{
	return connection->transport.is_secure;
}

void connection_set_user(struct connection *connection, double idle)
{
	connection->is_user = true;
	connection->idle = idle;
	connection_heard(connection);
}

bool connection_has_room(const struct connection *connection)
{
	return queue_length(&connection->output) < ROOM;
}

static void set_timeout(struct connection *connection, double seconds)
{
	connection->timer.repeat = seconds;
	ev_timer_again(connection->server->loop, &connection->timer);
}

/* Part of a message or an answer: it gets a little more time, never more than a command would. */
static void extend(struct connection *connection, size_t bytes)
{
	double left = ev_timer_remaining(connection->server->loop, &connection->timer);

	left += (double)bytes / RATE;
	set_timeout(connection, left < connection->idle ? left : connection->idle);
}

void connection_heard_part(struct connection *connection, size_t bytes)
{
	extend(connection, bytes);
}

void connection_heard(struct connection *connection)
{
	connection->heard = ev_now(connection->server->loop);
	set_timeout(connection, connection->idle);
}

void connection_start_tls(struct connection *connection)
{
	connection->is_starting_tls = true;
}

void connection_end(struct connection *connection)
{
	connection->is_ending = true;
	set_timeout(connection, FAREWELL_TIMEOUT);
}

void connection_write(struct connection *connection, const char *bytes, size_t length)
{
	/* An answer with a hole in it must not go out. */
	if (!queue_add(&connection->output, bytes, length))
		connection->is_broken = true;
}

void connection_print(struct connection *connection, const char *format, ...)
{
	char text[2048];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length >= sizeof(text))
		connection->is_broken = true;
	else
		connection_write(connection, text, (size_t)length);
}

void connection_log(const struct connection *connection, const char *format, ...)
{
	va_list arguments;

	(void)fprintf(stderr, "%s %s: ", connection->protocol->name, connection->peer);
	va_start(arguments, format);
	(void)vfprintf(stderr, format, arguments);
	va_end(arguments);
	(void)fputc('\n', stderr);
}

/* The one line each connection has in the log. `reason` NULL: the handshake succeeded. */
static void log_tls(struct connection *connection, const char *reason)
{
	char text[1024];

	connection->is_logged = true;
	transport_describe(&connection->transport, text, sizeof(text));
	if (reason)
		connection_log(connection, "handshake failed: %s, %s", reason, text);
	else
		connection_log(connection, "%s", text);
}

void connection_describe(const struct connection *connection, char *text, size_t size)
{
	transport_describe(&connection->transport, text, size);
}

void connection_free(struct connection *connection)
{
	struct server *server = connection->server;

	if (!connection->is_logged)
		connection_log(connection, "no TLS");
	if (connection->state)
		connection->protocol->dialogue->close(connection->state);
	ev_io_stop(server->loop, &connection->io);
	ev_timer_stop(server->loop, &connection->timer);
	/* An event of the io watcher may be pending: ev_feed_event() made it. */
	(void)ev_clear_pending(server->loop, &connection->io);
	transport_close(&connection->transport);
	queue_free(&connection->output);
	*connection->previous = connection->next;
	if (connection->next)
		connection->next->previous = connection->previous;
	server->connections_count--;
	/* There may have been a password in it. */
	gnutls_memset(connection->input, 0, sizeof(connection->input));
	free(connection);
	listener_wake_all(server);
}

static bool greet(struct connection *connection)
{
	connection->state = connection->protocol->dialogue->open(connection);
	return connection->state != NULL;
}

static bool start_handshake(struct connection *connection)
{
	struct certbind_error error;

	if (!transport_secure(&connection->transport, connection->context, &error)) {
		connection_log(connection, "no TLS session: %s", error.message);
		connection->is_logged = true;
		return false;
	}
	connection->is_starting_tls = false;
	connection->is_in_handshake = true;
	set_timeout(connection, HANDSHAKE_TIMEOUT);
	return true;
}

static enum step step_handshake(struct connection *connection)
{
	int result = transport_handshake(&connection->transport);

	if (result == TRANSPORT_AGAIN)
		return STEP_WAIT;
	log_tls(connection, result < 0 ? transport_reason(&connection->transport) : NULL);
	connection->is_in_handshake = false;
	if (result < 0)
		return STEP_DEAD;
	set_timeout(connection, connection->idle);
	/* After STARTTLS there is a dialogue already, and no second greeting. */
	return connection->state || greet(connection) ? STEP_ON : STEP_DEAD;
}

static bool flush(struct connection *connection)
{
	struct queue *output = &connection->output;

	while (queue_length(output) > 0) {
		ssize_t sent = transport_send(
			&connection->transport, queue_peek(output), queue_length(output));

		if (sent == TRANSPORT_AGAIN)
			return true;
		if (sent < 0)
			return false;
		queue_remove(output, (size_t)sent);
		extend(connection, (size_t)sent);
	}
	return true;
}

/* Hands what has come to the dialogue; false when it needs more. */
static bool take_input(struct connection *connection)
{
	size_t length = connection->input_length, taken = 0;

	if (length > 0)
		taken = connection->protocol->dialogue->input(
			connection->state, connection->input, length);
	if (taken == 0)
		return false;
	memmove(connection->input, connection->input + taken, length - taken);
	/* No copy of a password stays where the bytes were before. */
	gnutls_memset(connection->input + length - taken, 0, taken);
	connection->input_length -= taken;
	return true;
}

static enum step receive(struct connection *connection)
{
	size_t room = sizeof(connection->input) - connection->input_length;
	ssize_t length;

	/* The dialogue could not make anything of a full buffer. */
	if (room == 0)
		return STEP_DEAD;
	length = transport_receive(
		&connection->transport, connection->input + connection->input_length, room);
	if (length == TRANSPORT_AGAIN)
		return STEP_WAIT;
	if (length < 0)
		return STEP_DEAD;
	if (length == 0)
		connection_end(connection);
	connection->input_length += (size_t)length;
	return STEP_ON;
}

static enum step step(struct connection *connection)
{
	const struct dialogue *dialogue = connection->protocol->dialogue;

	if (connection->is_in_handshake)
		return step_handshake(connection);
	if (connection->is_broken || !flush(connection))
		return STEP_DEAD;
	if (connection->is_ending)
		return queue_length(&connection->output) > 0 ? STEP_WAIT : STEP_DEAD;
	if (connection->is_starting_tls) {
		if (queue_length(&connection->output) > 0)
			return STEP_WAIT;
		return start_handshake(connection) ? STEP_ON : STEP_DEAD;
	}
	if (!connection_has_room(connection))
		return STEP_WAIT;
	if (dialogue->output && dialogue->output(connection->state))
		return STEP_ON;
	return take_input(connection) ? STEP_ON : receive(connection);
}

/* Which events would let step() get further. */
static void watch(struct connection *connection)
{
	struct ev_loop *loop = connection->server->loop;
	bool has_output = queue_length(&connection->output) > 0;
	int events = 0;

	if (has_output)
		events |= EV_WRITE;
	if (connection->is_in_handshake ||
		(!connection->is_ending && !connection->is_starting_tls &&
			connection_has_room(connection)))
		events |= transport_wants_write(&connection->transport) ? EV_WRITE : EV_READ;
	if (ev_is_active(&connection->io) &&
		events == (connection->io.events & (EV_READ | EV_WRITE)))
		return;
	ev_io_stop(loop, &connection->io);
	ev_io_set(&connection->io, connection->transport.fd, events);
	ev_io_start(loop, &connection->io);
}

static void run(struct connection *connection)
{
	enum step next = STEP_ON;

	for (int i = 0; i < TURN && next == STEP_ON; i++)
		next = step(connection);
	if (next == STEP_DEAD) {
		connection_free(connection);
		return;
	}
	watch(connection);
	/*
	 * What lies in our buffer, or in the session's, wakes nobody. The session's is empty when
	 * step() waits for input, for receiving goes on until there is none: it never needs to ask
	 * certbind_session_pending().
	 */
	if (next == STEP_ON)
		ev_feed_event(connection->server->loop, &connection->io, EV_READ);
}

static void on_io(struct ev_loop *loop, struct ev_io *io, int events)
{
	(void)loop;
	(void)events;
	run(io->data);
}

static void on_timer(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	struct connection *connection = timer->data;

	(void)loop;
	(void)events;
	if (connection->is_in_handshake)
		log_tls(connection, "time-out");
	if (connection->is_in_handshake || connection->is_ending || !connection->state) {
		connection_free(connection);
		return;
	}
	connection_print(connection, "%s", connection->protocol->dialogue->farewell_idle);
	connection_end(connection);
	run(connection);
}

void connection_open(struct listener *listener, int fd)
{
	struct server *server = listener->server;
	struct connection *connection = calloc(1, sizeof(*connection));

	if (!connection) {
		transport_close(&(struct transport){ .fd = fd });
		return;
	}
	connection->server = server;
	connection->protocol = listener->protocol;
	connection->context = listener->context;
	connection->transport.fd = fd;
	connection->transport.is_buffered = server->is_buffered;
	connection->idle = connection->protocol->dialogue->idle;
	connection->heard = ev_now(server->loop);
	address_network(fd, connection->network);
	(void)address_print(fd, true, connection->peer);
	ev_io_init(&connection->io, on_io, fd, EV_READ);
	connection->io.data = connection;
	ev_timer_init(&connection->timer, on_timer, 0, connection->idle);
	connection->timer.data = connection;
	ev_timer_again(server->loop, &connection->timer);
	connection->next = server->connections;
	connection->previous = &server->connections;
	if (connection->next)
		connection->next->previous = &connection->next;
	server->connections = connection;
	server->connections_count++;
	if (connection->protocol->has_implicit_tls ? start_handshake(connection)
						   : greet(connection))
		run(connection);
	else
		connection_free(connection);
}

void connection_close_all(struct server *server)
{
	struct connection *next;

	for (struct connection *connection = server->connections; connection; connection = next) {
		next = connection->next;
		if (connection->state && !connection->is_in_handshake) {
			connection_print(
				connection, "%s", connection->protocol->dialogue->farewell_end);
			(void)flush(connection);
		}
		connection_free(connection);
	}
}
