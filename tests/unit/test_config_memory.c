/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Loads configurations with every single allocation of the library failing in turn. valgrind and
 * AddressSanitizer see what is leaked or touched then. (libconfig itself crashes when memory is
 * exhausted; its calls are not wrapped.)
 */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t length, size_t size);
void *__real_realloc(void *memory, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t length, size_t size);
void *__wrap_realloc(void *memory, size_t size);
char *__wrap_strdup(const char *text);

static size_t until_failure; /* 0: none fails */

static int fails(void)
{
	return until_failure > 0 && --until_failure == 0;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t length, size_t size)
{
	return fails() ? NULL : __real_calloc(length, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
	return fails() ? NULL : __real_realloc(memory, size);
}

char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

/* Returns how many allocations there are. */
static size_t fail_each(const char *path)
{
	struct certbind_error error;
	struct config *config;
	size_t n;

	for (n = 1;; n++) {
		int status;

		until_failure = n;
		status = config_load(path, &config, &error);
		if (until_failure > 0) {
			/* All of them went well. */
			until_failure = 0;
			assert_int_equal(status, CERTBIND_OK);
			config_unref(config);
			return n - 1;
		}
		assert_int_equal(status, CERTBIND_E_MEMORY);
		assert_null(config);
	}
}

static void test_each_allocation(void **state)
{
	static const char *const paths[] = {
		"good-every-key.conf",
		"include-errors-everywhere.conf",
		"good-comment-at-end.conf",
		"include-twice.conf",
		"directory-files.conf",
		"certificate-pairs-incomplete.conf",
		"domain-hosts-twice.conf",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		size_t length = fail_each(paths[i]);

		print_message("%s: %zu allocations\n", paths[i], length);
		assert_true(length > 20);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_allocation),
	};
	const char *directory = getenv("CERTBIND_TEST_CONFIG");

	if (chdir(directory != NULL ? directory : "tests/unit/config") != 0) {
		perror("tests/unit/config");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
