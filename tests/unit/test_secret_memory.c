/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * No byte of a private key stays in memory: not of its file, once it is loaded, and not of the key,
 * once its store is closed or it was removed. All memory that the process can write is searched.
 *
 * What is searched for comes from a child process, and is kept masked, so that the search itself
 * leaves no copy.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <glob.h>
#include <fcntl.h>
#include <stdbool.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "checker.h"
#include "handshake.h"
#include "mapping.h"
#include "scratch.h"
#include "store.h"

enum {
	MASK = 0xa5,
	PIECE = 16, /* bytes of a secret that are not there by chance */
	PIECES_MAX = 256,
	REGION_MAX = 1 << 30 /* larger ones are a sanitizer's own */
};

/* Pieces of secrets, masked. */
struct pieces {
	unsigned char bytes[PIECES_MAX][PIECE];
	size_t length;
};

static _Atomic time_t now;

static time_t test_clock(void *data)
{
	(void)data;
	return now;
}

static void run(const char *command)
{
	char text[2048];

	(void)snprintf(text, sizeof(text), "cd '%s' && P='%s' && { %s; } 2>make.log",
		scratch_path(), getenv("PKI"), command);
	if (system(text) != 0)
		fail_msg("%s", command);
}

/* In the child: the first piece, the last and one between, and the same as GMP keeps numbers. */
static void give(int fd, const void *data, size_t size)
{
	const unsigned char *bytes = data;
	size_t places[] = { 0, size / 2, size - PIECE };
	unsigned char masked[PIECE], reversed[PIECE];
	size_t i, j;

	if (size < PIECE)
		return;
	for (i = 0; i < 3; i++) {
		if (places[i] + PIECE > size)
			continue;
		for (j = 0; j < PIECE; j++) {
			masked[j] = bytes[places[i] + j] ^ MASK;
			reversed[PIECE - 1 - j] = masked[j];
		}
		if (write(fd, masked, PIECE) != PIECE || write(fd, reversed, PIECE) != PIECE)
			abort();
	}
}

/* The numbers that only the key's owner has, and the file that they are in. */
struct secrets {
	gnutls_datum_t text, der;
	gnutls_datum_t numbers[6];
};

static void load_secrets(const char *path, struct secrets *secrets)
{
	gnutls_datum_t *n = secrets->numbers;
	gnutls_privkey_t key;
	gnutls_ecc_curve_t curve;

	memset(secrets, 0, sizeof(*secrets));
	if (gnutls_load_file(path, &secrets->text) < 0 ||
		gnutls_pem_base64_decode2(NULL, &secrets->text, &secrets->der) < 0 ||
		gnutls_privkey_init(&key) < 0 ||
		gnutls_privkey_import_x509_raw(key, &secrets->text, GNUTLS_X509_FMT_PEM, NULL, 0) <
			0)
		abort();
	if (gnutls_privkey_export_rsa_raw2(key, NULL, NULL, &n[0], &n[1], &n[2], &n[3], &n[4],
		    &n[5], GNUTLS_EXPORT_FLAG_NO_LZ) < 0 &&
		gnutls_privkey_export_ecc_raw2(
			key, &curve, NULL, NULL, &n[0], GNUTLS_EXPORT_FLAG_NO_LZ) < 0)
		abort();
}

/* In the child: the numbers themselves. */
static void give_numbers(int fd, const struct secrets *secrets)
{
	size_t i;

	for (i = 0; i < 6; i++)
		give(fd, secrets->numbers[i].data, secrets->numbers[i].size);
}

/*
 * In the child: what stands for bytes from..until of the DER in each line of the text, which has
 * 64 characters for 48 bytes. The other lines may be in the certificate too.
 */
static void give_lines(int fd, const char *lines, size_t from, size_t until)
{
	size_t line;

	for (line = from / 48; line * 48 < until; line++) {
		size_t first = line * 48 < from ? from - line * 48 : 0;
		size_t last = line * 48 + 48 < until ? 48 : until - line * 48;
		size_t begin = (first + 2) / 3 * 4;
		size_t end = last / 3 * 4;

		if (begin + PIECE <= end)
			give(fd, lines + line * 65 + begin, end - begin);
	}
}

/* In the child: the numbers as they stand in the text. */
static void give_text(int fd, const struct secrets *secrets)
{
	const char *lines = strchr((const char *)secrets->text.data, '\n') + 1;
	size_t i, at;

	for (i = 0; i < 6; i++) {
		const gnutls_datum_t *number = &secrets->numbers[i];

		for (at = 0; number->size >= PIECE && at + number->size <= secrets->der.size; at++)
			if (memcmp(secrets->der.data + at, number->data, number->size) == 0)
				give_lines(fd, lines, at, at + number->size);
	}
}

/* The pieces of a key in a PEM file: its numbers, or its text. */
static void collect(const char *name, void (*giver)(int fd, const struct secrets *secrets),
	struct pieces *pieces)
{
	char path[512];
	int pipes[2];
	int status;
	pid_t child;

	(void)snprintf(path, sizeof(path), "%s/%s", scratch_path(), name);
	assert_int_equal(pipe(pipes), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct secrets secrets;

		load_secrets(path, &secrets);
		giver(pipes[1], &secrets);
		_exit(0);
	}
	(void)close(pipes[1]);
	pieces->length = 0;
	while (pieces->length < PIECES_MAX &&
		read(pipes[0], pieces->bytes[pieces->length], PIECE) == PIECE)
		pieces->length++;
	(void)close(pipes[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_true(pieces->length >= 2 && pieces->length < PIECES_MAX);
}

/* Sanitizers would complain of the gaps between objects. */
__attribute__((no_sanitize("address", "undefined"))) static bool is_piece(
	const unsigned char *at, const unsigned char *masked)
{
	size_t i;

	for (i = 0; i < PIECE; i++)
		if ((at[i] ^ MASK) != masked[i])
			return false;
	return true;
}

/* Sanitizers would complain of the gaps between objects. */
__attribute__((no_sanitize("address"))) static size_t search_region(
	const unsigned char *from, const unsigned char *until, const struct pieces *pieces)
{
	bool is_first[256] = { false };
	size_t found = 0;
	size_t i;

	for (i = 0; i < pieces->length; i++)
		is_first[pieces->bytes[i][0] ^ MASK] = true;
	for (; from + PIECE <= until; from++) {
		if (!is_first[*from])
			continue;
		for (i = 0; i < pieces->length; i++)
			if (is_piece(from, pieces->bytes[i]))
				found++;
	}
	return found;
}

struct search {
	const struct pieces *pieces;
	size_t found;
	size_t found_dumped; /* of them, what a core dump holds */
};

static void search_mapping(void *data, const struct mapping *mapping)
{
	struct search *search = data;
	size_t found;

	if (!mapping->is_writable || mapping->until - mapping->from > REGION_MAX)
		return;
	found = search_region(mapping->from, mapping->until, search->pieces);
	search->found += found;
	search->found_dumped += mapping->is_dumped ? found : 0;
}

/* How many of the pieces are in memory. */
static struct search search(const struct pieces *pieces)
{
	struct search search = { .pieces = pieces };

	mapping_each(search_mapping, &search);
	return search;
}

static const char configuration[] =
	"trust_file = \"@PKI@/ca.pem\";\n"
	"services = ( { name = \"webmail\"; default = \"panel\"; } );\n"
	"certificates = (\n"
	"  { name = \"panel\"; chain = \"@PKI@/panel.pem\"; key = \"@PKI@/panel.key\"; },\n"
	"  { name = \"site\"; chain = \"site.pem\"; key = \"site.key\"; }\n"
	");\n"
	"domains = ( { name = \"both.example\"; webmail = \"site\"; mail = \"none\"; },\n"
	"  { name = \"ed.example\"; webmail = \"site\"; mail = \"none\"; } );\n";

/* How the same keys may stand in a file; plain.pem is for the child. */
static const struct {
	const char *name, *host, *make;
} rows[] = {
	{ "ECDSA, PKCS#8", "webmail.both.example",
		"cp $P/ecdsa.pem site.pem; openssl pkey -in $P/ecdsa.key -out plain.pem; "
		"cp plain.pem site.key" },
	{ "ECDSA, SEC1", "webmail.both.example",
		"cp $P/ecdsa.pem site.pem; openssl ec -in $P/ecdsa.key -out plain.pem; "
		"cp plain.pem site.key" },
	{ "ECDSA, DER", "webmail.both.example",
		"cp $P/ecdsa.pem site.pem; openssl pkey -in $P/ecdsa.key -out plain.pem; "
		"openssl pkey -in plain.pem -outform DER -out site.key" },
	{ "RSA, PKCS#8", "webmail.both.example",
		"cp $P/rsa.pem site.pem; openssl pkey -in $P/rsa.key -out plain.pem; "
		"cp plain.pem site.key" },
	{ "RSA, PKCS#1", "webmail.both.example",
		"cp $P/rsa.pem site.pem; openssl rsa -traditional -in $P/rsa.key -out plain.pem; "
		"cp plain.pem site.key" },
	{ "RSA, DER", "webmail.both.example",
		"cp $P/rsa.pem site.pem; openssl rsa -traditional -in $P/rsa.key -out plain.pem; "
		"openssl rsa -traditional -in plain.pem -outform DER -out site.key" },
	{ "Ed25519", "webmail.ed.example",
		"cp $P/ed.pem site.pem; openssl pkey -in $P/ed.key -out plain.pem; "
		"cp plain.pem site.key" },
};

static void serve(struct certbind_context *context, const char *host, const char *subject)
{
	static struct handshake handshake;
	const struct handshake_client client = { .server_name = host };

	handshake_whole(&handshake, context, &client);
	assert_int_equal(handshake.client_status, 0);
	assert_string_equal(handshake.subject, subject);
}

static void open_store(struct certbind_store **store, struct certbind_context **context)
{
	now = 1780272000; /* 2026-06-01 */
	assert_int_equal(certbind_store_new(store), 0);
	certbind_store_set_clock(*store, test_clock, NULL);
	assert_int_equal(
		certbind_store_load(*store, scratch_write("certbind.conf", configuration), NULL),
		0);
	assert_int_equal(certbind_context_new(context, *store, "webmail", NULL), 0);
}

static void remove_site(struct certbind_store *store)
{
	run("rm site.key");
	assert_int_equal(certbind_store_reload(store, NULL), 0);
	now += 61;
	assert_int_equal(certbind_store_reload(store, NULL), 0);
}

static void expect_none(const char *row, const char *when, const struct pieces *pieces)
{
	size_t found = search(pieces).found;

	if (found > 0)
		fail_msg("%s: %zu pieces are in memory %s", row, found, when);
}

static void check_row(size_t row, bool is_served, bool is_removed)
{
	static struct pieces numbers, lines;
	struct certbind_store *store;
	struct certbind_context *context;

	run(rows[row].make);
	collect("plain.pem", give_numbers, &numbers);
	collect("plain.pem", give_text, &lines);
	expect_none(rows[row].name, "before anything was loaded", &numbers);
	open_store(&store, &context);
	if (is_served)
		serve(context, rows[row].host, rows[row].host);
	assert_true(search(&numbers).found > 0);
	expect_none(rows[row].name, "after it was loaded, of its file", &lines);
	if (is_removed) {
		remove_site(store);
		serve(context, rows[row].host, "panel.provider.example");
		expect_none(rows[row].name, "after it was removed", &numbers);
	}
	certbind_context_free(context);
	certbind_store_close(store);
	expect_none(rows[row].name, "after its store was closed", &numbers);
	expect_none(rows[row].name, "after its store was closed, of its file", &lines);
}

/* The memory of valgrind and of AddressSanitizer, with copies of frames and of what was freed, is
 * among the process'. */
static void skip_under_checkers(void)
{
#if defined(__SANITIZE_ADDRESS__)
	skip();
#endif
	if (checker_is_valgrind())
		skip();
}

static void nothing_is_left_of_what_was_loaded(void **state)
{
	size_t i;

	(void)state;
	skip_under_checkers();
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(i, false, false);
}

static void nothing_is_left_of_what_was_served(void **state)
{
	size_t i;

	(void)state;
	skip_under_checkers();
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(i, true, false);
}

static void nothing_is_left_of_what_was_removed(void **state)
{
	size_t i;

	(void)state;
	skip_under_checkers();
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(i, true, true);
}

/* What is loaded and has not been served yet: certbind's own copies, and no others. */
static void expect_secret_memory(const char *row, const struct pieces *pieces)
{
	struct search result = search(pieces);

	if (result.found == 0 || result.found_dumped > 0)
		fail_msg("%s: of %zu pieces in memory a core dump holds %zu", row, result.found,
			result.found_dumped);
}

static void keys_are_where_no_core_dump_looks(void **state)
{
	static struct pieces numbers;
	size_t i;

	(void)state;
	skip_under_checkers();
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct certbind_store *store;
		struct certbind_context *context;

		run(rows[i].make);
		collect("plain.pem", give_numbers, &numbers);
		open_store(&store, &context);
		expect_secret_memory(rows[i].name, &numbers);
		certbind_context_free(context);
		certbind_store_close(store);
	}
}

/* By address: of a password of the configuration, and both kinds of a ticket's master key. */
static void passwords_and_ticket_keys_are_there_too(void **state)
{
	struct certbind_store *store;
	const struct config *config;

	(void)state;
	run("cp $P/ed.pem site.pem; head -c 64 /dev/urandom >tickets; openssl pkey -in $P/ed.key "
	    "-aes-256-cbc -passout pass:long-enough-to-be-found -out site.key");
	assert_int_equal(
		certbind_store_open(&store,
			scratch_write("password.conf",
				"trust_file = \"@PKI@/ca.pem\"; ticket_key_file = \"tickets\";\n"
				"certificates = ( { name = \"site\"; chain = \"site.pem\";\n"
				"  key = \"site.key\"; "
				"key_password = \"long-enough-to-be-found\"; } );\n"),
			NULL),
		0);
	config = store->snapshot->config;
	assert_int_equal(store->snapshot->certificates[0]->pairs_length, 1);
	assert_string_equal((const char *)config->certificates[0].pairs[0].key_password->data,
		"long-enough-to-be-found");
	assert_false(mapping_is_dumped(config->certificates[0].pairs[0].key_password->data));
	assert_false(mapping_is_dumped(store->snapshot->certificates[0]->pairs[0].key->data));
	assert_false(mapping_is_dumped(store->snapshot->ticket.key->data));
	assert_false(mapping_is_dumped(store->ticket_key->data));
	assert_true(store->snapshot->ticket.is_from_file);
	certbind_store_close(store);
}

/* Not on the stack, and written: the system dumps what a process has changed. */
static volatile unsigned char held[PIECE];

/* In the child: loads, and dies with a core dump in the directory "core" that has the known piece. */
static void dump_core(const struct pieces *known)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	struct certbind_store *store;
	struct certbind_context *context;
	char path[512];
	size_t i;

	(void)snprintf(path, sizeof(path), "%s/core", scratch_path());
	if (setrlimit(RLIMIT_CORE, &all) != 0)
		_exit(1);
	open_store(&store, &context);
	for (i = 0; i < PIECE; i++)
		held[i] = known->bytes[0][i] ^ MASK;
	if (chdir(path) != 0)
		_exit(1);
	(void)signal(SIGABRT, SIG_DFL);
	abort();
}

/* The file that the kernel wrote; false: it writes none here. */
static bool core_find(char *path, size_t size)
{
	char pattern[512];
	glob_t found;
	int status;

	(void)snprintf(pattern, sizeof(pattern), "%s/core/*", scratch_path());
	status = glob(pattern, 0, NULL, &found);
	if (status == 0)
		(void)snprintf(path, size, "%s", found.gl_pathv[0]);
	globfree(&found);
	return status == 0;
}

static size_t core_search(const char *path, const struct pieces *pieces)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	unsigned char *core;
	size_t found;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &status), 0);
	core = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_true(core != MAP_FAILED);
	found = search_region(core, core + status.st_size, pieces);
	(void)munmap(core, (size_t)status.st_size);
	(void)close(fd);
	return found;
}

/* What the child's core dump holds, masked here: that the search finds something at all. */
static void collect_known(struct pieces *pieces)
{
	static const char known[PIECE + 1] = "known, no secret";
	size_t i;

	memset(pieces, 0, sizeof(*pieces));
	for (i = 0; i < PIECE; i++)
		pieces->bytes[0][i] = (unsigned char)known[i];
	pieces->length = 1;
}

static void a_core_dump_holds_no_key(void **state)
{
	static struct pieces numbers, known;
	char path[1024];
	size_t i;

	(void)state;
	skip_under_checkers();
	run("mkdir -p core");
	collect_known(&known);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int status;
		pid_t child;

		run(rows[i].make);
		collect("plain.pem", give_numbers, &numbers);
		child = fork();
		assert_true(child >= 0);
		if (child == 0)
			dump_core(&known);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		/* kernel.core_pattern says otherwise. */
		if (!core_find(path, sizeof(path)))
			skip();
		assert_true(core_search(path, &known) > 0);
		if (core_search(path, &numbers) > 0)
			fail_msg("%s: a core dump holds the key", rows[i].name);
		run("rm core/*");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_left_of_what_was_loaded),
		cmocka_unit_test(nothing_is_left_of_what_was_served),
		cmocka_unit_test(nothing_is_left_of_what_was_removed),
		cmocka_unit_test(keys_are_where_no_core_dump_looks),
		cmocka_unit_test(passwords_and_ticket_keys_are_there_too),
		cmocka_unit_test(a_core_dump_holds_no_key),
	};

	(void)umask(077);
	return cmocka_run_group_tests(tests, scratch_set_up, scratch_tear_down);
}
