/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the parts of an IMAP command (RFC 3501, 9) off its front. */
#ifndef MAIL_IMAP_PARSE_H
#define MAIL_IMAP_PARSE_H

#include <stdbool.h>
#include <stddef.h>

/* A command with its literals, without its last CRLF. */
struct imap_parser {
	const char *next;
	const char *end;
};

/* Each returns false, and may have read some, when what comes next is something else or too long. */

bool imap_read_char(struct imap_parser *parser, char c);
bool imap_read_end(const struct imap_parser *parser);

/* Letters, digits and dots: a command, or the name of a data item. */
bool imap_read_word(struct imap_parser *parser, char *text, size_t size);

bool imap_read_tag(struct imap_parser *parser, char *text, size_t size);

/* A flag such as \Seen. */
bool imap_read_flag(struct imap_parser *parser, char *text, size_t size);

/* An atom, a quoted string, or a literal. */
bool imap_read_string(struct imap_parser *parser, char *text, size_t size);

/* The same; in an atom the wildcards * and % are letters. */
bool imap_read_pattern(struct imap_parser *parser, char *text, size_t size);

bool imap_read_number(struct imap_parser *parser, unsigned int *number);

/* A set of numbers, "1,3:*". */
bool imap_read_set(struct imap_parser *parser, char *text, size_t size);

/* Tells whether a set has a number; * is `max`. */
bool imap_set_has(const char *set, unsigned int number, unsigned int max);

/* Tells whether a line asks for a literal, "{n}" at its end, and how long it is. */
bool imap_is_literal(const char *line, size_t length, size_t *size, bool *is_synchronising);

#endif
