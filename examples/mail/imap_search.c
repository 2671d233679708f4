/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _POSIX_C_SOURCE 200809L
#include "imap.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What a search asks for: flags, and sets; there is no search in texts. */
static const struct {
	const char *word;
	unsigned int mask;
	unsigned int wanted;
} keys[] = {
	{ "ALL", 0, 0 },
	{ "ANSWERED", MAILDIR_ANSWERED, MAILDIR_ANSWERED },
	{ "DELETED", MAILDIR_DELETED, MAILDIR_DELETED },
	{ "DRAFT", MAILDIR_DRAFT, MAILDIR_DRAFT },
	{ "FLAGGED", MAILDIR_FLAGGED, MAILDIR_FLAGGED },
	{ "SEEN", MAILDIR_SEEN, MAILDIR_SEEN },
	{ "UNANSWERED", MAILDIR_ANSWERED, 0 },
	{ "UNDELETED", MAILDIR_DELETED, 0 },
	{ "UNDRAFT", MAILDIR_DRAFT, 0 },
	{ "UNFLAGGED", MAILDIR_FLAGGED, 0 },
	{ "UNSEEN", MAILDIR_SEEN, 0 },
};

/* Everything that was said must hold. */
struct terms {
	/* Flags that must be set, and that must not. */
	unsigned int set;
	unsigned int unset;
	/* At most one of each. */
	char *numbers;
	char *uids;
};

static bool add_flag(struct terms *terms, const char *word)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcasecmp(keys[i].word, word) != 0)
			continue;
		terms->set |= keys[i].wanted;
		terms->unset |= keys[i].mask & ~keys[i].wanted;
		return true;
	}
	return false;
}

static bool read_set(struct imap_parser *parser, char **set)
{
	size_t size = (size_t)(parser->end - parser->next) + 1;

	if (*set)
		return false;
	*set = malloc(size);
	return *set && imap_read_set(parser, *set, size);
}

static bool read_term(struct imap_parser *parser, struct terms *terms)
{
	struct imap_parser before = *parser;
	char word[32];

	if (imap_read_word(parser, word, sizeof(word))) {
		if (add_flag(terms, word))
			return true;
		if (strcasecmp(word, "UID") == 0)
			return imap_read_char(parser, ' ') && read_set(parser, &terms->uids);
		if (strcasecmp(word, "CHARSET") == 0)
			return imap_read_char(parser, ' ') &&
			       imap_read_string(parser, word, sizeof(word));
	}
	*parser = before;
	return read_set(parser, &terms->numbers);
}

static bool read_terms(struct imap_parser *parser, struct terms *terms)
{
	if (!imap_read_char(parser, ' '))
		return false;
	do {
		if (!read_term(parser, terms))
			return false;
	} while (imap_read_char(parser, ' '));
	return imap_read_end(parser);
}

static bool holds(const struct terms *terms, const struct imap *imap, size_t index)
{
	const struct maildir *maildir = imap->maildir;
	const struct maildir_message *message = &maildir->messages[index];

	if ((message->flags & terms->set) != terms->set || (message->flags & terms->unset) != 0)
		return false;
	if (terms->numbers &&
		!imap_set_has(terms->numbers, (unsigned int)index + 1, (unsigned int)imap->count))
		return false;
	return !terms->uids || imap_set_has(terms->uids, message->number, maildir->last_number);
}

void imap_search(struct imap *imap, struct imap_parser *parser, bool is_uid)
{
	struct terms terms = { 0 };

	if (read_terms(parser, &terms)) {
		connection_print(imap->connection, "* SEARCH");
		for (size_t i = 0; i < imap->count; i++) {
			if (holds(&terms, imap, i))
				connection_print(imap->connection, " %u",
					is_uid ? imap->maildir->messages[i].number
					       : (unsigned int)i + 1);
		}
		connection_print(imap->connection, "\r\n");
		imap_finish(imap, "OK done");
	} else {
		imap_finish(imap, "BAD expected keys that are served here: flags, sets");
	}
	free(terms.numbers);
	free(terms.uids);
}
