/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "terminal.h"
#include "text.h"
#include "utf8.h"
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

struct escaped {
	const char *text;
	const char *unicode;
	const char *ascii;
	const char *controls;
};

static void check_escape(char *found, const char *expected)
{
	assert_string_equal(found, expected);
	free(found);
}

static void escapes_what_a_terminal_would_obey(void **state)
{
	static const struct escaped cases[] = {
		{ "", "", "", "" },
		{ "plain text.", "plain text.", "plain text.", "plain text." },
		{ "a\nb\tc", "a\\nb\\tc", "a\\nb\\tc", "a\\nb\\tc" },
		{ "\033[31m\177", "\\x1b[31m\\x7f", "\\x1b[31m\\x7f", "\\x1b[31m\\x7f" },
		{ "b\xc3\xbc", "b\xc3\xbc", "b\\u00fc", "b\xc3\xbc" },
		{ "\xc2\x9b", "\\u009b", "\\u009b", "\\u009b" }, /* CSI */
		{ "\x9b\xff", "\\x9b\\xff", "\\x9b\\xff", "\\x9b\\xff" },
		{ "\xe2\x80\xae", "\\u202e", "\\u202e", "\xe2\x80\xae" }, /* override */
		{ "\xf0\x9f\x93\xa7", "\xf0\x9f\x93\xa7", "\\U0001f4e7", "\xf0\x9f\x93\xa7" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		check_escape(text_escape_dup(cases[i].text, true), cases[i].unicode);
		check_escape(text_escape_dup(cases[i].text, false), cases[i].ascii);
		check_escape(text_escape_controls_dup(cases[i].text), cases[i].controls);
		assert_int_equal(text_is_showable(cases[i].text, true),
			strcmp(cases[i].text, cases[i].unicode) == 0);
		assert_int_equal(text_is_showable(cases[i].text, false),
			strcmp(cases[i].text, cases[i].ascii) == 0);
	}
}

static void decodes_strictly(void **state)
{
	static const struct {
		const char *text;
		size_t length;
		uint32_t character;
	} cases[] = {
		{ "a", 1, 'a' },
		{ "\xc3\xbc", 2, 0xfc },
		{ "\xe4\xb8\xad", 3, 0x4e2d },
		{ "\xf4\x8f\xbf\xbf", 4, 0x10ffff },
		{ "\xc0\x80", 0, 0xc0 }, /* overlong */
		{ "\xe0\x80\xaf", 0, 0xe0 },
		{ "\xf0\x80\x80\x80", 0, 0xf0 },
		{ "\xed\xa0\x80", 0, 0xed }, /* surrogate */
		{ "\xf4\x90\x80\x80", 0, 0xf4 }, /* beyond the last */
		{ "\xf8\x88\x80\x80\x80", 0, 0xf8 },
		{ "\xc3", 0, 0xc3 }, /* cut off */
		{ "\xe4\xb8", 0, 0xe4 },
		{ "\xbc", 0, 0xbc },
	};
	uint32_t character;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(utf8_decode(cases[i].text, &character), cases[i].length);
		assert_int_equal(character, cases[i].character);
	}
	check_escape(utf8_repair_dup("a\xff\xc3\xbc\xe4\xb8"),
		"a\xef\xbf\xbd\xc3\xbc\xef\xbf\xbd\xef\xbf\xbd");
}

static void measures_columns(void **state)
{
	(void)state;
	assert_int_equal(text_width(""), 0);
	assert_int_equal(text_width("example.org"), 11);
	assert_int_equal(text_width("b\xc3\xbc"
				    "cher"),
		6);
	assert_int_equal(text_width("\xe4\xb8\xad\xe5\x9b\xbd"), 4); /* wide */
	assert_int_equal(text_width("u\xcc\x88"), 1); /* combining */
}

static void breaks_lines(void **state)
{
	static const struct {
		const char *text;
		size_t columns;
		const char *line;
		const char *rest;
	} cases[] = {
		{ "one two", 7, "one two", "" },
		{ "one two", 6, "one", "two" },
		{ "one two", 3, "one", "two" },
		{ "one   two", 4, "one", "two" },
		{ "mail.example.org", 10, "mail.", "example.org" },
		{ "/etc/certbind/x", 9, "/etc/", "certbind/x" },
		{ "unbreakable", 4, "unbr", "eakable" },
		{ "\xe4\xb8\xad\xe5\x9b\xbd", 3, "\xe4\xb8\xad", "\xe5\x9b\xbd" },
		{ "\xe4\xb8\xad", 1, "\xe4\xb8\xad", "" }, /* never stands still */
		{ "xu\xcc\x88y", 2, "xu\xcc\x88", "y" }, /* stays with its letter */
		{ "", 5, "", "" },
	};
	size_t length;
	size_t next;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		length = text_line(cases[i].text, cases[i].columns, &next);
		assert_int_equal(length, strlen(cases[i].line));
		assert_memory_equal(cases[i].text, cases[i].line, length);
		assert_string_equal(cases[i].text + next, cases[i].rest);
	}
}

static void wraps_with_an_indent(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_non_null(out);
	text_wrap(out, "Get a wildcard certificate for *.example.org.", 2, 22);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, "  Get a wildcard\n  certificate for\n  *.example.org.\n");
	free(text);
}

static void prefers_what_people_read(void **state)
{
	const struct terminal unicode = { .is_unicode = true };
	const struct terminal ascii = { .is_unicode = false };

	(void)state;
	assert_string_equal(terminal_domain(&unicode, "xn--a", "b\xc3\xbc"), "b\xc3\xbc");
	assert_string_equal(terminal_domain(&ascii, "xn--a", "b\xc3\xbc"), "xn--a");
	assert_string_equal(terminal_domain(&unicode, "xn--a", "a\xe2\x80\x8b"), "xn--a");
	assert_string_equal(terminal_domain(&unicode, "xn--a", NULL), "xn--a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes_what_a_terminal_would_obey),
		cmocka_unit_test(decodes_strictly),
		cmocka_unit_test(measures_columns),
		cmocka_unit_test(breaks_lines),
		cmocka_unit_test(wraps_with_an_indent),
		cmocka_unit_test(prefers_what_people_read),
	};

	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
