/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "certificate.h"
#include "definitions.h"
#include "pki.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/*
 * Every allocation of certbind's own fails once. The linker puts these functions in the place of
 * the C library's (--wrap) in certbind's objects and here; GnuTLS keeps its own.
 */

static size_t countdown; /* 0: none fails */
static bool has_failed;

static bool fails(void)
{
	if (countdown == 0 || --countdown > 0)
		return false;
	has_failed = true;
	return true;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);
char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
char *__real_strndup(const char *text, size_t size);
char *__wrap_strndup(const char *text, size_t size);

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
	return fails() ? NULL : __real_realloc(memory, size);
}

char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t size)
{
	return fails() ? NULL : __real_strndup(text, size);
}

/* Runs `step` with the first allocation failing, then the second, until none of them fails. */
static void fail_each(int (*step)(struct der_pool *pool))
{
	struct der_pool *pool = der_pool_new();
	size_t i;

	assert_non_null(pool);
	for (i = 1;; i++) {
		int status;

		has_failed = false;
		countdown = i;
		status = step(pool);
		countdown = 0;
		assert_int_equal(der_pool_count(pool), 0);
		if (!has_failed) {
			assert_int_equal(status, CERTBIND_OK);
			break;
		}
		/* A pool that can't grow is a slower one, nothing else. */
		assert_true(status == CERTBIND_E_MEMORY || status == CERTBIND_OK);
	}
	assert_true(i > 5);
	der_pool_unref(pool);
}

static int read_pair(
	struct der_pool *pool, char *chain, char *key, struct der *password, char *staple)
{
	char name[] = "x";
	struct config_pair pair = { .chain = { &chain, chain != NULL },
		.key = key,
		.key_password = password,
		.staple = staple };
	const struct config_certificate entry = {
		.name = name, .pairs = &pair, .pairs_length = 1, .place = { "certbind.conf", 7 }
	};
	const struct certificate_options options = {
		.pool = pool, .now = PKI_NOW, .definitions = definitions
	};
	struct certificate *certificate;
	int status = certificate_read(&entry, &options, &certificate, NULL);

	if (status == CERTBIND_OK)
		certificate_unref(certificate);
	else
		assert_null(certificate);
	return status;
}

static char pki_san_pem[] = PKI("san.pem");
static char pki_san_key[] = PKI("san.key");
static char pki_shuffled[] = PKI("deep-shuffled.pem");
static char pki_deep_key[] = PKI("deep.key");
static char pki_encrypted[] = PKI("san-encrypted.key");
static char pki_p12[] = PKI("san.p12");
static char pki_staple[] = PKI("staple-good.pem");
static char pki_missing[] = PKI("missing");
static struct der *secret; /* the password */

static int read_plain(struct der_pool *pool)
{
	return read_pair(pool, pki_san_pem, pki_san_key, NULL, pki_staple);
}

static int read_shuffled(struct der_pool *pool)
{
	return read_pair(pool, pki_shuffled, pki_deep_key, NULL, NULL);
}

static int read_encrypted(struct der_pool *pool)
{
	return read_pair(pool, pki_san_pem, pki_encrypted, secret, NULL);
}

static int read_bundle(struct der_pool *pool)
{
	return read_pair(pool, NULL, pki_p12, secret, NULL);
}

static int read_missing(struct der_pool *pool)
{
	return read_pair(pool, pki_missing, pki_missing, NULL, NULL);
}

static int read_chain(struct der_pool *pool)
{
	struct der **chain;
	size_t length;
	char *names;
	size_t names_length;
	int status = certificate_chain_read(pki_san_pem, pool, &chain, &length, NULL);

	if (status != CERTBIND_OK)
		return status;
	status = certificate_names(chain[0], &names, &names_length);
	if (status == CERTBIND_OK)
		free(names);
	certificate_chain_free(chain, length);
	return status;
}

static int read_memory(struct der_pool *pool)
{
	const struct certificate_options options = {
		.pool = pool, .now = PKI_NOW, .definitions = definitions
	};
	struct certificate *certificate;
	struct file_bytes bytes;
	int status = file_read(PKI("san-combined.pem"), CERTIFICATE_FILE_MAX, &bytes, NULL);

	if (status == CERTBIND_OK)
		status = certificate_from_pem(
			"own", bytes.data, bytes.size, &options, &certificate, NULL);
	file_bytes_wipe(&bytes);
	if (status == CERTBIND_OK)
		certificate_unref(certificate);
	return status;
}

static char directory[] = "/tmp/certbind-test-memory.XXXXXX";

static int list_directory(struct der_pool *pool)
{
	struct config_certificate *entries;
	struct config_problem *problems;
	size_t length;
	size_t problems_length;
	int status = certificate_dir_list(
		directory, &entries, &length, &problems, &problems_length, NULL);

	(void)pool;
	if (status == CERTBIND_OK) {
		assert_int_equal(length, 2);
		assert_int_equal(problems_length, 1);
	}
	config_certificates_free(entries, length);
	config_problems_free(problems, problems_length);
	return status;
}

static void reading_survives(void **state)
{
	(void)state;
	fail_each(read_plain);
	fail_each(read_shuffled);
	secret = der_new(NULL, "secret", sizeof("secret"), true);
	assert_non_null(secret);
	fail_each(read_encrypted);
	fail_each(read_bundle);
	der_unref(secret);
	fail_each(read_missing);
	fail_each(read_chain);
	fail_each(read_memory);
}

static void listing_survives(void **state)
{
	static const char *const names[] = { "a.pem", "b.crt", "b.key", "auto.pem" };
	char path[128];
	size_t i;

	(void)state;
	assert_non_null(mkdtemp(directory));
	for (i = 0; i < 4; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		assert_int_equal(symlink(PKI("san-combined.pem"), path), 0);
	}
	fail_each(list_directory);
	for (i = 0; i < 4; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(rmdir(directory), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading_survives),
		cmocka_unit_test(listing_survives),
	};

	return cmocka_run_group_tests(tests, definitions_make, definitions_free);
}
