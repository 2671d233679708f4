/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config_reader.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/*
 * A scanner beside libconfig's, with the same idea of what is a comment, a string, a number and a
 * name (scanner.l of libconfig 1.5 to 1.7). It is there because libconfig acts on @include, cuts
 * strings at NUL, joins strings, lets integers wrap, and gives an array's elements the line of the
 * next token; and leaks strings at wrong places.
 */
struct scanner {
	const char *at;
	const char *end;
	int line;
	bool after_string;
	bool is_out_of_memory;
	struct config_order order;
	int order_line; /* of what is wrong with the order; 0: nothing that must be said here */
	const char *order_text;
	struct config_scan *scan;
};

/* Not <ctype.h>: that depends on the locale. */
static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void scan_error_at(struct scanner *scanner, int line, const char *text)
{
	scanner->scan->error_line = line;
	scanner->scan->error_text = text;
	scanner->at = scanner->end;
}

static void scan_error(struct scanner *scanner, const char *text)
{
	scan_error_at(scanner, scanner->line, text);
}

/* Kept until the end: a quote that is missing further on is the better explanation. */
static void scan_order_fault(struct scanner *scanner, const char *text)
{
	scanner->order_line = scanner->line;
	scanner->order_text = text;
	scanner->order.is_over = true;
}

static void scan_order(struct scanner *scanner, char token)
{
	const char *fault = config_order_step(&scanner->order, token);

	if (fault != NULL)
		scan_order_fault(scanner, fault);
}

/* Moves over one character. */
static void scan_step(struct scanner *scanner)
{
	if (*scanner->at == '\n')
		scanner->line++;
	else if (*scanner->at == '\0')
		scan_error(scanner, "a NUL byte; a configuration is text");
	if (scanner->at < scanner->end)
		scanner->at++;
}

static bool scan_sees(const struct scanner *scanner, const char *text)
{
	size_t length = strlen(text);

	return (size_t)(scanner->end - scanner->at) >= length &&
	       memcmp(scanner->at, text, length) == 0;
}

static void scan_line_comment(struct scanner *scanner)
{
	while (scanner->at < scanner->end && *scanner->at != '\n')
		scan_step(scanner);
}

/* libconfig takes the end of the file for the end of a comment, or of a string. */
static void scan_block_comment(struct scanner *scanner)
{
	int line = scanner->line;

	scanner->at += 2;
	while (scanner->at < scanner->end && !scan_sees(scanner, "*/"))
		scan_step(scanner);
	if (scanner->at < scanner->end)
		scanner->at += 2;
	else if (scanner->scan->error_line == 0)
		scan_error_at(scanner, line, "a comment that does not end; expected */");
}

static struct config_token *scan_token_add(struct scanner *scanner)
{
	struct config_scan *scan = scanner->scan;
	size_t length = scan->tokens_length;
	struct config_token *tokens = config_grow(scan->tokens, length, sizeof(*tokens));

	if (tokens == NULL) {
		scanner->is_out_of_memory = true;
		scanner->at = scanner->end;
		return NULL;
	}
	scan->tokens = tokens;
	memset(&tokens[length], 0, sizeof(*tokens));
	tokens[length].line = scanner->line;
	scan->tokens_length++;
	return &tokens[length];
}

/* A backslash takes the next character with it, whatever it is: none of libconfig's escapes is misread so. */
static void scan_string(struct scanner *scanner)
{
	struct config_token *token;
	int line = scanner->line;

	if (scanner->after_string) {
		scanner->scan->tokens[scanner->scan->tokens_length - 1].is_joined = true;
	} else {
		token = scan_token_add(scanner);
		if (token == NULL)
			return;
		token->is_string = true;
		scan_order(scanner, CONFIG_ORDER_STRING);
	}
	scan_step(scanner);
	while (scanner->at < scanner->end && *scanner->at != '"') {
		if (scan_sees(scanner, "\\x00") || scan_sees(scanner, "\\X00")) {
			scan_error(scanner, "a NUL byte in a string; it would end there");
			return;
		}
		if (*scanner->at == '\\' && scanner->end - scanner->at > 1)
			scan_step(scanner);
		scan_step(scanner);
	}
	if (scanner->at < scanner->end)
		scan_step(scanner);
	else if (scanner->scan->error_line == 0)
		scan_error_at(scanner, line,
			"a string that does not end; is a quote missing, here or above?");
}

static const char *digits_end(const char *at)
{
	while (is_digit(*at))
		at++;
	return at;
}

static const char *sign_end(const char *at)
{
	return *at == '+' || *at == '-' ? at + 1 : at;
}

/* Where libconfig takes the number to end: the longest of its integers and floats. */
static const char *number_end(const char *start, bool is_hex)
{
	const char *at = sign_end(start);
	const char *exponent;
	bool is_integer = true;

	if (is_hex && strspn(start + 2, "0123456789abcdefABCDEF") > 0) {
		at = start + 2 + strspn(start + 2, "0123456789abcdefABCDEF");
	} else {
		at = digits_end(at);
		if (*at == '.') {
			is_integer = false;
			at = digits_end(at + 1);
		}
		exponent = *at == 'e' || *at == 'E' ? sign_end(at + 1) : at;
		if (exponent > at && is_digit(*exponent))
			return digits_end(exponent);
	}
	if (is_integer && *at == 'L')
		at += at[1] == 'L' ? 2 : 1;
	return at;
}

/* The text is followed by a NUL, so strtoll ends. */
static void scan_number(struct scanner *scanner)
{
	const char *start = scanner->at;
	struct config_token *token = scan_token_add(scanner);
	char *end;
	bool is_hex = scan_sees(scanner, "0x") || scan_sees(scanner, "0X");

	if (token == NULL)
		return;
	while (scanner->at < scanner->end &&
		(is_digit(*scanner->at) || is_letter(*scanner->at) || *scanner->at == '+' ||
			*scanner->at == '-' || *scanner->at == '.'))
		scan_step(scanner);
	errno = 0;
	token->number = strtoll(start, &end, is_hex ? 16 : 10);
	while (*end == 'L')
		end++;
	token->is_integer = end == scanner->at;
	scan_order(scanner, CONFIG_ORDER_SCALAR);
	/* libconfig takes the letters for the name of a next setting. */
	if (is_letter(*number_end(start, is_hex)) && !scanner->order.is_over)
		scan_order_fault(scanner, CONFIG_SYNTAX_ERROR);
	/* libconfig 1.5 takes it for some other number, 1.7 for a syntax error. */
	if (token->is_integer && errno != 0)
		scan_error(scanner, "a number that does not fit into 64 bits");
}

static void scan_name(struct scanner *scanner)
{
	const char *start = scanner->at;
	size_t length;
	bool is_bool;

	while (scanner->at < scanner->end &&
		(is_digit(*scanner->at) || is_letter(*scanner->at) || *scanner->at == '-' ||
			*scanner->at == '_' || *scanner->at == '*'))
		scan_step(scanner);
	length = (size_t)(scanner->at - start);
	is_bool = (length == 4 && strncasecmp(start, "true", length) == 0) ||
		  (length == 5 && strncasecmp(start, "false", length) == 0);
	scan_order(scanner, is_bool ? CONFIG_ORDER_SCALAR : CONFIG_ORDER_NAME);
}

/* A character that libconfig has no use for is an error there; NAME, STRING and SCALAR are letters. */
static void scan_punctuation(struct scanner *scanner)
{
	char c = *scanner->at;

	scan_step(scanner);
	if (scanner->scan->error_line == 0)
		scan_order(scanner, c);
}

/* One token that is neither space nor comment. */
static void scan_token(struct scanner *scanner)
{
	char c = *scanner->at;
	bool is_string = c == '"';

	if (is_string)
		scan_string(scanner);
	else if (is_digit(c) || c == '+' || c == '-' || c == '.')
		scan_number(scanner);
	else if (is_letter(c) || c == '*')
		scan_name(scanner);
	else if (scan_sees(scanner, "@include"))
		scan_error(scanner,
			"@include is not supported: libconfig would look for the file in "
			"the working directory; expected include = [ \"FILE\" ];");
	else
		scan_punctuation(scanner);
	scanner->after_string = is_string;
}

bool config_scan_text(const char *text, size_t size, struct config_scan *scan)
{
	struct scanner scanner = { .at = text, .end = text + size, .line = 1, .scan = scan };

	memset(scan, 0, sizeof(*scan));
	if (scan_sees(&scanner, "\xef\xbb\xbf"))
		scan_error(&scanner, "a byte order mark; expected plain UTF-8");
	while (scanner.at < scanner.end) {
		if (*scanner.at == '#' || scan_sees(&scanner, "//"))
			scan_line_comment(&scanner);
		else if (scan_sees(&scanner, "/*"))
			scan_block_comment(&scanner);
		else if (strchr(" \t\n\r\f", *scanner.at) != NULL)
			scan_step(&scanner);
		else
			scan_token(&scanner);
	}
	if (scan->error_line == 0 && scanner.order_line > 0)
		scan_error_at(&scanner, scanner.order_line, scanner.order_text);
	return !scanner.is_out_of_memory;
}
