/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "grid.h"
#include "memory.h"
#include "text.h"
#include <stdlib.h>
#include <string.h>

#define GAP 2
#define COLUMN_LEAST 4

struct paragraph {
	char *text;
	enum paint paint;
};

struct row {
	char **cells; /* NULL in the row of a paragraph */
	struct paragraph paragraph;
	enum paint paint;
};

struct grid {
	const struct terminal *terminal;
	const struct grid_column *columns;
	size_t columns_length;
	struct row *rows;
	size_t rows_length;
	size_t rows_capacity;
};

struct grid *grid_new(
	const struct terminal *terminal, const struct grid_column *columns, size_t columns_length)
{
	struct grid *grid = memory_new(sizeof(*grid));

	grid->terminal = terminal;
	grid->columns = columns;
	grid->columns_length = columns_length;
	return grid;
}

static struct row *new_row(struct grid *grid)
{
	struct row *row;

	grid->rows = memory_grow(
		grid->rows, &grid->rows_capacity, grid->rows_length, sizeof(*grid->rows));
	row = &grid->rows[grid->rows_length++];
	memset(row, 0, sizeof(*row));
	return row;
}

void grid_row(struct grid *grid, enum paint paint, const char *const *cells)
{
	struct row *row = new_row(grid);
	size_t i;

	row->paint = paint;
	row->cells = memory_new(grid->columns_length * sizeof(*row->cells));
	for (i = 0; i < grid->columns_length; i++)
		if (cells[i] != NULL)
			row->cells[i] = text_escape_dup(cells[i], grid->terminal->is_unicode);
}

void grid_under(struct grid *grid, enum paint paint, const char *text)
{
	struct row *row = new_row(grid);

	row->paragraph.text = text_escape_dup(text, grid->terminal->is_unicode);
	row->paragraph.paint = paint;
}

/* Widths of the columns; 0: no row has anything there. */
static void measure(const struct grid *grid, size_t *widths)
{
	size_t width;
	size_t i;
	size_t k;

	for (i = 0; i < grid->rows_length; i++)
		for (k = 0; grid->rows[i].cells != NULL && k < grid->columns_length; k++) {
			if (grid->rows[i].cells[k] == NULL)
				continue;
			width = text_width(grid->rows[i].cells[k]);
			if (width > widths[k])
				widths[k] = width;
		}
	for (k = 0; k < grid->columns_length; k++) {
		width = strlen(grid->columns[k].heading);
		if (widths[k] > 0 && width > widths[k])
			widths[k] = width;
	}
}

static size_t total_width(const size_t *widths, size_t length)
{
	size_t total = 0;
	size_t i;

	for (i = 0; i < length; i++)
		if (widths[i] > 0)
			total += widths[i] + (total > 0 ? GAP : 0);
	return total;
}

/* Takes from the widest column that may be wrapped, one at a time, until all fit. */
static void shrink(const struct grid *grid, size_t *widths)
{
	size_t widest;
	size_t i;

	while (total_width(widths, grid->columns_length) > grid->terminal->width) {
		widest = grid->columns_length;
		for (i = 0; i < grid->columns_length; i++)
			if (grid->columns[i].is_wrapped && widths[i] > COLUMN_LEAST &&
				(widest == grid->columns_length || widths[i] > widths[widest]))
				widest = i;
		if (widest == grid->columns_length)
			return;
		widths[widest]--;
	}
}

static void print_spaces(FILE *out, size_t count)
{
	(void)fprintf(out, "%*s", (int)count, "");
}

/* One line of a row; takes what it printed from the cells. Spaces come before text, never last. */
static void print_line(const struct grid *grid, FILE *out, const char **cells, const size_t *widths,
	enum paint paint, bool is_heading)
{
	size_t pending = 0;
	size_t length;
	size_t next;
	size_t used;
	size_t i;

	for (i = 0; i < grid->columns_length; i++) {
		char *part;
		enum paint cell_paint = i == 0 || is_heading ? paint : PAINT_PLAIN;

		if (widths[i] == 0)
			continue;
		length = text_line(cells[i], widths[i], &next);
		part = memory_printf("%.*s", (int)length, cells[i]);
		cells[i] += next;
		used = text_width(part);
		if (grid->columns[i].is_number && used < widths[i]) {
			pending += widths[i] - used;
			used = widths[i];
		}
		if (*part != '\0') {
			print_spaces(out, pending);
			pending = 0;
			(void)fprintf(out, "%s%s%s", terminal_paint(grid->terminal, cell_paint),
				part, terminal_unpaint(grid->terminal, cell_paint));
		}
		pending += (used < widths[i] ? widths[i] - used : 0) + GAP;
		free(part);
	}
	(void)fputc('\n', out);
}

static bool is_anything_left(
	const struct grid *grid, const char *const *cells, const size_t *widths)
{
	size_t i;

	for (i = 0; i < grid->columns_length; i++)
		if (widths[i] > 0 && *cells[i] != '\0')
			return true;
	return false;
}

static void print_row(const struct grid *grid, FILE *out, const struct row *row,
	const size_t *widths, const char **rest)
{
	size_t i;

	for (i = 0; i < grid->columns_length; i++)
		rest[i] = row->cells[i] == NULL ? "-" : row->cells[i];
	do
		print_line(grid, out, rest, widths, row->paint, false);
	while (is_anything_left(grid, rest, widths));
}

static void print_headings(
	const struct grid *grid, FILE *out, const size_t *widths, const char **rest)
{
	size_t i;

	for (i = 0; i < grid->columns_length; i++)
		rest[i] = grid->columns[i].heading;
	do
		print_line(grid, out, rest, widths, PAINT_HEADING, true);
	while (is_anything_left(grid, rest, widths));
}

static void print_paragraph(
	const struct grid *grid, FILE *out, const struct paragraph *paragraph, size_t indent)
{
	(void)fputs(terminal_paint(grid->terminal, paragraph->paint), out);
	text_wrap(out, paragraph->text, indent, grid->terminal->width);
	(void)fputs(terminal_unpaint(grid->terminal, paragraph->paint), out);
}

void grid_print(const struct grid *grid, FILE *out)
{
	size_t *widths;
	const char **rest;
	size_t i;

	if (grid->rows_length == 0)
		return;
	widths = memory_new(grid->columns_length * sizeof(*widths));
	rest = memory_new(grid->columns_length * sizeof(*rest));
	measure(grid, widths);
	shrink(grid, widths);
	print_headings(grid, out, widths, rest);
	for (i = 0; i < grid->rows_length; i++)
		if (grid->rows[i].cells != NULL)
			print_row(grid, out, &grid->rows[i], widths, rest);
		else
			print_paragraph(grid, out, &grid->rows[i].paragraph, widths[0] + GAP);
	free(rest);
	free(widths);
}

void grid_free(struct grid *grid)
{
	size_t i;
	size_t k;

	if (grid == NULL)
		return;
	for (i = 0; i < grid->rows_length; i++) {
		for (k = 0; grid->rows[i].cells != NULL && k < grid->columns_length; k++)
			free(grid->rows[i].cells[k]);
		free(grid->rows[i].cells);
		free(grid->rows[i].paragraph.text);
	}
	free(grid->rows);
	free(grid);
}
