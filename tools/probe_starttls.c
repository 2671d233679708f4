/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probe.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

/* What is said before TLS, as far as is needed to get there. */

enum {
	LINE_SIZE = 2048, /* RFC 5321, 4.5.3.1.5 allows 512; capabilities of IMAP are longer */
	LINES_MOST = 200 /* nobody has so many to say before TLS */
};

/* The lines of one connection. */
struct lines {
	struct probe *probe;
	char buffer[LINE_SIZE];
	size_t length; /* bytes in the buffer */
	char line[LINE_SIZE]; /* the last one that was read, without its end */
	unsigned int count;
};

static bool receive(struct lines *lines)
{
	struct probe *probe = lines->probe;
	ssize_t got;

	for (;;) {
		got = recv(probe->descriptor, lines->buffer + lines->length,
			sizeof(lines->buffer) - lines->length, 0);
		if (got > 0) {
			lines->length += (size_t)got;
			return true;
		}
		if (got == 0)
			return probe_fail(probe, "it closed the connection before TLS");
		if (errno != EAGAIN && errno != EINTR)
			return probe_fail_errno(probe, "reading failed", errno);
		if (!probe_wait(probe, POLLIN))
			return false;
	}
}

static bool read_line(struct lines *lines)
{
	char *end;
	size_t size;

	while ((end = memchr(lines->buffer, '\n', lines->length)) == NULL) {
		if (lines->length == sizeof(lines->buffer))
			return probe_fail(lines->probe, "it sent a line that is too long");
		if (!receive(lines))
			return false;
	}
	if (++lines->count > LINES_MOST)
		return probe_fail(lines->probe, "it sent too many lines");
	size = (size_t)(end - lines->buffer) + 1;
	memcpy(lines->line, lines->buffer, size);
	lines->line[size - 1] = '\0';
	lines->line[strcspn(lines->line, "\r")] = '\0';
	lines->length -= size;
	memmove(lines->buffer, lines->buffer + size, lines->length);
	return true;
}

static bool say(struct lines *lines, const char *text)
{
	struct probe *probe = lines->probe;
	size_t left = strlen(text);
	ssize_t sent;

	while (left > 0) {
		sent = send(probe->descriptor, text, left, MSG_NOSIGNAL);
		if (sent >= 0) {
			text += sent;
			left -= (size_t)sent;
		} else if (errno != EAGAIN && errno != EINTR) {
			return probe_fail_errno(probe, "writing failed", errno);
		} else if (!probe_wait(probe, POLLOUT)) {
			return false;
		}
	}
	return true;
}

static bool begins(const char *line, const char *with)
{
	return strncasecmp(line, with, strlen(with)) == 0;
}

static bool refuse(struct lines *lines, const char *what)
{
	return probe_fail(lines->probe, "it answered \"%.200s\" to %s", lines->line, what);
}

/* RFC 5321, 4.2: all lines of a reply begin with its code, all but the last one with a "-" then. */
static bool read_smtp(struct lines *lines, const char *code, const char *what, bool *has_starttls)
{
	do {
		if (!read_line(lines))
			return false;
		if (strncmp(lines->line, code, 3) != 0)
			return refuse(lines, what);
		if (has_starttls != NULL && strlen(lines->line) > 4 &&
			strcasecmp(lines->line + 4, "STARTTLS") == 0)
			*has_starttls = true;
	} while (lines->line[3] == '-');
	return true;
}

/* RFC 3207 */
static bool start_smtp(struct lines *lines)
{
	bool has_starttls = false;

	if (!read_smtp(lines, "220", "the connection", NULL) || !say(lines, "EHLO localhost\r\n") ||
		!read_smtp(lines, "250", "EHLO", &has_starttls))
		return false;
	if (!has_starttls)
		return probe_fail(lines->probe, "it offers no STARTTLS");
	return say(lines, "STARTTLS\r\n") && read_smtp(lines, "220", "STARTTLS", NULL);
}

/* RFC 9051, 6.2.1, and RFC 3501 likewise; a connection that is authenticated has no STARTTLS. */
static bool start_imap(struct lines *lines)
{
	if (!read_line(lines))
		return false;
	if (!begins(lines->line, "* OK"))
		return refuse(lines, "the connection");
	if (!say(lines, "a STARTTLS\r\n"))
		return false;
	do {
		if (!read_line(lines))
			return false;
	} while (begins(lines->line, "* "));
	return begins(lines->line, "a OK") || refuse(lines, "STARTTLS");
}

/* RFC 2595, 4 */
static bool start_pop3(struct lines *lines)
{
	if (!read_line(lines))
		return false;
	if (!begins(lines->line, "+OK"))
		return refuse(lines, "the connection");
	if (!say(lines, "STLS\r\n") || !read_line(lines))
		return false;
	return begins(lines->line, "+OK") || refuse(lines, "STLS");
}

/* RFC 5804, 1.2 and 1.7: capabilities are strings, the response that ends them is an atom. */
static bool read_sieve(struct lines *lines, const char *what)
{
	do {
		if (!read_line(lines))
			return false;
	} while (lines->line[0] == '"');
	return begins(lines->line, "OK") || refuse(lines, what);
}

/* RFC 5804, 2.2 */
static bool start_sieve(struct lines *lines)
{
	return read_sieve(lines, "the connection") && say(lines, "STARTTLS\r\n") &&
	       read_sieve(lines, "STARTTLS");
}

static bool start(struct lines *lines, enum start start)
{
	switch (start) {
	case START_TLS:
		return true;
	case START_SMTP:
		return start_smtp(lines);
	case START_IMAP:
		return start_imap(lines);
	case START_POP3:
		return start_pop3(lines);
	case START_SIEVE:
		return start_sieve(lines);
	}
	return true;
}

bool probe_starttls(struct probe *probe, enum start way)
{
	struct lines lines = { .probe = probe };

	if (!start(&lines, way))
		return false;
	/* What came before TLS must not be taken for what comes inside (CVE-2011-0411). */
	if (lines.length > 0)
		return probe_fail(probe, "it sent more than its answer to STARTTLS");
	return true;
}
