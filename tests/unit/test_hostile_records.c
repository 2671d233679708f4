/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ClientHellos and records against the rules of RFC 8446, one rule each, in the manner of tlsfuzzer;
 * and what other protocols send first.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "hostile.h"

#define BYTES(text) text, sizeof(text) - 1

enum how { SET, REMOVE, FIRST, LAST };

/* What is answered beside an alert's number. */
enum {
	RETRY = -2,
	SERVED = -1,
	UNEXPECTED = GNUTLS_A_UNEXPECTED_MESSAGE,
	OVERFLOW = GNUTLS_A_RECORD_OVERFLOW,
	HANDSHAKE = GNUTLS_A_HANDSHAKE_FAILURE,
	ILLEGAL = GNUTLS_A_ILLEGAL_PARAMETER,
	DECODE = GNUTLS_A_DECODE_ERROR,
	VERSION = GNUTLS_A_PROTOCOL_VERSION,
	MISSING = GNUTLS_A_MISSING_EXTENSION,
	UNSUPPORTED = GNUTLS_A_UNSUPPORTED_EXTENSION,
	FALLBACK = GNUTLS_A_INAPPROPRIATE_FALLBACK,
};

/* Types of extensions (RFC 8446, 4.2). */
enum {
	GROUPS = 10,
	SIGNATURES = 13,
	PSK = 41,
	EARLY_DATA = 42,
	VERSIONS = 43,
	COOKIE = 44,
	PSK_MODES = 45,
	SHARES = 51,
	UNKNOWN = 0x6a6a,
};

/*
 * What RFC 8446 wants; where GnuTLS sends another alert than the RFC's, that one: 110 for what comes
 * twice, 40 for what is missing. It passes over a pre-shared key of no identity or no binder that it
 * would not take; test_hostile_psk has those that it would.
 */
static const struct extension_case {
	const char *section, *what;
	enum hostile_kind kind;
	enum how how;
	unsigned int type;
	const char *data;
	size_t size;
	int expected;
} extensions[] = {
	{ "RFC 8446, 4.2", "an unknown one", HOSTILE_TLS13, LAST, UNKNOWN, BYTES("anything"),
		SERVED },
	{ "RFC 8446, 4.2", "supported_groups twice", HOSTILE_TLS13, LAST, GROUPS,
		BYTES("\0\2\0\x17"), UNSUPPORTED },
	{ "RFC 8446, 4.2", "server_name twice", HOSTILE_TLS13, LAST, 0,
		BYTES("\0\x15\0\0\x12webmail.ed.example"), UNSUPPORTED },
	{ "RFC 8446, 4.2", "server_name twice", HOSTILE_TLS12, FIRST, 0,
		BYTES("\0\x15\0\0\x12webmail.ed.example"), UNSUPPORTED },
	{ "RFC 8446, 4.2", "ALPN twice", HOSTILE_TLS13, LAST, 16, BYTES("\0\5\4imap"),
		UNSUPPORTED },
	{ "RFC 8446, 4.2.1", "supported_versions twice", HOSTILE_TLS13, LAST, VERSIONS,
		BYTES("\2\3\4"), UNSUPPORTED },
	{ "RFC 8446, 4.2.1", "no version", HOSTILE_TLS13, SET, VERSIONS, BYTES("\0"), VERSION },
	{ "RFC 8446, 4.2.1", "nothing at all", HOSTILE_TLS13, SET, VERSIONS, BYTES(""), DECODE },
	{ "RFC 8446, 4.2.1", "TLS 1.0 alone", HOSTILE_TLS13, SET, VERSIONS, BYTES("\2\3\1"),
		VERSION },
	{ "RFC 8446, 4.2.1", "SSL 3.0 alone", HOSTILE_TLS13, SET, VERSIONS, BYTES("\2\3\0"),
		VERSION },
	{ "RFC 8446, 4.2.1", "half a version", HOSTILE_TLS13, SET, VERSIONS, BYTES("\3\3\4\3"),
		DECODE },
	{ "RFC 8446, 4.2.1", "a byte behind", HOSTILE_TLS13, SET, VERSIONS, BYTES("\2\3\4x"),
		DECODE },
	{ "RFC 8446, 4.2.1", "unknown ones before", HOSTILE_TLS13, SET, VERSIONS,
		BYTES("\6\x3a\x3a\x7f\x1c\3\4"), SERVED },
	{ "RFC 8446, 9.2", "no signature_algorithms", HOSTILE_TLS13, REMOVE, SIGNATURES, NULL, 0,
		HANDSHAKE },
	{ "RFC 8446, 4.2.3", "an empty list", HOSTILE_TLS13, SET, SIGNATURES, BYTES("\0\0"),
		DECODE },
	{ "RFC 8446, 4.2.3", "an odd length", HOSTILE_TLS13, SET, SIGNATURES, BYTES("\0\3\4\3\4"),
		DECODE },
	{ "RFC 8446, 4.2.3", "only unknown ones", HOSTILE_TLS13, SET, SIGNATURES,
		BYTES("\0\2\x3a\x3a"), HANDSHAKE },
	{ "RFC 8446, 4.2.3", "only SHA-1", HOSTILE_TLS13, SET, SIGNATURES, BYTES("\0\4\2\1\2\3"),
		HANDSHAKE },
	{ "RFC 8446, 9.2", "no supported_groups beside key_share", HOSTILE_TLS13, REMOVE, GROUPS,
		NULL, 0, HANDSHAKE },
	{ "RFC 8446, 9.2", "no key_share beside supported_groups", HOSTILE_TLS13, REMOVE, SHARES,
		NULL, 0, MISSING },
	{ "RFC 8446, 4.2.7", "an empty list", HOSTILE_TLS13, SET, GROUPS, BYTES("\0\0"),
		HANDSHAKE },
	{ "RFC 8446, 4.2.7", "only unknown ones", HOSTILE_TLS13, SET, GROUPS, BYTES("\0\2\x3a\x3a"),
		HANDSHAKE },
	{ "RFC 8446, 4.2.8", "no share: the server asks for one", HOSTILE_TLS13, SET, SHARES,
		BYTES("\0\0"), RETRY },
	{ "RFC 8446, 4.2.8", "half a share", HOSTILE_TLS13, SET, SHARES, BYTES("\0\4\0\x17\0\x41"),
		DECODE },
	{ "RFC 8446, 4.2.8.2", "a point too short", HOSTILE_TLS13, SET, SHARES,
		BYTES("\0\5\0\x17\0\1\4"), ILLEGAL },
	{ "RFC 8446, 4.2.8.2", "a point that is not on the curve", HOSTILE_TLS13, SET, SHARES,
		BYTES("\0\x45\0\x17\0\x41\4"
		      "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1"
		      "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1"),
		ILLEGAL },
	{ "RFC 8446, 4.2.11", "an unknown identity", HOSTILE_TLS13, LAST, PSK,
		BYTES("\0\7\0\1x\0\0\0\0\0\x21\x20"
		      "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
		SERVED },
	{ "RFC 8446, 4.2.11", "a PSK that is not last", HOSTILE_TLS13, FIRST, PSK,
		BYTES("\0\7\0\1x\0\0\0\0\0\x21\x20"
		      "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
		ILLEGAL },
	{ "RFC 8446, 4.2.11", "no identity", HOSTILE_TLS13, LAST, PSK, BYTES("\0\0\0\0"), SERVED },
	{ "RFC 8446, 4.2.11", "no binder", HOSTILE_TLS13, LAST, PSK, BYTES("\0\7\0\1x\0\0\0\0\0\0"),
		SERVED },
	{ "RFC 8446, 4.2.10", "early data without a PSK", HOSTILE_TLS13, FIRST, EARLY_DATA,
		BYTES(""), SERVED },
	{ "RFC 8446, 4.2.2", "a cookie that nobody gave", HOSTILE_TLS13, FIRST, COOKIE,
		BYTES("\0\1x"), SERVED },
};

static int outcome(struct wire_answer answer)
{
	return answer.is_retry ? RETRY : answer.alert;
}

static void expect(const char *section, const char *what, struct wire_answer answer, int expected)
{
	if (outcome(answer) != expected)
		fail_msg(
			"%s: %s: alert %d instead of %d", section, what, outcome(answer), expected);
}

static void apply(struct wire *message, const struct extension_case *row)
{
	if (row->how == SET || row->how == REMOVE)
		wire_set_extension(message, row->type, row->data, row->size);
	else
		wire_add_extension(message, row->type, row->data, row->size, row->how == FIRST);
}

static void extension_rules(void **state)
{
	const struct hostile *hostile = *state;
	static struct wire message;
	size_t i;

	for (i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++) {
		const struct extension_case *row = &extensions[i];

		wire_copy(&message, &hostile->first[row->kind]);
		apply(&message, row);
		expect(row->section, row->what,
			hostile_send_message(hostile, hostile->strict, NULL, &message),
			row->expected);
	}
}

/* RFC 8446, 7.4.2; RFC 7748, 6.1: a share that would make the secret known to all. */
static void x25519_shares(void **state)
{
	static const struct {
		const char *what;
		const char *data;
		size_t size;
	} rows[] = {
		{ "no byte", BYTES("\0\4\0\x1d\0\0") },
		{ "zero", BYTES("\0\x24\0\x1d\0\x20"
				"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
				"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0") },
		{ "one", BYTES("\0\x24\0\x1d\0\x20"
			       "\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
			       "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0") },
	};
	const struct hostile *hostile = *state;
	static struct wire message;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		wire_copy(&message, &hostile->first[HOSTILE_TLS13]);
		wire_set_extension(&message, GROUPS, BYTES("\0\2\0\x1d"));
		wire_set_extension(&message, SHARES, rows[i].data, rows[i].size);
		expect("RFC 8446, 7.4.2", rows[i].what,
			hostile_send_message(hostile, hostile->strict, NULL, &message), ILLEGAL);
	}
}

/* Fields of ClientHello before the extensions, each with its length. */
enum field { VERSION_FIELD, SESSION_ID, SUITES, COMPRESSION, EXTENSIONS, NOTHING_MORE };

static size_t field_at(const struct wire *message, enum field field, size_t *size)
{
	size_t at[NOTHING_MORE + 2];

	at[VERSION_FIELD] = 4;
	at[SESSION_ID] = 4 + 2 + 32;
	at[SUITES] = at[SESSION_ID] + 1 + message->data[at[SESSION_ID]];
	at[COMPRESSION] = at[SUITES] + 2 + ((size_t)message->data[at[SUITES]] << 8) +
			  message->data[at[SUITES] + 1];
	at[EXTENSIONS] = at[COMPRESSION] + 1 + message->data[at[COMPRESSION]];
	at[NOTHING_MORE] = at[NOTHING_MORE + 1] = message->size;
	*size = field == VERSION_FIELD ? 2 : at[field + 1] - at[field];
	return at[field];
}

/* Puts other bytes in a field's place; the message's length is mended, nothing else. */
static void set_field(struct wire *message, enum field field, const void *bytes, size_t size)
{
	size_t old, at = field_at(message, field, &old);

	wire_splice(message, at, old, bytes, size);
	message->data[1] = (unsigned char)((message->size - 4) >> 16);
	message->data[2] = (unsigned char)((message->size - 4) >> 8);
	message->data[3] = (unsigned char)(message->size - 4);
}

static const struct field_case {
	const char *section, *what;
	enum hostile_kind kind;
	enum field field;
	const char *data;
	size_t size;
	int expected;
} fields[] = {
	/* GnuTLS looks whether null compression is there, not whether it is alone (4.1.2). */
	{ "RFC 8446, 4.1.2", "version 0.0", HOSTILE_TLS12, VERSION_FIELD, BYTES("\0\0"), VERSION },
	{ "RFC 8446, D.5", "SSL 3.0", HOSTILE_TLS12, VERSION_FIELD, BYTES("\3\0"), VERSION },
	{ "RFC 8446, D.5", "SSL 3.0", HOSTILE_TLS13, VERSION_FIELD, BYTES("\3\0"), VERSION },
	{ "RFC 8996, 4", "TLS 1.0", HOSTILE_TLS12, VERSION_FIELD, BYTES("\3\1"), VERSION },
	{ "RFC 8996, 5", "TLS 1.1", HOSTILE_TLS12, VERSION_FIELD, BYTES("\3\2"), VERSION },
	{ "RFC 8446, D.2", "TLS 1.3 by the old field", HOSTILE_TLS12, VERSION_FIELD, BYTES("\3\4"),
		SERVED },
	{ "RFC 5246, E.1", "version 255.255", HOSTILE_TLS12, VERSION_FIELD, BYTES("\xff\xff"),
		VERSION },
	{ "RFC 8446, 4.1.2", "a session id of 33 bytes", HOSTILE_TLS12, SESSION_ID,
		BYTES("\x21"
		      "123456789012345678901234567890123"),
		DECODE },
	{ "RFC 8446, 4.1.2", "a session id of 33 bytes", HOSTILE_TLS13, SESSION_ID,
		BYTES("\x21"
		      "123456789012345678901234567890123"),
		DECODE },
	{ "RFC 8446, 4.1.2", "a session id of 32 bytes", HOSTILE_TLS12, SESSION_ID,
		BYTES("\x20"
		      "12345678901234567890123456789012"),
		SERVED },
	{ "RFC 8446, 4.1.2", "a session id beyond the end", HOSTILE_TLS12, SESSION_ID,
		BYTES("\xff"), DECODE },
	{ "RFC 8446, 4.1.2", "no cipher suite", HOSTILE_TLS12, SUITES, BYTES("\0\0"), DECODE },
	{ "RFC 8446, 4.1.2", "no cipher suite", HOSTILE_TLS13, SUITES, BYTES("\0\0"), DECODE },
	{ "RFC 8446, 4.1.2", "half a cipher suite", HOSTILE_TLS13, SUITES, BYTES("\0\3\x13\1\x13"),
		DECODE },
	{ "RFC 8446, 4.1.2", "suites beyond the end", HOSTILE_TLS13, SUITES,
		BYTES("\xff\xff\x13\1"), DECODE },
	{ "RFC 8446, 4.1.1", "unknown suites alone", HOSTILE_TLS13, SUITES, BYTES("\0\2\x3a\x3a"),
		HANDSHAKE },
	{ "RFC 8446, 4.1.1", "suites of TLS 1.2 alone", HOSTILE_TLS13, SUITES,
		BYTES("\0\2\xc0\x2b"), HANDSHAKE },
	{ "RFC 5246, 7.4.1.3", "suites of TLS 1.3 alone", HOSTILE_TLS12, SUITES,
		BYTES("\0\2\x13\1"), HANDSHAKE },
	{ "RFC 5246, A.5", "no encryption", HOSTILE_TLS12, SUITES, BYTES("\0\4\0\1\0\2"),
		HANDSHAKE },
	{ "RFC 4346, A.5", "export suites", HOSTILE_TLS12, SUITES, BYTES("\0\6\0\3\0\6\0\x08"),
		HANDSHAKE },
	{ "RFC 7465, 2", "RC4", HOSTILE_TLS12, SUITES, BYTES("\0\4\0\4\0\5"), HANDSHAKE },
	{ "RFC 5246, A.5", "anonymous suites", HOSTILE_TLS12, SUITES, BYTES("\0\4\0\x34\xc0\x18"),
		HANDSHAKE },
	{ "RFC 5246, A.5", "RSA key transport", HOSTILE_TLS12, SUITES, BYTES("\0\4\0\x2f\0\x9c"),
		HANDSHAKE },
	{ "RFC 5746, 3.3", "the signal alone", HOSTILE_TLS12, SUITES, BYTES("\0\2\0\xff"),
		HANDSHAKE },
	{ "RFC 7507, 3", "a fall-back from TLS 1.3", HOSTILE_TLS12, SUITES,
		BYTES("\0\4\x56\0\xc0\x2b"), FALLBACK },
	{ "RFC 8446, 4.1.2", "no compression method", HOSTILE_TLS13, COMPRESSION, BYTES("\0"),
		DECODE },
	{ "RFC 8446, 4.1.2", "compression", HOSTILE_TLS13, COMPRESSION, BYTES("\1\1"), ILLEGAL },
	{ "RFC 8446, 4.1.2", "compression too", HOSTILE_TLS13, COMPRESSION, BYTES("\2\0\1"),
		SERVED },
	{ "RFC 5246, 7.4.1.2", "compression alone", HOSTILE_TLS12, COMPRESSION, BYTES("\1\1"),
		ILLEGAL },
	{ "RFC 5246, 7.4.1.2", "no extensions", HOSTILE_TLS12, EXTENSIONS, NULL, 0, SERVED },
	{ "RFC 8446, 4.1.2", "no extensions", HOSTILE_TLS13, EXTENSIONS, NULL, 0, HANDSHAKE },
	{ "RFC 5246, 7.4.1.2", "an empty list of extensions", HOSTILE_TLS12, EXTENSIONS,
		BYTES("\0\0"), SERVED },
	{ "RFC 8446, 4.1.2", "half a length of extensions", HOSTILE_TLS13, EXTENSIONS, BYTES("\0"),
		DECODE },
	{ "RFC 8446, 4.2", "extensions beyond the end", HOSTILE_TLS13, EXTENSIONS,
		BYTES("\xff\xff\0\0"), DECODE },
	{ "RFC 8446, 4.2", "half an extension", HOSTILE_TLS13, EXTENSIONS, BYTES("\0\3\0\0\0"),
		DECODE },
	{ "RFC 8446, 4.1.2", "a byte behind the extensions", HOSTILE_TLS13, NOTHING_MORE,
		BYTES("x"), DECODE },
	{ "RFC 8446, 4.1.2", "a byte behind the extensions", HOSTILE_TLS12, NOTHING_MORE,
		BYTES("x"), DECODE },
};

static void field_rules(void **state)
{
	const struct hostile *hostile = *state;
	static struct wire message;
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		wire_copy(&message, &hostile->first[fields[i].kind]);
		set_field(&message, fields[i].field, fields[i].data, fields[i].size);
		expect(fields[i].section, fields[i].what,
			hostile_send_message(hostile, hostile->strict, NULL, &message),
			fields[i].expected);
	}
}

/* Bytes before the hello's record, and behind it. GnuTLS lets a ChangeCipherSpec pass that 5 forbids. */
static const struct record_case {
	const char *section, *what;
	const char *before;
	size_t before_size;
	const char *behind;
	size_t behind_size;
	int expected;
} records[] = {
	{ "RFC 8446, 5.1", "an empty handshake record before", BYTES("\x16\3\1\0\0"), BYTES(""),
		UNEXPECTED },
	{ "RFC 8446, 5.1", "an empty record of data before", BYTES("\x17\3\1\0\0"), BYTES(""),
		UNEXPECTED },
	{ "RFC 8446, 5.1", "data before", BYTES("\x17\3\1\0\1x"), BYTES(""), UNEXPECTED },
	{ "RFC 8446, 5", "ChangeCipherSpec before", BYTES("\x14\3\1\0\1\1"), BYTES(""), SERVED },
	{ "RFC 8446, 5", "an unknown type before", BYTES("\x19\3\1\0\1x"), BYTES(""), UNEXPECTED },
	{ "RFC 6520, 3", "a heartbeat before", BYTES("\x18\3\1\0\3\1\x40\0"), BYTES(""),
		UNEXPECTED },
	{ "RFC 8446, 6.1", "a farewell before", BYTES("\x15\3\1\0\2\1\0"), BYTES(""), UNEXPECTED },
	{ "RFC 8446, 6.2", "a fatal alert before", BYTES("\x15\3\1\0\2\2\x28"), BYTES(""),
		UNEXPECTED },
	{ "RFC 5246, 7.2", "a warning before", BYTES("\x15\3\1\0\2\1\x5a"), BYTES(""), UNEXPECTED },
	{ "RFC 8446, 5.1", "half an alert before", BYTES("\x15\3\1\0\1\1"), BYTES(""), UNEXPECTED },
	{ "RFC 8446, 5.1", "a record of 2^14 + 2049 bytes", BYTES("\x16\3\1\x48\1"), BYTES(""),
		OVERFLOW },
	{ "RFC 8446, 5.1", "a record of 65,535 bytes", BYTES("\x16\3\1\xff\xff"), BYTES(""),
		OVERFLOW },
	{ "RFC 8446, 5.1", "data behind", BYTES(""), BYTES("\x17\3\1\0\1x"), SERVED },
	{ "RFC 8446, 4", "HelloRequest first", BYTES("\x16\3\1\0\4\0\0\0\0"), BYTES(""),
		UNEXPECTED },
	{ "RFC 8446, 4", "ServerHello first", BYTES("\x16\3\1\0\4\2\0\0\0"), BYTES(""),
		UNEXPECTED },
	{ "RFC 8446, 4", "Finished first", BYTES("\x16\3\1\0\4\x14\0\0\0"), BYTES(""), UNEXPECTED },
	{ "RFC 8446, 4", "KeyUpdate first", BYTES("\x16\3\1\0\5\x18\0\0\1\0"), BYTES(""),
		UNEXPECTED },
	{ "RFC 8446, 4", "message_hash first", BYTES("\x16\3\1\0\4\xfe\0\0\0"), BYTES(""),
		UNEXPECTED },
	{ "RFC 8446, 4", "a hello of no byte", BYTES("\x16\3\1\0\4\1\0\0\0"), BYTES(""), DECODE },
	{ "RFC 8446, 4", "a hello of 2^24 - 1 bytes", BYTES("\x16\3\1\0\4\1\xff\xff\xff"),
		BYTES(""), UNEXPECTED },
};

static void record_rules(void **state)
{
	const struct hostile *hostile = *state;
	static struct wire wire;
	size_t i;
	int kind;

	for (i = 0; i < sizeof(records) / sizeof(records[0]); i++)
		for (kind = 0; kind <= HOSTILE_TLS13; kind++) {
			wire.size = 0;
			wire_add(&wire, records[i].before, records[i].before_size);
			wire_add_records(&wire, &hostile->first[kind], RECORD_MAX);
			wire_add(&wire, records[i].behind, records[i].behind_size);
			expect(records[i].section, records[i].what,
				hostile_send(hostile, hostile->strict, NULL, &wire, WIRE_SIZE),
				records[i].expected);
		}
}

static const struct {
	const char *what;
	const char *data;
	size_t size;
} foreign[] = {
	{ "nothing", BYTES("") },
	{ "HTTP", BYTES("GET / HTTP/1.1\r\nHost: webmail.good.example\r\n\r\n") },
	{ "HTTP/2", BYTES("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") },
	{ "SMTP", BYTES("EHLO client.example\r\nMAIL FROM:<>\r\n") },
	{ "IMAP", BYTES("a STARTTLS\r\n") },
	{ "POP3", BYTES("STLS\r\n") },
	{ "SSH", BYTES("SSH-2.0-client\r\n") },
	{ "SOCKS", BYTES("\5\1\0") },
	{ "a proxy's header", BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n") },
	{ "DTLS", BYTES("\x16\xfe\xfd\0\0\0\0\0\0\0\0\0\4\1\0\0\0") },
	{ "one byte", BYTES("\x16") },
	{ "zeros", BYTES("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0") },
	{ "ones", BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff") },
	{ "SSL 2.0", BYTES("\x80\x1c\1\0\2\0\3\0\0\0\x10\7\0\xc0"
			   "1234567890123456") },
	{ "TLS 1.2 in a hello of SSL 2.0 (RFC 5246, E.2)",
		BYTES("\x80\x22\1\3\3\0\x09\0\0\0\x10\0\xc0\x2b\0\xc0\x2f\0\0\xff"
		      "1234567890123456") },
	{ "SSL 3.0", BYTES("\x16\3\0\0\x2f\1\0\0\x2b\3\0"
			   "12345678901234567890123456789012"
			   "\0\0\4\0\x2f\0\x0a\1\0") },
	{ "TLS 1.0", BYTES("\x16\3\1\0\x2f\1\0\0\x2b\3\1"
			   "12345678901234567890123456789012"
			   "\0\0\4\0\x2f\0\x0a\1\0") },
};

/* Each gets an alert record, for whoever looks; none is served. */
static void foreign_protocols(void **state)
{
	const struct hostile *hostile = *state;
	static struct wire wire;
	size_t i;

	for (i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		wire.size = 0;
		wire_add(&wire, foreign[i].data, foreign[i].size);
		if (hostile_send(hostile, hostile->strict, NULL, &wire, WIRE_SIZE).is_handshake ||
			hostile_send(hostile, hostile->lenient, NULL, &wire, 1).is_handshake)
			fail_msg("%s was served", foreign[i].what);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(extension_rules),
		cmocka_unit_test(x25519_shares),
		cmocka_unit_test(field_rules),
		cmocka_unit_test(record_rules),
		cmocka_unit_test(foreign_protocols),
	};

	return cmocka_run_group_tests(tests, hostile_set_up, hostile_tear_down);
}
