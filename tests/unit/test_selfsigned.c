/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "selfsigned.h"
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define DAY ((int64_t)24 * 60 * 60)
#define NOW ((int64_t)1700000000)

static const char *const names[] = { "host.example", "mail.provider.example" };
static const char *const other_names[] = { "host.example", "new.provider.example" };

/* How often bytes with a key in them were wiped. This definition stands before GnuTLS' own. */
static size_t wiped_keys;

void gnutls_memset(void *data, int c, size_t size)
{
	static const char mark[] = "PRIVATE KEY";
	volatile unsigned char *bytes = data;

	for (size_t i = 0; i + sizeof(mark) - 1 <= size; i++)
		if (memcmp((const char *)data + i, mark, sizeof(mark) - 1) == 0) {
			wiped_keys++;
			break;
		}
	for (size_t i = 0; i < size; i++)
		bytes[i] = (unsigned char)c;
}

/* A scratch directory, and paths in it. */
struct scratch {
	char root[64];
	char directory[128]; /* state_dir: not there yet */
	char file[160];
	char temporary[160];
	char target[160];
};

static int make_scratch(void **state)
{
	struct scratch *scratch = calloc(1, sizeof(*scratch));

	if (scratch == NULL)
		return -1;
	(void)strcpy(scratch->root, "/tmp/certbind-test-selfsigned.XXXXXX");
	if (mkdtemp(scratch->root) == NULL)
		return -1;
	(void)snprintf(scratch->directory, sizeof(scratch->directory), "%s/state", scratch->root);
	(void)snprintf(scratch->file, sizeof(scratch->file), "%s/default.pem", scratch->directory);
	(void)snprintf(scratch->temporary, sizeof(scratch->temporary), "%s/.default.pem.new",
		scratch->directory);
	(void)snprintf(scratch->target, sizeof(scratch->target), "%s/target", scratch->root);
	*state = scratch;
	return 0;
}

static int remove_scratch(void **state)
{
	struct scratch *scratch = *state;
	char command[160];
	int result;

	(void)snprintf(command, sizeof(command), "chmod -R u+rwX '%s' && rm -r '%s'", scratch->root,
		scratch->root);
	result = system(command);
	free(scratch);
	return result;
}

static void write_file(const char *path, const void *data, size_t size)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static void assert_mode(const char *path, mode_t mode)
{
	struct stat status;

	assert_int_equal(lstat(path, &status), 0);
	assert_int_equal(status.st_mode, mode);
}

static void get_kept(const struct scratch *scratch, int64_t now, struct selfsigned *out)
{
	struct certbind_error error;

	assert_int_equal(selfsigned_get(scratch->directory, names, COUNT(names), now, out, &error),
		CERTBIND_OK);
	assert_true(out->is_kept);
}

static void assert_same(const struct selfsigned *a, const struct selfsigned *b)
{
	assert_int_equal(a->size, b->size);
	assert_memory_equal(a->pem, b->pem, a->size);
}

static bool is_same(const struct selfsigned *a, const struct selfsigned *b)
{
	return a->size == b->size && memcmp(a->pem, b->pem, a->size) == 0;
}

static gnutls_x509_crt_t parse(const struct selfsigned *selfsigned)
{
	gnutls_datum_t pem = { selfsigned->pem, (unsigned int)selfsigned->size };
	gnutls_x509_crt_t certificate;

	assert_int_equal(gnutls_x509_crt_init(&certificate), 0);
	assert_int_equal(gnutls_x509_crt_import(certificate, &pem, GNUTLS_X509_FMT_PEM), 0);
	return certificate;
}

static void assert_names(gnutls_x509_crt_t certificate)
{
	char text[256];
	size_t size;

	for (unsigned int i = 0; i < COUNT(names); i++) {
		size = sizeof(text);
		assert_int_equal(
			gnutls_x509_crt_get_subject_alt_name(certificate, i, text, &size, NULL),
			GNUTLS_SAN_DNSNAME);
		assert_int_equal(size, strlen(names[i]));
		assert_memory_equal(text, names[i], size);
	}
	size = sizeof(text);
	assert_int_equal(
		gnutls_x509_crt_get_subject_alt_name(certificate, COUNT(names), text, &size, NULL),
		GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE);
	size = sizeof(text);
	assert_int_equal(gnutls_x509_crt_get_dn(certificate, text, &size), 0);
	assert_string_equal(text, "CN=host.example");
}

static void assert_extensions(gnutls_x509_crt_t certificate)
{
	unsigned char ids[2][64];
	size_t sizes[2] = { 64, 64 };
	char purpose[64];
	size_t size = sizeof(purpose);
	unsigned int usage, critical, is_ca;
	int path_length;

	assert_int_equal(gnutls_x509_crt_get_version(certificate), 3);
	assert_int_equal(
		gnutls_x509_crt_get_subject_key_id(certificate, ids[0], &sizes[0], &critical), 0);
	assert_int_equal(critical, 0);
	assert_int_equal(
		gnutls_x509_crt_get_authority_key_id(certificate, ids[1], &sizes[1], &critical), 0);
	assert_int_equal(critical, 0);
	assert_int_equal(sizes[0], sizes[1]);
	assert_memory_equal(ids[0], ids[1], sizes[0]);
	assert_int_equal(gnutls_x509_crt_get_key_usage(certificate, &usage, &critical), 0);
	assert_int_equal(usage, GNUTLS_KEY_DIGITAL_SIGNATURE);
	assert_int_equal(
		gnutls_x509_crt_get_key_purpose_oid(certificate, 0, purpose, &size, &critical), 0);
	assert_string_equal(purpose, GNUTLS_KP_TLS_WWW_SERVER);
	assert_int_equal(critical, 0);
	assert_true(gnutls_x509_crt_get_basic_constraints(
			    certificate, &critical, &is_ca, &path_length) >= 0);
	assert_int_equal(is_ca, 0);
}

static void test_what_it_is(void **state)
{
	struct selfsigned made;
	gnutls_x509_crt_t certificate;
	gnutls_x509_privkey_t key;
	gnutls_datum_t pem;
	unsigned char serial[64];
	size_t size = sizeof(serial);
	gnutls_ecc_curve_t curve;

	get_kept(*state, NOW, &made);
	certificate = parse(&made);
	assert_names(certificate);
	assert_extensions(certificate);
	assert_int_equal(gnutls_x509_crt_get_activation_time(certificate), NOW - DAY);
	assert_int_equal(gnutls_x509_crt_get_expiration_time(certificate), NOW + 364 * DAY);
	assert_int_equal(gnutls_x509_crt_get_serial(certificate, serial, &size), 0);
	assert_int_equal(size, 20);
	assert_int_equal(serial[0] & 0xc0, 0x40);
	assert_int_equal(
		gnutls_x509_crt_get_signature_algorithm(certificate), GNUTLS_SIGN_ECDSA_SHA256);
	assert_int_equal(gnutls_x509_crt_get_pk_ecc_raw(certificate, &curve, NULL, NULL), 0);
	assert_int_equal(curve, GNUTLS_ECC_CURVE_SECP256R1);
	assert_int_equal(gnutls_x509_crt_check_issuer(certificate, certificate), 1);
	/* the key: PKCS#8, in the same file */
	pem.data = made.pem;
	pem.size = (unsigned int)made.size;
	assert_int_equal(gnutls_x509_privkey_init(&key), 0);
	assert_int_equal(gnutls_x509_privkey_import_pkcs8(
				 key, &pem, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN),
		0);
	gnutls_x509_privkey_deinit(key);
	gnutls_x509_crt_deinit(certificate);
	selfsigned_free(&made);
	selfsigned_free(&made);
	assert_null(made.pem);
}

/* What is in the file is what was handed out, and is handed out again while it lives long enough. */
static void test_kept_and_renewed(void **state)
{
	const struct scratch *scratch = *state;
	struct selfsigned first, next, peeked;
	struct certbind_error error;

	get_kept(scratch, NOW, &first);
	assert_int_equal(
		selfsigned_peek_existing(scratch->directory, &peeked, &error), CERTBIND_OK);
	assert_same(&first, &peeked);
	assert_true(peeked.is_kept);
	get_kept(scratch, NOW + 334 * DAY, &next);
	assert_same(&first, &next);
	selfsigned_free(&next);
	/* not valid yet */
	get_kept(scratch, NOW - DAY, &next);
	assert_same(&first, &next);
	selfsigned_free(&next);
	get_kept(scratch, NOW - DAY - 1, &next);
	assert_false(is_same(&first, &next));
	selfsigned_free(&next);
	selfsigned_free(&first);
	/* under 30 days remain */
	get_kept(scratch, NOW, &first);
	get_kept(scratch, NOW + 334 * DAY + 1, &next);
	assert_false(is_same(&first, &next));
	selfsigned_free(&first);
	selfsigned_free(&next);
	selfsigned_free(&peeked);
}

static void test_names_changed(void **state)
{
	const struct scratch *scratch = *state;
	struct selfsigned first, next;
	struct certbind_error error;

	get_kept(scratch, NOW, &first);
	/* fewer names: it names all that are needed */
	assert_int_equal(
		selfsigned_get(scratch->directory, names + 1, 1, NOW, &next, &error), CERTBIND_OK);
	assert_same(&first, &next);
	selfsigned_free(&next);
	assert_int_equal(selfsigned_get(scratch->directory, other_names, COUNT(other_names), NOW,
				 &next, &error),
		CERTBIND_OK);
	assert_true(next.is_kept);
	assert_false(is_same(&first, &next));
	selfsigned_free(&first);
	selfsigned_free(&next);
	assert_int_equal(
		selfsigned_get(scratch->root, NULL, 0, NOW, &next, &error), CERTBIND_E_INVALID);
	assert_null(next.pem);
}

/* A first name that no Common Name has room for (64 characters). */
static void test_long_name(void **state)
{
	static const char label[] =
		"abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabc";
	const struct scratch *scratch = *state;
	struct selfsigned first, next;
	gnutls_x509_crt_t certificate;
	char name[160], dn[64];
	size_t size = sizeof(dn);
	const char *const list[] = { name };

	(void)snprintf(name, sizeof(name), "%s.%s.example", label, label);
	assert_int_equal(
		selfsigned_get(scratch->directory, list, 1, NOW, &first, NULL), CERTBIND_OK);
	certificate = parse(&first);
	assert_int_equal(gnutls_x509_crt_check_hostname(certificate, name), 1);
	assert_int_equal(gnutls_x509_crt_get_dn(certificate, dn, &size), 0);
	assert_string_equal(dn, "O=certbind");
	gnutls_x509_crt_deinit(certificate);
	assert_int_equal(
		selfsigned_get(scratch->directory, list, 1, NOW, &next, NULL), CERTBIND_OK);
	assert_same(&first, &next);
	selfsigned_free(&first);
	selfsigned_free(&next);
}

static void test_damaged(void **state)
{
	const struct scratch *scratch = *state;
	struct selfsigned first, second, next;
	struct certbind_error error;
	unsigned char *mixed;
	const char *key;
	size_t certificate_size;

	get_kept(scratch, NOW, &first);
	assert_int_equal(unlink(scratch->file), 0);
	get_kept(scratch, NOW, &second);
	/* garbage, nothing, half a file */
	for (int i = 0; i < 3; i++) {
		write_file(scratch->file, i == 0 ? (const void *)"garbage" : first.pem,
			i == 0 ? 7 : (i == 1 ? 0 : first.size / 2));
		assert_int_equal(selfsigned_peek_existing(scratch->directory, &next, &error),
			CERTBIND_E_CERTIFICATE);
		assert_string_equal(error.file, scratch->file);
		assert_null(next.pem);
		get_kept(scratch, NOW, &next);
		assert_false(is_same(&next, &first));
		selfsigned_free(&next);
	}
	/* the one's certificate and the other's key */
	key = strstr((const char *)second.pem, "-----BEGIN PRIVATE KEY");
	assert_non_null(key);
	certificate_size = (size_t)(strstr((const char *)first.pem, "-----BEGIN PRIVATE KEY") -
				    (char *)first.pem);
	mixed = malloc(certificate_size + strlen(key));
	assert_non_null(mixed);
	memcpy(mixed, first.pem, certificate_size);
	memcpy(mixed + certificate_size, key, strlen(key));
	write_file(scratch->file, mixed, certificate_size + strlen(key));
	free(mixed);
	assert_int_equal(selfsigned_peek_existing(scratch->directory, &next, &error),
		CERTBIND_E_CERTIFICATE);
	get_kept(scratch, NOW, &next);
	assert_false(is_same(&next, &first));
	assert_false(is_same(&next, &second));
	selfsigned_free(&next);
	selfsigned_free(&first);
	selfsigned_free(&second);
}

static void test_modes(void **state)
{
	static const mode_t masks[] = { 0, 022, 077, 0777 };
	const struct scratch *scratch = *state;
	struct selfsigned made;
	char lock[160];

	(void)snprintf(lock, sizeof(lock), "%s/default.lock", scratch->directory);
	for (size_t i = 0; i < COUNT(masks); i++) {
		mode_t mask = umask(masks[i]);

		get_kept(scratch, NOW, &made);
		selfsigned_free(&made);
		(void)umask(mask);
		assert_mode(scratch->directory, S_IFDIR | 0700);
		assert_mode(scratch->file, S_IFREG | 0600);
		assert_int_equal(access(scratch->temporary, F_OK), -1);
		assert_int_equal(unlink(scratch->file), 0);
		assert_int_equal(unlink(lock), 0);
		assert_int_equal(rmdir(scratch->directory), 0);
	}
}

/* Succeeds with one in memory, and says why. */
static void assert_in_memory(const char *state_dir, const char *blamed)
{
	struct selfsigned made;
	struct certbind_error error;
	gnutls_x509_crt_t certificate;

	memset(&error, 0, sizeof(error));
	assert_int_equal(
		selfsigned_get(state_dir, names, COUNT(names), NOW, &made, &error), CERTBIND_OK);
	assert_false(made.is_kept);
	assert_int_equal(error.status, CERTBIND_E_FILE);
	assert_string_equal(error.file, blamed);
	assert_non_null(strstr(error.message, "memory only"));
	certificate = parse(&made);
	assert_names(certificate);
	gnutls_x509_crt_deinit(certificate);
	selfsigned_free(&made);
	assert_int_equal(
		selfsigned_get(state_dir, names, COUNT(names), NOW, &made, NULL), CERTBIND_OK);
	selfsigned_free(&made);
}

static void test_not_writable(void **state)
{
	const struct scratch *scratch = *state;
	struct selfsigned made;
	struct certbind_error error;
	char path[256];

	/* below a file, below what is not there, in a file system where nobody makes directories */
	write_file(scratch->target, "x", 1);
	(void)snprintf(path, sizeof(path), "%s/state", scratch->target);
	assert_in_memory(path, path);
	(void)snprintf(path, sizeof(path), "%s/not/there", scratch->root);
	assert_in_memory(path, path);
	assert_in_memory("/proc/self/certbind", "/proc/self/certbind");
	assert_in_memory(scratch->target, scratch->target);
	/* a directory where the file goes, where the temporary one goes */
	assert_int_equal(mkdir(scratch->directory, 0700), 0);
	assert_int_equal(mkdir(scratch->file, 0700), 0);
	assert_in_memory(scratch->directory, scratch->file);
	assert_int_equal(rmdir(scratch->file), 0);
	assert_int_equal(mkdir(scratch->temporary, 0700), 0);
	assert_in_memory(scratch->directory, scratch->file);
	assert_int_equal(access(scratch->file, F_OK), -1);
	assert_int_equal(rmdir(scratch->temporary), 0);
	/* peeking makes nothing */
	assert_int_equal(
		selfsigned_peek_existing(scratch->directory, &made, &error), CERTBIND_E_FILE);
	assert_int_equal(access(scratch->file, F_OK), -1);
	get_kept(scratch, NOW, &made);
	selfsigned_free(&made);
}

/* What links lead to is neither read nor written. */
static void test_symbolic_links(void **state)
{
	const struct scratch *scratch = *state;
	struct selfsigned first, next;
	struct certbind_error error;
	struct stat status;
	char lock[160];

	get_kept(scratch, NOW, &first);
	/* at the file's place: to a good one, and to nothing */
	assert_int_equal(rename(scratch->file, scratch->target), 0);
	assert_int_equal(symlink(scratch->target, scratch->file), 0);
	assert_int_equal(
		selfsigned_peek_existing(scratch->directory, &next, &error), CERTBIND_E_FILE);
	get_kept(scratch, NOW, &next);
	assert_false(is_same(&first, &next));
	assert_mode(scratch->file, S_IFREG | 0600);
	selfsigned_free(&next);
	assert_int_equal(stat(scratch->target, &status), 0);
	assert_int_equal(status.st_size, first.size);
	selfsigned_free(&first);
	/* at the temporary file's place, and left over from a crash */
	for (int i = 0; i < 2; i++) {
		write_file(scratch->target, "precious", 8);
		assert_int_equal(unlink(scratch->file), 0);
		if (i == 0)
			assert_int_equal(symlink(scratch->target, scratch->temporary), 0);
		else
			write_file(scratch->temporary, "half", 4);
		get_kept(scratch, NOW, &next);
		selfsigned_free(&next);
		assert_mode(scratch->file, S_IFREG | 0600);
		assert_int_equal(stat(scratch->target, &status), 0);
		assert_int_equal(status.st_size, 8);
	}
	/* at the lock's place */
	(void)snprintf(lock, sizeof(lock), "%s/default.lock", scratch->directory);
	assert_int_equal(unlink(scratch->file), 0);
	assert_int_equal(unlink(lock), 0);
	assert_int_equal(unlink(scratch->target), 0);
	assert_int_equal(symlink(scratch->target, lock), 0);
	assert_in_memory(scratch->directory, scratch->directory);
	assert_int_equal(access(scratch->target, F_OK), -1);
}

/* One of the racers: waits for the start, and tells what it got. */
static void race(const struct scratch *scratch, int start, int result)
{
	struct selfsigned made;
	char go;
	bool is_good = read(start, &go, 1) == 0 &&
		       selfsigned_get(scratch->directory, names, COUNT(names), NOW, &made, NULL) ==
			       CERTBIND_OK &&
		       made.is_kept && made.size < 4096 &&
		       write(result, made.pem, made.size) == (ssize_t)made.size;

	_exit(is_good ? 0 : 1);
}

static void test_race(void **state)
{
	enum { RACERS = 8 };
	const struct scratch *scratch = *state;
	struct selfsigned kept;
	int start[2], results[RACERS][2];
	pid_t children[RACERS];

	assert_int_equal(pipe(start), 0);
	for (int i = 0; i < RACERS; i++) {
		assert_int_equal(pipe(results[i]), 0);
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0) {
			(void)close(start[1]);
			race(scratch, start[0], results[i][1]);
		}
		(void)close(results[i][1]);
	}
	(void)close(start[1]);
	(void)close(start[0]);
	for (int i = 0; i < RACERS; i++) {
		int status;

		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	get_kept(scratch, NOW, &kept);
	for (int i = 0; i < RACERS; i++) {
		char bytes[4096];
		ssize_t size = read(results[i][0], bytes, sizeof(bytes));

		assert_int_equal(size, kept.size);
		assert_memory_equal(bytes, kept.pem, kept.size);
		(void)close(results[i][0]);
	}
	selfsigned_free(&kept);
}

static void test_keys_wiped(void **state)
{
	const struct scratch *scratch = *state;
	struct selfsigned made;

	/* made: GnuTLS' copy of the text */
	wiped_keys = 0;
	get_kept(scratch, NOW, &made);
	assert_int_equal(wiped_keys, 1);
	selfsigned_free(&made);
	assert_int_equal(wiped_keys, 2);
	/* read, and not good enough; then made */
	get_kept(scratch, NOW + 400 * DAY, &made);
	assert_int_equal(wiped_keys, 5);
	selfsigned_free(&made);
	assert_int_equal(wiped_keys, 6);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_scratch, remove_scratch)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_it_is),
		TEST(test_kept_and_renewed),
		TEST(test_names_changed),
		TEST(test_long_name),
		TEST(test_damaged),
		TEST(test_modes),
		TEST(test_not_writable),
		TEST(test_symbolic_links),
		TEST(test_race),
		TEST(test_keys_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
