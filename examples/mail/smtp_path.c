/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _POSIX_C_SOURCE 200809L
#include "accounts.h"
#include "smtp.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* How far a path goes, with its closing bracket; 0 when it is none. In quotes a bracket is text. */
static size_t path_length(const char *text)
{
	bool is_quoted = false;
	size_t i = 1;

	if (text[0] != '<')
		return 0;
	for (; text[i] != '\0' && (is_quoted || text[i] != '>'); i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x20 || c > 0x7e || (c == ' ' && !is_quoted) || (c == '<' && !is_quoted))
			return 0;
		if (c == '"')
			is_quoted = !is_quoted;
		if (c == '\\' && is_quoted && text[i + 1] != '\0')
			i++;
	}
	return text[i] == '>' ? i + 1 : 0;
}

/*
 * Takes `PREFIX:<path>` apart. A source route is left out (RFC 5321, appendix C). Returns what
 * follows, NULL when it is malformed.
 */
static char *read_path(char *text, const char *prefix, char path[static SMTP_PATH_SIZE])
{
	size_t length = strlen(prefix);
	char *colon;

	if (strncasecmp(text, prefix, length) != 0)
		return NULL;
	text += length;
	text += strspn(text, " ");
	length = path_length(text);
	if (length == 0 || length - 2 >= SMTP_PATH_SIZE ||
		(text[length] != '\0' && text[length] != ' '))
		return NULL;
	text[length - 1] = '\0';
	colon = text[1] == '@' ? strchr(text, ':') : NULL;
	(void)snprintf(path, SMTP_PATH_SIZE, "%s", colon ? colon + 1 : text + 1);
	return text + length;
}

/* One parameter of MAIL; returns the reply when it is refused. */
static const char *check_parameter(const struct smtp *smtp, const char *parameter)
{
	char *end;

	if (strncasecmp(parameter, "SIZE=", 5) == 0) {
		unsigned long long size = strtoull(parameter + 5, &end, 10);

		if (end == parameter + 5 || *end != '\0' || parameter[5] == '-')
			return "501 5.5.4 SIZE is no number";
		return size > SMTP_MESSAGE_MAX ? "552 5.3.4 message too big" : NULL;
	}
	if (strcasecmp(parameter, "BODY=7BIT") == 0 || strcasecmp(parameter, "BODY=8BITMIME") == 0)
		return NULL;
	/* RFC 4954, 5: nobody here looks at it. */
	if (strncasecmp(parameter, "AUTH=", 5) == 0 &&
		connection_protocol(smtp->connection)->is_submission)
		return NULL;
	return "555 5.5.4 unknown parameter";
}

static const char *check_parameters(const struct smtp *smtp, char *text)
{
	const char *refusal = NULL;
	char *rest = NULL;

	if (text[0] != '\0' && !smtp->is_extended)
		return "555 5.5.4 parameters need EHLO";
	for (char *parameter = strtok_r(text, " ", &rest); parameter && !refusal;
		parameter = strtok_r(NULL, " ", &rest))
		refusal = check_parameter(smtp, parameter);
	return refusal;
}

void smtp_mail(struct smtp *smtp, char *arguments)
{
	char path[SMTP_PATH_SIZE], *rest;
	const char *refusal = NULL;

	if (smtp->helo[0] == '\0') {
		smtp_reply(smtp, "503 5.5.1 EHLO comes first");
		return;
	}
	if (connection_protocol(smtp->connection)->is_submission && !smtp->user) {
		smtp_reply(smtp, "530 5.7.0 log in first");
		return;
	}
	if (smtp->has_sender) {
		smtp_reply(smtp, "503 5.5.1 there is a sender already");
		return;
	}
	rest = read_path(arguments, "FROM:", path);
	refusal = rest ? check_parameters(smtp, rest) : "501 5.5.4 expected MAIL FROM:<address>";
	if (refusal) {
		smtp_reply(smtp, refusal);
		return;
	}
	memcpy(smtp->sender, path, sizeof(path));
	smtp->has_sender = true;
	smtp_reply(smtp, "250 2.1.0 sender taken");
}

static const char *add_recipient(struct smtp *smtp, const char *path)
{
	const char *user = accounts_find(smtp->server, path);

	if (!accounts_has_domain(smtp->server, path))
		return connection_protocol(smtp->connection)->is_submission
			       ? "550 5.7.1 nothing is sent on from here: only this server's users "
				 "get mail"
			       : "550 5.7.1 relaying denied";
	if (!user)
		return "550 5.1.1 no such user";
	for (size_t i = 0; i < smtp->recipients_count; i++) {
		if (smtp->recipients[i] == user)
			return "250 2.1.5 recipient taken";
	}
	if (smtp->recipients_count == SMTP_RECIPIENTS_MAX)
		return "452 4.5.3 too many recipients";
	smtp->recipients[smtp->recipients_count++] = user;
	return "250 2.1.5 recipient taken";
}

void smtp_recipient(struct smtp *smtp, char *arguments)
{
	char path[SMTP_PATH_SIZE];
	const char *rest;

	if (!smtp->has_sender) {
		smtp_reply(smtp, "503 5.5.1 MAIL comes first");
		return;
	}
	rest = read_path(arguments, "TO:", path);
	if (!rest || path[0] == '\0')
		smtp_reply(smtp, "501 5.5.4 expected RCPT TO:<address>");
	else if (rest[strspn(rest, " ")] != '\0')
		smtp_reply(smtp, "555 5.5.4 unknown parameter");
	else
		smtp_reply(smtp, add_recipient(smtp, path));
}
