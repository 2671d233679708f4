/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Server names and protocols that no honest client sends (RFC 6066, RFC 7301). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "hostile.h"

/* What the strict service answers, beside an alert's number. */
enum { SERVED = -1 };

#define BYTES(text) text, sizeof(text) - 1

struct name_case {
	const char *section;
	const char *what;
	const char *data; /* the whole extension */
	size_t size;
	int strict, lenient;
};

#define HOST "\0\0\x14webmail.good.example"
#define OTHER "\0\0\x12webmail.ed.example"
#define OTHER_HOST "webmail.ed.example"
#define UNKNOWN "\0\0\x0fnobody.example."

enum {
	DECODE = GNUTLS_A_DECODE_ERROR,
	ILLEGAL = GNUTLS_A_ILLEGAL_PARAMETER,
	FOREIGN = GNUTLS_A_NO_APPLICATION_PROTOCOL,
	UNRECOGNIZED = GNUTLS_A_UNRECOGNIZED_NAME,
};

static const struct name_case names[] = {
	{ "RFC 6066, 3", "one name", BYTES("\0\x17" HOST), SERVED, SERVED },
	{ "RFC 6066, 3", "a dot at the end", BYTES("\0\x18\0\0\x15webmail.good.example."), SERVED,
		SERVED },
	{ "RFC 6066, 3", "upper case", BYTES("\0\x17\0\0\x14WEBMAIL.GOOD.EXAMPLE"), SERVED,
		SERVED },
	{ "RFC 6066, 3", "an unknown name", BYTES("\0\x12" UNKNOWN), UNRECOGNIZED, SERVED },
	{ "RFC 6066, 3", "two of one type: the first counts", BYTES("\0\x2c" HOST OTHER), SERVED,
		SERVED },
	{ "RFC 6066, 3", "an unknown one before", BYTES("\0\x29" UNKNOWN HOST), UNRECOGNIZED,
		SERVED },
	{ "RFC 6066, 3", "an unknown one behind", BYTES("\0\x29" HOST UNKNOWN), SERVED, SERVED },
	{ "RFC 6066, 3", "another type before", BYTES("\0\x1b\1\0\1x" HOST), SERVED, SERVED },
	{ "RFC 6066, 3", "another type alone", BYTES("\0\x04\1\0\1x"), SERVED, SERVED },
	{ "RFC 6066, 3", "no list", BYTES(""), DECODE, DECODE },
	{ "RFC 6066, 3", "an empty list", BYTES("\0\0"), DECODE, DECODE },
	{ "RFC 6066, 3", "half a length", BYTES("\0"), DECODE, DECODE },
	{ "RFC 6066, 3", "an empty name", BYTES("\0\3\0\0\0"), UNRECOGNIZED, DECODE },
	{ "RFC 6066, 3", "an empty name before", BYTES("\0\x1a\0\0\0" HOST), UNRECOGNIZED, DECODE },
	{ "RFC 6066, 3", "a list too long", BYTES("\0\x18" HOST), DECODE, DECODE },
	{ "RFC 6066, 3", "a list too short", BYTES("\0\x16" HOST), DECODE, DECODE },
	{ "RFC 6066, 3", "a name too long", BYTES("\0\x17\0\0\x15webmail.good.example"), DECODE,
		DECODE },
	{ "RFC 6066, 3", "a name too short", BYTES("\0\x17\0\0\x13webmail.good.example"),
		UNRECOGNIZED, SERVED },
	{ "RFC 6066, 3", "a byte behind the names", BYTES("\0\x18" HOST "\0"), SERVED, SERVED },
	{ "RFC 6066, 3", "a NUL at the end", BYTES("\0\x18\0\0\x15webmail.good.example\0"),
		UNRECOGNIZED, ILLEGAL },
	{ "RFC 6066, 3", "a NUL and more", BYTES("\0\x1a\0\0\x17webmail.good.example\0.x"),
		UNRECOGNIZED, ILLEGAL },
	{ "RFC 6066, 3", "a NUL in front", BYTES("\0\x18\0\0\x15\0webmail.good.example"),
		UNRECOGNIZED, ILLEGAL },
	{ "RFC 6066, 3", "not ASCII",
		BYTES("\0\x12\0\0\x0f"
		      "b\xc3\xbc"
		      "cher.example"),
		UNRECOGNIZED, ILLEGAL },
	{ "RFC 6066, 3", "an IPv4 address",
		BYTES("\0\x0c\0\0\x09"
		      "127.0.0.1"),
		UNRECOGNIZED, SERVED },
	{ "RFC 6066, 3", "an IPv6 address", BYTES("\0\x06\0\0\x03::1"), UNRECOGNIZED, ILLEGAL },
	{ "RFC 6066, 3", "an IPv6 address in brackets", BYTES("\0\x08\0\0\x05[::1]"), UNRECOGNIZED,
		ILLEGAL },
	{ "RFC 6066, 3", "an underscore", BYTES("\0\x12\0\0\x0f_x.good.example"), UNRECOGNIZED,
		ILLEGAL },
	{ "RFC 6066, 3", "an asterisk", BYTES("\0\x11\0\0\x0e*.good.example"), UNRECOGNIZED,
		ILLEGAL },
	{ "RFC 6066, 3", "a space", BYTES("\0\x18\0\0\x15webmail.good.example "), UNRECOGNIZED,
		ILLEGAL },
	{ "RFC 6066, 3", "a line's end", BYTES("\0\x18\0\0\x15webmail.good.example\n"),
		UNRECOGNIZED, ILLEGAL },
	{ "RFC 1035, 2.3.4", "an empty label", BYTES("\0\x18\0\0\x15webmail..good.example"),
		UNRECOGNIZED, SERVED },
	{ "RFC 1035, 2.3.4", "two dots at the end", BYTES("\0\x19\0\0\x16webmail.good.example.."),
		UNRECOGNIZED, SERVED },
	{ "RFC 1035, 2.3.4", "a dot alone", BYTES("\0\4\0\0\1."), UNRECOGNIZED, SERVED },
};

static void expect(const char *section, const char *what, int kind, int alert, int expected)
{
	if (alert != expected)
		fail_msg("%s: %s: hello %d: alert %d instead of %d", section, what, kind, alert,
			expected);
}

static void server_names(void **state)
{
	const struct hostile *hostile = *state;
	static struct wire message;
	size_t i;
	int kind;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (kind = 0; kind < HOSTILE_KINDS; kind++) {
			const struct name_case *row = &names[i];

			wire_copy(&message, &hostile->first[kind]);
			wire_set_extension(&message, EXTENSION_SERVER_NAME, row->data, row->size);
			expect(row->section, row->what, kind,
				hostile_send_message(hostile, hostile->strict, NULL, &message)
					.alert,
				row->strict);
			expect(row->section, row->what, kind,
				hostile_send_message(hostile, hostile->lenient, NULL, &message)
					.alert,
				row->lenient);
		}
}

static void names_of_every_length(void **state)
{
	static const size_t lengths[] = { 1, 2, 63, 64, 252, 253, 254, 255, 256, 257, 511, 512,
		1023, 1024, 4095, 4096, 16383, 16384, 32767, 65535 - 600 };
	const struct hostile *hostile = *state;
	static struct wire message, list;
	size_t i, j;

	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		list.size = 0;
		wire_add_number(&list, lengths[i] + 3, 2);
		wire_add_number(&list, 0, 1);
		wire_add_number(&list, lengths[i], 2);
		for (j = 0; j < lengths[i]; j++)
			wire_add_number(&list, j % 2 == 0 ? 'a' : '.', 1);
		wire_copy(&message, &hostile->first[HOSTILE_TLS13]);
		wire_set_extension(&message, EXTENSION_SERVER_NAME, list.data, list.size);
		expect("RFC 6066, 3", "length", (int)lengths[i],
			hostile_send_message(hostile, hostile->strict, NULL, &message).alert,
			UNRECOGNIZED);
		(void)hostile_send_message(hostile, hostile->lenient, NULL, &message);
	}
}

/* As many names as 65,535 bytes of extensions hold, with the binding's host the first or the last. */
static void lists_of_many_names(void **state)
{
	static const char entry[] = HOST;
	const struct hostile *hostile = *state;
	static struct wire message, list;
	int type, is_first;
	size_t i;

	for (type = 0; type < 2; type++)
		for (is_first = 0; is_first < 2; is_first++) {
			list.size = 2;
			if (is_first)
				wire_add(&list, entry, sizeof(entry) - 1);
			for (i = 0; i < 16000; i++) {
				wire_add_number(&list, (size_t)type, 1);
				wire_add(&list, "\0\1x", 3);
			}
			if (!is_first)
				wire_add(&list, entry, sizeof(entry) - 1);
			list.data[0] = (unsigned char)((list.size - 2) >> 8);
			list.data[1] = (unsigned char)(list.size - 2);
			wire_copy(&message, &hostile->first[HOSTILE_TLS13]);
			wire_set_extension(&message, EXTENSION_SERVER_NAME, list.data, list.size);
			expect("RFC 6066, 3", "a long list", type,
				hostile_send_message(hostile, hostile->strict, NULL, &message)
					.alert,
				type == 0 && !is_first ? UNRECOGNIZED : SERVED);
		}
}

static const struct protocol_case {
	const char *what;
	const char *data;
	size_t size;
	int expected;
} protocols[] = {
	{ "one", BYTES("\0\x09\x08http/1.1"), SERVED },
	{ "another before", BYTES("\0\x0c\2h2\x08http/1.1"), SERVED },
	{ "an unknown one", BYTES("\0\5\4imap"), FOREIGN },
	{ "upper case", BYTES("\0\x09\x08HTTP/1.1"), FOREIGN },
	{ "a part of it", BYTES("\0\7\6http/1"), FOREIGN },
	{ "more than it", BYTES("\0\x0a\x09http/1.1\0"), FOREIGN },
	{ "one across two", BYTES("\0\x0a\4http\4/1.1"), FOREIGN },
	{ "no list", BYTES(""), FOREIGN },
	{ "an empty list", BYTES("\0\0"), FOREIGN },
	{ "an empty name", BYTES("\0\1\0"), FOREIGN },
	{ "an empty name before", BYTES("\0\x0a\0\x08http/1.1"), DECODE },
	{ "a list too long", BYTES("\0\x0a\x08http/1.1"), FOREIGN },
	{ "a list too short", BYTES("\0\x08\x08http/1.1"), FOREIGN },
	{ "a name too long", BYTES("\0\x09\x09http/1.1"), FOREIGN },
	{ "a name too short", BYTES("\0\x09\x07http/1.1"), FOREIGN },
	{ "what follows is cut", BYTES("\0\x0a\x08http/1.1\5"), DECODE },
};

static void alpn(void **state)
{
	const struct hostile *hostile = *state;
	static struct wire message;
	size_t i;
	int kind;

	for (i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
		for (kind = 0; kind < HOSTILE_KINDS; kind++) {
			wire_copy(&message, &hostile->first[kind]);
			wire_set_extension(
				&message, EXTENSION_ALPN, protocols[i].data, protocols[i].size);
			expect("RFC 7301, 3.1", protocols[i].what, kind,
				hostile_send_message(hostile, hostile->strict, NULL, &message)
					.alert,
				protocols[i].expected);
		}
}

static void set_hello(struct wire *message, const char *name, const char *protocol)
{
	static struct wire data;

	if (name == NULL)
		wire_set_extension(message, EXTENSION_SERVER_NAME, NULL, 0);
	if (name != NULL && name[0] != '\0') {
		data.size = 0;
		wire_add_number(&data, strlen(name) + 3, 2);
		wire_add_number(&data, 0, 1);
		wire_add_number(&data, strlen(name), 2);
		wire_add(&data, name, strlen(name));
		wire_set_extension(message, EXTENSION_SERVER_NAME, data.data, data.size);
	}
	if (protocol == NULL)
		wire_set_extension(message, EXTENSION_ALPN, NULL, 0);
	if (protocol != NULL && protocol[0] != '\0') {
		data.size = 0;
		wire_add_number(&data, strlen(protocol) + 1, 2);
		wire_add_number(&data, strlen(protocol), 1);
		wire_add(&data, protocol, strlen(protocol));
		wire_set_extension(message, EXTENSION_ALPN, data.data, data.size);
	}
}

/* RFC 8446, 4.1.2: what a second hello may not change. */
static void second_hellos(void **state)
{
	static const struct {
		const char *what;
		const char *first_name, *first_protocol; /* NULL: none; "": as it is */
		const char *second_name, *second_protocol;
		int expected;
	} rows[] = {
		{ "nothing", "", "", "", "", SERVED },
		{ "neither name nor protocol, twice", NULL, NULL, NULL, NULL, SERVED },
		{ "the name", "", "", OTHER_HOST, "", ILLEGAL },
		{ "no name any more", "", "", NULL, "", ILLEGAL },
		{ "a name now", NULL, "", "", "", ILLEGAL },
		{ "the protocol", "", "", "", "imap", ILLEGAL },
		{ "no protocol any more", "", "", "", NULL, ILLEGAL },
		{ "a protocol now", "", NULL, "", "", ILLEGAL },
		{ "a foreign protocol now", "", NULL, "", "imap", ILLEGAL },
		{ "the name's case", "", "", "WEBMAIL.good.example", "", SERVED },
	};
	const struct hostile *hostile = *state;
	static struct wire first, second;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		wire_copy(&first, &hostile->first[HOSTILE_RETRY]);
		wire_copy(&second, &hostile->second);
		set_hello(&first, rows[i].first_name, rows[i].first_protocol);
		set_hello(&second, rows[i].second_name, rows[i].second_protocol);
		expect("RFC 8446, 4.1.2", rows[i].what, 0,
			hostile_send_message(hostile, hostile->strict, &first, &second).alert,
			rows[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(server_names),
		cmocka_unit_test(names_of_every_length),
		cmocka_unit_test(lists_of_many_names),
		cmocka_unit_test(alpn),
		cmocka_unit_test(second_hellos),
	};

	return cmocka_run_group_tests(tests, hostile_set_up, hostile_tear_down);
}
