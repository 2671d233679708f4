/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GRID_H
#define GRID_H

#include "terminal.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A table of text: aligned, no line wider than the terminal's, long cells wrapped within theirs. */
struct grid;

struct grid_column {
	const char *heading;
	bool is_wrapped; /* may be made narrower than its widest cell */
	bool is_number; /* aligned to the right */
};

/* The terminal and the columns must live as long as the grid. */
struct grid *grid_new(
	const struct terminal *terminal, const struct grid_column *columns, size_t columns_length);

/* Appends a row, its first cell painted. Cells are escaped and copied; NULL: nothing to show. */
void grid_row(struct grid *grid, enum paint paint, const char *const *cells);

/* Appends a paragraph under the last row; likewise escaped and copied. */
void grid_under(struct grid *grid, enum paint paint, const char *text);

/* Prints it, without the columns that no row has anything in; nothing when there are no rows. */
void grid_print(struct grid *grid, FILE *out);

void grid_free(struct grid *grid); /* NULL does nothing */

/*
 * For a table of any length: prints the rows that `fill` appends to the grid it is given. It is
 * called twice, first for the widths, and no row is kept.
 */
typedef void grid_fill_func(struct grid *grid, const void *data);
void grid_stream(const struct terminal *terminal, const struct grid_column *columns,
	size_t columns_length, grid_fill_func *fill, const void *data, FILE *out);

#endif
