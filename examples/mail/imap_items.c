/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _POSIX_C_SOURCE 200809L
#include "imap_fetch.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* RFC822… are old names of sections of the body (RFC 3501, 6.4.5). */
static const struct {
	const char *word;
	enum imap_item_kind kind;
	enum imap_section section;
	bool sets_seen;
} items[] = {
	{ "FLAGS", IMAP_ITEM_FLAGS, IMAP_SECTION_ALL, false },
	{ "UID", IMAP_ITEM_UID, IMAP_SECTION_ALL, false },
	{ "RFC822.SIZE", IMAP_ITEM_SIZE, IMAP_SECTION_ALL, false },
	{ "INTERNALDATE", IMAP_ITEM_DATE, IMAP_SECTION_ALL, false },
	{ "RFC822", IMAP_ITEM_BODY, IMAP_SECTION_ALL, true },
	{ "RFC822.HEADER", IMAP_ITEM_BODY, IMAP_SECTION_HEADER, false },
	{ "RFC822.TEXT", IMAP_ITEM_BODY, IMAP_SECTION_TEXT, true },
};

static const struct {
	const char *word;
	enum imap_section section;
} sections[] = {
	{ "", IMAP_SECTION_ALL },
	{ "HEADER", IMAP_SECTION_HEADER },
	{ "TEXT", IMAP_SECTION_TEXT },
	{ "HEADER.FIELDS", IMAP_SECTION_FIELDS },
	{ "HEADER.FIELDS.NOT", IMAP_SECTION_FIELDS_NOT },
};

struct imap_item *imap_fetch_add(struct imap_fetch *fetch, enum imap_item_kind kind)
{
	struct imap_item *item = &fetch->items[fetch->items_count];

	if (fetch->items_count == IMAP_ITEMS_MAX)
		return NULL;
	fetch->items_count++;
	item->kind = kind;
	return item;
}

/* Reads ` (From To)`; the names go into the answer, so that they must be names of headers. */
static bool read_names(struct imap_parser *parser, struct imap_item *item)
{
	char name[128];
	size_t length = 0;

	if (!imap_read_char(parser, ' ') || !imap_read_char(parser, '('))
		return false;
	do {
		if (!imap_read_string(parser, name, sizeof(name)) || name[0] == '\0' ||
			strpbrk(name, " :()\"\\[]{}\r\n") ||
			length + strlen(name) + 2 > sizeof(item->names))
			return false;
		length += (size_t)snprintf(item->names + length, sizeof(item->names) - length,
			"%s%s", length > 0 ? " " : "", name);
	} while (imap_read_char(parser, ' '));
	return imap_read_char(parser, ')');
}

/* Reads `<origin.length>`, if it is there. */
static bool read_range(struct imap_parser *parser, struct imap_item *item)
{
	if (!imap_read_char(parser, '<'))
		return true;
	item->has_range = true;
	return imap_read_number(parser, &item->origin) && imap_read_char(parser, '.') &&
	       imap_read_number(parser, &item->length) && imap_read_char(parser, '>');
}

/* Reads what follows BODY[. */
static bool read_section(struct imap_parser *parser, struct imap_item *item)
{
	char word[32];
	size_t i;

	if (!imap_read_word(parser, word, sizeof(word)))
		word[0] = '\0';
	for (i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		if (strcasecmp(sections[i].word, word) == 0)
			break;
	}
	if (i == sizeof(sections) / sizeof(sections[0]))
		return false;
	item->section = sections[i].section;
	if (item->section >= IMAP_SECTION_FIELDS && !read_names(parser, item))
		return false;
	return imap_read_char(parser, ']') && read_range(parser, item);
}

static bool add_all(struct imap_fetch *fetch)
{
	return imap_fetch_add(fetch, IMAP_ITEM_FLAGS) && imap_fetch_add(fetch, IMAP_ITEM_DATE) &&
	       imap_fetch_add(fetch, IMAP_ITEM_SIZE);
}

static bool read_item(struct imap_fetch *fetch, struct imap_parser *parser)
{
	struct imap_item *item;
	char word[32];

	if (!imap_read_word(parser, word, sizeof(word)))
		return false;
	if (strcasecmp(word, "FAST") == 0)
		return add_all(fetch);
	if (imap_read_char(parser, '[')) {
		item = imap_fetch_add(fetch, IMAP_ITEM_BODY);
		if (!item || (strcasecmp(word, "BODY") != 0 && strcasecmp(word, "BODY.PEEK") != 0))
			return false;
		item->sets_seen = strcasecmp(word, "BODY") == 0;
		return read_section(parser, item);
	}
	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
		if (strcasecmp(items[i].word, word) != 0)
			continue;
		item = imap_fetch_add(fetch, items[i].kind);
		if (!item)
			return false;
		item->section = items[i].section;
		item->sets_seen = items[i].sets_seen;
		item->label = items[i].word;
		return true;
	}
	return false;
}

bool imap_fetch_read_items(struct imap_fetch *fetch, struct imap_parser *parser)
{
	if (!imap_read_char(parser, '('))
		return read_item(fetch, parser) && imap_read_end(parser);
	do {
		if (!read_item(fetch, parser))
			return false;
	} while (imap_read_char(parser, ' '));
	return imap_read_char(parser, ')') && imap_read_end(parser);
}
