/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FILE_REPLACE_H
#define FILE_REPLACE_H

#include <stddef.h>

/*
 * Puts a file (mode 0600, whatever the umask) in place whole: whoever opens `name` gets the old one
 * or the new one, also after a crash. `directory` is an open directory; `temporary` a name in it
 * that nobody else uses meanwhile: what a crash left there is removed. Follows no symbolic link.
 * Returns 0 or the errno of what failed; then `name` is what it was.
 */
int file_replace(
	int directory, const char *name, const char *temporary, const void *data, size_t size);

#endif
