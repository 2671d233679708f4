/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE
#include "talk.h"
#include "talk_calls.h"
#include "transport.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RECEIVE_SIZE = 700, SEND_SIZE = 20000, STREAM_MAX = 1 << 23 };

/* One of the two. */
struct speaker {
	gnutls_session_t session;
	int fd;
	struct transport *transport; /* NULL: GnuTLS' own */
	const char *word; /* the next one of its script */
	size_t sent, received; /* bytes, all in all */
	size_t done; /* of the present word */
	bool is_sending; /* a record is half sent */
	bool waits; /* for the socket */
	bool is_closed;
	char *log;
	size_t log_size;
};

struct talk_state {
	const struct talk_plan *plan;
	struct talk_result *result;
	struct speaker server, client;
	int relay_server, relay_client;
	size_t passed; /* from the client to the server */
	bool is_cut, is_ended; /* what the client, the server sends */
	uint32_t random;
};

static gnutls_certificate_credentials_t server_credentials, client_credentials;
static gnutls_datum_t ticket_key;

static void require(bool holds)
{
	if (!holds)
		abort();
}

void talk_begin(const char *chain_path, const char *key_path)
{
	require(gnutls_certificate_allocate_credentials(&server_credentials) >= 0);
	require(gnutls_certificate_allocate_credentials(&client_credentials) >= 0);
	require(gnutls_certificate_set_x509_key_file(
			server_credentials, chain_path, key_path, GNUTLS_X509_FMT_PEM) >= 0);
	require(gnutls_session_ticket_key_generate(&ticket_key) >= 0);
}

void talk_end(void)
{
	gnutls_certificate_free_credentials(server_credentials);
	gnutls_certificate_free_credentials(client_credentials);
	gnutls_free(ticket_key.data);
}

__attribute__((format(printf, 2, 3))) static void speaker_log(
	struct speaker *speaker, const char *format, ...)
{
	size_t length = strlen(speaker->log);
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(speaker->log + length, speaker->log_size - length, format, arguments);
	va_end(arguments);
}

/* The n-th byte that either side sends. */
static unsigned char stream_byte(size_t n)
{
	return (unsigned char)(n * 7 + n / 251);
}

static int speaker_send(struct speaker *speaker, size_t length)
{
	static _Thread_local unsigned char bytes[SEND_SIZE];
	ssize_t sent;
	size_t i;

	while (speaker->done < length) {
		size_t part =
			length - speaker->done < SEND_SIZE ? length - speaker->done : SEND_SIZE;

		for (i = 0; i < part; i++)
			bytes[i] = stream_byte(speaker->sent + i);
		sent = gnutls_record_send(speaker->session, speaker->is_sending ? NULL : bytes,
			speaker->is_sending ? 0 : part);
		speaker->is_sending = sent == GNUTLS_E_AGAIN || sent == GNUTLS_E_INTERRUPTED;
		if (sent < 0)
			return (int)sent;
		speaker->sent += (size_t)sent;
		speaker->done += (size_t)sent;
	}
	return 0;
}

/* Receives `length` bytes; SIZE_MAX: until the end. */
static int speaker_receive(struct speaker *speaker, size_t length)
{
	unsigned char bytes[RECEIVE_SIZE];
	ssize_t got, i;

	while (speaker->done < length) {
		size_t part = length - speaker->done < RECEIVE_SIZE ? length - speaker->done
								    : RECEIVE_SIZE;

		got = gnutls_record_recv(speaker->session, bytes, part);
		if (got < 0)
			return (int)got;
		if (got == 0)
			return length == SIZE_MAX ? 0 : GNUTLS_E_PREMATURE_TERMINATION;
		for (i = 0; i < got; i++)
			if (bytes[i] != stream_byte(speaker->received++))
				return GNUTLS_E_DECRYPTION_FAILED;
		speaker->done += (size_t)got;
	}
	return 0;
}

/* A failed handshake's alert is sent at once, and again when the socket did not take it. */
static int speaker_handshake(struct speaker *speaker)
{
	int status = gnutls_handshake(speaker->session), alert = 0, tries = 0;

	if (status >= 0 || !gnutls_error_is_fatal(status))
		return status;
	do
		alert = gnutls_alert_send_appropriate(speaker->session, status);
	while ((alert == GNUTLS_E_AGAIN || alert == GNUTLS_E_INTERRUPTED) && ++tries < 9);
	speaker_log(speaker, "alert=%d ", alert);
	return status;
}

static int speaker_act(struct speaker *speaker)
{
	size_t number = strtoul(speaker->word + 1, NULL, 10);
	char byte;

	switch (*speaker->word) {
	case 'h':
		return speaker_handshake(speaker);
	case 's':
		return speaker_send(speaker, number);
	case 'r':
		return speaker_receive(speaker, number);
	case 'a':
		return speaker_receive(speaker, SIZE_MAX);
	case 'k':
		return gnutls_session_key_update(speaker->session, 0);
	case 'K':
		return gnutls_session_key_update(speaker->session, GNUTLS_KU_PEER);
	case 'c':
		gnutls_record_cork(speaker->session);
		return 0;
	case 'u':
		return gnutls_record_uncork(speaker->session, 0);
	case 'b':
		return gnutls_bye(speaker->session, GNUTLS_SHUT_WR);
	case 'B':
		return gnutls_bye(speaker->session, GNUTLS_SHUT_RDWR);
	case 'e':
		return (int)gnutls_record_recv(speaker->session, &byte, 1);
	case 't':
		talk_calls_pass(10);
		return 0;
	case 'n':
		return gnutls_rehandshake(speaker->session);
	default:
		abort();
	}
}

static bool poll_for(int fd, short events)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };

	return poll(&poll_fd, 1, 0) > 0;
}

/* As an event loop would: with nothing but poll() and what the transport says. */
static bool speaker_may_go_on(const struct speaker *speaker)
{
	if (!speaker->waits)
		return true;
	if (speaker->transport != NULL && transport_wants_write(speaker->transport))
		return poll_for(speaker->fd, POLLOUT);
	if (gnutls_record_get_direction(speaker->session) == 1)
		return poll_for(speaker->fd, POLLOUT);
	if (gnutls_record_check_pending(speaker->session) > 0 ||
		(speaker->transport != NULL && transport_pending(speaker->transport) > 0))
		return true;
	return poll_for(speaker->fd, POLLIN);
}

/* Goes through the script until it has to wait. Returns whether anything was done. */
static bool speaker_step(struct speaker *speaker)
{
	int status;

	if (*speaker->word == '\0' || !speaker_may_go_on(speaker))
		return false;
	do {
		status = speaker_act(speaker);
		/* A time-out is an end here. */
		speaker->waits = status == GNUTLS_E_AGAIN;
		if (status == GNUTLS_E_REHANDSHAKE) {
			speaker_log(speaker, "rehandshake ");
			speaker->word = "h a";
			speaker->done = 0;
			continue;
		}
		if (status == GNUTLS_E_AGAIN || status == GNUTLS_E_INTERRUPTED ||
			status == GNUTLS_E_WARNING_ALERT_RECEIVED)
			continue;
		speaker_log(speaker, "%.*s=%d ", (int)strcspn(speaker->word, " "), speaker->word,
			*speaker->word == 'u' && status > 0 ? 0 : status);
		speaker->done = 0;
		speaker->word += strcspn(speaker->word, " ");
		speaker->word += strspn(speaker->word, " ");
		if (status < 0)
			speaker->word = "";
	} while (*speaker->word != '\0' && !speaker->waits);
	return true;
}

/* Who has nothing more to say closes. Returns whether it did so now. */
static bool speaker_close(struct speaker *speaker)
{
	if (*speaker->word != '\0' || speaker->is_closed)
		return false;
	speaker->is_closed = true;
	(void)shutdown(speaker->fd, SHUT_WR);
	return true;
}

static size_t relay_piece(struct talk_state *state)
{
	const struct talk_plan *plan = state->plan;
	size_t piece = 65536;

	if (plan->piece > 0)
		piece = (size_t)plan->piece;
	if (plan->piece == TALK_RANDOM) {
		state->random = state->random * 1103515245 + 12345;
		/* Small ones most of the time. */
		piece = 1 + (state->random >> 8) % ((state->random >> 28) == 0 ? 6000 : 40);
	}
	if (plan->cut > 0 && piece > plan->cut - state->passed)
		piece = plan->cut - state->passed;
	return piece;
}

static void relay_cut(struct talk_state *state)
{
	state->is_cut = true;
	if (state->plan->is_torn) {
		(void)close(state->relay_server);
		state->relay_server = -1;
	} else {
		(void)shutdown(state->relay_server, SHUT_WR);
	}
}

static bool relay_to_server(struct talk_state *state)
{
	unsigned char bytes[65536];
	ssize_t got, put;

	if (state->is_cut)
		return false;
	if (state->plan->cut > 0 && state->passed == state->plan->cut) {
		relay_cut(state);
		return true;
	}
	got = recv(state->relay_client, bytes, relay_piece(state), MSG_PEEK);
	if (got < 0)
		return false;
	if (got == 0) {
		relay_cut(state);
		return true;
	}
	put = send(state->relay_server, bytes, (size_t)got, MSG_NOSIGNAL);
	if (put <= 0)
		return false;
	require(recv(state->relay_client, bytes, (size_t)put, 0) == put);
	state->passed += (size_t)put;
	return true;
}

static bool relay_to_client(struct talk_state *state)
{
	struct talk_result *result = state->result;
	unsigned char bytes[4096];
	ssize_t got;

	if (state->relay_server < 0)
		return false;
	/* Room first: what is taken must be passed on. */
	if (!poll_for(state->relay_client, POLLOUT))
		return false;
	got = recv(state->relay_server, bytes, sizeof(bytes), 0);
	if (got == 0 && !state->is_ended) {
		state->is_ended = true;
		(void)shutdown(state->relay_client, SHUT_WR);
		return true;
	}
	if (got <= 0)
		return false;
	require(result->bytes_length + (size_t)got <= STREAM_MAX);
	memcpy(result->bytes + result->bytes_length, bytes, (size_t)got);
	result->bytes_length += (size_t)got;
	for (ssize_t put = 0; put < got;) {
		ssize_t now =
			send(state->relay_client, bytes + put, (size_t)(got - put), MSG_NOSIGNAL);

		if (now < 0 && errno == EAGAIN && poll_for(state->client.fd, POLLIN)) {
			(void)speaker_step(&state->client);
			continue;
		}
		if (now < 0)
			break; /* the client is gone */
		put += now;
	}
	return true;
}

static void make_server(struct talk_state *state)
{
	const struct talk_plan *plan = state->plan;
	struct speaker *server = &state->server;

	require(gnutls_init(&server->session,
			GNUTLS_SERVER | GNUTLS_NO_SIGNAL | plan->server_flags) >= 0);
	require(gnutls_priority_set_direct(server->session, plan->server_priority, NULL) >= 0);
	require(gnutls_credentials_set(
			server->session, GNUTLS_CRD_CERTIFICATE, server_credentials) >= 0);
	if (plan->has_tickets)
		require(gnutls_session_ticket_enable_server(server->session, &ticket_key) >= 0);
	if (plan->is_buffered) {
		server->transport =
			transport_new(server->session, server->fd, !plan->rules_out_early_start);
		require(server->transport != NULL);
	} else {
		gnutls_transport_set_int(server->session, server->fd);
	}
	gnutls_handshake_set_timeout(server->session, plan->handshake_timeout);
	gnutls_record_set_timeout(server->session, plan->record_timeout);
	server->word = plan->server_script;
	server->log = state->result->log;
	server->log_size = sizeof(state->result->log);
}

static void make_client(struct talk_state *state)
{
	const struct talk_plan *plan = state->plan;
	struct speaker *client = &state->client;

	require(gnutls_init(&client->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) >=
		0);
	require(gnutls_priority_set_direct(client->session, plan->client_priority, NULL) >= 0);
	require(gnutls_credentials_set(
			client->session, GNUTLS_CRD_CERTIFICATE, client_credentials) >= 0);
	if (plan->ticket != NULL)
		require(gnutls_session_set_data(
				client->session, plan->ticket->data, plan->ticket->size) >= 0);
	gnutls_transport_set_int(client->session, client->fd);
	client->word = plan->client_script;
	client->log = state->result->client_log;
	client->log_size = sizeof(state->result->client_log);
}

static void talk_run(struct talk_state *state)
{
	bool goes_on = true;

	while (goes_on) {
		goes_on = speaker_step(&state->client);
		while (relay_to_client(state))
			goes_on = true;
		goes_on = relay_to_server(state) || goes_on;
		goes_on = speaker_step(&state->server) || goes_on;
		goes_on = speaker_close(&state->server) || goes_on;
		goes_on = speaker_close(&state->client) || goes_on;
	}
	if (*state->server.word != '\0')
		speaker_log(&state->server, "%s waits for ever", state->server.word);
	if (*state->client.word != '\0')
		speaker_log(&state->client, "%s waits for ever", state->client.word);
}

static void *talk_thread(void *data)
{
	struct talk_state *state = data;
	const struct talk_plan *plan = state->plan;
	struct talk_result *result = state->result;
	int near[2], far[2];

	require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, near) == 0);
	require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, far) == 0);
	talk_calls_begin(near[0], plan->fault, plan->fault_at);
	state->server.fd = near[0];
	state->relay_server = near[1];
	state->relay_client = far[1];
	state->client.fd = far[0];
	make_server(state);
	make_client(state);
	talk_run(state);
	result->client_length = state->passed;
	result->is_resumed = gnutls_session_is_resumed(state->server.session) != 0;
	if (gnutls_session_get_data2(state->client.session, &result->ticket) < 0)
		result->ticket.data = NULL;
	gnutls_deinit(state->client.session);
	gnutls_deinit(state->server.session);
	transport_free(state->server.transport);
	(void)close(near[0]);
	if (state->relay_server >= 0)
		(void)close(state->relay_server);
	(void)close(far[0]);
	(void)close(far[1]);
	talk_calls_count(&result->reads, &result->writes);
	return NULL;
}

void talk(const struct talk_plan *plan, struct talk_result *result)
{
	struct talk_state state = { .plan = plan, .result = result, .random = 1 };
	pthread_t thread;

	memset(result, 0, sizeof(*result));
	result->bytes = malloc(STREAM_MAX);
	require(result->bytes != NULL);
	require(pthread_create(&thread, NULL, talk_thread, &state) == 0);
	require(pthread_join(thread, NULL) == 0);
}

void talk_result_free(struct talk_result *result)
{
	free(result->bytes);
	gnutls_free(result->ticket.data);
}
