/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bind.h"
#include "config_rewrite.h"
#include "error.h"
#include "file_replace.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* One name is enough: only who holds the lock uses it. The loader ignores dot files. */
static const char temporary[] = ".certbind-bind.new";

static int refuse_errno(
	struct certbind_error *error, const char *path, const char *what, int number)
{
	char text[256];

	if (number == ENOMEM)
		return error_memory(error);
	if (strerror_r(number, text, sizeof(text)) != 0)
		text[0] = '\0';
	return error_set(error, CERTBIND_E_FILE, path, 0, "%s: %s", what, text);
}

static int directory_open(struct bind_file *file, const char *path, struct certbind_error *error)
{
	do {
		file->directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	} while (file->directory < 0 && errno == EINTR);
	if (file->directory >= 0)
		return CERTBIND_OK;
	if (errno == ENOTDIR)
		return error_set(error, CERTBIND_E_REFUSED, path, 0,
			"domain \"%s\": what `domains_dir` names, or a part of its path, is no "
			"directory; correct `domains_dir`",
			file->domain);
	if (errno == ENOENT)
		return error_set(error, CERTBIND_E_REFUSED, path, 0,
			"domain \"%s\": the directory that `domains_dir` names does not exist; "
			"make it first",
			file->domain);
	return refuse_errno(error, path, "can't be opened", errno);
}

static int directory_lock(
	const struct bind_file *file, const char *path, struct certbind_error *error)
{
	int status;

	do {
		status = flock(file->directory, LOCK_EX);
	} while (status != 0 && errno == EINTR);
	if (status != 0)
		return refuse_errno(error, path, "can't be locked", errno);
	if (unlinkat(file->directory, temporary, 0) != 0 && errno != ENOENT)
		return refuse_errno(
			error, path, "a left-over .certbind-bind.new can't be removed", errno);
	return CERTBIND_OK;
}

static int file_look(struct bind_file *file, struct certbind_error *error)
{
	int status;

	if (fstatat(file->directory, file->name, &file->status, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? CERTBIND_OK
				       : refuse_errno(error, file->path, "can't be read", errno);
	file->is_there = true;
	status = file_read(file->path, CONFIG_REWRITE_SIZE_MAX, &file->bytes, error);
	if (status < 0)
		return status;
	file->is_own = S_ISREG(file->status.st_mode) && config_rewrite_is_own(&file->bytes);
	return CERTBIND_OK;
}

int bind_file_open(struct bind_file *file, const char *directory, const char *domain,
	struct certbind_error *error)
{
	size_t size = strlen(directory) + strlen(domain) + sizeof("/.conf");
	int status;

	memset(file, 0, sizeof(*file));
	file->directory = -1;
	file->domain = domain;
	file->path = malloc(size);
	if (file->path == NULL)
		return error_memory(error);
	(void)snprintf(file->path, size, "%s/%s.conf", directory, domain);
	file->name = file->path + strlen(directory) + 1;
	status = directory_open(file, directory, error);
	if (status == CERTBIND_OK)
		status = directory_lock(file, directory, error);
	if (status == CERTBIND_OK)
		status = file_look(file, error);
	return status;
}

static int sync_directory(const struct bind_file *file, struct certbind_error *error)
{
	int number = file_sync_directory(file->directory);

	return number == 0 ? CERTBIND_OK
			   : refuse_errno(error, file->path,
				     "was changed, but a crash may undo that", number);
}

int bind_file_write(
	struct bind_file *file, const void *text, size_t size, struct certbind_error *error)
{
	/* A link's own mode says nothing. */
	bool is_regular = file->is_there && S_ISREG(file->status.st_mode);
	int number = file_replace_open(file->directory, file->name, temporary,
		is_regular ? &file->status : NULL, text, size);

	if (number != 0)
		return refuse_errno(error, file->path, "can't be written", number);
	return sync_directory(file, error);
}

int bind_file_remove(struct bind_file *file, struct certbind_error *error)
{
	if (unlinkat(file->directory, file->name, 0) != 0)
		return refuse_errno(error, file->path, "can't be removed", errno);
	return sync_directory(file, error);
}

void bind_file_close(struct bind_file *file)
{
	file_bytes_wipe(&file->bytes);
	free(file->path);
	file->path = NULL;
	/* Everything was synced already; closing gives the lock back. */
	if (file->directory >= 0)
		(void)close(file->directory);
	file->directory = -1;
}
