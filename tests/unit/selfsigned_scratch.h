/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SELFSIGNED_SCRATCH_H
#define SELFSIGNED_SCRATCH_H

/* What the tests of the self-signed certificate share. */

#include "selfsigned.h"
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define DAY ((int64_t)24 * 60 * 60)
#define NOW ((int64_t)1700000000)

static const char *const names[] = { "host.example", "mail.provider.example" };

/* A scratch directory, and paths in it. */
struct scratch {
	char root[64];
	char directory[128]; /* state_dir: not there yet */
	char file[160];
	char temporary[160];
	char target[160];
};

static inline int make_scratch(void **state)
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

static inline int remove_scratch(void **state)
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

static inline void write_file(const char *path, const void *data, size_t size)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static inline void get_kept(const struct scratch *scratch, int64_t now, struct selfsigned *out)
{
	struct certbind_error error;

	assert_int_equal(selfsigned_get(scratch->directory, names, COUNT(names), now, out, &error),
		CERTBIND_OK);
	assert_true(out->is_kept);
}

static inline bool is_same(const struct selfsigned *a, const struct selfsigned *b)
{
	return a->size == b->size && memcmp(a->pem, b->pem, a->size) == 0;
}

static inline gnutls_x509_crt_t parse(const struct selfsigned *selfsigned)
{
	gnutls_datum_t pem = { selfsigned->pem, (unsigned int)selfsigned->size };
	gnutls_x509_crt_t certificate;

	assert_int_equal(gnutls_x509_crt_init(&certificate), 0);
	assert_int_equal(gnutls_x509_crt_import(certificate, &pem, GNUTLS_X509_FMT_PEM), 0);
	return certificate;
}

static inline void assert_names(gnutls_x509_crt_t certificate)
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

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_scratch, remove_scratch)

#endif
