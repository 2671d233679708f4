/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "file.h"
#include "error.h"
#include "secret.h"
#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int refuse_errno(struct certbind_error *error, const char *path, int number)
{
	char text[256];

	if (number == ENOMEM)
		return error_memory(error);
	if (number == ENOENT)
		return error_set(
			error, CERTBIND_E_FILE, path, 0, "does not exist; expected a regular file");
	if (number == EACCES || number == EPERM)
		return error_set(error, CERTBIND_E_FILE, path, 0,
			"may not be read by user %ld; give that user the right to read the file "
			"and to "
			"search its directories",
			(long)geteuid());
	if (number == ELOOP)
		return error_set(error, CERTBIND_E_FILE, path, 0,
			"is a symbolic link that leads nowhere; expected a regular file");
	if (strerror_r(number, text, sizeof(text)) != 0)
		text[0] = '\0';
	return error_set(
		error, CERTBIND_E_FILE, path, 0, "can't be read: %s (error %d)", text, number);
}

/* NULL: a regular file. */
static const char *foreign_kind(mode_t mode)
{
	if (S_ISREG(mode))
		return NULL;
	if (S_ISDIR(mode))
		return "a directory";
	if (S_ISFIFO(mode))
		return "a FIFO";
	if (S_ISCHR(mode) || S_ISBLK(mode))
		return "a device";
	if (S_ISSOCK(mode))
		return "a socket";
	return "no file";
}

static int check_kind(
	const struct stat *status, size_t size_max, const char *path, struct certbind_error *error)
{
	const char *kind = foreign_kind(status->st_mode);

	if (kind != NULL)
		return error_set(
			error, CERTBIND_E_FILE, path, 0, "is %s; expected a regular file", kind);
	if (status->st_size < 0 || (uintmax_t)status->st_size > size_max)
		return error_set(error, CERTBIND_E_FILE, path, 0,
			"has %lld bytes; expected at most %zu", (long long)status->st_size,
			size_max);
	return CERTBIND_OK;
}

/* Of a time that is centuries away the upper bits are lost: it still differs from its neighbours. */
static int64_t nanoseconds(const struct timespec *time)
{
	return (int64_t)((uint64_t)time->tv_sec * 1000000000U + (uint64_t)time->tv_nsec);
}

struct file_id file_id_of(const struct stat *status)
{
	struct file_id id = { .device = status->st_dev,
		.inode = status->st_ino,
		.size = status->st_size,
		.changed = nanoseconds(&status->st_mtim),
		.status_changed = nanoseconds(&status->st_ctim) };

	return id;
}

/*
 * Reads what should be `size` bytes, into room for one more: that one shows that the file grew.
 * What is short of `size` is so only at the end of the file. -1 with errno.
 */
static ssize_t read_all(int fd, unsigned char *data, size_t size)
{
	size_t done = 0;

	do {
		ssize_t got = read(fd, data + done, size + 1 - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		done += (size_t)got;
	} while (done < size);
	return (ssize_t)done;
}

/* The same file and nothing written to it: what was read is one version of it. */
static int check_unchanged(int fd, ssize_t got, const struct file_bytes *bytes, const char *path,
	struct certbind_error *error)
{
	struct file_id id;
	struct stat status;

	if (got < 0)
		return refuse_errno(error, path, errno);
	if (fstat(fd, &status) != 0)
		return refuse_errno(error, path, errno);
	id = file_id_of(&status);
	if ((size_t)got != bytes->size || !file_id_equal(&id, &bytes->id))
		return error_set(error, CERTBIND_E_FILE, path, 0,
			"changed while it was read; whoever writes it should write a temporary "
			"file "
			"and rename it");
	return CERTBIND_OK;
}

bool file_bytes_room(struct file_bytes *bytes, size_t size)
{
	if (size >= SIZE_MAX / 2)
		return false;
	bytes->data = bytes->is_secret ? secret_alloc(bytes->secrets, size + 1) : malloc(size + 1);
	bytes->size = bytes->data != NULL ? size : 0;
	return bytes->data != NULL;
}

static int read_open(int fd, size_t size_max, struct file_bytes *bytes, const char *path,
	struct certbind_error *error)
{
	struct stat status;
	int result;

	if (fstat(fd, &status) != 0)
		return refuse_errno(error, path, errno);
	result = check_kind(&status, size_max, path, error);
	if (result != CERTBIND_OK)
		return result;
	bytes->id = file_id_of(&status);
	bytes->mode = status.st_mode;
	bytes->owner = status.st_uid;
	if (!file_bytes_room(bytes, (size_t)status.st_size))
		return error_memory(error);
	result = check_unchanged(fd, read_all(fd, bytes->data, bytes->size), bytes, path, error);
	bytes->data[bytes->size] = '\0';
	return result;
}

static int open_quietly(const char *path, int more)
{
	int fd;

	do {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | more);
	} while (fd < 0 && errno == EINTR);
	return fd;
}

/*
 * Looks before it opens: opening a device may have effects, and a socket can't be opened at all.
 * What counts is what fstat says of the descriptor afterwards.
 */
static int open_regular(const struct file_wish *wish, int *fd, struct certbind_error *error)
{
	struct stat status;
	int result;

	if (stat(wish->path, &status) != 0)
		return refuse_errno(error, wish->path, errno);
	result = check_kind(&status, wish->size_max, wish->path, error);
	if (result != CERTBIND_OK)
		return result;
	*fd = open_quietly(wish->path, 0);
	return *fd < 0 ? refuse_errno(error, wish->path, errno) : CERTBIND_OK;
}

/*
 * Who may write the directory may have put a link there meanwhile, to anything; a device itself only
 * root. *is_other: it is not what was listed.
 */
static int open_listed(
	const struct file_wish *wish, int *fd, bool *is_other, struct certbind_error *error)
{
	*fd = open_quietly(wish->path, O_NOFOLLOW);
	*is_other = *fd < 0 && (errno == ELOOP || errno == ENXIO);
	return *fd < 0 && !*is_other ? refuse_errno(error, wish->path, errno) : CERTBIND_OK;
}

int file_read_wish(
	const struct file_wish *wish, struct file_bytes *bytes, struct certbind_error *error)
{
	int fd = -1;
	bool is_other = !wish->is_listed;
	int result = CERTBIND_OK;

	memset(bytes, 0, sizeof(*bytes));
	bytes->is_secret = wish->is_secret;
	bytes->secrets = wish->secrets;
	if (wish->is_listed)
		result = open_listed(wish, &fd, &is_other, error);
	if (result == CERTBIND_OK && is_other)
		result = open_regular(wish, &fd, error);
	if (result != CERTBIND_OK)
		return result;
	bytes->is_direct = !is_other;
	result = read_open(fd, wish->size_max, bytes, wish->path, error);
	/* Nothing was written through it, so nothing can be lost by closing it. */
	(void)close(fd);
	if (result != CERTBIND_OK)
		file_bytes_wipe(bytes);
	return result;
}

int file_read(
	const char *path, size_t size_max, struct file_bytes *bytes, struct certbind_error *error)
{
	const struct file_wish wish = { .path = path, .size_max = size_max };

	return file_read_wish(&wish, bytes, error);
}

int file_read_secret(struct secret_arena *secrets, const char *path, size_t size_max,
	struct file_bytes *bytes, struct certbind_error *error)
{
	const struct file_wish wish = {
		.path = path, .size_max = size_max, .is_secret = true, .secrets = secrets
	};

	return file_read_wish(&wish, bytes, error);
}

void file_bytes_wipe(struct file_bytes *bytes)
{
	if (bytes->is_secret) {
		secret_free(bytes->secrets, bytes->data, bytes->size + 1);
	} else {
		if (bytes->data != NULL)
			gnutls_memset(bytes->data, 0, bytes->size + 1);
		free(bytes->data);
	}
	memset(bytes, 0, sizeof(*bytes));
}

bool file_mode_fault(mode_t mode, bool is_strict, char *text)
{
	const char *what = "written by its group";

	if ((mode & (S_IROTH | S_IWOTH | S_IWGRP)) == 0)
		return false;
	if ((mode & S_IROTH) != 0)
		what = "read by every user";
	else if ((mode & S_IWOTH) != 0)
		what = "written by every user";
	(void)snprintf(text, FILE_MODE_FAULT_SIZE,
		"holds a secret and can be %s (its mode is %04o)%s; take these rights away, for "
		"instance with chmod 600",
		what, (unsigned int)(mode & 07777),
		is_strict ? ", so it is not used (strict_key_permissions)" : "");
	return true;
}

char *file_resolve_dup(const char *naming_file, const char *path)
{
	const char *slash = naming_file == NULL ? NULL : strrchr(naming_file, '/');
	size_t directory;
	size_t length = strlen(path);
	char *resolved;

	if (path[0] == '/' || slash == NULL)
		return strdup(path);
	directory = (size_t)(slash - naming_file) + 1;
	resolved = malloc(directory + length + 1);
	if (resolved == NULL)
		return NULL;
	memcpy(resolved, naming_file, directory);
	memcpy(resolved + directory, path, length + 1);
	return resolved;
}

bool file_id_equal(const struct file_id *a, const struct file_id *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->changed == b->changed && a->status_changed == b->status_changed;
}
