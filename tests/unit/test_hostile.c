/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ClientHellos of a real client, damaged in every place, one after the other. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "checker.h"
#include "hostile.h"

struct flight {
	const char *name;
	const struct wire *before;
	const struct wire *message;
};

static void flights_of(const struct hostile *hostile, struct flight flights[4])
{
	flights[0] = (struct flight){ "TLS 1.2", NULL, &hostile->first[HOSTILE_TLS12] };
	flights[1] = (struct flight){ "TLS 1.3", NULL, &hostile->first[HOSTILE_TLS13] };
	flights[2] = (struct flight){ "first of two", NULL, &hostile->first[HOSTILE_RETRY] };
	flights[3] = (struct flight){ "second of two", &hostile->first[HOSTILE_RETRY],
		&hostile->second };
}

static size_t served, refused;

static void count(struct wire_answer answer)
{
	if (answer.is_handshake)
		served++;
	else
		refused++;
}

static void print_counts(const char *what)
{
	print_message("%s: %zu served, %zu refused\n", what, served, refused);
	served = refused = 0;
}

/* The whole flight's bytes, record header and all. */
static void wrap(const struct flight *flight, struct wire *records)
{
	records->size = 0;
	wire_add_records(records, flight->message, RECORD_MAX);
}

static void unchanged_hellos_are_served(void **state)
{
	const struct hostile *hostile = *state;
	struct flight flights[4];
	size_t i;

	flights_of(hostile, flights);
	for (i = 0; i < 4; i++) {
		assert_true(hostile_send_message(
			hostile, hostile->strict, flights[i].before, flights[i].message)
				    .is_handshake);
	}
}

static void changed_bytes(void **state)
{
	static const unsigned char masks[] = { 0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80,
		0xff };
	const struct hostile *hostile = *state;
	static struct wire records;
	struct flight flights[4];
	size_t i, j, at;

	flights_of(hostile, flights);
	for (i = 0; i < 4; i++) {
		wrap(&flights[i], &records);
		for (at = 0; at < records.size; at += checker_stride(16))
			for (j = 0; j < sizeof(masks); j++) {
				records.data[at] ^= masks[j];
				count(hostile_send(hostile, hostile->strict, flights[i].before,
					&records, WIRE_SIZE));
				records.data[at] ^= masks[j];
			}
		print_counts(flights[i].name);
	}
	/* Where unknown names are served, they are served the default. */
	wrap(&flights[1], &records);
	for (at = 0; at < records.size; at += checker_stride(16)) {
		records.data[at] ^= 1;
		count(hostile_send(hostile, hostile->lenient, NULL, &records, WIRE_SIZE));
		records.data[at] ^= 1;
	}
	print_counts("lenient");
}

/* With the lengths around it as they were, and mended. */
static void edit_bytes(const struct hostile *hostile, size_t removed, const char *inserted)
{
	static struct wire records, message;
	struct flight flights[4];
	size_t i, at, size = inserted != NULL ? 1 : 0;

	flights_of(hostile, flights);
	for (i = 0; i < 4; i++) {
		for (at = 0; at < flights[i].message->size + RECORD_HEADER;
			at += checker_stride(16)) {
			wrap(&flights[i], &records);
			wire_splice(&records, at, removed, inserted, size);
			count(hostile_send(
				hostile, hostile->strict, flights[i].before, &records, WIRE_SIZE));
		}
		for (at = 4; at < flights[i].message->size; at += checker_stride(16)) {
			wire_copy(&message, flights[i].message);
			wire_edit(&message, at, removed, inserted, size);
			count(hostile_send_message(
				hostile, hostile->strict, flights[i].before, &message));
		}
		print_counts(flights[i].name);
	}
}

static void removed_bytes(void **state)
{
	edit_bytes(*state, 1, NULL);
}

static void inserted_bytes(void **state)
{
	static const char *const inserted[] = { "", "\1", "a", "\xff" };
	size_t i;

	for (i = 0; i < sizeof(inserted) / sizeof(inserted[0]); i++)
		edit_bytes(*state, 0, inserted[i]);
}

/* The client says no more after so many bytes; or its message ends there, lengths mended. */
static void truncated_at_every_length(void **state)
{
	const struct hostile *hostile = *state;
	static struct wire records, message;
	struct flight flights[4];
	size_t i, at;

	flights_of(hostile, flights);
	for (i = 0; i < 4; i++) {
		wrap(&flights[i], &records);
		for (at = records.size; at-- > 0;) {
			records.size = at;
			assert_false(hostile_send(
				hostile, hostile->strict, flights[i].before, &records, WIRE_SIZE)
					     .is_handshake);
		}
		wire_copy(&message, flights[i].message);
		for (at = message.size - 1; at >= 4; at--) {
			message.size = at;
			message.data[2] = (unsigned char)((at - 4) >> 8);
			message.data[3] = (unsigned char)(at - 4);
			count(hostile_send_message(
				hostile, hostile->strict, flights[i].before, &message));
		}
		print_counts(flights[i].name);
	}
}

/* RFC 8446, 5.1: handshake messages may be fragmented into records as one likes. */
static void fragments_of_every_size(void **state)
{
	const struct hostile *hostile = *state;
	static struct wire records;
	struct flight flights[4];
	size_t i, size;

	flights_of(hostile, flights);
	for (i = 0; i < 4; i++)
		for (size = 1; size <= flights[i].message->size; size += checker_stride(16)) {
			records.size = 0;
			wire_add_records(&records, flights[i].message, size);
			assert_true(hostile_send(
				hostile, hostile->strict, flights[i].before, &records, WIRE_SIZE)
					    .is_handshake);
			/* The same, byte by byte from the network. */
			assert_true(hostile_send(
				hostile, hostile->strict, flights[i].before, &records, 1)
					    .is_handshake);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unchanged_hellos_are_served),
		cmocka_unit_test(changed_bytes),
		cmocka_unit_test(removed_bytes),
		cmocka_unit_test(inserted_bytes),
		cmocka_unit_test(truncated_at_every_length),
		cmocka_unit_test(fragments_of_every_size),
	};

	return cmocka_run_group_tests(tests, hostile_set_up, hostile_tear_down);
}
