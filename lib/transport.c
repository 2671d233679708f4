/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transport.h"
#include "hot.h"
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum {
	STEP = 4096,
	/* GnuTLS hands over no more records at once. */
	RECORDS_MAX = 32
};

/* RFC 8446, 5.1. */
enum {
	RECORD_CHANGE_CIPHER_SPEC = 20,
	RECORD_HANDSHAKE = 22,
	RECORD_PROTECTED = 23,
	RECORD_HEADER_SIZE = 5
};

/*
 * No Finished and no NewSessionTicket is shorter under protection: header of the message, SHA-256,
 * type, and the shortest tag (RFC 8446, 4.4.4, 5.2; RFC 6655). An alert has 2 + 1 + 16 bytes.
 */
enum { MESSAGE_MIN = 4 + 32 + 1 + 8 };

/*
 * The server's first flight of TLS 1.3, which GnuTLS writes in up to four parts within one
 * gnutls_handshake(): ServerHello with change_cipher_spec; EncryptedExtensions to Finished; the
 * tickets, one by one. After each of them it either writes the next one, or reads, or fails; so
 * each may wait for what follows, and reading sends what waits. No other part of any handshake may
 * wait: after TLS 1.2's last flight gnutls_handshake() returns, and nobody would send it.
 */
enum flight { FLIGHT_BEFORE, FLIGHT_HELLO, FLIGHT_FINISHED, FLIGHT_OVER };

/*
 * `bytes` holds ciphertext only. What was read ahead comes first, what waits to be written behind
 * it: the client has nothing more to say before it has the flight, so that each has nearly all of
 * the room in its turn. After the handshake one thread may read while another one writes, as
 * GnuTLS allows: the writing one finds the flight over, and changes nothing here.
 */
struct transport {
	gnutls_session_t session;
	int fd;
	bool may_start_early;
	enum flight flight;
	size_t read_start, read_end;
	size_t write_start, write_end;
	unsigned char bytes[STEP];
};

static bool has_unwritten(const struct transport *transport)
{
	return transport->write_start < transport->write_end;
}

static ssize_t transport_send(
	const struct transport *transport, struct iovec *vector, size_t vector_length)
{
	struct msghdr message = { .msg_iov = vector, .msg_iovlen = vector_length };

	return sendmsg(transport->fd, &message, MSG_NOSIGNAL);
}

/* Sends what waits. Returns 0, or -1 with errno. */
static int transport_flush(struct transport *transport)
{
	while (has_unwritten(transport)) {
		ssize_t sent = send(transport->fd, transport->bytes + transport->write_start,
			transport->write_end - transport->write_start, MSG_NOSIGNAL);

		if (sent < 0)
			return -1;
		transport->write_start += (size_t)sent;
	}
	return 0;
}

/* Before GnuTLS reads: the peer may be waiting for what waits here. */
static int transport_turn(struct transport *transport)
{
	if (transport->flight == FLIGHT_HELLO || transport->flight == FLIGHT_FINISHED)
		transport->flight = FLIGHT_OVER;
	return has_unwritten(transport) ? transport_flush(transport) : 0;
}

/* Fills the caller's room, and reads ahead behind it. */
static ssize_t transport_receive_both(struct transport *transport, void *data, size_t size)
{
	struct iovec vector[] = { { data, size }, { transport->bytes, STEP } };
	struct msghdr message = { .msg_iov = vector, .msg_iovlen = 2 };
	ssize_t got = recvmsg(transport->fd, &message, 0);

	if (got < 0 || (size_t)got <= size)
		return got;
	transport->read_start = 0;
	transport->read_end = (size_t)got - size;
	return (ssize_t)size;
}

HOT static ssize_t transport_pull(gnutls_transport_ptr_t pointer, void *data, size_t size)
{
	struct transport *transport = pointer;
	ssize_t got;

	if (transport_turn(transport) < 0)
		return -1;
	if (transport->read_start == transport->read_end) {
		if (size >= STEP)
			return transport_receive_both(transport, data, size);
		got = recv(transport->fd, transport->bytes, STEP, 0);
		if (got <= 0)
			return got;
		transport->read_start = 0;
		transport->read_end = (size_t)got;
	}
	if (size > transport->read_end - transport->read_start)
		size = transport->read_end - transport->read_start;
	memcpy(data, transport->bytes + transport->read_start, size);
	transport->read_start += size;
	return (ssize_t)size;
}

static int transport_pull_timeout(gnutls_transport_ptr_t pointer, unsigned int milliseconds)
{
	struct transport *transport = pointer;

	if (transport_turn(transport) < 0)
		return -1;
	if (transport_pending(transport) > 0)
		return 1;
	return gnutls_system_recv_timeout(
		(gnutls_transport_ptr_t)(intptr_t)transport->fd, milliseconds);
}

static unsigned int record_type(const giovec_t *record)
{
	return record->iov_len > 0 ? *(const unsigned char *)record->iov_base : 0;
}

/* A protected record that is no alert. */
static bool record_is_message(const giovec_t *record)
{
	return record_type(record) == RECORD_PROTECTED &&
	       record->iov_len >= RECORD_HEADER_SIZE + MESSAGE_MIN;
}

/* Does GnuTLS, having written these whole records, go on to write or to read? */
static bool transport_is_followed(
	struct transport *transport, const giovec_t *records, size_t length)
{
	const giovec_t *last = &records[length - 1];
	enum flight flight = transport->flight;

	transport->flight = FLIGHT_OVER;
	if (flight == FLIGHT_OVER ||
		(flight == FLIGHT_BEFORE && record_type(records) != RECORD_HANDSHAKE))
		return false;
	if (flight == FLIGHT_BEFORE && record_type(last) == RECORD_CHANGE_CIPHER_SPEC) {
		transport->flight = FLIGHT_HELLO;
		return true;
	}
	/* Without the change_cipher_spec of RFC 8446, D.4 the first two parts are one. */
	if (!record_is_message(last))
		return false;
	/* GnuTLS tells of an early start by the time it writes tickets or data. */
	if (flight == FLIGHT_FINISHED &&
		(gnutls_session_get_flags(transport->session) & GNUTLS_SFLAGS_EARLY_START) != 0)
		return false;
	transport->flight = FLIGHT_FINISHED;
	/* When there are no tickets, an early start ends the handshake with Finished. */
	return flight == FLIGHT_FINISHED || !transport->may_start_early;
}

/* Takes the records in, if there is room. Returns how many bytes that was. */
static size_t transport_hold(struct transport *transport, const giovec_t *records, size_t length)
{
	size_t total = 0, i;

	if (!has_unwritten(transport)) {
		if (transport->read_start == transport->read_end)
			transport->read_start = transport->read_end = 0;
		transport->write_start = transport->write_end = transport->read_end;
	}
	for (i = 0; i < length; i++)
		total += records[i].iov_len;
	if (total > STEP - transport->write_end)
		return 0;
	for (i = 0; i < length; i++) {
		memcpy(transport->bytes + transport->write_end, records[i].iov_base,
			records[i].iov_len);
		transport->write_end += records[i].iov_len;
	}
	return total;
}

/* Sends what waits, and behind it the records. Returns how many bytes of these were taken. */
static ssize_t transport_send_behind(
	struct transport *transport, const giovec_t *records, size_t length)
{
	size_t held = transport->write_end - transport->write_start;
	struct iovec vector[1 + RECORDS_MAX];
	ssize_t sent;

	if (length > RECORDS_MAX)
		length = RECORDS_MAX;
	vector[0] = (struct iovec){ transport->bytes + transport->write_start, held };
	memcpy(vector + 1, records, length * sizeof(*records));
	sent = transport_send(transport, vector, 1 + length);
	if (sent < 0)
		return -1;
	if ((size_t)sent <= held) {
		transport->write_start += (size_t)sent;
		errno = EAGAIN;
		return -1;
	}
	transport->write_start = transport->write_end;
	return sent - (ssize_t)held;
}

HOT static ssize_t transport_push(
	gnutls_transport_ptr_t pointer, const giovec_t *records, int records_length)
{
	struct transport *transport = pointer;
	size_t length = (size_t)records_length, total = 0, i;
	ssize_t sent;

	if (transport->flight != FLIGHT_OVER && transport_is_followed(transport, records, length)) {
		total = transport_hold(transport, records, length);
		if (total > 0)
			return (ssize_t)total;
	}
	if (has_unwritten(transport))
		sent = transport_send_behind(transport, records, length);
	else
		sent = transport_send(transport, (struct iovec *)(uintptr_t)records, length);
	if (transport->flight == FLIGHT_OVER)
		return sent;
	/* What GnuTLS hands over next may begin within a record: there is nothing to tell it by. */
	for (i = 0; i < length; i++)
		total += records[i].iov_len;
	if (sent < 0 || (size_t)sent < total)
		transport->flight = FLIGHT_OVER;
	return sent;
}

HOT struct transport *transport_new(gnutls_session_t session, int fd, bool may_start_early)
{
	struct transport *transport = malloc(sizeof(*transport));

	if (transport == NULL)
		return NULL;
	memset(transport, 0, offsetof(struct transport, bytes));
	transport->session = session;
	transport->fd = fd;
	transport->may_start_early = may_start_early;
	gnutls_transport_set_ptr(session, transport);
	gnutls_transport_set_pull_function(session, transport_pull);
	gnutls_transport_set_pull_timeout_function(session, transport_pull_timeout);
	gnutls_transport_set_vec_push_function(session, transport_push);
	return transport;
}

HOT void transport_free(struct transport *transport)
{
	free(transport);
}

bool transport_set_fd(struct transport *transport, int fd)
{
	if (transport_pending(transport) > 0 || has_unwritten(transport))
		return false;
	transport->fd = fd;
	return true;
}

size_t transport_pending(const struct transport *transport)
{
	return transport->read_end - transport->read_start;
}

bool transport_wants_write(const struct transport *transport)
{
	return has_unwritten(transport);
}
