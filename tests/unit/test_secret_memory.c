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
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "handshake.h"
#include "scratch.h"

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

/* How many of the pieces are in memory. */
static size_t search(const struct pieces *pieces)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];
	size_t found = 0;

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps) != NULL) {
		uintptr_t from, until;
		char rights[8];

		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %7s", &from, &until, rights) != 3 ||
			strncmp(rights, "rw", 2) != 0 || until - from > REGION_MAX)
			continue;
		found += search_region(
			(const unsigned char *)from, (const unsigned char *)until, pieces);
	}
	(void)fclose(maps);
	return found;
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
	size_t found = search(pieces);

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
	assert_true(search(&numbers) > 0);
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
 * among the process'. Only optimized code is judged, as it ships: without that, pieces of RSA keys
 * were found. */
static void skip_under_checkers(void)
{
	const char *preload = getenv("LD_PRELOAD");

#if defined(__SANITIZE_ADDRESS__) || !defined(__OPTIMIZE__)
	skip();
#endif
	if (preload != NULL && strstr(preload, "vgpreload") != NULL)
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_left_of_what_was_loaded),
		cmocka_unit_test(nothing_is_left_of_what_was_served),
		cmocka_unit_test(nothing_is_left_of_what_was_removed),
	};

	(void)umask(077);
	return cmocka_run_group_tests(tests, scratch_set_up, scratch_tear_down);
}
