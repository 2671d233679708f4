/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "imap_parse.h"

#include <stdlib.h>
#include <string.h>

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static bool is_atom_char(char c)
{
	return c > ' ' && c < 0x7f && !strchr("(){%*\"\\]", c);
}

static bool is_pattern_char(char c)
{
	return is_atom_char(c) || c == '%' || c == '*' || c == ']';
}

/* ASTRING-CHAR: a name may have the closing bracket. */
static bool is_string_char(char c)
{
	return is_atom_char(c) || c == ']';
}

static bool is_tag_char(char c)
{
	return is_atom_char(c) && c != '+';
}

static bool is_word_char(char c)
{
	return c != '\0' && strchr(LETTERS DIGITS ".", c) != NULL;
}

static bool is_set_char(char c)
{
	return c != '\0' && strchr(DIGITS "*:,", c) != NULL;
}

static bool read_chars(struct imap_parser *parser, bool (*is_char)(char c), char *text, size_t size)
{
	size_t length = 0;

	while (parser->next < parser->end && is_char(*parser->next)) {
		if (length + 1 >= size)
			return false;
		text[length++] = *parser->next++;
	}
	text[length] = '\0';
	return length > 0;
}

bool imap_read_char(struct imap_parser *parser, char c)
{
	if (parser->next == parser->end || *parser->next != c)
		return false;
	parser->next++;
	return true;
}

bool imap_read_end(const struct imap_parser *parser)
{
	return parser->next == parser->end;
}

bool imap_read_word(struct imap_parser *parser, char *text, size_t size)
{
	return read_chars(parser, is_word_char, text, size);
}

bool imap_read_tag(struct imap_parser *parser, char *text, size_t size)
{
	return read_chars(parser, is_tag_char, text, size);
}

bool imap_read_flag(struct imap_parser *parser, char *text, size_t size)
{
	size_t has_backslash = imap_read_char(parser, '\\') ? 1 : 0;

	if (size < 2)
		return false;
	text[0] = '\\';
	return read_chars(parser, is_atom_char, text + has_backslash, size - has_backslash);
}

static bool read_quoted(struct imap_parser *parser, char *text, size_t size)
{
	size_t length = 0;

	while (parser->next < parser->end && *parser->next != '"') {
		if (*parser->next == '\\')
			parser->next++;
		if (parser->next == parser->end || length + 1 >= size)
			return false;
		text[length++] = *parser->next++;
	}
	text[length] = '\0';
	return imap_read_char(parser, '"');
}

static bool read_literal(struct imap_parser *parser, char *text, size_t size)
{
	unsigned int length;

	if (!imap_read_number(parser, &length) || !imap_read_char(parser, '}'))
		return false;
	(void)imap_read_char(parser, '\r');
	if (!imap_read_char(parser, '\n') || length >= size ||
		length > (size_t)(parser->end - parser->next))
		return false;
	memcpy(text, parser->next, length);
	text[length] = '\0';
	parser->next += length;
	return true;
}

static bool read_string(
	struct imap_parser *parser, bool (*is_char)(char c), char *text, size_t size)
{
	if (imap_read_char(parser, '"'))
		return read_quoted(parser, text, size);
	if (imap_read_char(parser, '{'))
		return read_literal(parser, text, size);
	return read_chars(parser, is_char, text, size);
}

bool imap_read_string(struct imap_parser *parser, char *text, size_t size)
{
	return read_string(parser, is_string_char, text, size);
}

bool imap_read_pattern(struct imap_parser *parser, char *text, size_t size)
{
	return read_string(parser, is_pattern_char, text, size);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool imap_read_number(struct imap_parser *parser, unsigned int *number)
{
	char digits[11];
	unsigned long value;

	if (!read_chars(parser, is_digit, digits, sizeof(digits)))
		return false;
	value = strtoul(digits, NULL, 10);
	*number = (unsigned int)value;
	return value <= 0xffffffffUL;
}

/* One end of a range: a number that is not zero, or *. */
static const char *check_end(const char *text)
{
	size_t length = strspn(text, DIGITS);

	if (text[0] == '*')
		return text + 1;
	return length == 0 || length > 10 || text[0] == '0' ? NULL : text + length;
}

bool imap_read_set(struct imap_parser *parser, char *text, size_t size)
{
	const char *next = text;

	if (!read_chars(parser, is_set_char, text, size))
		return false;
	do {
		next = check_end(next);
		if (next && *next == ':')
			next = check_end(next + 1);
	} while (next && *next == ',' && *++next != '\0');
	return next && *next == '\0' && next[-1] != ',';
}

static unsigned long read_end(const char **text, unsigned int max)
{
	char *end;
	unsigned long value;

	if (**text == '*') {
		++*text;
		return max;
	}
	value = strtoul(*text, &end, 10);
	*text = end;
	return value;
}

bool imap_set_has(const char *set, unsigned int number, unsigned int max)
{
	while (*set != '\0') {
		unsigned long first = read_end(&set, max), last = first;

		if (*set == ':') {
			set++;
			last = read_end(&set, max);
		}
		if ((first <= number && number <= last) || (last <= number && number <= first))
			return true;
		if (*set == ',')
			set++;
	}
	return false;
}

bool imap_is_literal(const char *line, size_t length, size_t *size, bool *is_synchronising)
{
	size_t end = length, start;

	if (end == 0 || line[--end] != '}')
		return false;
	*is_synchronising = end == 0 || line[end - 1] != '+';
	if (!*is_synchronising)
		end--;
	for (start = end; start > 0 && is_digit(line[start - 1]); start--)
		continue;
	if (start == end || start == 0 || line[start - 1] != '{')
		return false;
	/* Longer numbers are too big all the same. */
	*size = end - start > 9 ? (size_t)-1 : (size_t)strtoul(line + start, NULL, 10);
	return true;
}
