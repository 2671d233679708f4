/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The messages of a user's Maildir: what of them is shown, as valid UTF-8, nothing escaped yet. */
#ifndef EXAMPLES_WEBMAIL_MESSAGE_H
#define EXAMPLES_WEBMAIL_MESSAGE_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#define MESSAGE_LIST_SIZE 50

struct message {
	/* The name of its file without flags; nobody but the Maildir itself gives it out. */
	char *id;
	char *from;
	char *to;
	char *subject;
	/* "2026-01-31 12:00 UTC" */
	char *date;
	bool is_seen;
	/* Its texts, one a part; empty for a message of a list. */
	GPtrArray *texts;
	/* There was no plain text: `texts` are the source of HTML. */
	bool is_html;
	/* "invoice.pdf (application/pdf)", one a part. */
	GPtrArray *not_shown;
	/* It is longer than what is shown. */
	bool is_cut;
};

/* One page of a list, the newest message first. */
struct message_list {
	/* struct message */
	GPtrArray *messages;
	/* From 1. */
	size_t page;
	size_t pages;
	size_t total;
};

/* Returns NULL when the Maildir can't be read. */
struct message_list *message_list_read(const char *spool, const char *user, size_t page);

void message_list_free(struct message_list *list);

/* Returns NULL when there is no such message. It counts as seen then. */
struct message *message_read(const char *spool, const char *user, const char *id);

void message_free(struct message *message);

#endif
