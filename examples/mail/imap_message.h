/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A message as IMAP sends it: a Maildir's file may have LF alone, on the wire it is CRLF. */
#ifndef MAIL_IMAP_MESSAGE_H
#define MAIL_IMAP_MESSAGE_H

#include "../common/maildir.h"

#include <stdint.h>
#include <stdio.h>

struct imap_message {
	FILE *file;
	/* The last byte read was CR. */
	bool was_cr;
	/* A CR was put before this LF. */
	bool has_lf;
	/* Bytes on the wire of the headers with the empty line, and of everything. */
	uint64_t header;
	uint64_t total;
};

/* Opens a message and measures it. Returns false with errno. */
bool imap_message_open(struct imap_message *message, struct maildir *maildir, size_t index);

/* Goes to a byte, counted on the wire. */
void imap_message_seek(struct imap_message *message, uint64_t position);

/* The next byte, or EOF. */
int imap_message_getc(struct imap_message *message);

/*
 * Makes a text of those headers whose names are in `names` (one space between two), or of all
 * others. The caller frees it. Returns NULL when memory is exhausted.
 */
char *imap_message_headers(
	struct imap_message *message, const char *names, bool is_not, size_t *length);

void imap_message_close(struct imap_message *message);

#endif
