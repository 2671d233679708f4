/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SMTP (RFC 5321) and message submission (RFC 6409): mail comes in, for users of this server only. */
#ifndef MAIL_SMTP_H
#define MAIL_SMTP_H

#include "connection.h"

#include <stdint.h>
#include <stdio.h>

/* RFC 5321, 4.5.3.1: a text line with its CRLF; and the least number of recipients to take. */
#define SMTP_LINE_MAX 1000
#define SMTP_RECIPIENTS_MAX 100
#define SMTP_MESSAGE_MAX (10U << 20)
/* RFC 4954, 4 allows longer ones, but no user and password of ours make one. */
#define SMTP_ANSWER_MAX 2048
/* Replies of class 5 after which a connection ends. */
#define SMTP_ERRORS_MAX 10

#define SMTP_PATH_SIZE 512
#define SMTP_HELO_SIZE 256

/* Where in a line of a message the last byte was. */
enum smtp_place { SMTP_AT_START, SMTP_AT_DOT, SMTP_AT_DOT_CR, SMTP_IN_TEXT, SMTP_AT_CR };

/* A message while it comes in. */
struct smtp_message {
	/* In the spool, without a name. */
	FILE *file;
	enum smtp_place place;
	size_t line;
	uint64_t size;
	/* Has a CR or LF that is no part of CRLF, or a NUL. */
	bool is_malformed;
	bool is_line_too_long;
	bool has_failed;
};

enum smtp_mode { SMTP_COMMANDS, SMTP_ANSWER, SMTP_DATA };

struct smtp {
	struct connection *connection;
	struct server *server;
	enum smtp_mode mode;
	/* The rest of a line that was too long is left out. */
	bool is_skipping;
	bool is_extended;
	bool has_sender;
	char helo[SMTP_HELO_SIZE];
	char sender[SMTP_PATH_SIZE];
	const char *recipients[SMTP_RECIPIENTS_MAX];
	size_t recipients_count;
	struct smtp_message message;
	/* Who logged in. */
	const char *user;
	int tries;
	int errors;
};

extern const struct dialogue smtp_dialogue;

/* Sends a reply, a whole line without its end; counts errors, and ends what has too many. */
void smtp_reply(struct smtp *smtp, const char *text);

/* Forgets sender, recipients and message. */
void smtp_reset(struct smtp *smtp);

/* MAIL and RCPT; `arguments` is what follows the word. */
void smtp_mail(struct smtp *smtp, char *arguments);
void smtp_recipient(struct smtp *smtp, char *arguments);

/* Prepares for a message. Returns false when the spool can't take it. */
bool smtp_data_begin(struct smtp *smtp);

/* Takes bytes of the message; at its end delivers it, replies and leaves the mode. */
size_t smtp_data_input(struct smtp *smtp, const char *bytes, size_t length);

#endif
