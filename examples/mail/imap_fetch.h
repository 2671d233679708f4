/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a FETCH or STORE asks for, and how far it is. */
#ifndef MAIL_IMAP_FETCH_H
#define MAIL_IMAP_FETCH_H

#include "imap.h"
#include "imap_message.h"

#define IMAP_ITEMS_MAX 16
#define IMAP_NAMES_SIZE 1024

enum imap_item_kind {
	IMAP_ITEM_FLAGS,
	IMAP_ITEM_UID,
	IMAP_ITEM_SIZE,
	IMAP_ITEM_DATE,
	IMAP_ITEM_BODY
};

enum imap_section {
	IMAP_SECTION_ALL,
	IMAP_SECTION_HEADER,
	IMAP_SECTION_TEXT,
	IMAP_SECTION_FIELDS,
	IMAP_SECTION_FIELDS_NOT
};

struct imap_item {
	enum imap_item_kind kind;
	enum imap_section section;
	/* RFC822, RFC822.HEADER or RFC822.TEXT; NULL for BODY[…]. */
	const char *label;
	bool sets_seen;
	/* BODY[…]<origin.length> */
	bool has_range;
	unsigned int origin;
	unsigned int length;
	/* Names of headers. */
	char names[IMAP_NAMES_SIZE];
};

struct imap_fetch {
	bool is_uid;
	/* Which messages. */
	char *set;
	struct imap_item items[IMAP_ITEMS_MAX];
	size_t items_count;
	/* Flags to be set and cleared by STORE. */
	unsigned int add;
	unsigned int remove;
	/* The message, and the item of it, that come next. */
	size_t index;
	size_t item;
	/* The message's line has begun. */
	bool is_open;
	bool has_failed;
	struct imap_message message;
	/* Bytes of a body that are still to be sent. */
	uint64_t left;
};

/* Reads the data items of FETCH. Returns false when there is one that is not known. */
bool imap_fetch_read_items(struct imap_fetch *fetch, struct imap_parser *parser);

/* Adds an item, unless there are too many. */
struct imap_item *imap_fetch_add(struct imap_fetch *fetch, enum imap_item_kind kind);

#endif
