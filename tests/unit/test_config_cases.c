/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs every tests/unit/config/NAME.conf. Each says at its start what it must give, in lines that
 * are comments for the loader:
 *
 *     #> exit CODE                          of `certbind check -c NAME.conf`, run in that directory,
 *                                           as far as the configuration decides it: 2 when the load
 *                                           is refused, 1 when an entry is left out
 *     #> SCOPE|ENTRY|FILE:LINE: MESSAGE     every problem, in order; SCOPE is load, certificate or
 *                                           domain, ENTRY the name that is known, or nothing
 */
#include "config.h"
#include "file.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { CASES_MIN = 60, TEXT_MAX = 65536 };

struct text {
	char bytes[TEXT_MAX];
	size_t length;
};

static void text_add(struct text *text, const char *bytes, size_t length)
{
	assert_true(text->length + length + 1 < sizeof(text->bytes));
	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
	text->bytes[text->length] = '\0';
}

/* The expected lines, without their mark. A NUL or a byte order mark may stand around them. */
static void read_expected(const char *path, struct text *expected)
{
	struct file_bytes bytes;
	const char *line;
	const char *end;

	text_add(expected, "", 0);
	assert_int_equal(file_read(path, TEXT_MAX, &bytes, NULL), CERTBIND_OK);
	line = (const char *)bytes.data;
	for (; (end = strchr(line, '\n')) != NULL; line = end + 1)
		if (strncmp(line, "#> ", 3) == 0)
			text_add(expected, line + 3, (size_t)(end + 1 - line) - 3);
	file_bytes_wipe(&bytes);
}

static const char *scope_text(enum config_scope scope)
{
	switch (scope) {
	case CONFIG_SCOPE_LOAD:
		return "load";
	case CONFIG_SCOPE_CERTIFICATE:
		return "certificate";
	case CONFIG_SCOPE_DOMAIN:
		return "domain";
	}
	return "unknown";
}

static int exit_code(const struct config *config)
{
	int code = 0;
	size_t i;

	for (i = 0; i < config->problems_length; i++)
		if (config->problems[i].scope == CONFIG_SCOPE_LOAD)
			return 2;
		else
			code = 1;
	return code;
}

static void describe(const struct config *config, struct text *found)
{
	static char line[TEXT_MAX];
	int length = snprintf(line, sizeof(line), "exit %d\n", exit_code(config));
	size_t i;

	text_add(found, line, (size_t)length);
	for (i = 0; i < config->problems_length; i++) {
		const struct config_problem *problem = &config->problems[i];

		length = snprintf(line, sizeof(line), "%s|%s|%s:%d: %s\n",
			scope_text(problem->scope), problem->name != NULL ? problem->name : "",
			problem->place.file, problem->place.line, problem->message);
		assert_in_range(length, 1, sizeof(line) - 1);
		text_add(found, line, (size_t)length);
	}
}

/* Does loading the case give what is expected? */
static bool case_matches(const char *path, const struct text *expected, struct text *found)
{
	struct certbind_error error;
	struct config *config;

	found->length = 0;
	assert_int_equal(config_load(path, &config, &error), CERTBIND_OK);
	describe(config, found);
	config_unref(config);
	return strcmp(expected->bytes, found->bytes) == 0;
}

static bool run_case(const char *path)
{
	static struct text expected;
	static struct text found;

	expected.length = 0;
	read_expected(path, &expected);
	if (case_matches(path, &expected, &found))
		return true;
	print_error("%s: expected\n%sfound\n%s", path, expected.bytes, found.bytes);
	return false;
}

static void test_cases(void **state)
{
	DIR *directory = opendir(".");
	const struct dirent *entry;
	int cases = 0;
	int failed = 0;

	(void)state;
	assert_non_null(directory);
	while ((entry = readdir(directory)) != NULL) {
		const char *dot = strrchr(entry->d_name, '.');

		if (dot == NULL || strcmp(dot, ".conf") != 0)
			continue;
		cases++;
		if (!run_case(entry->d_name))
			failed++;
	}
	assert_int_equal(closedir(directory), 0);
	print_message("%d configurations\n", cases);
	assert_int_equal(failed, 0);
	assert_true(cases >= CASES_MIN);
}

/* One wrong character of what is expected fails a case; so does a line too many. */
static void test_comparison(void **state)
{
	static const char path[] = "domain-many-faults.conf";
	static struct text expected;
	static struct text found;
	size_t i;

	(void)state;
	expected.length = 0;
	read_expected(path, &expected);
	assert_true(expected.length > 100);
	assert_true(case_matches(path, &expected, &found));
	for (i = 0; i < expected.length; i++) {
		expected.bytes[i]++;
		assert_false(case_matches(path, &expected, &found));
		expected.bytes[i]--;
	}
	text_add(&expected, "load||x:1: y\n", 13);
	assert_false(case_matches(path, &expected, &found));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_comparison),
	};
	const char *directory = getenv("CERTBIND_TEST_CONFIG");

	if (chdir(directory != NULL ? directory : "tests/unit/config") != 0) {
		perror("tests/unit/config");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
