/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * Text for people. Names and messages come from files and certificates that anybody may have
 * written: what is shown goes through text_escape_dup() first, so that no control character, no
 * broken UTF-8 and nothing that turns the direction of writing around reaches a terminal.
 */

/*
 * A copy that is safe to show, in which what is not is written \n, \x1b or \u202e; the caller
 * frees. is_unicode: whether the terminal shows more than ASCII.
 */
char *text_escape_dup(const char *text, bool is_unicode);

/* Like that, but only control characters and broken UTF-8 are replaced: for what scripts read. */
char *text_escape_controls_dup(const char *text);

/* Whether text_escape_dup() leaves the text as it is. */
bool text_is_showable(const char *text, bool is_unicode);

/* How many columns an escaped text takes. */
size_t text_width(const char *text);

/* The same for its first `size` bytes, which end with a whole character. */
size_t text_width_of(const char *text, size_t size);

/*
 * Tells how many bytes of an escaped text go on a line of so many columns: it breaks at a space,
 * else after one of . / , @, else anywhere, and takes at least one character. *next receives where
 * the next line starts, after the spaces of the break.
 */
size_t text_line(const char *text, size_t columns, size_t *next);

/* Prints an escaped text in lines that end by column `width`, each indented. */
void text_wrap(FILE *out, const char *text, size_t indent, size_t width);

#endif
