/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _POSIX_C_SOURCE 200809L
#include "../common/maildir.h"
#include "address.h"
#include "smtp.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What goes on after the limit is read only to come to its end; somebody who never ends is cut. */
#define FLOOD (4ULL * SMTP_MESSAGE_MAX)

bool smtp_data_begin(struct smtp *smtp)
{
	char path[PATH_MAX];
	int fd, length;

	length = snprintf(path, sizeof(path), "%s/.incoming-XXXXXX", smtp->server->spool);
	if (length < 0 || (size_t)length >= sizeof(path))
		return false;
	fd = mkstemp(path);
	if (fd < 0)
		return false;
	/* Without a name nothing is left behind, whatever happens. */
	(void)unlink(path);
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	smtp->message = (struct smtp_message){ .place = SMTP_AT_START };
	smtp->message.file = fdopen(fd, "w+");
	if (!smtp->message.file)
		(void)close(fd);
	return smtp->message.file != NULL;
}

static void put(struct smtp_message *message, char c)
{
	message->size++;
	message->line++;
	if (message->line > SMTP_LINE_MAX)
		message->is_line_too_long = true;
	if (message->size <= SMTP_MESSAGE_MAX && putc(c, message->file) == EOF)
		message->has_failed = true;
}

static enum smtp_place put_text(struct smtp_message *message, char c)
{
	if (c == '\r')
		return SMTP_AT_CR;
	/* RFC 5321, 2.3.8: CR and LF only together. Who takes LF for a line's end lets mail be
	 * smuggled; a NUL can't be handed on by IMAP. */
	if (c == '\n' || c == '\0')
		message->is_malformed = true;
	put(message, c);
	return SMTP_IN_TEXT;
}

static enum smtp_place put_after_cr(struct smtp_message *message, char c)
{
	put(message, '\r');
	if (c != '\n') {
		message->is_malformed = true;
		return put_text(message, c);
	}
	put(message, c);
	message->line = 0;
	return SMTP_AT_START;
}

/* Takes one byte; returns true when it ends the message. Leading dots are undone (4.5.2). */
static bool take(struct smtp_message *message, char c)
{
	switch (message->place) {
	case SMTP_AT_START:
		message->place = c == '.' ? SMTP_AT_DOT : put_text(message, c);
		break;
	case SMTP_AT_DOT:
		message->place = c == '\r' ? SMTP_AT_DOT_CR : put_text(message, c);
		break;
	case SMTP_AT_DOT_CR:
		if (c == '\n')
			return true;
		message->place = put_after_cr(message, c);
		break;
	case SMTP_IN_TEXT:
		message->place = put_text(message, c);
		break;
	case SMTP_AT_CR:
		message->place = put_after_cr(message, c);
		break;
	}
	return false;
}

/* RFC 3848's word for how the message came. */
static const char *with(const struct smtp *smtp)
{
	if (!connection_is_secure(smtp->connection))
		return smtp->is_extended ? "ESMTP" : "SMTP";
	return smtp->user ? "ESMTPSA" : "ESMTPS";
}

/* The client's address as a literal (RFC 5321, 4.1.3): "127.0.0.1", "IPv6:::1". */
static void print_literal(const char *peer, char *text, size_t size)
{
	size_t length = strcspn(peer, "]");

	if (peer[0] == '[')
		(void)snprintf(text, size, "IPv6:%.*s", (int)length - 1, peer + 1);
	else
		(void)snprintf(text, size, "%.*s", (int)strcspn(peer, ":"), peer);
}

static void write_headers(const struct smtp *smtp, const char *recipient, char *text, size_t size)
{
	char date[64], tls[1024], literal[ADDRESS_TEXT_SIZE];
	time_t now = time(NULL);
	struct tm parts;

	(void)gmtime_r(&now, &parts);
	(void)strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", &parts);
	print_literal(connection_peer(smtp->connection), literal, sizeof(literal));
	connection_describe(smtp->connection, tls, sizeof(tls));
	(void)snprintf(text, size,
		"Return-Path: <%s>\n"
		"Delivered-To: %s\n"
		"Received: from %s ([%s])\n"
		"\tby %s with %s\n"
		"\t(%s)\n"
		"\tfor <%s>; %s\n",
		smtp->sender, recipient, smtp->helo, literal, smtp->server->hostname, with(smtp),
		tls, recipient, date);
}

/* Writes the message for every recipient before it appears at the first: all get it, or none. */
static bool deliver(const struct smtp *smtp)
{
	struct delivery *deliveries[SMTP_RECIPIENTS_MAX] = { NULL };
	char headers[4096];
	size_t count = 0;
	bool is_done;

	for (; count < smtp->recipients_count; count++) {
		write_headers(smtp, smtp->recipients[count], headers, sizeof(headers));
		deliveries[count] = delivery_new(smtp->server->spool, smtp->recipients[count],
			headers, fileno(smtp->message.file));
		if (!deliveries[count])
			break;
	}
	is_done = count == smtp->recipients_count;
	for (size_t i = 0; is_done && i < count; i++)
		is_done = delivery_commit(deliveries[i]) == 0;
	if (!is_done)
		connection_log(smtp->connection, "delivery failed: %s", strerror(errno));
	for (size_t i = 0; i < count; i++)
		delivery_free(deliveries[i]);
	return is_done;
}

static const char *finish(struct smtp *smtp)
{
	struct smtp_message *message = &smtp->message;

	if (message->is_malformed)
		return "554 5.6.0 the message has CR or LF alone, or a NUL";
	if (message->is_line_too_long)
		return "500 5.6.0 the message has a line that is too long";
	if (message->size > SMTP_MESSAGE_MAX)
		return "552 5.3.4 message too big";
	if (message->has_failed || fflush(message->file) != 0 || !deliver(smtp))
		return "451 4.3.0 the message can't be stored now";
	connection_log(smtp->connection, "message from <%s>, %zu recipients, %llu bytes",
		smtp->sender, smtp->recipients_count, (unsigned long long)message->size);
	return "250 2.0.0 delivered";
}

size_t smtp_data_input(struct smtp *smtp, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (take(&smtp->message, bytes[i])) {
			const char *reply = finish(smtp);

			connection_heard(smtp->connection);
			smtp_reset(smtp);
			smtp_reply(smtp, reply);
			return i + 1;
		}
	}
	connection_heard_part(smtp->connection, length);
	if (smtp->message.size > FLOOD) {
		smtp_reset(smtp);
		smtp_reply(smtp, "552 5.3.4 message too big");
		connection_end(smtp->connection);
	}
	return length;
}
