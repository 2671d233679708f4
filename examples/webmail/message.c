/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _POSIX_C_SOURCE 200809L
#include "message.h"
#include "../common/maildir.h"

#include <gmime/gmime.h>
#include <string.h>

/* For a list only the beginning of a message is read, which is where its headers are. */
#define HEADERS_BYTES 65536
#define MESSAGE_BYTES 8388608
#define TEXT_BYTES ((size_t)524288)
#define PARTS_MAX 200

/* Takes a string of GMime's, or any bytes; NULL stays an empty text. */
static char *valid_take(char *text)
{
	char *valid = g_utf8_make_valid(text != NULL ? text : "", -1);

	g_free(text);
	return valid;
}

static char *addresses_dup(InternetAddressList *list)
{
	return valid_take(list == NULL ? NULL : internet_address_list_to_string(list, NULL, FALSE));
}

/* A message without a date has the one of its file. */
static char *date_dup(GMimeMessage *mime, time_t file_time)
{
	GDateTime *date = g_mime_message_get_date(mime);
	GDateTime *utc = date != NULL ? g_date_time_to_utc(date)
				      : g_date_time_new_from_unix_utc((gint64)file_time);
	char *text = utc != NULL ? g_date_time_format(utc, "%Y-%m-%d %H:%M UTC") : NULL;

	if (utc != NULL)
		g_date_time_unref(utc);
	return valid_take(text);
}

/* Gives what stands between the directory and the flags: "cur/ID:2,S". */
static char *id_dup(const char *path)
{
	const char *name = strrchr(path, '/');

	name = name != NULL ? name + 1 : path;
	return g_strndup(name, strcspn(name, ":"));
}

/* Gives an empty message for what is none; NULL when the file is gone. */
static GMimeMessage *parse(struct maildir *maildir, size_t index, off_t bytes)
{
	int fd = maildir_message_open(maildir, index);
	GMimeMessage *mime;
	GMimeStream *stream;
	GMimeParser *parser;

	if (fd < 0)
		return NULL;
	/* The stream closes the descriptor. */
	stream = g_mime_stream_fs_new_with_bounds(fd, 0, MIN(maildir->messages[index].size, bytes));
	parser = g_mime_parser_new_with_stream(stream);
	mime = g_mime_parser_construct_message(parser, NULL);
	g_object_unref(parser);
	g_object_unref(stream);
	return mime != NULL ? mime : g_mime_message_new(FALSE);
}

static struct message *headers_read(GMimeMessage *mime, const struct maildir_message *file)
{
	struct message *message = g_new0(struct message, 1);

	message->id = id_dup(file->path);
	message->is_seen = (file->flags & MAILDIR_SEEN) != 0;
	message->from = addresses_dup(g_mime_message_get_from(mime));
	message->to = addresses_dup(g_mime_message_get_to(mime));
	message->subject = valid_take(g_strdup(g_mime_message_get_subject(mime)));
	message->date = date_dup(mime, file->time);
	message->texts = g_ptr_array_new_with_free_func(g_free);
	message->not_shown = g_ptr_array_new_with_free_func(g_free);
	return message;
}

static void free_any(void *message)
{
	message_free(message);
}

struct message_list *message_list_read(const char *spool, const char *user, size_t page)
{
	struct maildir *maildir = maildir_open(spool, user);
	struct message_list *list;
	GMimeMessage *mime;
	size_t first, i;

	if (maildir == NULL)
		return NULL;
	list = g_new0(struct message_list, 1);
	list->messages = g_ptr_array_new_with_free_func(free_any);
	list->total = maildir->count;
	list->pages = MAX((maildir->count + MESSAGE_LIST_SIZE - 1) / MESSAGE_LIST_SIZE, 1);
	list->page = CLAMP(page, 1, list->pages);
	first = (list->page - 1) * MESSAGE_LIST_SIZE;
	for (i = first; i < maildir->count && i < first + MESSAGE_LIST_SIZE; i++) {
		/* The Maildir has the oldest first. */
		size_t index = maildir->count - 1 - i;

		mime = parse(maildir, index, HEADERS_BYTES);
		if (mime == NULL)
			continue;
		g_ptr_array_add(list->messages, headers_read(mime, &maildir->messages[index]));
		g_object_unref(mime);
	}
	maildir_close(maildir);
	return list;
}

void message_list_free(struct message_list *list)
{
	if (list == NULL)
		return;
	g_ptr_array_unref(list->messages);
	g_free(list);
}

/* Gives a text in UTF-8, whatever its charset claims to be. */
static char *text_dup(GMimeTextPart *part, bool *is_cut)
{
	char *text = valid_take(g_mime_text_part_get_text(part));
	char *cut;

	if (strlen(text) <= TEXT_BYTES)
		return text;
	*is_cut = true;
	cut = g_utf8_find_prev_char(text, text + TEXT_BYTES);
	*cut = '\0';
	return text;
}

static void describe(struct message *message, GMimeObject *part)
{
	const char *name = GMIME_IS_PART(part) ? g_mime_part_get_filename(GMIME_PART(part)) : NULL;
	GMimeContentType *type = g_mime_object_get_content_type(part);
	char *type_name = type != NULL ? g_mime_content_type_get_mime_type(type) : NULL;

	g_ptr_array_add(message->not_shown,
		valid_take(g_strdup_printf("%s (%s)", name != NULL ? name : "without a name",
			type_name != NULL ? type_name : "unknown")));
	g_free(type_name);
}

/* Sorts the parts: plain texts, HTML, and what is only named. */
static void parts_read(struct message *message, GMimeMessage *mime, GPtrArray *html)
{
	GMimePartIter *iter = g_mime_part_iter_new(GMIME_OBJECT(mime));
	unsigned int count = 0;
	GMimeObject *part;
	GMimeContentDisposition *disposition;

	for (; g_mime_part_iter_is_valid(iter); (void)g_mime_part_iter_next(iter)) {
		part = g_mime_part_iter_get_current(iter);
		if (GMIME_IS_MULTIPART(part) || GMIME_IS_MESSAGE_PART(part))
			continue;
		if (++count > PARTS_MAX) {
			message->is_cut = true;
			break;
		}
		disposition = g_mime_object_get_content_disposition(part);
		if (!GMIME_IS_TEXT_PART(part) ||
			(disposition != NULL &&
				g_mime_content_disposition_is_attachment(disposition)))
			describe(message, part);
		else if (g_mime_content_type_is_type(
				 g_mime_object_get_content_type(part), "text", "html"))
			g_ptr_array_add(html, part);
		else
			g_ptr_array_add(
				message->texts, text_dup(GMIME_TEXT_PART(part), &message->is_cut));
	}
	g_mime_part_iter_free(iter);
}

static void body_read(struct message *message, GMimeMessage *mime)
{
	GPtrArray *html = g_ptr_array_new();
	guint i;

	parts_read(message, mime, html);
	message->is_html = message->texts->len == 0 && html->len > 0;
	for (i = 0; i < html->len; i++) {
		if (message->is_html)
			g_ptr_array_add(message->texts,
				text_dup(g_ptr_array_index(html, i), &message->is_cut));
		else
			describe(message, g_ptr_array_index(html, i));
	}
	g_ptr_array_unref(html);
}

/* Gives the place of a message, or `count` when there is none of that name. */
static size_t find(const struct maildir *maildir, const char *id)
{
	char *name;
	size_t i;
	bool is_it;

	for (i = 0; i < maildir->count; i++) {
		name = id_dup(maildir->messages[i].path);
		is_it = strcmp(name, id) == 0;
		g_free(name);
		if (is_it)
			break;
	}
	return i;
}

struct message *message_read(const char *spool, const char *user, const char *id)
{
	struct maildir *maildir = maildir_open(spool, user);
	struct message *message = NULL;
	GMimeMessage *mime = NULL;
	size_t index = 0;

	if (maildir == NULL)
		return NULL;
	index = find(maildir, id);
	if (index < maildir->count)
		mime = parse(maildir, index, MESSAGE_BYTES);
	if (mime != NULL) {
		message = headers_read(mime, &maildir->messages[index]);
		message->is_cut = maildir->messages[index].size > MESSAGE_BYTES;
		body_read(message, mime);
		g_object_unref(mime);
		/* In a Maildir that can't be written it stays new. */
		(void)maildir_change_flags(maildir, index, MAILDIR_SEEN, 0);
	}
	maildir_close(maildir);
	return message;
}

void message_free(struct message *message)
{
	if (message == NULL)
		return;
	g_free(message->id);
	g_free(message->from);
	g_free(message->to);
	g_free(message->subject);
	g_free(message->date);
	g_ptr_array_unref(message->texts);
	g_ptr_array_unref(message->not_shown);
	g_free(message);
}
