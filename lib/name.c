/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "name.h"
#include "hot.h"
#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* UTF-8 takes at most four bytes for what takes at least one in the folded name. */
	INPUT_MAX_LENGTH = 4 * (NAME_MAX_LENGTH + 1),
	WILDCARD_LENGTH = 2, /* "*." */
	ADDRESS_MAX_LENGTH = INET6_ADDRSTRLEN + 2 /* with brackets */
};

/* A folded name that grows label by label. */
struct folding {
	char text[NAME_SIZE];
	size_t length;
};

static bool is_ascii(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] >= 0x80)
			return false;
	return true;
}

/* The lower-case form of a character of host names; NUL for any other (RFC 1123, 2.1). */
static char fold_character(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')
		return c;
	return '\0';
}

static enum name_fault append_character(struct folding *folding, char c)
{
	if (folding->length == NAME_MAX_LENGTH)
		return NAME_TOO_LONG;
	folding->text[folding->length++] = c;
	return NAME_OK;
}

/* Appends a label of ASCII characters. Labels that begin with xn-- are no exception. */
HOT static enum name_fault append_ascii(struct folding *folding, const char *label, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		char c = fold_character(label[i]);

		if (c == '\0')
			return NAME_CHARACTER;
		if (append_character(folding, c) != NAME_OK)
			return NAME_TOO_LONG;
	}
	if (length > NAME_LABEL_MAX_LENGTH)
		return NAME_LABEL_TOO_LONG;
	if (label[0] == '-' || label[length - 1] == '-')
		return NAME_HYPHEN;
	return NAME_OK;
}

/* How many characters a UTF-8 text has. */
static size_t count_characters(const gnutls_datum_t *text)
{
	size_t count = 0;

	for (unsigned int i = 0; i < text->size; i++)
		count += (text->data[i] & 0xc0) != 0x80;
	return count;
}

/*
 * Does `mapped` stand for all of `label`? gnutls_idna_map() drops characters that UTS #46 disallows
 * under its STD3 rules, without a word: "a", U+FF0F, "b" becomes "ab", another name. IDNA 2008
 * allows none of them, nor those that map to several characters, so that what was mapped must
 * decode to as many characters as the label has in Unicode normalization form C.
 */
static bool is_whole_label(const char *label, size_t length, const gnutls_datum_t *mapped)
{
	gnutls_datum_t composed = { NULL, 0 };
	gnutls_datum_t decoded = { NULL, 0 };
	bool is_whole = false;

	if (gnutls_utf8_password_normalize(
		    (const unsigned char *)label, (unsigned int)length, &composed, 0) >= 0 &&
		gnutls_idna_reverse_map((const char *)mapped->data, mapped->size, &decoded, 0) >= 0)
		is_whole = count_characters(&composed) == count_characters(&decoded);
	gnutls_free(composed.data);
	gnutls_free(decoded.data);
	return is_whole;
}

/* Appends a label with characters beyond ASCII. */
static enum name_fault append_unicode(struct folding *folding, const char *label, size_t length)
{
	gnutls_datum_t mapped = { NULL, 0 };
	enum name_fault fault = NAME_IDNA;

	for (size_t i = 0; i < length; i++)
		if (is_ascii(&label[i], 1) && fold_character(label[i]) == '\0')
			return NAME_CHARACTER;
	if (gnutls_idna_map(label, (unsigned int)length, &mapped, 0) < 0)
		return NAME_IDNA;
	if (mapped.size > 0 && is_whole_label(label, length, &mapped))
		fault = append_ascii(folding, (const char *)mapped.data, mapped.size);
	gnutls_free(mapped.data);
	return fault;
}

/* The size of the label separator at `text`, 0 when there is none: "." and what UTS #46 maps to it. */
static size_t separator_size(const char *text, size_t length)
{
	static const char wide[][4] = { "\xe3\x80\x82", "\xef\xbc\x8e", "\xef\xbd\xa1" };

	if (text[0] == '.')
		return 1;
	if ((unsigned char)text[0] < 0x80 || length < 3)
		return 0;
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		if (memcmp(text, wide[i], 3) == 0)
			return 3;
	return 0;
}

static enum name_fault append_label(struct folding *folding, const char *label, size_t length)
{
	if (length == 0)
		return NAME_LABEL_EMPTY;
	if (folding->length > 0 && append_character(folding, '.') != NAME_OK)
		return NAME_TOO_LONG;
	return is_ascii(label, length) ? append_ascii(folding, label, length)
				       : append_unicode(folding, label, length);
}

/* Appends all labels; one separator at the end counts for nothing. */
static enum name_fault append_labels(struct folding *folding, const char *name, size_t length)
{
	size_t start = 0;
	size_t separator;
	enum name_fault fault;

	for (size_t i = 0; i < length; i++) {
		separator = separator_size(name + i, length - i);
		if (separator == 0)
			continue;
		fault = append_label(folding, name + start, i - start);
		if (fault != NAME_OK)
			return i == 0 && separator == length ? NAME_EMPTY : fault;
		start = i + separator;
		i = start - 1;
	}
	return start < length ? append_label(folding, name + start, length - start) : NAME_OK;
}

/*
 * Is the last label a number, decimal or hexadecimal? Every notation of IPv4 that inet_aton() takes
 * ends in one, and no host name does: its top-level label has a letter (RFC 1123, 2.1).
 */
static bool ends_in_number(const char *folded)
{
	const char *dot = strrchr(folded, '.');
	const char *label = dot == NULL ? folded : dot + 1;

	if (label[0] < '0' || label[0] > '9')
		return false;
	if (label[0] == '0' && label[1] == 'x')
		return label[2 + strspn(label + 2, "0123456789abcdef")] == '\0';
	return label[strspn(label, "0123456789")] == '\0';
}

/* Is it an IPv6 address, or any address in brackets? */
static bool is_address(const char *name, size_t length)
{
	char text[ADDRESS_MAX_LENGTH + 1];
	struct in6_addr address6;
	struct in_addr address4;
	bool has_brackets = length > 2 && name[0] == '[' && name[length - 1] == ']';

	if (has_brackets) {
		name++;
		length -= 2;
	}
	if (length > ADDRESS_MAX_LENGTH || memchr(name, '\0', length) != NULL)
		return false;
	memcpy(text, name, length);
	text[length] = '\0';
	if (inet_pton(AF_INET6, text, &address6) == 1)
		return true;
	return has_brackets && inet_aton(text, &address4) != 0;
}

HOT enum name_fault name_fold(const char *name, size_t length, char *folded)
{
	struct folding folding;
	enum name_fault fault;

	if (length == 0)
		return NAME_EMPTY;
	if (length > INPUT_MAX_LENGTH)
		return NAME_TOO_LONG;
	folding.length = 0;
	fault = append_labels(&folding, name, length);
	if (fault == NAME_CHARACTER && is_address(name, length))
		return NAME_ADDRESS;
	if (fault != NAME_OK)
		return fault;
	folding.text[folding.length] = '\0';
	if (ends_in_number(folding.text))
		return NAME_ADDRESS;
	memcpy(folded, folding.text, folding.length + 1);
	return NAME_OK;
}

/* RFC 9525, 6.3: one "*", the complete left-most label; here with two labels or more after it. */
static enum name_fault fold_wildcard(const char *name, size_t length, char *folded)
{
	char parent[NAME_SIZE];
	enum name_fault fault;

	if (length <= WILDCARD_LENGTH || memcmp(name, "*.", WILDCARD_LENGTH) != 0)
		return NAME_WILDCARD;
	name += WILDCARD_LENGTH;
	length -= WILDCARD_LENGTH;
	if (memchr(name, '*', length) != NULL)
		return NAME_WILDCARD;
	fault = name_fold(name, length, parent);
	if (fault != NAME_OK)
		return fault;
	if (strchr(parent, '.') == NULL)
		return NAME_WILDCARD;
	length = strlen(parent);
	if (length + WILDCARD_LENGTH > NAME_MAX_LENGTH)
		return NAME_TOO_LONG;
	memcpy(folded, "*.", WILDCARD_LENGTH);
	memcpy(folded + WILDCARD_LENGTH, parent, length + 1);
	return NAME_OK;
}

enum name_fault name_fold_identifier(const char *name, size_t length, char *folded)
{
	/* A dNSName is an IA5String (RFC 5280, 4.2.1.6); U-labels stand in it as A-labels (7.2). */
	if (!is_ascii(name, length))
		return NAME_CHARACTER;
	if (length > 0 && memchr(name, '*', length) != NULL)
		return fold_wildcard(name, length, folded);
	return name_fold(name, length, folded);
}

bool name_matches(const char *identifier, const char *host)
{
	const char *dot;

	if (identifier[0] != '*')
		return strcmp(identifier, host) == 0;
	dot = strchr(host, '.');
	return dot != NULL && dot != host && strcmp(identifier + 1, dot) == 0;
}

const char *name_parent_peek(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot == NULL ? NULL : dot + 1;
}

bool name_wildcard(const char *host, char wildcard[NAME_WILDCARD_SIZE])
{
	const char *dot = strchr(host, '.');

	if (dot == NULL)
		return false;
	wildcard[0] = '*';
	memcpy(wildcard + 1, dot, strlen(dot) + 1);
	return true;
}

bool name_is_within(const char *name, const char *domain)
{
	size_t name_length = strlen(name);
	size_t domain_length = strlen(domain);
	const char *end;

	if (name_length < domain_length)
		return false;
	end = name + (name_length - domain_length);
	return strcmp(end, domain) == 0 && (end == name || end[-1] == '.');
}

const char *name_fault_text(enum name_fault fault)
{
	switch (fault) {
	case NAME_OK:
		return "nothing is wrong with it";
	case NAME_EMPTY:
		return "it is empty";
	case NAME_TOO_LONG:
		return "it is longer than 253 characters";
	case NAME_LABEL_EMPTY:
		return "it has an empty label (two dots in a row, or a dot at the start)";
	case NAME_LABEL_TOO_LONG:
		return "it has a label of more than 63 characters";
	case NAME_CHARACTER:
		return "only letters, digits, hyphens and dots are allowed";
	case NAME_HYPHEN:
		return "a label begins or ends with a hyphen";
	case NAME_ADDRESS:
		return "it is an IP address, or ends in a number";
	case NAME_IDNA:
		return "a label is not allowed by IDNA 2008, or is not UTF-8";
	case NAME_WILDCARD:
		return "\"*\" must be the whole first label, with at least two labels after it";
	}
	return "it is not valid";
}
