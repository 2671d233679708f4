/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "grid.h"
#include "text.h"
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

static const struct grid_column columns[] = { { "WORD", false, false }, { "NAME", true, false },
	{ "EMPTY", true, false }, { "COUNT", false, true } };

static void check_grid(const struct terminal *terminal, const char *name, const char *expected)
{
	struct grid *grid = grid_new(terminal, columns, sizeof(columns) / sizeof(columns[0]));
	const char *first[] = { "error", name, NULL, "12" };
	const char *second[] = { "ok", "b", NULL, NULL };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	grid_row(grid, PAINT_BAD, first);
	grid_under(grid, PAINT_PLAIN, "do this and that now");
	grid_row(grid, PAINT_PLAIN, second);
	grid_print(grid, out);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, expected);
	free(text);
	grid_free(grid);
}

static void aligns_and_leaves_out_what_is_empty(void **state)
{
	const struct terminal terminal = { .is_unicode = true, .width = 24 };

	(void)state;
	check_grid(&terminal, "a.example",
		"WORD   NAME       COUNT\n"
		"error  a.example     12\n"
		"       do this and that\n"
		"       now\n"
		"ok     b              -\n");
	check_grid(&terminal, "\xe4\xb8\xad.example",
		"WORD   NAME        COUNT\n"
		"error  \xe4\xb8\xad.example     12\n"
		"       do this and that\n"
		"       now\n"
		"ok     b               -\n");
}

static void wraps_long_cells_in_their_column(void **state)
{
	const struct terminal terminal = { .is_unicode = true, .width = 24 };

	(void)state;
	check_grid(&terminal, "long.name.example",
		"WORD   NAME        COUNT\n"
		"error  long.name.     12\n"
		"       example\n"
		"       do this and that\n"
		"       now\n"
		"ok     b               -\n");
}

static void paints_and_escapes(void **state)
{
	const struct terminal terminal = { .is_coloured = true, .width = 24 };

	(void)state;
	check_grid(&terminal, "a\033b",
		"\033[1mWORD\033[0m   \033[1mNAME\033[0m    \033[1mCOUNT\033[0m\n"
		"\033[1;31merror\033[0m  a\\x1bb     12\n"
		"       do this and that\n"
		"       now\n"
		"ok     b           -\n");
}

/* Names of the greatest length in every column must not make a line too long. */
static void keeps_within_the_width(void **state)
{
	static const struct grid_column six[] = { { "DOMAIN", true, false },
		{ "SERVICE", true, false }, { "HOST", true, false }, { "FINDING", false, false },
		{ "CERTIFICATE", true, false }, { "VALID UNTIL", false, false } };
	const struct terminal terminal = { .is_unicode = true, .width = 100 };
	struct grid *grid = grid_new(&terminal, six, 6);
	char name[254] = "";
	const char *cells[] = { name, "webmail", name, "covered-by-shared-host", name,
		"2026-12-01" };
	char *text = NULL;
	char *line;
	char *rest;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_non_null(out);
	memset(name, 'x', sizeof(name) - 1);
	grid_row(grid, PAINT_PLAIN, cells);
	grid_under(grid, PAINT_PLAIN, name);
	grid_print(grid, out);
	assert_int_equal(fclose(out), 0);
	for (line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		assert_true(text_width(line) <= 100);
		assert_int_not_equal(line[strlen(line) - 1], ' ');
	}
	free(text);
	grid_free(grid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aligns_and_leaves_out_what_is_empty),
		cmocka_unit_test(wraps_long_cells_in_their_column),
		cmocka_unit_test(paints_and_escapes),
		cmocka_unit_test(keeps_within_the_width),
	};

	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
