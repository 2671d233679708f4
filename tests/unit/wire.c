/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire.h"
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static size_t number_at(const unsigned char *bytes, int count)
{
	size_t number = 0;

	while (count-- > 0)
		number = number << 8 | *bytes++;
	return number;
}

static void set_number(unsigned char *bytes, size_t number, int count)
{
	while (count-- > 0) {
		bytes[count] = (unsigned char)number;
		number >>= 8;
	}
}

void wire_add(struct wire *wire, const void *bytes, size_t size)
{
	assert_true(wire->size + size <= WIRE_SIZE);
	if (size > 0)
		memcpy(wire->data + wire->size, bytes, size);
	wire->size += size;
}

void wire_add_number(struct wire *wire, size_t number, int bytes)
{
	unsigned char text[8];

	set_number(text, number, bytes);
	wire_add(wire, text, (size_t)bytes);
}

void wire_splice(struct wire *wire, size_t at, size_t removed, const void *bytes, size_t size)
{
	assert_true(at + removed <= wire->size && wire->size - removed + size <= WIRE_SIZE);
	memmove(wire->data + at + size, wire->data + at + removed, wire->size - at - removed);
	if (size > 0)
		memcpy(wire->data + at, bytes, size);
	wire->size = wire->size - removed + size;
}

void wire_add_records(struct wire *wire, const struct wire *message, size_t fragment)
{
	size_t at, length;

	for (at = 0; at < message->size; at += length) {
		length = message->size - at < fragment ? message->size - at : fragment;
		wire_add(wire, "\x16\x03\x01", 3);
		wire_add_number(wire, length, 2);
		wire_add(wire, message->data + at, length);
	}
}

bool wire_join(const struct wire *records, struct wire *message)
{
	size_t at = 0, length;

	message->size = 0;
	while (records->size - at >= RECORD_HEADER) {
		length = number_at(records->data + at + 3, 2);
		if (length > records->size - at - RECORD_HEADER)
			break;
		if (records->data[at] == RECORD_HANDSHAKE)
			wire_add(message, records->data + at + RECORD_HEADER, length);
		at += RECORD_HEADER + length;
		if (message->size >= 4 && message->size - 4 >= number_at(message->data + 1, 3)) {
			message->size = 4 + number_at(message->data + 1, 3);
			return true;
		}
	}
	return false;
}

static void read_host_name(const unsigned char *data, size_t length, struct wire_hello *hello)
{
	size_t i;

	hello->has_name = true;
	hello->is_name_bad = length == 0 || memchr(data, 0, length) != NULL;
	if (hello->is_name_bad || length >= sizeof(hello->name))
		return;
	if (data[length - 1] == '.')
		length--;
	for (i = 0; i < length; i++)
		hello->name[i] = (char)(data[i] >= 'A' && data[i] <= 'Z' ? data[i] + 32 : data[i]);
}

/* RFC 6066, 3. Of several host names the first is taken; names of other types are passed over. */
static void read_names(const unsigned char *data, size_t size, struct wire_hello *hello)
{
	size_t at = 2, length;

	if (size < 2 + 3 || number_at(data, 2) != size - 2) {
		hello->is_name_bad = size > 0;
		return;
	}
	for (; size - at >= 3 && !hello->has_name; at += 3 + length) {
		length = number_at(data + at + 1, 2);
		if (length > size - at - 3) {
			hello->is_name_bad = true;
			return;
		}
		if (data[at] == 0)
			read_host_name(data + at + 3, length, hello);
	}
}

static void read_protocols(const unsigned char *data, size_t size, struct wire_hello *hello)
{
	size_t at = 2;

	hello->has_protocols = true;
	while (at < size && data[at] < size - at) {
		if (data[at] == 8 && memcmp(data + at + 1, "http/1.1", 8) == 0)
			hello->is_http = true;
		at += 1 + (size_t)data[at];
	}
}

static void read_extensions(const unsigned char *data, size_t size, struct wire_hello *hello)
{
	size_t type, length;

	while (size >= 4) {
		type = number_at(data, 2);
		length = number_at(data + 2, 2);
		data += 4;
		size -= 4;
		if (length > size)
			return;
		if (type == EXTENSION_SERVER_NAME && !hello->has_name)
			read_names(data, length, hello);
		if (type == EXTENSION_ALPN && !hello->has_protocols)
			read_protocols(data, length, hello);
		data += length;
		size -= length;
	}
}

/* Steps over a vector; returns false at the message's end. */
static bool skip_vector(const struct wire *message, size_t *at, int length_bytes)
{
	size_t length;

	if (message->size - *at < (size_t)length_bytes)
		return false;
	length = number_at(message->data + *at, length_bytes);
	*at += (size_t)length_bytes;
	if (length > message->size - *at)
		return false;
	*at += length;
	return true;
}

bool wire_read_hello(const struct wire *message, struct wire_hello *hello)
{
	size_t at = 4 + 2 + 32;

	memset(hello, 0, sizeof(*hello));
	if (message->size < at || message->data[0] != 1)
		return false;
	if (!skip_vector(message, &at, 1) || !skip_vector(message, &at, 2) ||
		!skip_vector(message, &at, 1))
		return false;
	if (at == message->size)
		return true;
	hello->extensions = at;
	if (!skip_vector(message, &at, 2))
		return false;
	read_extensions(message->data + hello->extensions + 2, at - hello->extensions - 2, hello);
	return true;
}

void wire_edit(struct wire *message, size_t at, size_t removed, const void *bytes, size_t size)
{
	unsigned char *length;
	struct wire_hello hello;

	assert_true(wire_read_hello(message, &hello));
	wire_splice(message, at, removed, bytes, size);
	set_number(message->data + 1, message->size - 4, 3);
	if (at < hello.extensions + 2)
		return;
	length = message->data + hello.extensions;
	set_number(length, number_at(length, 2) + size - removed, 2);
}

void wire_add_extension(
	struct wire *message, unsigned int type, const void *data, size_t size, bool is_first)
{
	unsigned char header[4];
	struct wire_hello hello;
	size_t at;

	assert_true(wire_read_hello(message, &hello));
	at = is_first ? hello.extensions + 2 : message->size;
	set_number(header, type, 2);
	set_number(header + 2, size, 2);
	wire_edit(message, at, 0, data, size);
	wire_edit(message, at, 0, header, 4);
}

void wire_set_extension(struct wire *message, unsigned int type, const void *data, size_t size)
{
	struct wire_hello hello;
	size_t at, length;

	assert_true(wire_read_hello(message, &hello));
	for (at = hello.extensions + 2; at < message->size; at += 4 + length) {
		length = number_at(message->data + at + 2, 2);
		if (number_at(message->data + at, 2) != type)
			continue;
		wire_edit(message, at, 4 + length, NULL, 0);
		break;
	}
	if (data != NULL)
		wire_add_extension(message, type, data, size, true);
}

void wire_copy(struct wire *wire, const struct wire *from)
{
	wire->size = 0;
	wire_add(wire, from->data, from->size);
}

/* RFC 8446, 4.1.3: the Random of a ServerHello that is a HelloRetryRequest. */
static bool is_retry(const unsigned char *record, size_t length)
{
	static const unsigned char random[32] = { 0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11,
		0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
		0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c };

	return length > 6 + 32 && record[RECORD_HEADER] == 2 &&
	       memcmp(record + RECORD_HEADER + 6, random, 32) == 0;
}

struct wire_answer wire_read_answer(const struct wire *output, size_t from)
{
	struct wire_answer answer = { .alert = -1 };
	bool is_encrypted = false;
	size_t at, length;

	for (at = from; at < output->size; at += RECORD_HEADER + length) {
		const unsigned char *record = output->data + at;

		assert_true(output->size - at >= RECORD_HEADER);
		length = number_at(record + 3, 2);
		assert_int_equal(record[1], 3);
		assert_true(length > 0 && length <= RECORD_MAX + 256);
		assert_true(length <= output->size - at - RECORD_HEADER);
		/* What follows ChangeCipherSpec is encrypted. */
		if (record[0] == 20)
			is_encrypted = true;
		if (record[0] == RECORD_HANDSHAKE) {
			answer.is_handshake = true;
			answer.is_retry = is_retry(record, length);
		}
		if (record[0] == RECORD_ALERT && !is_encrypted) {
			assert_int_equal(length, 2);
			answer.level = record[RECORD_HEADER];
			answer.alert = record[RECORD_HEADER + 1];
		}
	}
	return answer;
}
