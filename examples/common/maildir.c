/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _POSIX_C_SOURCE 200809L
#include "maildir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct list {
	struct maildir_message *messages;
	size_t count;
	size_t allocated;
};

/* The letters of the info part, in the order in which they must stand (alphabetical). */
static const struct {
	char letter;
	enum maildir_flag flag;
} letters[] = {
	{ 'D', MAILDIR_DRAFT },
	{ 'F', MAILDIR_FLAGGED },
	{ 'R', MAILDIR_ANSWERED },
	{ 'S', MAILDIR_SEEN },
	{ 'T', MAILDIR_DELETED },
};

#define LETTERS (sizeof(letters) / sizeof(letters[0]))

/* A message is known by its file name up to the colon: folder and flags change. */
static int compare_names(const char *a, const char *b)
{
	const char *left = strchr(a, '/') + 1, *right = strchr(b, '/') + 1;
	size_t left_length = strcspn(left, ":"), right_length = strcspn(right, ":");
	size_t shorter = left_length < right_length ? left_length : right_length;
	int order = memcmp(left, right, shorter);

	if (order != 0)
		return order;
	return (left_length > right_length) - (left_length < right_length);
}

static int compare(const void *a, const void *b)
{
	return compare_names(((const struct maildir_message *)a)->path,
		((const struct maildir_message *)b)->path);
}

static unsigned int read_flags(const char *path)
{
	const char *info = strstr(path, ":2,");
	unsigned int flags = 0;

	for (size_t i = 0; info && i < LETTERS; i++) {
		if (strchr(info + 3, letters[i].letter))
			flags |= letters[i].flag;
	}
	return flags;
}

/* Makes a directory below `parent`, unless it is there, and opens it; closes `parent`. */
static int descend(int parent, const char *name)
{
	int fd = -1, error;

	if (parent < 0)
		return -1;
	if (mkdirat(parent, name, 0700) == 0 || errno == EEXIST)
		fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	error = errno;
	(void)close(parent);
	errno = error;
	return fd;
}

static int make_folders(int fd)
{
	static const char *const folders[] = { "tmp", "new", "cur" };

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		if (mkdirat(fd, folders[i], 0700) < 0 && errno != EEXIST)
			return -1;
	}
	return 0;
}

int maildir_directory_open(const char *spool, const char *address)
{
	const char *at = strrchr(address, '@');
	char *user;
	int fd;

	if (!at || strchr(address, '/')) {
		errno = EINVAL;
		return -1;
	}
	user = strndup(address, (size_t)(at - address));
	if (!user)
		return -1;
	fd = open(spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = descend(descend(fd, at + 1), user);
	free(user);
	if (fd >= 0 && make_folders(fd) < 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static void list_free(struct list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->messages[i].path);
	free(list->messages);
}

/* Takes `message` with its path, or frees that. */
static int list_add(struct list *list, struct maildir_message message)
{
	if (list->count == list->allocated) {
		size_t wanted = list->allocated ? list->allocated * 2 : 64;
		struct maildir_message *grown =
			realloc(list->messages, wanted * sizeof(*list->messages));

		if (!grown) {
			free(message.path);
			return -1;
		}
		list->messages = grown;
		list->allocated = wanted;
	}
	list->messages[list->count++] = message;
	return 0;
}

static int list_file(struct list *list, int fd, const char *folder, const char *name)
{
	struct maildir_message message = { 0 };
	size_t size = strlen(folder) + strlen(name) + 2;
	struct stat status;

	if (name[0] == '.' || fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
		!S_ISREG(status.st_mode))
		return 0;
	message.path = malloc(size);
	if (!message.path)
		return -1;
	(void)snprintf(message.path, size, "%s/%s", folder, name);
	message.size = status.st_size;
	message.time = status.st_mtime;
	message.flags = read_flags(message.path);
	return list_add(list, message);
}

static int list_folder(struct list *list, int parent, const char *folder)
{
	int fd = openat(parent, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int result = 0;

	if (!directory) {
		if (fd >= 0)
			(void)close(fd);
		return -1;
	}
	/* cppcheck-suppress readdirCalled ; nobody else reads this stream */
	while (result == 0 && (entry = readdir(directory)))
		result = list_file(list, fd, folder, entry->d_name);
	(void)closedir(directory);
	return result;
}

/* A file that was moved from new to cur between the two looks is in the list twice. */
static void list_sort(struct list *list)
{
	size_t kept = 0;

	if (list->count == 0)
		return;
	qsort(list->messages, list->count, sizeof(*list->messages), compare);
	for (size_t i = 1; i < list->count; i++) {
		if (compare(&list->messages[kept], &list->messages[i]) != 0)
			list->messages[++kept] = list->messages[i];
		else
			free(list->messages[i].path);
	}
	list->count = kept + 1;
}

static struct maildir_message *list_find(struct list *list, const struct maildir_message *key)
{
	if (list->count == 0)
		return NULL;
	return bsearch(key, list->messages, list->count, sizeof(*key), compare);
}

/* Takes over what the disk says, in this order because the second step moves entries. */
static int merge(struct maildir *maildir, struct list *found)
{
	struct maildir_message *grown =
		realloc(maildir->messages, (maildir->count + found->count + 1) * sizeof(*grown));

	if (!grown)
		return -1;
	maildir->messages = grown;
	for (size_t i = 0; i < maildir->count; i++) {
		struct maildir_message *known = &grown[i], *now = list_find(found, known);
		char *path = known->path;

		known->is_gone = !now;
		if (!now)
			continue;
		known->flags = now->flags;
		known->path = now->path;
		/* The old path sorts the same, and frees with the list. */
		now->path = path;
		now->is_gone = true;
	}
	for (size_t i = 0; i < found->count; i++) {
		if (found->messages[i].is_gone)
			continue;
		grown[maildir->count] = found->messages[i];
		grown[maildir->count++].number = ++maildir->last_number;
		found->messages[i].path = NULL;
	}
	return 0;
}

int maildir_refresh(struct maildir *maildir)
{
	struct list found = { 0 };
	int result = -1;

	/* new first: a message that moves meanwhile is then seen twice, not missed. */
	if (list_folder(&found, maildir->fd, "new") == 0 &&
		list_folder(&found, maildir->fd, "cur") == 0) {
		list_sort(&found);
		result = merge(maildir, &found);
	}
	list_free(&found);
	return result;
}

struct maildir *maildir_open(const char *spool, const char *address)
{
	struct maildir *maildir = calloc(1, sizeof(*maildir));

	if (!maildir)
		return NULL;
	maildir->fd = maildir_directory_open(spool, address);
	if (maildir->fd < 0 || maildir_refresh(maildir) < 0) {
		maildir_close(maildir);
		return NULL;
	}
	return maildir;
}

static int open_file(const struct maildir *maildir, const struct maildir_message *message)
{
	return openat(maildir->fd, message->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

int maildir_message_open(struct maildir *maildir, size_t index)
{
	int fd = open_file(maildir, &maildir->messages[index]);

	/* Another session may have renamed it, to set a flag. */
	if (fd < 0 && errno == ENOENT && maildir_refresh(maildir) == 0)
		fd = open_file(maildir, &maildir->messages[index]);
	return fd;
}

/* The path of a message with other flags; the caller frees it. */
static char *path_with_flags(const char *path, unsigned int flags)
{
	const char *name = strchr(path, '/') + 1;
	int length = (int)strcspn(name, ":");
	size_t size = strlen(path) + sizeof("cur/:2,") + LETTERS;
	char *result = malloc(size), info[LETTERS + 1];
	size_t count = 0;

	if (!result)
		return NULL;
	for (size_t i = 0; i < LETTERS; i++) {
		if (flags & letters[i].flag)
			info[count++] = letters[i].letter;
	}
	info[count] = '\0';
	(void)snprintf(result, size, "cur/%.*s:2,%s", length, name, info);
	return result;
}

static int rename_message(
	struct maildir *maildir, struct maildir_message *message, unsigned int flags)
{
	char *path = path_with_flags(message->path, flags);

	if (!path)
		return -1;
	if (renameat(maildir->fd, message->path, maildir->fd, path) < 0) {
		free(path);
		return -1;
	}
	free(message->path);
	message->path = path;
	message->flags = flags;
	return 0;
}

int maildir_change_flags(
	struct maildir *maildir, size_t index, unsigned int add, unsigned int remove)
{
	unsigned int flags = (maildir->messages[index].flags & ~remove) | add;
	int result;

	if (flags == maildir->messages[index].flags)
		return 0;
	result = rename_message(maildir, &maildir->messages[index], flags);
	/* Another session may have set a flag meanwhile, which must stay. */
	if (result < 0 && errno == ENOENT && maildir_refresh(maildir) == 0) {
		flags = (maildir->messages[index].flags & ~remove) | add;
		result = rename_message(maildir, &maildir->messages[index], flags);
	}
	return result;
}

int maildir_remove(struct maildir *maildir, size_t index)
{
	struct maildir_message *message = &maildir->messages[index];

	if (unlinkat(maildir->fd, message->path, 0) < 0 && errno != ENOENT)
		return -1;
	free(message->path);
	maildir->count--;
	memmove(message, message + 1, (maildir->count - index) * sizeof(*message));
	return 0;
}

void maildir_close(struct maildir *maildir)
{
	struct list list;

	if (!maildir)
		return;
	list = (struct list){ .messages = maildir->messages, .count = maildir->count };
	list_free(&list);
	if (maildir->fd >= 0)
		(void)close(maildir->fd);
	free(maildir);
}
