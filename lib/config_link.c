/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config_reader.h"
#include "file.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool is_same_file(const char *path, const struct file_id *id)
{
	struct stat status;

	return lstat(path, &status) == 0 && S_ISREG(status.st_mode) &&
	       status.st_dev == id->device && status.st_ino == id->inode;
}

/* The directory that a path names its file in, without links; false: there is none. */
static bool directory_resolve(const char *path, char resolved[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	char directory[PATH_MAX];
	int length = slash == NULL ? snprintf(directory, sizeof(directory), ".")
				   : snprintf(directory, sizeof(directory), "%.*s/",
					     (int)(slash - path), path);

	return length > 0 && (size_t)length < sizeof(directory) &&
	       realpath(directory, resolved) != NULL;
}

/*
 * Looks at what has been read, not at what will be: the file that was opened has to be one of the
 * directory's, by device and inode, wherever a link led meanwhile.
 */
const char *config_link_fault(const char *path, const struct file_id *id)
{
	char target[PATH_MAX];
	char directory[PATH_MAX];
	size_t length;

	if (is_same_file(path, id))
		return NULL;
	if (!directory_resolve(path, directory) || realpath(path, target) == NULL)
		return "changed while it was read";
	length = strcmp(directory, "/") == 0 ? 0 : strlen(directory);
	if (strncmp(target, directory, length) != 0 || target[length] != '/')
		return "is a symbolic link that leads out of the directory; expected a file in it";
	return is_same_file(target, id) ? NULL : "changed while it was read";
}
