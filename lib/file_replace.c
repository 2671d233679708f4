/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "file_replace.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_all(int fd, const unsigned char *data, size_t size)
{
	while (size > 0) {
		ssize_t done = write(fd, data, size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return errno;
		data += done;
		size -= (size_t)done;
	}
	return 0;
}

/* The new file is on the disk before its name is: a crash can't leave an empty one. */
static int write_file(int fd, const void *data, size_t size)
{
	int number;

	/* The umask may have taken more from the mode than others' rights. */
	if (fchmod(fd, S_IRUSR | S_IWUSR) != 0)
		return errno;
	number = write_all(fd, data, size);
	if (number != 0)
		return number;
	return fsync(fd) == 0 ? 0 : errno;
}

int file_replace(
	int directory, const char *name, const char *temporary, const void *data, size_t size)
{
	int number;
	int fd;

	if (unlinkat(directory, temporary, 0) != 0 && errno != ENOENT)
		return errno;
	fd = openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		S_IRUSR | S_IWUSR);
	if (fd < 0)
		return errno;
	number = write_file(fd, data, size);
	if (close(fd) != 0 && number == 0)
		number = errno;
	if (number == 0 && renameat(directory, temporary, directory, name) != 0)
		number = errno;
	if (number != 0) {
		(void)unlinkat(directory, temporary, 0);
		return number;
	}
	/* It is in place; where a directory can't be synced (EINVAL on some file systems) so be it. */
	(void)fsync(directory);
	return 0;
}
