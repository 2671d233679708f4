/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "error.h"
#include "file.h"
#include "file_replace.h"
#include "ticket.h"
#include <certbind/context.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* Writing the file of a new master key. */

/* One name is enough: only who holds the lock uses it. */
static const char temporary[] = ".certbind-ticket-key.new";

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

/* Opens and locks the directory that `path` is in; closing it unlocks. */
static int directory_open(const char *path, int *directory, struct certbind_error *error)
{
	char *name = file_resolve_dup(path, ".");
	int status;

	if (name == NULL)
		return error_memory(error);
	do {
		*directory = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	} while (*directory < 0 && errno == EINTR);
	free(name);
	if (*directory < 0)
		return refuse_errno(error, path, "its directory can't be opened", errno);
	do {
		status = flock(*directory, LOCK_EX);
	} while (status != 0 && errno == EINTR);
	return status == 0 ? CERTBIND_OK
			   : refuse_errno(error, path, "its directory can't be locked", errno);
}

/* A former file's owner is whom the daemon runs as; who else may read it is not inherited. */
static int key_replace(int directory, const char *name, const unsigned char *key)
{
	struct stat former = { .st_uid = (uid_t)-1, .st_gid = (gid_t)-1 };
	struct stat status;

	if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode))
		former.st_uid = status.st_uid;
	former.st_mode = S_IRUSR | S_IWUSR;
	return file_replace_open(directory, name, temporary, &former, key, TICKET_KEY_SIZE);
}

static int key_write(int directory, const char *path, const char *name, const unsigned char *key,
	struct certbind_error *error)
{
	int number = key_replace(directory, name, key);

	if (number != 0)
		return refuse_errno(error, path, "can't be written", number);
	number = file_sync_directory(directory);
	return number == 0 ? CERTBIND_OK
			   : refuse_errno(
				     error, path, "was written, but a crash may undo that", number);
}

int certbind_ticket_key_write(const char *path, struct certbind_error *error)
{
	const char *slash = path != NULL ? strrchr(path, '/') : NULL;
	const char *name = slash != NULL ? slash + 1 : path;
	unsigned char key[TICKET_KEY_SIZE];
	int directory = -1;
	int status;

	if (name == NULL || name[0] == '\0')
		return error_set(error, CERTBIND_E_INVALID, path, 0, "no file's name was given");
	if (gnutls_rnd(GNUTLS_RND_KEY, key, sizeof(key)) < 0)
		return error_set(
			error, CERTBIND_E_SYSTEM, path, 0, "no random bytes are to be had");
	status = directory_open(path, &directory, error);
	if (status == CERTBIND_OK)
		status = key_write(directory, path, name, key, error);
	gnutls_memset(key, 0, sizeof(key));
	if (directory >= 0)
		(void)close(directory);
	return status;
}
