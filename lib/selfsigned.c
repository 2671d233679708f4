/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "selfsigned.h"
#include "error.h"
#include "file.h"
#include "file_replace.h"
#include "secret.h"
#include "selfsigned_make.h"
#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	FILE_MAX_SIZE = 1024 * 1024,
	LOCK_TRIES = 500,
	LOCK_PAUSE = 20 * 1000 * 1000 /* ns; makes 10 s in all: making one takes milliseconds */
};

/* What the steps of one selfsigned_get() share. */
struct request {
	const char *state_dir;
	const char *path; /* of SELFSIGNED_FILE */
	const char *const *names;
	size_t names_length;
	int64_t now;
};

void selfsigned_free(struct selfsigned *selfsigned)
{
	secret_free(NULL, selfsigned->pem, selfsigned->size + 1);
	memset(selfsigned, 0, sizeof(*selfsigned));
}

static int refuse_errno(
	struct certbind_error *error, const char *path, const char *what, int number)
{
	char text[256];

	if (number == ENOMEM)
		return error_memory(error);
	if (strerror_r(number, text, sizeof(text)) != 0)
		text[0] = '\0';
	return error_set(error, CERTBIND_E_FILE, path, 0,
		"%s: %s (error %d); the default certificate is kept in memory only", what, text,
		number);
}

static char *path_dup(const char *state_dir)
{
	size_t size = strlen(state_dir) + sizeof("/" SELFSIGNED_FILE);
	char *path = malloc(size);

	if (path != NULL)
		(void)snprintf(path, size, "%s/" SELFSIGNED_FILE, state_dir);
	return path;
}

/* Reads what is kept. A symbolic link is none of ours: it is taken for no file, and replaced. */
static int read_kept(const char *path, struct selfsigned *out, struct certbind_error *error)
{
	struct file_bytes bytes;
	struct stat status;
	int result;

	memset(out, 0, sizeof(*out));
	if (lstat(path, &status) == 0 && S_ISLNK(status.st_mode))
		return error_set(error, CERTBIND_E_FILE, path, 0,
			"is a symbolic link; expected the file that certbind makes");
	result = file_read_secret(NULL, path, FILE_MAX_SIZE, &bytes, error);
	if (result != CERTBIND_OK)
		return result;
	out->pem = bytes.data;
	out->size = bytes.size;
	out->is_kept = true;
	if (selfsigned_is_whole(out))
		return CERTBIND_OK;
	selfsigned_free(out);
	return error_set(error, CERTBIND_E_CERTIFICATE, path, 0,
		"holds no certificate with its key; remove it, and the next start makes a new one");
}

int selfsigned_peek_existing(
	const char *state_dir, struct selfsigned *out, struct certbind_error *error)
{
	char *path = path_dup(state_dir);
	int result;

	memset(out, 0, sizeof(*out));
	if (path == NULL)
		return error_memory(error);
	result = read_kept(path, out, error);
	free(path);
	return result;
}

/* Is the kept one there and good? Else `out` is zeroed. */
static bool read_usable(const struct request *request, struct selfsigned *out)
{
	if (read_kept(request->path, out, NULL) != CERTBIND_OK)
		return false;
	if (selfsigned_is_usable(out, request->names, request->names_length, request->now))
		return true;
	selfsigned_free(out);
	return false;
}

static int open_directory(const char *path, int *directory, struct certbind_error *error)
{
	if (mkdir(path, S_IRWXU) == 0) {
		/* The umask may have taken more from the mode than others' rights. */
		if (chmod(path, S_IRWXU) != 0)
			return refuse_errno(error, path, "can't be made", errno);
	} else if (errno != EEXIST) {
		return refuse_errno(error, path, "can't be made", errno);
	}
	*directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *directory < 0 ? refuse_errno(error, path, "can't be opened", errno) : CERTBIND_OK;
}

/* Waits for the lock as long as others may need to make a certificate, and not for ever. */
static int wait_for_lock(int fd)
{
	const struct timespec pause = { 0, LOCK_PAUSE };

	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return errno;
		(void)nanosleep(&pause, NULL);
	}
	return EWOULDBLOCK;
}

/* The lock is held until *fd is closed. */
static int open_lock(int directory, const char *state_dir, int *fd, struct certbind_error *error)
{
	int number;

	*fd = openat(directory, SELFSIGNED_LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
		S_IRUSR | S_IWUSR);
	if (*fd < 0)
		return refuse_errno(
			error, state_dir, "its file " SELFSIGNED_LOCK " can't be opened", errno);
	/* The umask may have taken its owner's rights; one that is another's stays as it is. */
	(void)fchmod(*fd, S_IRUSR | S_IWUSR);
	number = wait_for_lock(*fd);
	if (number != 0)
		return refuse_errno(
			error, state_dir, "its file " SELFSIGNED_LOCK " can't be locked", number);
	return CERTBIND_OK;
}

/* Under the lock: looks again, for another process may just have made one. */
static int make_kept(const struct request *request, int directory, struct selfsigned *out,
	struct certbind_error *error)
{
	int result;
	int number;

	if (read_usable(request, out))
		return CERTBIND_OK;
	result = selfsigned_make(request->names, request->names_length, request->now, out, error);
	if (result != CERTBIND_OK)
		return result;
	number = file_replace(
		directory, SELFSIGNED_FILE, "." SELFSIGNED_FILE ".new", out->pem, out->size);
	if (number != 0)
		return refuse_errno(error, request->path, "can't be written", number);
	out->is_kept = true;
	return CERTBIND_OK;
}

static int get_locked(
	const struct request *request, struct selfsigned *out, struct certbind_error *error)
{
	int directory = -1;
	int lock = -1;
	int result = open_directory(request->state_dir, &directory, error);

	if (result == CERTBIND_OK)
		result = open_lock(directory, request->state_dir, &lock, error);
	if (result == CERTBIND_OK)
		result = make_kept(request, directory, out, error);
	if (lock >= 0)
		(void)close(lock);
	if (directory >= 0)
		(void)close(directory);
	return result;
}

int selfsigned_get(const char *state_dir, const char *const *names, size_t names_length,
	int64_t now, struct selfsigned *out, struct certbind_error *error)
{
	char *path = path_dup(state_dir);
	struct request request = { state_dir, path, names, names_length, now };
	int result = CERTBIND_OK;

	memset(out, 0, sizeof(*out));
	if (path == NULL)
		return error_memory(error);
	/* Without the lock first: who may only read state_dir uses what is there. */
	if (!read_usable(&request, out))
		result = get_locked(&request, out, error);
	if (result == CERTBIND_E_FILE)
		result = out->pem != NULL ? CERTBIND_OK
					  : selfsigned_make(names, names_length, now, out, error);
	if (result != CERTBIND_OK)
		selfsigned_free(out);
	free(path);
	return result;
}
