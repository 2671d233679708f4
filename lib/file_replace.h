/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FILE_REPLACE_H
#define FILE_REPLACE_H

#include <stddef.h>
#include <sys/stat.h>

/*
 * Puts a file (mode 0600, whatever the umask) in place whole: whoever opens `name` gets the old one
 * or the new one, also after a crash. `directory` is an open directory; `temporary` a name in it
 * that nobody else uses meanwhile: what a crash left there is removed. Follows no symbolic link.
 * Returns 0 or the errno of what failed; then `name` is what it was.
 */
int file_replace(
	int directory, const char *name, const char *temporary, const void *data, size_t size);

/*
 * The same for a file that is no secret: with the mode, and where that is allowed the owner, of
 * `former`; without a former one (NULL) with the mode that the umask leaves. The directory is not
 * yet synced.
 */
int file_replace_open(int directory, const char *name, const char *temporary,
	const struct stat *former, const void *data, size_t size);

/* Makes names in a directory last. Returns 0 or an errno; a file system that can't do it is none. */
int file_sync_directory(int directory);

#endif
