/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _POSIX_C_SOURCE 200809L
#include "imap_message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_SIZE 128

/* More headers than this are no headers. */
#define HEADERS_MAX (256 << 10)

int imap_message_getc(struct imap_message *message)
{
	int c;

	if (message->has_lf) {
		message->has_lf = false;
		return '\n';
	}
	c = getc(message->file);
	if (c == '\n' && !message->was_cr) {
		message->has_lf = true;
		return '\r';
	}
	message->was_cr = c == '\r';
	return c;
}

void imap_message_seek(struct imap_message *message, uint64_t position)
{
	rewind(message->file);
	message->was_cr = message->has_lf = false;
	while (position > 0 && imap_message_getc(message) != EOF)
		position--;
}

static void measure(struct imap_message *message)
{
	bool is_line_empty = true;
	int c;

	message->header = message->total = 0;
	while ((c = imap_message_getc(message)) != EOF) {
		message->total++;
		if (message->header == 0 && c == '\n' && is_line_empty)
			message->header = message->total;
		if (c != '\r')
			is_line_empty = c == '\n';
	}
	if (message->header == 0)
		message->header = message->total;
}

bool imap_message_open(struct imap_message *message, struct maildir *maildir, size_t index)
{
	int fd = maildir_message_open(maildir, index);
	struct stat status;

	*message = (struct imap_message){ 0 };
	if (fd < 0)
		return false;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
		message->file = fdopen(fd, "r");
	if (!message->file) {
		(void)close(fd);
		return false;
	}
	measure(message);
	return true;
}

/* Tells whether a header's name, up to the colon, is one of the list. */
static bool is_in(const char *names, const char *name, size_t length)
{
	for (const char *next = names; *next != '\0'; next += strspn(next, " ")) {
		size_t size = strcspn(next, " ");

		if (size == length && strncasecmp(next, name, size) == 0)
			return true;
		next += size;
	}
	return false;
}

/* Copies the headers to `file`: a line that starts with a space belongs to the one before. */
static void copy_headers(struct imap_message *message, const char *names, bool is_not, FILE *file)
{
	uint64_t left = message->header < HEADERS_MAX ? message->header : HEADERS_MAX;
	char line[NAME_SIZE];
	bool is_wanted = false, is_line_known = false;
	size_t length = 0;

	for (; left > 0; left--) {
		int c = imap_message_getc(message);

		if (c == EOF)
			break;
		line[length++] = (char)c;
		if (!is_line_known && (c == ':' || c == '\n' || length == sizeof(line))) {
			is_line_known = true;
			if (line[0] != ' ' && line[0] != '\t')
				is_wanted =
					is_in(names, line, length - (c == ':' ? 1 : 0)) != is_not;
			if (line[0] == '\r')
				is_wanted = false;
		}
		if (is_line_known && is_wanted)
			(void)fwrite(line, 1, length, file);
		if (is_line_known)
			length = 0;
		if (c == '\n')
			is_line_known = false;
	}
}

char *imap_message_headers(
	struct imap_message *message, const char *names, bool is_not, size_t *length)
{
	char *text = NULL;
	FILE *file = open_memstream(&text, length);

	if (!file)
		return NULL;
	imap_message_seek(message, 0);
	copy_headers(message, names, is_not, file);
	/* The empty line is part of it (RFC 3501, 6.4.5). */
	(void)fputs("\r\n", file);
	if (ferror(file)) {
		(void)fclose(file);
		free(text);
		return NULL;
	}
	if (fclose(file) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

void imap_message_close(struct imap_message *message)
{
	if (message->file)
		(void)fclose(message->file);
	message->file = NULL;
}
