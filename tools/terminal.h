/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/* How standard output wants its text. */
struct terminal {
	bool is_unicode; /* shows more than ASCII */
	bool is_coloured;
	size_t width; /* columns that a line may have */
};

enum paint { PAINT_PLAIN, PAINT_HEADING, PAINT_FAINT, PAINT_GOOD, PAINT_WARNING, PAINT_BAD };

/* Takes the character set from the environment: once, before any text is shown. */
void terminal_set_locale(void);

struct terminal terminal_look(void);

/* The sequences that begin and end a colour; empty where there are none. They live for ever. */
const char *terminal_paint(const struct terminal *terminal, enum paint paint);
const char *terminal_unpaint(const struct terminal *terminal, enum paint paint);

/* Whether a sequence that moves the cursor may be sent to that descriptor. */
bool terminal_is_smart(int descriptor);

/* Of the two ways to write a domain, the one that people read, where it can be shown whole. */
const char *terminal_domain(const struct terminal *terminal, const char *name, const char *unicode);

#endif
