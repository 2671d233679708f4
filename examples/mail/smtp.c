/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _POSIX_C_SOURCE 200809L
#include "accounts.h"
#include "foreign.h"
#include "smtp.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* RFC 5321, 4.5.3.2.7: at least five minutes. */
#define IDLE 300.0

void smtp_reset(struct smtp *smtp)
{
	if (smtp->message.file)
		(void)fclose(smtp->message.file);
	smtp->message = (struct smtp_message){ 0 };
	smtp->mode = SMTP_COMMANDS;
	smtp->has_sender = false;
	smtp->recipients_count = 0;
}

void smtp_reply(struct smtp *smtp, const char *text)
{
	connection_print(smtp->connection, "%s\r\n", text);
	if (text[0] != '5' || ++smtp->errors < SMTP_ERRORS_MAX)
		return;
	connection_print(smtp->connection, "421 4.7.0 too many errors\r\n");
	connection_end(smtp->connection);
}

/* The name goes into a header of the message: a domain or an address literal, nothing else. */
static bool take_helo(struct smtp *smtp, const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789.-_:[]";
	size_t length = strlen(name);

	if (length == 0 || length >= SMTP_HELO_SIZE || strspn(name, allowed) != length) {
		smtp_reply(smtp, "501 5.5.4 expected a host name");
		return false;
	}
	(void)snprintf(smtp->helo, sizeof(smtp->helo), "%s", name);
	smtp_reset(smtp);
	return true;
}

static void command_ehlo(struct smtp *smtp, char *arguments)
{
	const struct protocol *protocol = connection_protocol(smtp->connection);

	if (!take_helo(smtp, arguments))
		return;
	smtp->is_extended = true;
	connection_print(smtp->connection,
		"250-%s\r\n250-PIPELINING\r\n250-SIZE %u\r\n250-8BITMIME\r\n%s%s"
		"250 ENHANCEDSTATUSCODES\r\n",
		smtp->server->hostname, SMTP_MESSAGE_MAX,
		connection_is_secure(smtp->connection) ? "" : "250-STARTTLS\r\n",
		protocol->is_submission ? "250-AUTH PLAIN\r\n" : "");
}

static void command_helo(struct smtp *smtp, char *arguments)
{
	if (!take_helo(smtp, arguments))
		return;
	smtp->is_extended = false;
	connection_print(smtp->connection, "250 %s\r\n", smtp->server->hostname);
}

/* RFC 3207, 4.2: what the client said before in plain text is forgotten, its name too. */
static void command_starttls(struct smtp *smtp, char *arguments)
{
	if (arguments[0] != '\0') {
		smtp_reply(smtp, "501 5.5.4 STARTTLS takes no arguments");
	} else if (connection_is_secure(smtp->connection)) {
		smtp_reply(smtp, "503 5.5.1 TLS is active already");
	} else {
		smtp_reset(smtp);
		smtp->helo[0] = '\0';
		smtp_reply(smtp, "220 2.0.0 go ahead");
		connection_start_tls(smtp->connection);
	}
}

static void answer_plain(struct smtp *smtp, char *base64)
{
	smtp->user = accounts_check_plain(smtp->server, base64);
	if (smtp->user) {
		connection_set_user(smtp->connection, IDLE);
		smtp_reply(smtp, "235 2.7.0 welcome");
		return;
	}
	connection_log(smtp->connection, "login failed");
	smtp_reply(smtp, "535 5.7.8 user or password is wrong");
	if (++smtp->tries < ACCOUNTS_TRIES)
		return;
	connection_print(smtp->connection, "421 4.7.0 too many tries\r\n");
	connection_end(smtp->connection);
}

static void command_auth(struct smtp *smtp, char *arguments)
{
	if (!connection_protocol(smtp->connection)->is_submission) {
		smtp_reply(smtp, "502 5.5.1 users log in on the submissions port");
	} else if (smtp->helo[0] == '\0' || smtp->user || smtp->has_sender) {
		smtp_reply(smtp, "503 5.5.1 not now");
	} else if (strncasecmp(arguments, "PLAIN", 5) != 0 ||
		   (arguments[5] != '\0' && arguments[5] != ' ')) {
		smtp_reply(smtp, "504 5.5.4 the only mechanism is PLAIN");
	} else if (arguments[5] == ' ') {
		answer_plain(smtp, arguments + 6);
	} else {
		smtp->mode = SMTP_ANSWER;
		smtp_reply(smtp, "334 ");
	}
}

static void command_data(struct smtp *smtp, char *arguments)
{
	if (arguments[0] != '\0') {
		smtp_reply(smtp, "501 5.5.4 DATA takes no arguments");
	} else if (!smtp->has_sender) {
		smtp_reply(smtp, "503 5.5.1 MAIL comes first");
	} else if (smtp->recipients_count == 0) {
		smtp_reply(smtp, "554 5.5.1 no valid recipients");
	} else if (!smtp_data_begin(smtp)) {
		smtp_reset(smtp);
		smtp_reply(smtp, "451 4.3.0 the message can't be stored now");
	} else {
		smtp->mode = SMTP_DATA;
		smtp_reply(smtp, "354 end with a line that holds a dot");
	}
}

static void command_rset(struct smtp *smtp, char *arguments)
{
	(void)arguments;
	smtp_reset(smtp);
	smtp_reply(smtp, "250 2.0.0 forgotten");
}

static void command_noop(struct smtp *smtp, char *arguments)
{
	(void)arguments;
	smtp_reply(smtp, "250 2.0.0 fine");
}

static void command_vrfy(struct smtp *smtp, char *arguments)
{
	(void)arguments;
	smtp_reply(smtp, "252 2.5.2 try it and send mail");
}

static void command_quit(struct smtp *smtp, char *arguments)
{
	(void)arguments;
	smtp_reply(smtp, "221 2.0.0 goodbye");
	connection_end(smtp->connection);
}

static const struct {
	const char *word;
	void (*run)(struct smtp *smtp, char *arguments);
} commands[] = {
	{ "EHLO", command_ehlo },
	{ "HELO", command_helo },
	{ "STARTTLS", command_starttls },
	{ "AUTH", command_auth },
	{ "MAIL", smtp_mail },
	{ "RCPT", smtp_recipient },
	{ "DATA", command_data },
	{ "RSET", command_rset },
	{ "NOOP", command_noop },
	{ "VRFY", command_vrfy },
	{ "QUIT", command_quit },
};

static void trim_end(char *text)
{
	size_t length = strlen(text);

	while (length > 0 && text[length - 1] == ' ')
		text[--length] = '\0';
}

static void run_command(struct smtp *smtp, char *line)
{
	size_t word = strcspn(line, " ");
	char *arguments = line + word + strspn(line + word, " ");

	trim_end(arguments);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strlen(commands[i].word) == word &&
			strncasecmp(commands[i].word, line, word) == 0) {
			commands[i].run(smtp, arguments);
			return;
		}
	}
	smtp_reply(smtp, "500 5.5.2 unknown command");
}

static void run_answer(struct smtp *smtp, char *line)
{
	smtp->mode = SMTP_COMMANDS;
	if (strcmp(line, "*") == 0)
		smtp_reply(smtp, "501 5.7.0 cancelled");
	else
		answer_plain(smtp, line);
}

/*
 * CVE-2011-0411: whoever can write into the plain text could put commands behind STARTTLS that
 * would count as the client's own, under TLS. Nothing may follow it.
 */
static bool is_injection(const struct smtp *smtp, const char *line, size_t rest)
{
	return rest > 0 && smtp->mode == SMTP_COMMANDS && !connection_is_secure(smtp->connection) &&
	       strncasecmp(line, "STARTTLS", 8) == 0;
}

static void run_line(struct smtp *smtp, char *line, size_t length, size_t rest)
{
	if (is_injection(smtp, line, rest)) {
		connection_log(smtp->connection, "commands behind STARTTLS in plain text");
		connection_print(smtp->connection, "554 5.5.1 nothing may follow STARTTLS\r\n");
		connection_end(smtp->connection);
	} else if (foreign_is_http(line)) {
		connection_log(smtp->connection, "HTTP");
		connection_print(smtp->connection, "421 4.7.0 this is no web server\r\n");
		connection_end(smtp->connection);
	} else if (strlen(line) != length || strchr(line, '\r')) {
		smtp_reply(smtp, "500 5.5.2 malformed line");
	} else if (smtp->mode == SMTP_ANSWER) {
		run_answer(smtp, line);
	} else {
		run_command(smtp, line);
	}
}

static size_t input_line(struct smtp *smtp, char *bytes, size_t length)
{
	size_t max = smtp->mode == SMTP_ANSWER ? SMTP_ANSWER_MAX : SMTP_LINE_MAX, taken;
	char *end = memchr(bytes, '\n', length);

	taken = end ? (size_t)(end - bytes) + 1 : length;
	if (smtp->is_skipping) {
		smtp->is_skipping = !end;
		return taken;
	}
	if (taken > max) {
		smtp->is_skipping = !end;
		smtp->mode = SMTP_COMMANDS;
		smtp_reply(smtp, "500 5.5.6 line too long");
		return taken;
	}
	if (!end)
		return 0;
	/* People who type send LF alone; in a message that is refused, here it harms nobody. */
	if (end > bytes && end[-1] == '\r')
		end--;
	*end = '\0';
	connection_heard(smtp->connection);
	run_line(smtp, bytes, (size_t)(end - bytes), length - taken);
	return taken;
}

static size_t smtp_input(void *state, char *bytes, size_t length)
{
	struct smtp *smtp = state;

	if (smtp->mode == SMTP_DATA)
		return smtp_data_input(smtp, bytes, length);
	return input_line(smtp, bytes, length);
}

static void *smtp_open(struct connection *connection)
{
	struct smtp *smtp = calloc(1, sizeof(*smtp));

	if (!smtp)
		return NULL;
	smtp->connection = connection;
	smtp->server = connection_server(connection);
	connection_print(connection, "220 %s ESMTP certbind example\r\n", smtp->server->hostname);
	return smtp;
}

static void smtp_close(void *state)
{
	smtp_reset(state);
	free(state);
}

const struct dialogue smtp_dialogue = {
	.open = smtp_open,
	.input = smtp_input,
	.close = smtp_close,
	.farewell_idle = "421 4.4.2 idle for too long\r\n",
	.farewell_end = "421 4.3.2 the server ends\r\n",
	.idle = IDLE,
};
