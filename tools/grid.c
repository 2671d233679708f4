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

/* What becomes of what is appended. */
enum mode { MODE_KEEP, MODE_MEASURE, MODE_PRINT };

struct grid {
	const struct terminal *terminal;
	const struct grid_column *columns;
	size_t columns_length;
	size_t *widths; /* of the columns; 0: no row has anything there */
	const char **rest; /* room for what is still to be printed of a row */
	enum mode mode;
	FILE *out; /* of MODE_PRINT */
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
	grid->widths = memory_new(columns_length * sizeof(*grid->widths));
	grid->rest = memory_new(columns_length * sizeof(*grid->rest));
	return grid;
}

static void keep_row(struct grid *grid, const struct row *row)
{
	grid->rows = memory_grow(
		grid->rows, &grid->rows_capacity, grid->rows_length, sizeof(*grid->rows));
	grid->rows[grid->rows_length++] = *row;
}

static void clear_row(const struct grid *grid, struct row *row)
{
	size_t i;

	for (i = 0; row->cells != NULL && i < grid->columns_length; i++)
		free(row->cells[i]);
	free(row->cells);
	free(row->paragraph.text);
}

static void measure_row(struct grid *grid, const struct row *row)
{
	size_t width;
	size_t i;

	for (i = 0; row->cells != NULL && i < grid->columns_length; i++) {
		if (row->cells[i] == NULL)
			continue;
		width = text_width(row->cells[i]);
		if (width > grid->widths[i])
			grid->widths[i] = width;
	}
}

/* No column is narrower than its heading, but one that nothing is in. */
static void measure_headings(struct grid *grid)
{
	size_t width;
	size_t i;

	for (i = 0; i < grid->columns_length; i++) {
		width = strlen(grid->columns[i].heading);
		if (grid->widths[i] > 0 && width > grid->widths[i])
			grid->widths[i] = width;
	}
}

static size_t total_width(const struct grid *grid)
{
	size_t total = 0;
	size_t i;

	for (i = 0; i < grid->columns_length; i++)
		if (grid->widths[i] > 0)
			total += grid->widths[i] + (total > 0 ? GAP : 0);
	return total;
}

/* Takes from the widest column that may be wrapped, one at a time, until all fit. */
static void shrink(struct grid *grid)
{
	size_t *widths = grid->widths;
	size_t widest;
	size_t i;

	while (total_width(grid) > grid->terminal->width) {
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
	static const char spaces[] = "                                ";
	size_t part;

	for (; count > 0; count -= part) {
		part = count < sizeof(spaces) - 1 ? count : sizeof(spaces) - 1;
		(void)fwrite(spaces, 1, part, out);
	}
}

/* One line of a row; takes what it printed from the rest. Spaces come before text, never last. */
static void print_line(const struct grid *grid, FILE *out, enum paint paint, bool is_heading)
{
	size_t pending = 0;
	size_t length;
	size_t next;
	size_t used;
	size_t i;

	for (i = 0; i < grid->columns_length; i++) {
		size_t width = grid->widths[i];
		enum paint cell_paint = i == 0 || is_heading ? paint : PAINT_PLAIN;

		if (width == 0)
			continue;
		length = text_line(grid->rest[i], width, &next);
		used = text_width_of(grid->rest[i], length);
		if (grid->columns[i].is_number && used < width) {
			pending += width - used;
			used = width;
		}
		if (length > 0) {
			print_spaces(out, pending);
			pending = 0;
			(void)fputs(terminal_paint(grid->terminal, cell_paint), out);
			(void)fwrite(grid->rest[i], 1, length, out);
			(void)fputs(terminal_unpaint(grid->terminal, cell_paint), out);
		}
		grid->rest[i] += next;
		pending += (used < width ? width - used : 0) + GAP;
	}
	(void)fputc('\n', out);
}

static bool is_anything_left(const struct grid *grid)
{
	size_t i;

	for (i = 0; i < grid->columns_length; i++)
		if (grid->widths[i] > 0 && *grid->rest[i] != '\0')
			return true;
	return false;
}

/* What stands in the rest, in as many lines as it needs. */
static void print_lines(const struct grid *grid, FILE *out, enum paint paint, bool is_heading)
{
	do
		print_line(grid, out, paint, is_heading);
	while (is_anything_left(grid));
}

static void print_paragraph(
	const struct grid *grid, FILE *out, const struct paragraph *paragraph, size_t indent)
{
	(void)fputs(terminal_paint(grid->terminal, paragraph->paint), out);
	text_wrap(out, paragraph->text, indent, grid->terminal->width);
	(void)fputs(terminal_unpaint(grid->terminal, paragraph->paint), out);
}

static void print_row(const struct grid *grid, FILE *out, const struct row *row)
{
	size_t i;

	if (row->cells == NULL) {
		print_paragraph(grid, out, &row->paragraph, grid->widths[0] + GAP);
		return;
	}
	for (i = 0; i < grid->columns_length; i++)
		grid->rest[i] = row->cells[i] == NULL ? "-" : row->cells[i];
	print_lines(grid, out, row->paint, false);
}

/* All widths are known: the headings. */
static void begin_print(struct grid *grid, FILE *out)
{
	size_t i;

	measure_headings(grid);
	shrink(grid);
	for (i = 0; i < grid->columns_length; i++)
		grid->rest[i] = grid->columns[i].heading;
	print_lines(grid, out, PAINT_HEADING, true);
}

/* Takes a row that has just been made. */
static void take_row(struct grid *grid, struct row *row)
{
	switch (grid->mode) {
	case MODE_KEEP:
		measure_row(grid, row);
		keep_row(grid, row);
		return;
	case MODE_MEASURE:
		measure_row(grid, row);
		break;
	case MODE_PRINT:
		print_row(grid, grid->out, row);
		break;
	}
	clear_row(grid, row);
}

void grid_row(struct grid *grid, enum paint paint, const char *const *cells)
{
	struct row row = { .paint = paint };
	size_t i;

	row.cells = memory_new(grid->columns_length * sizeof(*row.cells));
	for (i = 0; i < grid->columns_length; i++)
		if (cells[i] != NULL)
			row.cells[i] = text_escape_dup(cells[i], grid->terminal->is_unicode);
	take_row(grid, &row);
}

void grid_under(struct grid *grid, enum paint paint, const char *text)
{
	struct row row = { .paragraph = { .paint = paint } };

	if (grid->mode == MODE_MEASURE)
		return;
	row.paragraph.text = text_escape_dup(text, grid->terminal->is_unicode);
	take_row(grid, &row);
}

void grid_print(struct grid *grid, FILE *out)
{
	size_t i;

	if (grid->rows_length == 0)
		return;
	begin_print(grid, out);
	for (i = 0; i < grid->rows_length; i++)
		print_row(grid, out, &grid->rows[i]);
}

void grid_stream(const struct terminal *terminal, const struct grid_column *columns,
	size_t columns_length, grid_fill_func *fill, const void *data, FILE *out)
{
	struct grid *grid = grid_new(terminal, columns, columns_length);

	grid->mode = MODE_MEASURE;
	fill(grid, data);
	if (total_width(grid) > 0) {
		begin_print(grid, out);
		grid->mode = MODE_PRINT;
		grid->out = out;
		fill(grid, data);
	}
	grid_free(grid);
}

void grid_free(struct grid *grid)
{
	size_t i;

	if (grid == NULL)
		return;
	for (i = 0; i < grid->rows_length; i++)
		clear_row(grid, &grid->rows[i]);
	free(grid->rows);
	free(grid->widths);
	free(grid->rest);
	free(grid);
}
