/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "fuzz_store.h"
#include "name.h"
#include <string.h>

/*
 * What a client sends to a server: the first byte says whether the rest is the stream of bytes
 * itself, the body of a ClientHello, or the data of one extension of a good one; and which service
 * it is sent to. What wraps the rest has the right lengths.
 */
enum kind { KIND_STREAM, KIND_HELLO, KIND_SERVER_NAME, KIND_ALPN, KINDS };

enum { STREAM_MAX = 0x10000, RECORD_MAX = 16384, STEPS_MAX = 16 };

static struct fuzz_store fuzz;

struct stream {
	unsigned char bytes[STREAM_MAX];
	size_t size, at;
};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_store_open(&fuzz);
	return 0;
}

static void put(struct stream *stream, const void *data, size_t size)
{
	if (size > sizeof(stream->bytes) - stream->size)
		size = sizeof(stream->bytes) - stream->size;
	if (size > 0)
		memcpy(stream->bytes + stream->size, data, size);
	stream->size += size;
}

/* Puts a big-endian number over bytes that are there. */
static void number(struct stream *stream, size_t at, size_t value, unsigned int width)
{
	while (width-- > 0) {
		stream->bytes[at + width] = (unsigned char)(value & 0xff);
		value >>= 8;
	}
}

/* Puts a header: `head` with room for a length of `width` behind it. */
static size_t open_length(
	struct stream *stream, const void *head, size_t head_size, unsigned int width)
{
	static const unsigned char zeros[4];

	put(stream, head, head_size);
	put(stream, zeros, width);
	return stream->size;
}

static void close_length(struct stream *stream, size_t from, unsigned int width)
{
	number(stream, from - width, stream->size - from, width);
}

/* A hello of TLS 1.2 that the server takes, with one extension more. */
static void put_good_hello(
	struct stream *stream, unsigned char extension, const void *data, size_t size)
{
	static const unsigned char start[2 + 32 + 1] = { 3, 3 };
	static const unsigned char suites[] = { 0, 4, 0xc0, 0x2b, 0xc0, 0x2f, 1, 0 };
	static const unsigned char extensions[] = {
		0, 10, 0, 4, 0, 2, 0, 23, /* supported_groups: secp256r1 */
		0, 13, 0, 6, 0, 4, 4, 3, 8, 7, /* signature_algorithms: ECDSA, Ed25519 */
	};
	const unsigned char head[] = { 0, extension };
	size_t all, one;

	put(stream, start, sizeof(start));
	put(stream, suites, sizeof(suites));
	all = open_length(stream, NULL, 0, 2);
	put(stream, extensions, sizeof(extensions));
	one = open_length(stream, head, sizeof(head), 2);
	put(stream, data, size);
	close_length(stream, one, 2);
	close_length(stream, all, 2);
}

/* The size is one that a record can have. */
static void put_record(struct stream *stream, enum kind kind, const void *data, size_t size)
{
	static const unsigned char record[] = { 22, 3, 1 };
	static const unsigned char client_hello[] = { 1 };
	size_t body = open_length(stream, record, sizeof(record), 2);
	size_t message = open_length(stream, client_hello, sizeof(client_hello), 3);

	if (kind == KIND_HELLO)
		put(stream, data, size);
	else
		put_good_hello(stream, kind == KIND_ALPN ? 16 : 0, data, size);
	close_length(stream, message, 3);
	close_length(stream, body, 2);
}

static ssize_t pull(gnutls_transport_ptr_t transport, void *data, size_t size)
{
	struct stream *stream = transport;

	if (size > stream->size - stream->at)
		size = stream->size - stream->at;
	if (size > 0)
		memcpy(data, stream->bytes + stream->at, size);
	stream->at += size;
	return (ssize_t)size; /* at the end, that of the connection */
}

static int pull_timeout(gnutls_transport_ptr_t transport, unsigned int ms)
{
	(void)transport;
	(void)ms;
	return 1;
}

static ssize_t push(gnutls_transport_ptr_t transport, const void *data, size_t size)
{
	(void)transport;
	(void)data;
	return (ssize_t)size;
}

/* GnuTLS reads the same extension by itself: the host that was selected is the one it has seen. */
static void check_selected(gnutls_session_t session)
{
	struct certbind_selection selection;
	char name[NAME_SIZE], folded[NAME_SIZE];
	size_t size = sizeof(name) - 1;
	unsigned int type;

	fuzz_require(certbind_session_selected(session, &selection) == CERTBIND_OK);
	if (selection.host[0] == '\0')
		return;
	fuzz_require(certbind_session_serves(session, selection.host) ||
		     selection.rule == CERTBIND_RULE_DEFAULT);
	if (gnutls_server_name_get(session, name, &size, &type, 0) < 0)
		return;
	fuzz_require(name_fold(name, size, folded) == NAME_OK);
	fuzz_require(strcmp(folded, selection.host) == 0);
}

static void handshake(struct certbind_context *context, struct stream *stream)
{
	struct certbind_error error;
	gnutls_session_t session;
	int status, i;

	fuzz_require(certbind_context_session(context, GNUTLS_NONBLOCK, &session, &error) ==
		     CERTBIND_OK);
	gnutls_transport_set_ptr(session, stream);
	gnutls_transport_set_pull_function(session, pull);
	gnutls_transport_set_pull_timeout_function(session, pull_timeout);
	gnutls_transport_set_push_function(session, push);
	for (i = 0; i < STEPS_MAX; i++) {
		status = gnutls_handshake(session);
		if (status >= 0 || gnutls_error_is_fatal(status))
			break;
	}
	check_selected(session);
	gnutls_deinit(session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct stream stream;
	enum kind kind;

	if (size == 0 || size > RECORD_MAX - 1024)
		return 0;
	kind = (enum kind)(data[0] % KINDS);
	stream.size = 0;
	stream.at = 0;
	if (kind == KIND_STREAM)
		put(&stream, data + 1, size - 1);
	else
		put_record(&stream, kind, data + 1, size - 1);
	handshake(fuzz.contexts[data[0] / KINDS % 3], &stream);
	return 0;
}
