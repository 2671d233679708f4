/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IMAP4rev1 (RFC 3501), as much as reading mail needs: one mailbox, INBOX. */
#ifndef MAIL_IMAP_H
#define MAIL_IMAP_H

#include "../common/maildir.h"
#include "connection.h"
#include "imap_parse.h"

#define IMAP_TAG_SIZE 64

struct imap_fetch;

struct imap {
	struct connection *connection;
	struct server *server;
	/* Of the command that is under way. */
	char tag[IMAP_TAG_SIZE];
	/* The next line is the answer to AUTHENTICATE. */
	bool is_answering;
	/* How much of the input belongs to a command whose literal has been asked for. */
	size_t accepted;
	/* Who logged in. */
	const char *user;
	/* What is selected; NULL when nothing is. */
	struct maildir *maildir;
	/* How many of its messages the client knows of. */
	size_t count;
	bool is_read_only;
	/* A FETCH or STORE that is under way. */
	struct imap_fetch *fetch;
	int tries;
	int errors;
};

typedef void imap_command(struct imap *imap, struct imap_parser *parser);

extern const struct dialogue imap_dialogue;

/* Ends a command: "OK …", "NO …" or "BAD …" after its tag. */
void imap_finish(struct imap *imap, const char *text);

/* Leaves the selected mailbox. */
void imap_unselect(struct imap *imap);

/* Sends "FLAGS (…)". */
void imap_print_flags(struct imap *imap, unsigned int flags);

/* Finds a system flag by its name, \Seen; 0 when it is none. */
unsigned int imap_find_flag(const char *name);

/* Commands on mailboxes. */
imap_command imap_list;
imap_command imap_lsub;
imap_command imap_status;
imap_command imap_select;
imap_command imap_examine;
imap_command imap_noop;
imap_command imap_check;
imap_command imap_close;
imap_command imap_expunge;

/* Commands on messages; numbers are unique identifiers or places in the mailbox. */
void imap_search(struct imap *imap, struct imap_parser *parser, bool is_uid);
void imap_fetch(struct imap *imap, struct imap_parser *parser, bool is_uid);
void imap_store(struct imap *imap, struct imap_parser *parser, bool is_uid);

/* Goes on with FETCH or STORE while there is room; false when there is none under way. */
bool imap_fetch_continue(struct imap *imap);
void imap_fetch_free(struct imap_fetch *fetch);

#endif
