/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BIND_H
#define BIND_H

#include "file.h"

/* The files of domains_dir while they are changed. */

/* A domain's own file, with the directory that it is in, locked. */
struct bind_file {
	int directory; /* -1: not open */
	const char *domain; /* folded */
	char *path; /* of the file */
	const char *name; /* inside `path` */
	bool is_there;
	bool is_own; /* a regular file, no link, that certbind wrote */
	struct stat status; /* when it is there: of what the name stands for, links not followed */
	struct file_bytes bytes; /* zero when it is not there */
};

/*
 * Opens and locks the directory (waiting for whoever holds it), clears what a crash left, and reads
 * the file. CERTBIND_OK, CERTBIND_E_REFUSED (there is no such directory), CERTBIND_E_FILE,
 * CERTBIND_E_MEMORY, CERTBIND_E_SYSTEM. `file` is to be closed, also on failure.
 */
int bind_file_open(struct bind_file *file, const char *directory, const char *domain,
	struct certbind_error *error);
int bind_file_write(
	struct bind_file *file, const void *text, size_t size, struct certbind_error *error);
int bind_file_remove(struct bind_file *file, struct certbind_error *error);
void bind_file_close(struct bind_file *file);

#endif
