/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _POSIX_C_SOURCE 200809L
#include "accounts.h"
#include "foreign.h"
#include "imap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* RFC 3501, 5.4: at least half an hour, for somebody who has logged in. */
#define IDLE_BEFORE_LOGIN 120.0
#define IDLE 1800.0

#define ERRORS_MAX 10

enum need { NEED_NOTHING, NEED_LOGIN, NEED_MAILBOX };

void imap_finish(struct imap *imap, const char *text)
{
	connection_print(imap->connection, "%s %s\r\n", imap->tag, text);
	if (text[0] != 'B' || ++imap->errors < ERRORS_MAX)
		return;
	connection_print(imap->connection, "* BYE too many errors\r\n");
	connection_end(imap->connection);
}

static void print_capability(struct imap *imap)
{
	connection_print(imap->connection, "* CAPABILITY IMAP4rev1 %s\r\n",
		connection_is_secure(imap->connection) ? "SASL-IR AUTH=PLAIN"
						       : "STARTTLS LOGINDISABLED");
}

static void capability(struct imap *imap, struct imap_parser *parser)
{
	(void)parser;
	print_capability(imap);
	imap_finish(imap, "OK that is all");
}

static void logout(struct imap *imap, struct imap_parser *parser)
{
	(void)parser;
	connection_print(imap->connection, "* BYE goodbye\r\n");
	imap_finish(imap, "OK done");
	connection_end(imap->connection);
}

static void starttls(struct imap *imap, struct imap_parser *parser)
{
	(void)parser;
	if (connection_is_secure(imap->connection)) {
		imap_finish(imap, "BAD TLS is active already");
		return;
	}
	imap_finish(imap, "OK go ahead");
	connection_start_tls(imap->connection);
}

/* Says whether a login worked. */
static void welcome(struct imap *imap, const char *user)
{
	imap->user = user;
	if (user) {
		connection_set_user(imap->connection, IDLE);
		imap_finish(imap, "OK welcome");
		return;
	}
	connection_log(imap->connection, "login failed");
	imap_finish(imap, "NO [AUTHENTICATIONFAILED] user or password is wrong");
	if (++imap->tries < ACCOUNTS_TRIES)
		return;
	connection_print(imap->connection, "* BYE too many tries\r\n");
	connection_end(imap->connection);
}

/* Tells whether somebody may log in now, and answers when not. */
static bool may_log_in(struct imap *imap)
{
	if (imap->user)
		imap_finish(imap, "BAD somebody is logged in already");
	else if (!connection_is_secure(imap->connection))
		imap_finish(imap, "NO [PRIVACYREQUIRED] STARTTLS comes first");
	else
		return true;
	return false;
}

static void login(struct imap *imap, struct imap_parser *parser)
{
	char name[USERS_ADDRESS_SIZE], password[USERS_PASSWORD_MAX + 1];

	if (!may_log_in(imap))
		return;
	if (imap_read_char(parser, ' ') && imap_read_string(parser, name, sizeof(name)) &&
		imap_read_char(parser, ' ') &&
		imap_read_string(parser, password, sizeof(password)) && imap_read_end(parser))
		welcome(imap, accounts_check(imap->server, name, password));
	else
		imap_finish(imap, "BAD expected LOGIN user password");
	gnutls_memset(password, 0, sizeof(password));
}

static void answer_plain(struct imap *imap, char *base64)
{
	imap->is_answering = false;
	if (strcmp(base64, "*") == 0)
		imap_finish(imap, "BAD cancelled");
	else
		welcome(imap, accounts_check_plain(imap->server, base64));
}

static void authenticate(struct imap *imap, struct imap_parser *parser)
{
	char mechanism[32], answer[2048];
	size_t length;

	if (!may_log_in(imap))
		return;
	if (!imap_read_char(parser, ' ') || !imap_read_tag(parser, mechanism, sizeof(mechanism)) ||
		strcasecmp(mechanism, "PLAIN") != 0) {
		imap_finish(imap, "NO the only mechanism is PLAIN");
		return;
	}
	if (!imap_read_char(parser, ' ')) {
		imap->is_answering = true;
		connection_print(imap->connection, "+ \r\n");
		return;
	}
	length = (size_t)(parser->end - parser->next);
	if (length >= sizeof(answer)) {
		imap_finish(imap, "BAD too long");
		return;
	}
	memcpy(answer, parser->next, length);
	answer[length] = '\0';
	answer_plain(imap, answer);
}

static void refuse(struct imap *imap, struct imap_parser *parser)
{
	(void)parser;
	imap_finish(imap, "NO INBOX is all there is");
}

static void uid(struct imap *imap, struct imap_parser *parser)
{
	char word[16];

	if (!imap_read_char(parser, ' ') || !imap_read_word(parser, word, sizeof(word)))
		word[0] = '\0';
	if (strcasecmp(word, "FETCH") == 0)
		imap_fetch(imap, parser, true);
	else if (strcasecmp(word, "STORE") == 0)
		imap_store(imap, parser, true);
	else if (strcasecmp(word, "SEARCH") == 0)
		imap_search(imap, parser, true);
	else
		imap_finish(imap, "BAD expected UID FETCH, STORE or SEARCH");
}

static void fetch(struct imap *imap, struct imap_parser *parser)
{
	imap_fetch(imap, parser, false);
}

static void store(struct imap *imap, struct imap_parser *parser)
{
	imap_store(imap, parser, false);
}

static void search(struct imap *imap, struct imap_parser *parser)
{
	imap_search(imap, parser, false);
}

static const struct {
	const char *word;
	enum need need;
	imap_command *run;
} commands[] = {
	{ "CAPABILITY", NEED_NOTHING, capability },
	{ "NOOP", NEED_NOTHING, imap_noop },
	{ "LOGOUT", NEED_NOTHING, logout },
	{ "STARTTLS", NEED_NOTHING, starttls },
	{ "LOGIN", NEED_NOTHING, login },
	{ "AUTHENTICATE", NEED_NOTHING, authenticate },
	{ "LIST", NEED_LOGIN, imap_list },
	{ "LSUB", NEED_LOGIN, imap_lsub },
	{ "STATUS", NEED_LOGIN, imap_status },
	{ "SELECT", NEED_LOGIN, imap_select },
	{ "EXAMINE", NEED_LOGIN, imap_examine },
	{ "CREATE", NEED_LOGIN, refuse },
	{ "DELETE", NEED_LOGIN, refuse },
	{ "RENAME", NEED_LOGIN, refuse },
	{ "SUBSCRIBE", NEED_LOGIN, refuse },
	{ "UNSUBSCRIBE", NEED_LOGIN, refuse },
	{ "CHECK", NEED_MAILBOX, imap_check },
	{ "CLOSE", NEED_MAILBOX, imap_close },
	{ "EXPUNGE", NEED_MAILBOX, imap_expunge },
	{ "SEARCH", NEED_MAILBOX, search },
	{ "FETCH", NEED_MAILBOX, fetch },
	{ "STORE", NEED_MAILBOX, store },
	{ "UID", NEED_MAILBOX, uid },
};

static void run_command(struct imap *imap, struct imap_parser *parser)
{
	char word[16];

	if (!imap_read_tag(parser, imap->tag, sizeof(imap->tag)) || !imap_read_char(parser, ' ')) {
		(void)snprintf(imap->tag, sizeof(imap->tag), "*");
		imap_finish(imap, "BAD expected a tag and a command");
		return;
	}
	if (!imap_read_word(parser, word, sizeof(word)))
		word[0] = '\0';
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcasecmp(commands[i].word, word) != 0)
			continue;
		if (commands[i].need >= NEED_LOGIN && !imap->user)
			imap_finish(imap, "BAD log in first");
		else if (commands[i].need == NEED_MAILBOX && !imap->maildir)
			imap_finish(imap, "BAD select INBOX first");
		else
			commands[i].run(imap, parser);
		return;
	}
	imap_finish(imap, "BAD unknown command");
}

/* What follows STARTTLS in plain text may be somebody else's (CVE-2011-0411); see RFC 2595, 2.4. */
static bool is_injection(const struct imap *imap, struct imap_parser parser, size_t rest)
{
	char tag[IMAP_TAG_SIZE], word[16];

	return rest > 0 && !connection_is_secure(imap->connection) &&
	       imap_read_tag(&parser, tag, sizeof(tag)) && imap_read_char(&parser, ' ') &&
	       imap_read_word(&parser, word, sizeof(word)) && strcasecmp(word, "STARTTLS") == 0;
}

static void run_line(struct imap *imap, char *line, size_t length, size_t rest)
{
	struct imap_parser parser = { .next = line, .end = line + length };

	if (is_injection(imap, parser, rest)) {
		connection_log(imap->connection, "commands behind STARTTLS in plain text");
		connection_print(imap->connection, "* BYE nothing may follow STARTTLS\r\n");
		connection_end(imap->connection);
	} else if (!imap->user && foreign_is_http(line)) {
		connection_log(imap->connection, "HTTP");
		connection_print(imap->connection, "* BYE this is no web server\r\n");
		connection_end(imap->connection);
	} else if (strlen(line) != length) {
		connection_print(imap->connection, "* BAD a NUL byte\r\n");
		connection_end(imap->connection);
	} else if (imap->is_answering) {
		answer_plain(imap, line);
	} else {
		run_command(imap, &parser);
	}
}

/* Asks for a literal; returns false when it is refused, which ends the connection. */
static bool take_literal(struct imap *imap, size_t start, size_t size, bool is_synchronising)
{
	/* There must be room for it and for the rest of the command. */
	if (!is_synchronising || size > CONNECTION_INPUT_SIZE / 2 ||
		start + size > CONNECTION_INPUT_SIZE - 256) {
		connection_print(imap->connection, "* BYE no such literals here\r\n");
		connection_end(imap->connection);
		return false;
	}
	imap->accepted = start + size;
	connection_print(imap->connection, "+ go on\r\n");
	return true;
}

static size_t imap_input(void *state, char *bytes, size_t length)
{
	struct imap *imap = state;

	while (length > imap->accepted) {
		char *start = bytes + imap->accepted;
		char *end = memchr(start, '\n', length - imap->accepted);
		size_t taken, size;
		bool is_synchronising;

		if (!end)
			break;
		taken = (size_t)(end - bytes) + 1;
		if (end > start && end[-1] == '\r')
			end--;
		if (!imap->is_answering &&
			imap_is_literal(start, (size_t)(end - start), &size, &is_synchronising)) {
			if (!take_literal(imap, taken, size, is_synchronising))
				return length;
			continue;
		}
		*end = '\0';
		imap->accepted = 0;
		connection_heard(imap->connection);
		run_line(imap, bytes, (size_t)(end - bytes), length - taken);
		return taken;
	}
	if (length < CONNECTION_INPUT_SIZE)
		return 0;
	connection_print(imap->connection, "* BYE line too long\r\n");
	connection_end(imap->connection);
	return length;
}

static bool imap_output(void *state)
{
	return imap_fetch_continue(state);
}

static void *imap_open(struct connection *connection)
{
	struct imap *imap = calloc(1, sizeof(*imap));

	if (!imap)
		return NULL;
	imap->connection = connection;
	imap->server = connection_server(connection);
	connection_print(connection, "* OK %s certbind example\r\n", imap->server->hostname);
	return imap;
}

static void imap_free(void *state)
{
	imap_unselect(state);
	free(state);
}

const struct dialogue imap_dialogue = {
	.open = imap_open,
	.input = imap_input,
	.output = imap_output,
	.close = imap_free,
	.farewell_idle = "* BYE idle for too long\r\n",
	.farewell_end = "* BYE the server ends\r\n",
	.idle = IDLE_BEFORE_LOGIN,
};
