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

/* What the file is to be: of a former one, or at least a mode. */
struct replacement {
	const char *name;
	const char *temporary;
	const struct stat *former;
	mode_t mode;
	const void *data;
	size_t size;
};

static int set_attributes(int fd, const struct replacement *replacement)
{
	const struct stat *former = replacement->former;

	if (former == NULL)
		return 0;
	/* Only root may give files away; then the writer's own is as good as can be had. */
	if (fchown(fd, former->st_uid, former->st_gid) != 0 && errno != EPERM && errno != EINVAL)
		return errno;
	return fchmod(fd, former->st_mode & (S_IRWXU | S_IRWXG | S_IRWXO)) == 0 ? 0 : errno;
}

/* The new file is on the disk before its name is: a crash can't leave an empty one. */
static int write_file(int fd, const struct replacement *replacement)
{
	int number = set_attributes(fd, replacement);

	if (number == 0)
		number = write_all(fd, replacement->data, replacement->size);
	if (number != 0)
		return number;
	return fsync(fd) == 0 ? 0 : errno;
}

static int replace(int directory, const struct replacement *replacement)
{
	int number;
	int fd;

	if (unlinkat(directory, replacement->temporary, 0) != 0 && errno != ENOENT)
		return errno;
	fd = openat(directory, replacement->temporary,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, replacement->mode);
	if (fd < 0)
		return errno;
	number = write_file(fd, replacement);
	if (close(fd) != 0 && number == 0)
		number = errno;
	if (number == 0 &&
		renameat(directory, replacement->temporary, directory, replacement->name) != 0)
		number = errno;
	if (number != 0)
		(void)unlinkat(directory, replacement->temporary, 0);
	return number;
}

int file_replace(
	int directory, const char *name, const char *temporary, const void *data, size_t size)
{
	/* The umask may have taken more from the mode than others' rights. */
	const struct stat former = {
		.st_uid = (uid_t)-1, .st_gid = (gid_t)-1, .st_mode = S_IRUSR | S_IWUSR
	};
	const struct replacement replacement = { name, temporary, &former, former.st_mode, data,
		size };
	int number = replace(directory, &replacement);

	/* It is in place; where a directory can't be synced so be it. */
	if (number == 0)
		(void)file_sync_directory(directory);
	return number;
}

int file_replace_open(int directory, const char *name, const char *temporary,
	const struct stat *former, const void *data, size_t size)
{
	/* Until it has its owner nobody else needs to read it. */
	mode_t mode = former != NULL ? S_IRUSR | S_IWUSR
				     : S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH;
	const struct replacement replacement = { name, temporary, former, mode, data, size };

	return replace(directory, &replacement);
}

int file_sync_directory(int directory)
{
	/* EINVAL: some file systems can't. */
	return fsync(directory) == 0 || errno == EINVAL ? 0 : errno;
}
