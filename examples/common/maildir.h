/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A Maildir: SPOOL/domain/user with tmp, new and cur; one file a message. */
#ifndef EXAMPLES_MAILDIR_H
#define EXAMPLES_MAILDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

enum maildir_flag {
	MAILDIR_SEEN = 1,
	MAILDIR_ANSWERED = 2,
	MAILDIR_FLAGGED = 4,
	MAILDIR_DELETED = 8,
	MAILDIR_DRAFT = 16
};

struct maildir_message {
	/* "new/NAME" or "cur/NAME:2,FLAGS" */
	char *path;
	/* Bytes of the file, as it stands on the disk. */
	off_t size;
	time_t time;
	/* Counts up from 1 in the order in which this struct maildir has seen them. */
	unsigned int number;
	/* Some of enum maildir_flag. */
	unsigned int flags;
	/* Somebody else removed the file; the message keeps its place until it is removed here too. */
	bool is_gone;
};

struct maildir {
	/* The directory itself. */
	int fd;
	/* By file name, which puts the oldest first; what comes later is appended. */
	struct maildir_message *messages;
	size_t count;
	unsigned int last_number;
};

/*
 * Opens the directory of a user, and makes it when it is not there. `address` must come from
 * users_find(), which is where names from the network become names of directories.
 *
 * Returns a descriptor, or -1 with errno.
 */
int maildir_directory_open(const char *spool, const char *address);

/* Opens and lists the Maildir of a user. Returns NULL with errno. */
struct maildir *maildir_open(const char *spool, const char *address);

/* Looks at the disk again. Returns 0, or -1 with errno. */
int maildir_refresh(struct maildir *maildir);

/* Opens a message for reading. Returns a descriptor, the caller's to close, or -1 with errno. */
int maildir_message_open(struct maildir *maildir, size_t index);

/* Sets and clears flags of a message. Returns 0, or -1 with errno. */
int maildir_change_flags(
	struct maildir *maildir, size_t index, unsigned int add, unsigned int remove);

/* Removes a message from disk and list; those behind it move up. Returns 0, or -1 with errno. */
int maildir_remove(struct maildir *maildir, size_t index);

void maildir_close(struct maildir *maildir);

/* A message on its way into a Maildir. */
struct delivery;

/*
 * Writes a message into a Maildir's tmp, down to the disk.
 *
 * `headers` go before the bytes of `body`, which is read from its start; its lines may end with
 * CRLF, in the Maildir they end with LF. Returns NULL with errno.
 */
struct delivery *delivery_new(
	const char *spool, const char *address, const char *headers, int body);

/* Makes the message appear in new. Returns 0, or -1 with errno. */
int delivery_commit(struct delivery *delivery);

/* Frees; what was not committed leaves nothing behind. */
void delivery_free(struct delivery *delivery);

#endif
