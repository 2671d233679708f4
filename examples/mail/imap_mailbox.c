/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _POSIX_C_SOURCE 200809L
#include "imap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define NAME_SIZE 256

static const struct {
	const char *name;
	enum maildir_flag flag;
} flag_names[] = {
	{ "\\Answered", MAILDIR_ANSWERED },
	{ "\\Flagged", MAILDIR_FLAGGED },
	{ "\\Deleted", MAILDIR_DELETED },
	{ "\\Seen", MAILDIR_SEEN },
	{ "\\Draft", MAILDIR_DRAFT },
};

#define FLAGS "\\Answered \\Flagged \\Deleted \\Seen \\Draft"

unsigned int imap_find_flag(const char *name)
{
	for (size_t i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]); i++) {
		if (strcasecmp(flag_names[i].name, name) == 0)
			return flag_names[i].flag;
	}
	return 0;
}

void imap_print_flags(struct imap *imap, unsigned int flags)
{
	const char *space = "";

	connection_print(imap->connection, "FLAGS (");
	for (size_t i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]); i++) {
		if (!(flags & flag_names[i].flag))
			continue;
		connection_print(imap->connection, "%s%s", space, flag_names[i].name);
		space = " ";
	}
	connection_print(imap->connection, ")");
}

/*
 * The unique identifiers count the messages of one selection. So each has a validity of its own,
 * which tells clients that they can't use those of an earlier one (RFC 3501, 2.3.1.1).
 */
static unsigned int next_validity(void)
{
	static unsigned int last;
	unsigned int now = (unsigned int)time(NULL);

	last = now > last ? now : last + 1;
	return last;
}

/* RFC 3501, 6.3.8: * is anything, % is anything without the hierarchy's separator. */
static bool matches(const char *pattern, const char *name)
{
	if (*pattern == '\0')
		return *name == '\0';
	if (*pattern == '*' || *pattern == '%') {
		while (pattern[1] == '*' || pattern[1] == '%')
			pattern++;
		return matches(pattern + 1, name) || (*name != '\0' && matches(pattern, name + 1));
	}
	return strncasecmp(pattern, name, 1) == 0 && matches(pattern + 1, name + 1);
}

static void list(struct imap *imap, struct imap_parser *parser, const char *word)
{
	char reference[NAME_SIZE], pattern[NAME_SIZE], whole[2 * NAME_SIZE];

	if (!imap_read_char(parser, ' ') ||
		!imap_read_string(parser, reference, sizeof(reference)) ||
		!imap_read_char(parser, ' ') ||
		!imap_read_pattern(parser, pattern, sizeof(pattern)) || !imap_read_end(parser)) {
		imap_finish(imap, "BAD expected a reference and a pattern");
		return;
	}
	(void)snprintf(whole, sizeof(whole), "%s%s", reference, pattern);
	if (pattern[0] == '\0')
		connection_print(imap->connection, "* %s (\\Noselect) \"/\" \"\"\r\n", word);
	else if (matches(whole, "INBOX"))
		connection_print(imap->connection, "* %s () \"/\" INBOX\r\n", word);
	imap_finish(imap, "OK done");
}

void imap_list(struct imap *imap, struct imap_parser *parser)
{
	list(imap, parser, "LIST");
}

void imap_lsub(struct imap *imap, struct imap_parser *parser)
{
	list(imap, parser, "LSUB");
}

void imap_unselect(struct imap *imap)
{
	imap_fetch_free(imap->fetch);
	imap->fetch = NULL;
	maildir_close(imap->maildir);
	imap->maildir = NULL;
}

/* Opens the mailbox that comes next in the command; answers when it can't be. */
static struct maildir *open_mailbox(struct imap *imap, struct imap_parser *parser)
{
	char name[NAME_SIZE];
	struct maildir *maildir;

	if (!imap_read_char(parser, ' ') || !imap_read_string(parser, name, sizeof(name))) {
		imap_finish(imap, "BAD expected a mailbox");
		return NULL;
	}
	if (strcasecmp(name, "INBOX") != 0) {
		imap_finish(imap, "NO [NONEXISTENT] INBOX is all there is");
		return NULL;
	}
	maildir = maildir_open(imap->server->spool, imap->user);
	if (!maildir) {
		connection_log(imap->connection, "%s: %s", imap->user, strerror(errno));
		imap_finish(imap, "NO the mailbox can't be opened");
	}
	return maildir;
}

static size_t count_unseen(const struct maildir *maildir)
{
	size_t unseen = 0;

	for (size_t i = 0; i < maildir->count; i++)
		unseen += maildir->messages[i].flags & MAILDIR_SEEN ? 0 : 1;
	return unseen;
}

static bool print_status(struct imap *imap, const struct maildir *maildir, const char *word)
{
	unsigned long value = 0;

	if (strcasecmp(word, "MESSAGES") == 0)
		value = maildir->count;
	else if (strcasecmp(word, "UNSEEN") == 0)
		value = count_unseen(maildir);
	else if (strcasecmp(word, "UIDNEXT") == 0)
		value = maildir->last_number + 1UL;
	else if (strcasecmp(word, "UIDVALIDITY") == 0)
		value = next_validity();
	else if (strcasecmp(word, "RECENT") != 0)
		return false;
	connection_print(imap->connection, "%s %lu", word, value);
	return true;
}

/* The words are looked at before anything is sent: an answer must not end halfway. */
static bool are_status_words(struct imap_parser parser)
{
	static const char *const known[] = { "MESSAGES", "UNSEEN", "UIDNEXT", "UIDVALIDITY",
		"RECENT" };
	char word[16];
	size_t i;

	do {
		if (!imap_read_word(&parser, word, sizeof(word)))
			return false;
		for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
			if (strcasecmp(known[i], word) == 0)
				break;
		}
		if (i == sizeof(known) / sizeof(known[0]))
			return false;
	} while (imap_read_char(&parser, ' '));
	return imap_read_char(&parser, ')') && imap_read_end(&parser);
}

void imap_status(struct imap *imap, struct imap_parser *parser)
{
	struct maildir *maildir = open_mailbox(imap, parser);
	const char *space = "";
	char word[16];

	if (!maildir)
		return;
	if (!imap_read_char(parser, ' ') || !imap_read_char(parser, '(') ||
		!are_status_words(*parser)) {
		imap_finish(imap, "BAD expected (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN)");
		maildir_close(maildir);
		return;
	}
	connection_print(imap->connection, "* STATUS INBOX (");
	while (imap_read_word(parser, word, sizeof(word))) {
		connection_print(imap->connection, "%s", space);
		(void)print_status(imap, maildir, word);
		space = " ";
		(void)imap_read_char(parser, ' ');
	}
	connection_print(imap->connection, ")\r\n");
	imap_finish(imap, "OK done");
	maildir_close(maildir);
}

static void open_selected(struct imap *imap, struct imap_parser *parser, bool is_read_only)
{
	imap_unselect(imap);
	imap->maildir = open_mailbox(imap, parser);
	imap->is_read_only = is_read_only;
	if (!imap->maildir)
		return;
	imap->count = imap->maildir->count;
	connection_print(imap->connection,
		"* FLAGS (" FLAGS ")\r\n* %zu EXISTS\r\n* 0 RECENT\r\n"
		"* OK [PERMANENTFLAGS (%s)] flags that are kept\r\n"
		"* OK [UIDVALIDITY %u] for this selection\r\n* OK [UIDNEXT %u] next\r\n",
		imap->maildir->count, is_read_only ? "" : FLAGS, next_validity(),
		imap->maildir->last_number + 1);
	imap_finish(imap, is_read_only ? "OK [READ-ONLY] done" : "OK [READ-WRITE] done");
}

void imap_select(struct imap *imap, struct imap_parser *parser)
{
	open_selected(imap, parser, false);
}

void imap_examine(struct imap *imap, struct imap_parser *parser)
{
	open_selected(imap, parser, true);
}

/* Tells what has changed: messages that are gone, then how many there are. */
static void look_again(struct imap *imap)
{
	struct maildir *maildir = imap->maildir;

	if (maildir_refresh(maildir) < 0)
		return;
	for (size_t i = imap->count; i > 0; i--) {
		if (!maildir->messages[i - 1].is_gone || maildir_remove(maildir, i - 1) < 0)
			continue;
		connection_print(imap->connection, "* %zu EXPUNGE\r\n", i);
		imap->count--;
	}
	if (maildir->count != imap->count)
		connection_print(imap->connection, "* %zu EXISTS\r\n", maildir->count);
	imap->count = maildir->count;
}

void imap_noop(struct imap *imap, struct imap_parser *parser)
{
	(void)parser;
	if (imap->maildir)
		look_again(imap);
	imap_finish(imap, "OK done");
}

void imap_check(struct imap *imap, struct imap_parser *parser)
{
	imap_noop(imap, parser);
}

/* From the last to the first, so that the numbers of those to come stay right. */
static void expunge(struct imap *imap, bool is_silent)
{
	for (size_t i = imap->count; i > 0; i--) {
		if (!(imap->maildir->messages[i - 1].flags & MAILDIR_DELETED) ||
			maildir_remove(imap->maildir, i - 1) < 0)
			continue;
		imap->count--;
		if (!is_silent)
			connection_print(imap->connection, "* %zu EXPUNGE\r\n", i);
	}
}

void imap_expunge(struct imap *imap, struct imap_parser *parser)
{
	(void)parser;
	if (imap->is_read_only) {
		imap_finish(imap, "NO [READ-ONLY] use SELECT");
		return;
	}
	expunge(imap, false);
	imap_finish(imap, "OK done");
}

void imap_close(struct imap *imap, struct imap_parser *parser)
{
	(void)parser;
	if (!imap->is_read_only)
		expunge(imap, true);
	imap_unselect(imap);
	imap_finish(imap, "OK done");
}
