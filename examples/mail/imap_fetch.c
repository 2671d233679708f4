/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _POSIX_C_SOURCE 200809L
#include "imap_fetch.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define BLOCK 4096

void imap_fetch_free(struct imap_fetch *fetch)
{
	if (!fetch)
		return;
	imap_message_close(&fetch->message);
	free(fetch->set);
	free(fetch);
}

/* Reads the set that both commands begin with; answers when there is none. */
static struct imap_fetch *begin(struct imap *imap, struct imap_parser *parser, bool is_uid)
{
	size_t size = (size_t)(parser->end - parser->next) + 1;
	struct imap_fetch *fetch = calloc(1, sizeof(*fetch));

	if (fetch)
		fetch->set = malloc(size);
	if (!fetch || !fetch->set) {
		imap_finish(imap, "NO out of memory");
		imap_fetch_free(fetch);
		return NULL;
	}
	fetch->is_uid = is_uid;
	if (imap_read_char(parser, ' ') && imap_read_set(parser, fetch->set, size) &&
		imap_read_char(parser, ' '))
		return fetch;
	imap_finish(imap, "BAD expected a set of messages");
	imap_fetch_free(fetch);
	return NULL;
}

static bool has_item(const struct imap_fetch *fetch, enum imap_item_kind kind)
{
	for (size_t i = 0; i < fetch->items_count; i++) {
		if (fetch->items[i].kind == kind)
			return true;
	}
	return false;
}

void imap_fetch(struct imap *imap, struct imap_parser *parser, bool is_uid)
{
	struct imap_fetch *fetch = begin(imap, parser, is_uid);

	if (!fetch)
		return;
	/* An answer to UID FETCH always has the identifier (RFC 3501, 6.4.8). */
	if (!imap_fetch_read_items(fetch, parser) ||
		(is_uid && !has_item(fetch, IMAP_ITEM_UID) &&
			!imap_fetch_add(fetch, IMAP_ITEM_UID))) {
		imap_finish(imap, "BAD expected data items that are served here");
		imap_fetch_free(fetch);
		return;
	}
	imap->fetch = fetch;
}

static bool read_change(struct imap_fetch *fetch, struct imap_parser *parser, bool *is_silent)
{
	bool is_add = imap_read_char(parser, '+'), is_remove = imap_read_char(parser, '-');
	bool has_bracket;
	char word[16], flag[64];
	unsigned int flags = 0;

	if (!imap_read_word(parser, word, sizeof(word)) || !imap_read_char(parser, ' '))
		return false;
	*is_silent = strcasecmp(word, "FLAGS.SILENT") == 0;
	if (!*is_silent && strcasecmp(word, "FLAGS") != 0)
		return false;
	has_bracket = imap_read_char(parser, '(');
	/* Keywords, flags without a backslash, are not kept; SELECT said so. */
	while (imap_read_flag(parser, flag, sizeof(flag))) {
		flags |= imap_find_flag(flag);
		(void)imap_read_char(parser, ' ');
	}
	fetch->add = is_remove ? 0 : flags;
	fetch->remove = is_remove ? flags : is_add ? 0 : ~flags;
	return (!has_bracket || imap_read_char(parser, ')')) && imap_read_end(parser);
}

void imap_store(struct imap *imap, struct imap_parser *parser, bool is_uid)
{
	struct imap_fetch *fetch = begin(imap, parser, is_uid);
	bool is_silent = false, is_good;

	if (!fetch)
		return;
	is_good = read_change(fetch, parser, &is_silent) &&
		  (is_silent || imap_fetch_add(fetch, IMAP_ITEM_FLAGS)) &&
		  (is_silent || !is_uid || imap_fetch_add(fetch, IMAP_ITEM_UID));
	if (is_good && !imap->is_read_only) {
		imap->fetch = fetch;
		return;
	}
	imap_finish(imap, is_good ? "NO [READ-ONLY] use SELECT" : "BAD expected FLAGS (…)");
	imap_fetch_free(fetch);
}

static bool is_wanted(const struct imap *imap, const struct imap_fetch *fetch)
{
	const struct maildir *maildir = imap->maildir;

	if (fetch->is_uid)
		return imap_set_has(
			fetch->set, maildir->messages[fetch->index].number, maildir->last_number);
	return imap_set_has(fetch->set, (unsigned int)fetch->index + 1, (unsigned int)imap->count);
}

static bool sets_seen(const struct imap_fetch *fetch)
{
	for (size_t i = 0; i < fetch->items_count; i++) {
		if (fetch->items[i].sets_seen)
			return true;
	}
	return false;
}

static bool needs_file(const struct imap_fetch *fetch)
{
	return has_item(fetch, IMAP_ITEM_BODY) || has_item(fetch, IMAP_ITEM_SIZE);
}

/* Does what STORE asks for; returns false when the message is gone. */
static bool change_flags(struct imap *imap, const struct imap_fetch *fetch, bool *tells_flags)
{
	unsigned int before = imap->maildir->messages[fetch->index].flags, add = fetch->add;

	if (sets_seen(fetch) && !imap->is_read_only)
		add |= MAILDIR_SEEN;
	if (maildir_change_flags(imap->maildir, fetch->index, add, fetch->remove) < 0)
		return false;
	/* A flag that a FETCH has set is told without being asked (RFC 3501, 7.4.2). */
	*tells_flags = fetch->items_count > 0 && !has_item(fetch, IMAP_ITEM_FLAGS) &&
		       imap->maildir->messages[fetch->index].flags != before;
	return true;
}

/* Begins a message's line, after what changes its flags. */
static void open_message(struct imap *imap, struct imap_fetch *fetch)
{
	bool tells_flags = false;

	if ((needs_file(fetch) &&
		    !imap_message_open(&fetch->message, imap->maildir, fetch->index)) ||
		!change_flags(imap, fetch, &tells_flags)) {
		fetch->has_failed = true;
		imap_message_close(&fetch->message);
		fetch->index++;
		return;
	}
	if (fetch->items_count == 0) {
		fetch->index++;
		return;
	}
	fetch->is_open = true;
	fetch->item = 0;
	connection_print(imap->connection, "* %zu FETCH (", fetch->index + 1);
	if (tells_flags) {
		imap_print_flags(imap, imap->maildir->messages[fetch->index].flags);
		connection_print(imap->connection, " ");
	}
}

static void print_label(struct imap *imap, const struct imap_item *item)
{
	static const char *const sections[] = {
		[IMAP_SECTION_ALL] = "",
		[IMAP_SECTION_HEADER] = "HEADER",
		[IMAP_SECTION_TEXT] = "TEXT",
		[IMAP_SECTION_FIELDS] = "HEADER.FIELDS (",
		[IMAP_SECTION_FIELDS_NOT] = "HEADER.FIELDS.NOT (",
	};

	if (item->label) {
		connection_print(imap->connection, "%s", item->label);
		return;
	}
	connection_print(imap->connection, "BODY[%s%s%s]", sections[item->section], item->names,
		item->section >= IMAP_SECTION_FIELDS ? ")" : "");
	if (item->has_range)
		connection_print(imap->connection, "<%u>", item->origin);
}

/* Cuts a part of a body down to the range that was asked for. */
static void cut(const struct imap_item *item, uint64_t *start, uint64_t *length)
{
	uint64_t skipped = item->origin < *length ? item->origin : *length;

	if (!item->has_range)
		return;
	*start += skipped;
	*length -= skipped;
	if (*length > item->length)
		*length = item->length;
}

static void print_fields(struct imap *imap, struct imap_fetch *fetch, const struct imap_item *item)
{
	uint64_t start = 0, length;
	size_t size = 0;
	char *text = imap_message_headers(
		&fetch->message, item->names, item->section == IMAP_SECTION_FIELDS_NOT, &size);

	length = text ? size : 0;
	cut(item, &start, &length);
	connection_print(imap->connection, " {%llu}\r\n", (unsigned long long)length);
	if (text)
		connection_write(imap->connection, text + start, (size_t)length);
	free(text);
}

/* Sends how long the body is; the body itself follows when there is room. */
static void print_body(struct imap *imap, struct imap_fetch *fetch, const struct imap_item *item)
{
	struct imap_message *message = &fetch->message;
	uint64_t start = 0, length = message->total;

	print_label(imap, item);
	if (item->section >= IMAP_SECTION_FIELDS) {
		print_fields(imap, fetch, item);
		return;
	}
	if (item->section == IMAP_SECTION_HEADER)
		length = message->header;
	if (item->section == IMAP_SECTION_TEXT) {
		start = message->header;
		length -= start;
	}
	cut(item, &start, &length);
	connection_print(imap->connection, " {%llu}\r\n", (unsigned long long)length);
	imap_message_seek(message, start);
	fetch->left = length;
}

static void print_date(struct imap *imap, time_t time)
{
	char text[64];
	struct tm parts;

	(void)gmtime_r(&time, &parts);
	(void)strftime(text, sizeof(text), "%d-%b-%Y %H:%M:%S +0000", &parts);
	connection_print(imap->connection, "INTERNALDATE \"%s\"", text);
}

static void print_item(struct imap *imap, struct imap_fetch *fetch, const struct imap_item *item)
{
	const struct maildir_message *message = &imap->maildir->messages[fetch->index];

	if (fetch->item > 0)
		connection_print(imap->connection, " ");
	switch (item->kind) {
	case IMAP_ITEM_FLAGS:
		imap_print_flags(imap, message->flags);
		break;
	case IMAP_ITEM_UID:
		connection_print(imap->connection, "UID %u", message->number);
		break;
	case IMAP_ITEM_SIZE:
		connection_print(imap->connection, "RFC822.SIZE %llu",
			(unsigned long long)fetch->message.total);
		break;
	case IMAP_ITEM_DATE:
		print_date(imap, message->time);
		break;
	case IMAP_ITEM_BODY:
		print_body(imap, fetch, item);
		break;
	}
}

/* Sends a block of a body. A file that has become shorter can't be made good: that is the end. */
static void copy_block(struct imap *imap, struct imap_fetch *fetch)
{
	char block[BLOCK];
	size_t length = 0;
	int c = 0;

	while (length < sizeof(block) && fetch->left > 0 &&
		(c = imap_message_getc(&fetch->message)) != EOF) {
		block[length++] = (char)c;
		fetch->left--;
	}
	connection_write(imap->connection, block, length);
	if (c == EOF) {
		fetch->left = 0;
		connection_end(imap->connection);
	}
}

static void step(struct imap *imap, struct imap_fetch *fetch)
{
	if (fetch->left > 0) {
		copy_block(imap, fetch);
	} else if (!fetch->is_open) {
		if (is_wanted(imap, fetch))
			open_message(imap, fetch);
		else
			fetch->index++;
	} else if (fetch->item < fetch->items_count) {
		print_item(imap, fetch, &fetch->items[fetch->item]);
		fetch->item++;
	} else {
		connection_print(imap->connection, ")\r\n");
		imap_message_close(&fetch->message);
		fetch->is_open = false;
		fetch->index++;
	}
}

bool imap_fetch_continue(struct imap *imap)
{
	struct imap_fetch *fetch = imap->fetch;

	if (!fetch)
		return false;
	while (connection_has_room(imap->connection)) {
		if (!fetch->is_open && fetch->index >= imap->count) {
			imap->fetch = NULL;
			imap_finish(
				imap, fetch->has_failed ? "NO some messages are gone" : "OK done");
			imap_fetch_free(fetch);
			break;
		}
		step(imap, fetch);
	}
	return true;
}
