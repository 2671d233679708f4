/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "certificate.h"
#include "definitions.h"
#include "pki.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { FILES_MAX = 4, FAULTS_MAX = 3 };

/* One pair as it is configured, and what is to come of it. */
struct row {
	const char *files[FILES_MAX]; /* of the chain */
	const char *key;
	const char *password;
	const char *password_file;
	unsigned int chain_length; /* 0: the pair is left out */
	unsigned int extra;
	struct {
		enum finding_code code;
		const char *file; /* NULL: no more faults */
		const char *message; /* a part of it */
	} faults[FAULTS_MAX];
};

static struct der_pool *pool;

static char *path_dup(const char *name)
{
	char path[512];

	if (name == NULL)
		return NULL;
	(void)snprintf(path, sizeof(path), "%s%s", name[0] == '/' ? "" : PKI(""), name);
	return strdup(path);
}

static struct certificate *read_entry(
	const struct config_certificate *entry, bool is_strict, int64_t now)
{
	const struct certificate_options options = {
		.pool = pool,
		.strict_key_permissions = is_strict,
		.now = now,
		.definitions = definitions,
	};
	struct certificate *certificate;

	assert_int_equal(certificate_read(entry, &options, &certificate, NULL), CERTBIND_OK);
	assert_string_equal(certificate->name, entry->name);
	return certificate;
}

static struct certificate *read_row(const struct row *row, bool is_strict)
{
	char *files[FILES_MAX];
	char name[] = "x";
	struct config_pair pair = { .chain = { .items = files } };
	const struct config_certificate entry = {
		.name = name, .pairs = &pair, .pairs_length = 1, .place = { "certbind.conf", 7 }
	};
	struct certificate *certificate;
	size_t i;

	for (i = 0; i < FILES_MAX && row->files[i] != NULL; i++)
		files[pair.chain.length++] = path_dup(row->files[i]);
	pair.key = path_dup(row->key);
	pair.key_password_file = path_dup(row->password_file);
	if (row->password != NULL)
		pair.key_password = der_new(NULL, row->password, strlen(row->password) + 1, true);
	certificate = read_entry(&entry, is_strict, PKI_NOW);
	for (i = 0; i < pair.chain.length; i++)
		free(files[i]);
	free(pair.key);
	der_unref(pair.key_password);
	free(pair.key_password_file);
	return certificate;
}

static void check_faults(const struct row *row, const struct certificate *certificate)
{
	size_t i;

	for (i = 0; i < certificate->faults_length; i++) {
		const struct certificate_fault *fault = &certificate->faults[i];
		char *file = path_dup(i < FAULTS_MAX ? row->faults[i].file : NULL);

		if (file == NULL)
			fail_msg("unexpected %s: %s", finding_word(fault->code), fault->message);
		if (fault->code != row->faults[i].code)
			fail_msg("%s: %s", finding_word(fault->code), fault->message);
		assert_string_equal(fault->file, file);
		if (strncmp(fault->message, file, strlen(file)) != 0 ||
			fault->message[strlen(fault->message) - 1] != '.' ||
			strstr(fault->message, row->faults[i].message) == NULL)
			fail_msg("\"%s\" lacks \"%s\"", fault->message, row->faults[i].message);
		free(file);
	}
	if (i < FAULTS_MAX && row->faults[i].file != NULL)
		fail_msg("no \"%s\"", row->faults[i].message);
}

static void check_row(const struct row *row)
{
	struct certificate *certificate = read_row(row, false);

	check_faults(row, certificate);
	assert_int_equal(certificate->pairs_length, row->chain_length > 0);
	if (row->chain_length > 0) {
		const struct pair *pair = &certificate->pairs[0];

		assert_int_equal(pair->chain_length, row->chain_length);
		assert_int_equal(pair->chain_extra, row->extra);
		assert_non_null(pair->key);
		assert_true(der_is_secret(pair->key));
		assert_null(pair->more);
		assert_int_equal(pair->facts->not_before, PKI_2020);
	}
	certificate_unref(certificate);
}

static void check_rows(const struct row *rows, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		check_row(&rows[i]);
}

#define CHECK(rows) check_rows(rows, sizeof(rows) / sizeof((rows)[0]))

static void takes_keys_in_every_form(void **state)
{
	static const struct row rows[] = {
		{ { "san.pem" }, "san.key", .chain_length = 2 },
		{ { "san.pem" }, "san-sec1.key", .chain_length = 2 },
		{ { "san.pem" }, "san-parameters.key", .chain_length = 2 },
		{ { "san.pem" }, "san-sec1.der", .chain_length = 2 },
		{ { "san.pem" }, "san-pkcs8.der", .chain_length = 2 },
		{ { "san.pem" }, "san-combined.pem", .chain_length = 2 },
		{ { "san.pem" }, "san-encrypted.key", "secret", .chain_length = 2 },
		{ { "san.pem" }, "san-encrypted.der", "secret", .chain_length = 2 },
		{ { "san.pem" }, "san-old-encrypted.key", "secret", .chain_length = 2 },
		{ { "san.pem" }, "san-encrypted.key", .password_file = "password",
			.chain_length = 2 },
		{ { "san.pem" }, "san-encrypted.key", .password_file = "password-crlf",
			.chain_length = 2 },
		{ { "san.pem" }, "san.key", "secret", .chain_length = 2 },
		{ { "rsa.pem" }, "rsa.key", .chain_length = 2 },
		{ { "rsa.pem" }, "rsa-pkcs1.key", .chain_length = 2 },
		{ { "rsa.pem" }, "rsa-pkcs1.der", .chain_length = 2 },
		{ { "ed25519.pem" }, "ed25519.key", .chain_length = 2 },
	};

	(void)state;
	CHECK(rows);
}

static void takes_bundles(void **state)
{
	static const struct row rows[] = {
		{ { NULL }, "san.p12", "secret", .chain_length = 2 },
		{ { NULL }, "san.p12", .password_file = "password", .chain_length = 2 },
		{ { NULL }, "san-open.p12", .chain_length = 2 },
		{ { "san.p12" }, "san.p12", "secret", .chain_length = 2 },
		{ { "san.pem" }, "san.p12", "secret", .chain_length = 2 },
		{ { "san-combined.pem" }, "san-combined.pem", .chain_length = 2 },
		{ { NULL }, "san-combined.pem", .chain_length = 2 },
		{ { "san-combined-encrypted.pem" }, "san-combined-encrypted.pem", "secret",
			.chain_length = 2 },
	};

	(void)state;
	CHECK(rows);
}

static void takes_chains(void **state)
{
	static const struct row rows[] = {
		{ { "san-alone.pem" }, "san.key", .chain_length = 1 },
		{ { "san.der" }, "san.key", .chain_length = 1 },
		{ { "san.der", "intermediate.crt" }, "san.key", .chain_length = 2 },
		{ { "san-joined.pem" }, "san.key", .chain_length = 2 },
		{ { "san.crt", "intermediate.crt" }, "san.key", .chain_length = 2 },
		{ { "deep.pem" }, "deep.key", .chain_length = 3 },
		{ { "deep-root.pem" }, "deep.key", .chain_length = 4 },
		{ { "deep.crt", "sub.crt", "intermediate.crt", "root.crt" }, "deep.key",
			.chain_length = 4 },
		{ { "alone.crt" }, "alone.key", .chain_length = 1 },
		{ { "common-name.pem" }, "common-name.key", .chain_length = 2 },
	};

	(void)state;
	CHECK(rows);
}

static void sorts_chains(void **state)
{
	static const struct row rows[] = {
		{ { "san-reversed.pem" }, "san.key", .chain_length = 2,
			.faults = { { FINDING_CHAIN_ORDER, "san-reversed.pem",
				"in the wrong order; they are served sorted" } } },
		{ { "deep-shuffled.pem" }, "deep.key", .chain_length = 4,
			.faults = { { FINDING_CHAIN_ORDER, "deep-shuffled.pem",
				"in the wrong order" } } },
		{ { "intermediate.crt", "san.crt" }, "san.key", .chain_length = 2,
			.faults = { { FINDING_CHAIN_ORDER, "intermediate.crt",
				"in the wrong order" } } },
		{ { "san-extra.pem" }, "san.key", .chain_length = 3, .extra = 1,
			.faults = { { FINDING_CHAIN_ORDER, "san-extra.pem",
				"holds 1 certificate that no other one needs" } } },
		{ { "deep-gap.pem" }, "deep.key", .chain_length = 2, .extra = 1,
			.faults = { { FINDING_CHAIN_ORDER, "deep-gap.pem",
				"that is missing between" } } },
		/* Two with the issuer's name: the key identifiers tell which it is. */
		{ { "san-twins.pem" }, "san.key", .chain_length = 3, .extra = 1,
			.faults = { { FINDING_CHAIN_ORDER, "san-twins.pem",
				"holds 1 certificate that no other one needs" } } },
		{ { "alone-twins.pem" }, "alone.key", .chain_length = 2, .extra = 1,
			.faults = { { FINDING_CHAIN_ORDER, "alone-twins.pem",
				"holds 1 certificate that no other one needs" } } },
		{ { "san-twice.pem" }, "san.key", .chain_length = 2,
			.faults = { { FINDING_CHAIN_ORDER, "san-twice.pem",
				"holds a certificate more than once" } } },
		{ { "san.pem", "san.pem" }, "san.key", .chain_length = 2,
			.faults = { { FINDING_CHAIN_ORDER, "san.pem", "more than once" } } },
	};

	(void)state;
	CHECK(rows);
}

static void orders_by_issuer(void **state)
{
	static const struct row shuffled = { { "deep-shuffled.pem" }, .key = "deep.key" };
	static const struct row right = { { "deep-root.pem" }, .key = "deep.key" };
	static const struct row twins = { { "san-twins.pem" }, .key = "san.key" };
	static const struct row plain = { { "san.pem" }, .key = "san.key" };
	struct certificate *a = read_row(&shuffled, false);
	struct certificate *b = read_row(&right, false);
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++)
		assert_true(der_equal(a->pairs[0].chain[i], b->pairs[0].chain[i]));
	/* What is shared is there once; the end-entity is not looked for. */
	assert_ptr_equal(a->pairs[0].chain[1], b->pairs[0].chain[1]);
	certificate_unref(a);
	certificate_unref(b);
	a = read_row(&twins, false);
	b = read_row(&plain, false);
	assert_true(der_equal(a->pairs[0].chain[1], b->pairs[0].chain[1]));
	certificate_unref(a);
	certificate_unref(b);
}

static void tells_bad_chains(void **state)
{
	static const struct row rows[] = {
		{ { "wildcard.pem" }, "san.key",
			.faults = { { FINDING_KEY_MISMATCH, "san.key",
				"is not the private key of any certificate in" } } },
		{ { "wildcard.crt" }, "san.key",
			.faults = { { FINDING_KEY_MISMATCH, "san.key",
				"is not the private key of the certificate in" } } },
		{ { "rsa.pem" }, "ed25519.key",
			.faults = { { FINDING_KEY_MISMATCH, "ed25519.key", "is not" } } },
		{ { "missing.pem" }, "san.key",
			.faults = { { FINDING_UNREADABLE, "missing.pem", "does not exist" } } },
		{ { "/" }, "san.key", .faults = { { FINDING_UNREADABLE, "/", "is a directory" } } },
		{ { "/dev/null" }, "san.key",
			.faults = { { FINDING_UNREADABLE, "/dev/null", "is a device" } } },
		{ { "empty.pem" }, "san.key",
			.faults = { { FINDING_MALFORMED, "empty.pem", "is empty" } } },
		{ { "text.pem" }, "san.key",
			.faults = { { FINDING_MALFORMED, "text.pem", "holds no certificate" } } },
		{ { "san.key" }, "san.key",
			.faults = { { FINDING_MALFORMED, "san.key",
				"holds a private key and no certificate" } } },
		{ { "san-cut.pem" }, "san.key",
			.faults = { { FINDING_MALFORMED, "san-cut.pem",
				"holds a PEM block that does not end" } } },
		{ { "san-damaged.pem" }, "san.key",
			.faults = { { FINDING_MALFORMED, "san-damaged.pem",
				"(number 1) that is no proper PEM" } } },
		{ { "no-certificate.pem" }, "san.key",
			.faults = { { FINDING_MALFORMED, "no-certificate.pem",
				"(number 1) that can't be read" } } },
		{ { "san.crt", "no-certificate.pem" }, "san.key",
			.faults = { { FINDING_MALFORMED, "san.crt",
				"(number 2) that can't be read" } } },
		{ { "san-nul.pem" }, "san.key",
			.faults = { { FINDING_MALFORMED, "san-nul.pem", "holds NUL bytes" } } },
		/* Everything in one run. */
		{ { "missing.pem", "empty.pem" }, "missing.key",
			.faults = { { FINDING_UNREADABLE, "missing.key", "does not exist" },
				{ FINDING_UNREADABLE, "missing.pem", "does not exist" },
				{ FINDING_MALFORMED, "empty.pem", "is empty" } } },
	};

	(void)state;
	CHECK(rows);
}

static void tells_bad_keys(void **state)
{
	static const struct row rows[] = {
		{ { "san.pem" }, "missing.key",
			.faults = { { FINDING_UNREADABLE, "missing.key", "does not exist" } } },
		{ { "san.pem" }, "empty.pem",
			.faults = { { FINDING_MALFORMED, "empty.pem", "holds no private key" } } },
		{ { "san.pem" }, "text.pem",
			.faults = { { FINDING_MALFORMED, "text.pem", "holds no private key" } } },
		{ { "deep.pem" }, "deep.pem",
			.faults = { { FINDING_MALFORMED, "deep.pem",
				"holds no private key, only certificates" } } },
		{ { "san.pem" }, "san-cut.key",
			.faults = { { FINDING_MALFORMED, "san-cut.key",
				"holds a PEM block that does not end" } } },
		{ { "san.pem" }, "san-damaged.key",
			.faults = { { FINDING_MALFORMED, "san-damaged.key",
				"holds a private key that can't be read" } } },
		{ { "san.pem" }, "san-nul.pem",
			.faults = { { FINDING_MALFORMED, "san-nul.pem", "holds NUL bytes" } } },
		{ { "san.pem" }, "san-openssh.key",
			.faults = { { FINDING_MALFORMED, "san-openssh.key", "OpenSSH" } } },
		{ { "san.pem" }, "san-encrypted.key",
			.faults = { { FINDING_MALFORMED, "san-encrypted.key",
				"is encrypted and no password is configured" } } },
		{ { "san.pem" }, "san-encrypted.der",
			.faults = { { FINDING_MALFORMED, "san-encrypted.der",
				"is encrypted and no password is configured" } } },
		{ { "san.pem" }, "san-old-encrypted.key",
			.faults = { { FINDING_MALFORMED, "san-old-encrypted.key",
				"is encrypted and no password is configured" } } },
		{ { "san.pem" }, "san-encrypted.key", "wrong",
			.faults = { { FINDING_MALFORMED, "san-encrypted.key",
				"the password in key_password" } } },
		{ { "san.pem" }, "san-encrypted.der", "wrong",
			.faults = { { FINDING_MALFORMED, "san-encrypted.der",
				"the password in key_password" } } },
		{ { "san.pem" }, "san-old-encrypted.key", "wrong",
			.faults = { { FINDING_MALFORMED, "san-old-encrypted.key",
				"the password in key_password" } } },
		{ { "san.pem" }, "san-encrypted.key", .password_file = "password-wrong",
			.faults = { { FINDING_MALFORMED, "san-encrypted.key",
				"the password in key_password" } } },
		{ { "san.pem" }, "san-encrypted.key", .password_file = "missing",
			.faults = { { FINDING_UNREADABLE, "missing", "does not exist" } } },
		{ { "san.pem" }, "san-encrypted.key", .password_file = "password-nul",
			.faults = { { FINDING_MALFORMED, "password-nul", "a NUL byte" } } },
		{ { NULL }, "san.p12",
			.faults = { { FINDING_MALFORMED, "san.p12",
				"is encrypted and no password is configured" } } },
		{ { NULL }, "san.p12", "wrong",
			.faults = { { FINDING_MALFORMED, "san.p12",
				"the password in key_password" } } },
		{ { NULL }, "san-no-key.p12", "secret",
			.faults = { { FINDING_MALFORMED, "san-no-key.p12",
				"holds no private key" } } },
		{ { NULL }, "san-pkcs8.der",
			.faults = { { FINDING_MALFORMED, "san-pkcs8.der",
				"holds a key and no certificate" } } },
	};

	(void)state;
	CHECK(rows);
}

/* Read as they claim to be, each of these would take many seconds. */
static void refuses_what_takes_too_long(void **state)
{
	static const struct row rows[] = {
		{ { "san.pem" }, "san-costly.der", "secret",
			.faults = { { FINDING_MALFORMED, "san-costly.der",
				"more than 5000000 iterations" } } },
		{ { NULL }, "san-costly.p12", "secret",
			.faults = { { FINDING_MALFORMED, "san-costly.p12",
				"more than 5000000 iterations" } } },
		{ { NULL }, "san-costly-bags.p12", "secret",
			.faults = { { FINDING_MALFORMED, "san-costly-bags.p12",
				"more than 5000000 iterations" } } },
		{ { NULL }, "san-costly-key.p12", "secret",
			.faults = { { FINDING_MALFORMED, "san-costly-key.p12",
				"more than 5000000 iterations" } } },
		{ { NULL }, "san-costly-sum.p12", "secret",
			.faults = { { FINDING_MALFORMED, "san-costly-sum.p12",
				"more than 5000000 iterations" } } },
	};

	(void)state;
	CHECK(rows);
}

static void facts_are_the_end_entitys(void **state)
{
	static const struct row rows[] = {
		{ { "san-reversed.pem" }, .key = "san.key" },
		{ { "must-staple.pem" }, .key = "must-staple.key" },
		{ { "rsa.pem" }, .key = "rsa.key" },
		{ { "common-name.pem" }, .key = "common-name.key" },
		{ { "expired.pem" }, .key = "expired.key" },
	};
	struct certificate *certificates[5];
	const struct pair *pairs[5];
	size_t i;

	(void)state;
	for (i = 0; i < 5; i++) {
		certificates[i] = read_row(&rows[i], false);
		pairs[i] = &certificates[i]->pairs[0];
	}
	assert_int_equal(pairs[0]->facts->key_algorithm, GNUTLS_PK_ECDSA);
	assert_int_equal(pairs[0]->facts->not_before, PKI_2020);
	assert_int_equal(pairs[0]->facts->not_after, PKI_END);
	assert_false(pairs[0]->facts->must_staple);
	/* Folded; an address, "bad_name" and "*.com" match nothing. */
	assert_int_equal(pairs[0]->facts->names_length, 2);
	assert_memory_equal(certificate_facts_names(pairs[0]->facts),
		"webmail.example.net\0mail.example.net",
		sizeof("webmail.example.net\0mail.example.net"));
	assert_true(pairs[1]->facts->must_staple);
	assert_int_equal(pairs[2]->facts->key_algorithm, GNUTLS_PK_RSA);
	assert_int_equal(pairs[3]->facts->names_length, 0);
	assert_int_equal(pairs[4]->facts->not_after, INT64_C(1735689600));
	for (i = 0; i < 5; i++)
		certificate_unref(certificates[i]);
}

static void copy(const char *from, const char *to, mode_t mode)
{
	struct file_bytes bytes;
	FILE *file;

	assert_int_equal(file_read(from, CERTIFICATE_FILE_MAX, &bytes, NULL), CERTBIND_OK);
	file = fopen(to, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes.data, 1, bytes.size, file), bytes.size);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(to, mode), 0);
	file_bytes_wipe(&bytes);
}

/* A key of each mode: a warning, and with strict_key_permissions the end of the pair. */
static void looks_at_permissions(void **state)
{
	static const struct {
		mode_t mode;
		const char *message; /* NULL: fine */
	} modes[] = {
		{ 0600, NULL },
		{ 0400, NULL },
		{ 0640, NULL },
		{ 0644, "can be read by every user (its mode is 0644)" },
		{ 0620, "can be written by its group (its mode is 0620)" },
		{ 0602, "can be written by every user (its mode is 0602)" },
	};
	char path[] = "/tmp/certbind-test-certificate.XXXXXX";
	const struct row as_key = { { "san.pem" }, .key = path };
	const struct row as_both = { { NULL }, .key = path };
	const struct row as_password = { { "san.pem" }, "san-encrypted.key",
		.password_file = path };
	const struct row *rows[] = { &as_key, &as_both, &as_password };
	static const char *const sources[] = { PKI("san.key"), PKI("san-combined.pem"),
		PKI("password") };
	size_t i, k, is_strict;

	(void)state;
	(void)close(mkstemp(path));
	for (k = 0; k < 3; k++)
		for (i = 0; i < 6; i++)
			for (is_strict = 0; is_strict < 2; is_strict++) {
				struct certificate *certificate;

				copy(sources[k], path, modes[i].mode);
				certificate = read_row(rows[k], is_strict);
				assert_int_equal(certificate->pairs_length,
					modes[i].message == NULL || !is_strict);
				assert_int_equal(
					certificate->faults_length, modes[i].message != NULL);
				if (modes[i].message != NULL) {
					const struct certificate_fault *fault =
						&certificate->faults[0];

					assert_int_equal(fault->code, FINDING_KEY_PERMISSIONS);
					assert_int_equal(fault->is_fatal, is_strict);
					assert_string_equal(fault->file, path);
					assert_non_null(strstr(fault->message, modes[i].message));
				}
				certificate_unref(certificate);
				assert_int_equal(unlink(path), 0);
			}
}

static void keeps_the_usable_pairs(void **state)
{
	char name[] = "both";
	char *chains[] = { path_dup("san.pem"), path_dup("wildcard.pem"), path_dup("rsa.pem") };
	char *keys[] = { path_dup("san.key"), path_dup("missing.key"), path_dup("rsa.key") };
	struct config_pair pairs[3];
	const struct config_certificate entry = {
		.name = name, .pairs = pairs, .pairs_length = 3, .place = { "certbind.conf", 7 }
	};
	struct certificate *certificate;
	size_t i;

	(void)state;
	memset(pairs, 0, sizeof(pairs));
	for (i = 0; i < 3; i++) {
		pairs[i].chain.items = &chains[i];
		pairs[i].chain.length = 1;
		pairs[i].key = keys[i];
	}
	certificate = read_entry(&entry, false, PKI_NOW);
	assert_int_equal(certificate->pairs_length, 2);
	assert_int_equal(certificate->pairs[0].facts->key_algorithm, GNUTLS_PK_ECDSA);
	assert_int_equal(certificate->pairs[1].facts->key_algorithm, GNUTLS_PK_RSA);
	assert_int_equal(certificate->faults_length, 1);
	assert_string_equal(certificate->faults[0].file, keys[1]);
	assert_ptr_equal(certificate_ref(certificate), certificate);
	certificate_unref(certificate);
	assert_string_equal(certificate->name, "both");
	certificate_unref(certificate);
	certificate_unref(NULL);
	for (i = 0; i < 3; i++) {
		free(chains[i]);
		free(keys[i]);
	}
}

/* As a store loads: each thread its own entries, all with one pool. */
static void *read_many(void *data)
{
	static const struct row rows[] = {
		{ { "deep-shuffled.pem" }, .key = "deep.key" },
		{ { "san.pem" }, .key = "san.key" },
		{ { "rsa.pem" }, .key = "rsa.key" },
		{ { NULL }, .key = "san.p12", .password = "secret" },
	};
	size_t i;

	for (i = 0; i < 40; i++) {
		struct certificate *certificate = read_row(&rows[i % 4], false);

		if (certificate->pairs_length != 1)
			return data;
		certificate_unref(certificate);
	}
	return NULL;
}

static void threads_read_in_parallel(void **state)
{
	pthread_t threads[3];
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_many, threads), 0);
	for (i = 0; i < 3; i++) {
		void *failed;

		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
}

static void reads_from_memory(void **state)
{
	const struct certificate_options options = { .pool = pool, .now = PKI_NOW };
	struct certbind_error error = { 0 };
	struct certificate *certificate;
	struct file_bytes bytes;

	(void)state;
	assert_int_equal(file_read(PKI("san-combined.pem"), CERTIFICATE_FILE_MAX, &bytes, NULL), 0);
	assert_int_equal(
		certificate_from_pem("own", bytes.data, bytes.size, &options, &certificate, &error),
		CERTBIND_OK);
	assert_string_equal(certificate->name, "own");
	assert_int_equal(certificate->pairs_length, 1);
	assert_int_equal(certificate->faults_length, 0);
	assert_int_equal(certificate->pairs[0].chain_length, 2);
	certificate_unref(certificate);
	/* Half of it. */
	assert_int_equal(
		certificate_from_pem("own", bytes.data, 400, &options, &certificate, &error),
		CERTBIND_E_CERTIFICATE);
	assert_null(certificate);
	assert_non_null(strstr(error.message, "does not end"));
	file_bytes_wipe(&bytes);
	/* The key of another. */
	assert_int_equal(file_read(PKI("san.pem"), CERTIFICATE_FILE_MAX, &bytes, NULL), 0);
	assert_int_equal(
		certificate_from_pem("own", bytes.data, bytes.size, &options, &certificate, &error),
		CERTBIND_E_CERTIFICATE);
	assert_non_null(strstr(error.message, "holds no private key"));
	file_bytes_wipe(&bytes);
}

static void reads_chains_as_they_stand(void **state)
{
	struct certbind_error error = { 0 };
	struct der **chain;
	size_t length;
	char *names;
	size_t names_length;

	(void)state;
	assert_int_equal(
		certificate_chain_read(PKI("san-reversed.pem"), pool, &chain, &length, &error),
		CERTBIND_OK);
	assert_int_equal(length, 2);
	assert_int_equal(certificate_names(chain[0], &names, &names_length), CERTBIND_OK);
	assert_int_equal(names_length, 0);
	free(names);
	assert_int_equal(certificate_names(chain[1], &names, &names_length), CERTBIND_OK);
	assert_int_equal(names_length, 2);
	assert_string_equal(names, "webmail.example.net");
	free(names);
	certificate_chain_free(chain, length);
	assert_int_equal(
		certificate_chain_read(PKI("san.der"), NULL, &chain, &length, NULL), CERTBIND_OK);
	assert_int_equal(length, 1);
	certificate_chain_free(chain, length);
	assert_int_equal(
		certificate_chain_read(PKI("no-certificate.pem"), NULL, &chain, &length, NULL),
		CERTBIND_OK);
	assert_int_equal(
		certificate_names(chain[0], &names, &names_length), CERTBIND_E_CERTIFICATE);
	certificate_chain_free(chain, length);
	assert_int_equal(certificate_chain_read(PKI("text.pem"), NULL, &chain, &length, &error),
		CERTBIND_E_CERTIFICATE);
	assert_null(chain);
	assert_string_equal(error.file, PKI("text.pem"));
	assert_int_equal(certificate_chain_read(PKI("missing"), NULL, &chain, &length, &error),
		CERTBIND_E_FILE);
	certificate_chain_free(NULL, 0);
}

static int set_up(void **state)
{
	(void)state;
	pool = der_pool_new();
	return pool == NULL;
}

static int tear_down(void **state)
{
	bool is_empty = der_pool_count(pool) == 0;

	(void)state;
	der_pool_unref(pool);
	return is_empty ? 0 : -1;
}

int main(void)
{
#define WITH_POOL(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		WITH_POOL(takes_keys_in_every_form),
		WITH_POOL(takes_bundles),
		WITH_POOL(takes_chains),
		WITH_POOL(sorts_chains),
		WITH_POOL(orders_by_issuer),
		WITH_POOL(tells_bad_chains),
		WITH_POOL(tells_bad_keys),
		WITH_POOL(refuses_what_takes_too_long),
		WITH_POOL(facts_are_the_end_entitys),
		WITH_POOL(looks_at_permissions),
		WITH_POOL(keeps_the_usable_pairs),
		WITH_POOL(threads_read_in_parallel),
		WITH_POOL(reads_from_memory),
		WITH_POOL(reads_chains_as_they_stand),
	};

	return cmocka_run_group_tests(tests, definitions_make, definitions_free);
}
