/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Work whose cost tests/integration/test_growth.py counts, in instructions: growth WHAT NUMBER.
 * Only the functions that it names to callgrind count, not the making of their input.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <valgrind/callgrind.h>
#include "colliding.h"
#include "hostile.h"
#include "scratch.h"
#include "snapshot.h"
#include "store.h"
#include "table.h"

static char names[COLLIDING_MAX][COLLIDING_SIZE];

static void make_names(const char *kind, size_t count)
{
	static const char *const kinds[] = { "djb2", "java", "fnv1a" };
	int is_random = strncmp(kind, "random-", 7) == 0;
	size_t i, j;

	kind += is_random ? 7 : 0;
	for (i = 0; i < COLLIDING_KINDS && strcmp(kinds[i], kind) != 0; i++)
		continue;
	assert_true(i < COLLIDING_KINDS && count <= COLLIDING_MAX);
	colliding_make((enum colliding)i, is_random, count, names);
	for (j = 1; j < count && !is_random; j++)
		assert_int_equal(colliding_hash((enum colliding)i, names[j]),
			colliding_hash((enum colliding)i, names[0]));
}

/* A table of names, each looked up. */
static void table(size_t count)
{
	struct table table;
	size_t i;

	assert_int_equal(table_init(&table, 0), 0);
	for (i = 0; i < count; i++)
		*table_place(&table, names[i]) = names[i];
	assert_int_equal(table.length, count);
	for (i = 0; i < count; i++)
		assert_ptr_equal(table_get(&table, names[i]), names[i]);
	table_clear(&table);
}

/* A store of domains, each host looked up as a handshake does it. */
static void store(size_t count)
{
	struct certbind_store *store;
	struct snapshot_service *service;
	struct snapshot *snapshot;
	const char *path;
	FILE *file;
	size_t i;

	scratch_make();
	path = scratch_write("certbind.conf", "state_dir = \"state\";\ndomains = (\n");
	file = fopen(path, "a");
	assert_non_null(file);
	for (i = 0; i < count; i++)
		(void)fprintf(file, "%s{ name = \"%s\"; }\n", i > 0 ? "," : "", names[i]);
	(void)fprintf(file, ");\n");
	assert_int_equal(fclose(file), 0);
	assert_int_equal(certbind_store_open(&store, path, NULL), 0);
	snapshot = store_service_snapshot(store, "webmail", &service);
	/* Without --instr-atstart loading does not count, for it would take long. */
	CALLGRIND_START_INSTRUMENTATION;
	for (i = 0; i < count; i += 10) {
		struct snapshot_result result;
		char host[COLLIDING_SIZE + 8];
		int length = snprintf(host, sizeof(host), "webmail.%s", names[i]);

		snapshot_select(service, host, (size_t)length, &result);
		assert_non_null(result.binding);
	}
	CALLGRIND_STOP_INSTRUMENTATION;
	snapshot_unref(snapshot);
	certbind_store_close(store);
	scratch_remove();
}

/* The certificate of the test PKI that "c0" is from now on. */
static void renew(const char *pair)
{
	const char *const suffixes[] = { "pem", "key" };
	size_t i;

	for (i = 0; i < 2; i++) {
		char from[512], to[512];

		(void)snprintf(from, sizeof(from), "%s/%s.%s", getenv("PKI"), pair, suffixes[i]);
		(void)snprintf(to, sizeof(to), "%s/c0.%s", scratch_path(), suffixes[i]);
		(void)unlink(to);
		assert_int_equal(symlink(from, to), 0);
	}
}

/* As many domains as certificates; some name theirs, for the others it is looked for. */
static const char *write_reloaded(size_t count)
{
	const char *path = scratch_write("certbind.conf", "state_dir = \"state\";\n");
	FILE *file = fopen(path, "a");
	size_t i;

	assert_non_null(file);
	(void)fprintf(
		file, "certificates = ( { name = \"c0\"; chain = \"c0.pem\"; key = \"c0.key\"; }");
	for (i = 1; i < count; i++)
		(void)fprintf(file,
			",\n{ name = \"c%zu\"; chain = \"%s/wildcard.pem\"; key = "
			"\"%s/wildcard.key\"; }",
			i, getenv("PKI"), getenv("PKI"));
	(void)fprintf(file, ");\ndomains = (\n");
	for (i = 0; i < count; i++)
		(void)fprintf(file, "%s{ name = \"%zu.example\"; %s }\n", i > 0 ? "," : "", i,
			i % 2 == 0 ? "webmail = \"c1\";" : "");
	(void)fprintf(file, ");\n");
	assert_int_equal(fclose(file), 0);
	return path;
}

/*
 * One certificate of so many is renewed. "little": with other names; "whole": and nothing tells
 * which one; "least": with the same names.
 */
static void reload(const char *what, size_t count)
{
	bool is_whole = strcmp(what, "whole") == 0;
	bool is_least = strcmp(what, "least") == 0;
	struct changes changes = { 0 };
	struct certbind_store *store;
	struct store_build *build;
	struct snapshot *former;

	scratch_make();
	renew(is_least ? "panel" : "exact");
	assert_int_equal(certbind_store_open(&store, write_reloaded(count), NULL), 0);
	former = store_snapshot(store);
	assert_int_equal(former->certificates_length, count);
	renew(is_least ? "renewed" : "names");
	changes_note_certificate(&changes, "c0");
	CALLGRIND_START_INSTRUMENTATION;
	assert_int_equal(store_build(store, former, is_whole ? NULL : &changes, &build, NULL), 0);
	CALLGRIND_STOP_INSTRUMENTATION;
	assert_true(build->is_changed);
	store_build_free(build);
	changes_clear(&changes);
	snapshot_unref(former);
	certbind_store_close(store);
	scratch_remove();
}

/* So many entries before the one that counts: names of another type, protocols, extensions. */
static void fill(struct wire *message, const char *what, size_t count)
{
	static const unsigned char host[] = "\0\0\x14" HOSTILE_HOST;
	static struct wire data;
	size_t i;

	data.size = 0;
	wire_add_number(&data, 0, 2);
	for (i = 0; i < count; i++) {
		if (strcmp(what, "names") == 0)
			wire_add(&data, "\1\0\1x", 4);
		else if (strcmp(what, "protocols") == 0)
			wire_add(&data, "\3x/y", 4);
		else if (strcmp(what, "extensions") == 0)
			wire_add_number(&data, (0x4000 + i) << 16, 4);
	}
	if (strcmp(what, "names") == 0)
		wire_add(&data, host, sizeof(host) - 1);
	if (strcmp(what, "protocols") == 0)
		wire_add(&data, "\x08http/1.1", 9);
	data.data[0] = (unsigned char)((data.size - 2) >> 8);
	data.data[1] = (unsigned char)(data.size - 2);
	if (strcmp(what, "names") == 0)
		wire_set_extension(message, EXTENSION_SERVER_NAME, data.data, data.size);
	if (strcmp(what, "protocols") == 0)
		wire_set_extension(message, EXTENSION_ALPN, data.data, data.size);
	if (strcmp(what, "extensions") == 0)
		wire_edit(message, message->size, 0, data.data + 2, data.size - 2);
}

/* One hello with so many of something; "fragments": that is padded to so many records. */
static void hello(const char *what, size_t count)
{
	static struct wire message, records;
	static const unsigned char padding[60000];
	struct hostile *hostile;
	void *state;

	assert_int_equal(hostile_set_up(&state), 0);
	hostile = state;
	wire_copy(&message, &hostile->first[HOSTILE_TLS13]);
	fill(&message, what, count);
	if (strcmp(what, "fragments") == 0)
		wire_add_extension(&message, 21, padding, count - message.size - 4, false);
	records.size = 0;
	wire_add_records(&records, &message, strcmp(what, "fragments") == 0 ? 1 : RECORD_MAX);
	(void)hostile_send(hostile, hostile->strict, NULL, &records, WIRE_SIZE);
	(void)hostile_tear_down(&state);
}

int main(int argc, char **argv)
{
	size_t count = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;

	if (count == 0)
		return 2;
	if (strcmp(argv[1], "hello") == 0) {
		hello(argv[2], count);
		return 0;
	}
	if (strcmp(argv[1], "reload") == 0) {
		reload(argv[2], count);
		return 0;
	}
	make_names(argv[2], count);
	if (strcmp(argv[1], "table") == 0)
		table(count);
	else
		store(count);
	return 0;
}
