/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "watch.h"
#include "array.h"
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINKS_MAX = 40 /* as the kernel follows; a loop ends there */ };

static const uint32_t watch_mask = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM |
				   IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF |
				   IN_ONLYDIR;

/* A directory that is watched. */
struct watch_directory {
	char *path; /* as it was first named */
	int descriptor; /* of inotify; two paths may lead to one */
	bool is_followed; /* the links on its own way are watched */
};

struct watch {
	int fd;
	struct watch_directory **directories;
	size_t directories_length;
	struct table by_path; /* -> struct watch_directory */
	struct table names; /* "DESCRIPTOR/NAME" that matters; "DESCRIPTOR/" : every name does */
	char **keys; /* of `names` */
	size_t keys_length;
	int status; /* CERTBIND_E_MEMORY when something could not be noted */
	bool is_unmounted; /* something was, some time */
	bool has_overflown;
	char limit[256]; /* what can't be watched, and why; empty: everything is */
};

static void watch_forget(struct watch *watch)
{
	size_t i;

	for (i = 0; i < watch->directories_length; i++) {
		free(watch->directories[i]->path);
		free(watch->directories[i]);
	}
	free(watch->directories);
	watch->directories = NULL;
	watch->directories_length = 0;
	for (i = 0; i < watch->keys_length; i++)
		free(watch->keys[i]);
	free(watch->keys);
	watch->keys = NULL;
	watch->keys_length = 0;
	table_clear(&watch->by_path);
	table_clear(&watch->names);
}

struct watch *watch_new(void)
{
	struct watch *watch = calloc(1, sizeof(*watch));

	if (watch == NULL)
		return NULL;
	watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch->fd >= 0)
		return watch;
	free(watch);
	return NULL;
}

void watch_free(struct watch *watch)
{
	if (watch == NULL)
		return;
	watch_forget(watch);
	(void)close(watch->fd);
	free(watch);
}

int watch_fd(const struct watch *watch)
{
	return watch->fd;
}

enum watch_gap watch_gap(const struct watch *watch, const char **text)
{
	if (watch->status < 0) {
		*text = "memory is exhausted";
		return WATCH_GAP_MEMORY;
	}
	if (watch->limit[0] != '\0') {
		*text = watch->limit;
		return WATCH_GAP_LIMIT;
	}
	if (watch->is_unmounted) {
		*text = "a file system that was watched is not mounted any more";
		return WATCH_GAP_UNMOUNTED;
	}
	*text = "more happened than the kernel's queue of events holds";
	return watch->has_overflown ? WATCH_GAP_OVERFLOW : WATCH_GAP_NONE;
}

void watch_looked(struct watch *watch)
{
	watch->has_overflown = false;
}

static void watch_note_name(struct watch *watch, int descriptor, const char *name)
{
	char key[NAME_MAX + 32];
	void **place;
	char *copy;

	(void)snprintf(key, sizeof(key), "%d/%s", descriptor, name);
	if (table_get(&watch->names, key) != NULL)
		return;
	copy = array_grow(&watch->keys, watch->keys_length, sizeof(char *)) ? strdup(key) : NULL;
	place = copy != NULL ? table_place(&watch->names, copy) : NULL;
	if (place == NULL) {
		free(copy);
		watch->status = CERTBIND_E_MEMORY;
		return;
	}
	*place = watch;
	watch->keys[watch->keys_length++] = copy;
}

static struct watch_directory *watch_directory_add(struct watch *watch, const char *path)
{
	struct watch_directory *directory = table_get(&watch->by_path, path);
	void **place;

	if (directory != NULL)
		return directory;
	if (array_grow(&watch->directories, watch->directories_length,
		    sizeof(struct watch_directory *)))
		directory = calloc(1, sizeof(*directory));
	if (directory != NULL)
		directory->path = strdup(path);
	place = directory != NULL && directory->path != NULL
			? table_place(&watch->by_path, directory->path)
			: NULL;
	if (place == NULL) {
		if (directory != NULL)
			free(directory->path);
		free(directory);
		watch->status = CERTBIND_E_MEMORY;
		return NULL;
	}
	*place = directory;
	watch->directories[watch->directories_length++] = directory;
	directory->descriptor = inotify_add_watch(watch->fd, path, watch_mask);
	/* What is not there is told by the directory above it. */
	if (directory->descriptor < 0 && errno != ENOENT && errno != ENOTDIR)
		(void)snprintf(watch->limit, sizeof(watch->limit), "%.150s can't be watched: %s",
			path, strerror(errno));
	return directory;
}

static void watch_path(struct watch *watch, const char *path, int links);

/* The links on a directory's own way: each may be swapped. */
static void watch_directory_way(struct watch *watch, struct watch_directory *directory, int links)
{
	if (directory->is_followed)
		return;
	directory->is_followed = true;
	if (strcmp(directory->path, "/") != 0 && strcmp(directory->path, ".") != 0)
		watch_path(watch, directory->path, links + 1);
}

static void watch_link(struct watch *watch, const char *path, const char *directory, int links)
{
	char target[PATH_MAX], joined[PATH_MAX];
	ssize_t length = readlink(path, target, sizeof(target) - 1);

	if (length < 0)
		return;
	target[length] = '\0';
	if (target[0] == '/')
		watch_path(watch, target, links + 1);
	else if ((size_t)snprintf(joined, sizeof(joined), "%s/%s", directory, target) <
		 sizeof(joined))
		watch_path(watch, joined, links + 1);
}

/* Watches a name, what it links to, and the way to it. */
static void watch_path(struct watch *watch, const char *path, int links)
{
	char parent[PATH_MAX];
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	struct watch_directory *directory;
	struct stat status;

	if (links > LINKS_MAX || strlen(path) >= sizeof(parent) || name[0] == '\0')
		return;
	if (slash == NULL)
		(void)snprintf(parent, sizeof(parent), ".");
	else if (slash == path)
		(void)snprintf(parent, sizeof(parent), "/");
	else
		(void)snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path), path);
	directory = watch_directory_add(watch, parent);
	if (directory == NULL)
		return;
	if (directory->descriptor >= 0)
		watch_note_name(watch, directory->descriptor, name);
	if (lstat(path, &status) == 0 && S_ISLNK(status.st_mode))
		watch_link(watch, path, parent, links);
	watch_directory_way(watch, directory, links);
}

/* A directory in which every name matters. */
static void watch_whole(struct watch *watch, const char *path)
{
	struct watch_directory *directory = watch_directory_add(watch, path);

	if (directory == NULL)
		return;
	if (directory->descriptor >= 0)
		watch_note_name(watch, directory->descriptor, "");
	watch_directory_way(watch, directory, 0);
}

/* A certificate directory with those in it: a pair that is not complete yet has no files to tell of. */
static void watch_certificate_dir(struct watch *watch, const char *path)
{
	DIR *listing = opendir(path);
	const struct dirent *entry;
	char below[PATH_MAX];

	watch_whole(watch, path);
	/* cppcheck-suppress readdirCalled ; nobody else reads this stream */
	while (listing != NULL && (entry = readdir(listing)) != NULL)
		if (entry->d_name[0] != '.' &&
			(entry->d_type == DT_DIR || entry->d_type == DT_LNK) &&
			(size_t)snprintf(below, sizeof(below), "%s/%s", path, entry->d_name) <
				sizeof(below))
			watch_whole(watch, below);
	if (listing != NULL)
		(void)closedir(listing);
}

static void watch_sources(struct watch *watch, const struct sources *sources)
{
	size_t i;

	for (i = 0; sources != NULL && i < sources->length; i++)
		watch_path(watch, sources->items[i].path, 0);
}

static void watch_snapshot(struct watch *watch, const struct snapshot *snapshot)
{
	const struct config *config = snapshot->config;
	size_t i;

	watch_sources(watch, config->sources);
	if (config->domains_dir != NULL)
		watch_whole(watch, config->domains_dir);
	for (i = 0; i < config->include_dirs.length; i++)
		watch_whole(watch, config->include_dirs.items[i]);
	for (i = 0; i < config->certificate_dirs.length; i++)
		watch_certificate_dir(watch, config->certificate_dirs.items[i]);
	for (i = 0; i < snapshot->certificates_length; i++)
		watch_sources(watch, snapshot->states[i].sources);
	watch_sources(watch, snapshot->ticket.sources);
}

/* Notes every descriptor in use as "DESCRIPTOR/." so that the rest can be given up. */
static void watch_note_used(struct watch *watch)
{
	size_t i;

	for (i = 0; i < watch->directories_length; i++)
		if (watch->directories[i]->descriptor >= 0)
			watch_note_name(watch, watch->directories[i]->descriptor, ".");
}

/* Gives up the watches of directories that the new set does not have. */
static void watch_remove_others(
	struct watch *watch, struct watch_directory *const *former, size_t former_length)
{
	char key[32];
	size_t i;

	for (i = 0; i < former_length; i++) {
		(void)snprintf(key, sizeof(key), "%d/.", former[i]->descriptor);
		if (former[i]->descriptor >= 0 && table_get(&watch->names, key) == NULL)
			(void)inotify_rm_watch(watch->fd, former[i]->descriptor);
	}
}

int watch_follow(struct watch *watch, const struct snapshot *snapshot)
{
	struct watch former = *watch;

	memset(&watch->by_path, 0, sizeof(watch->by_path));
	memset(&watch->names, 0, sizeof(watch->names));
	watch->directories = NULL;
	watch->directories_length = 0;
	watch->keys = NULL;
	watch->keys_length = 0;
	watch->status = CERTBIND_OK;
	watch->limit[0] = '\0';
	if (table_init(&watch->by_path, former.directories_length) < 0 ||
		table_init(&watch->names, former.keys_length) < 0)
		watch->status = CERTBIND_E_MEMORY;
	else
		watch_snapshot(watch, snapshot);
	if (watch->status == CERTBIND_OK) {
		watch_note_used(watch);
		watch_remove_others(watch, former.directories, former.directories_length);
	}
	watch_forget(&former);
	return watch->status;
}

static bool watch_event_matters(struct watch *watch, const struct inotify_event *event)
{
	char key[NAME_MAX + 32];

	watch->has_overflown = watch->has_overflown || (event->mask & IN_Q_OVERFLOW) != 0;
	watch->is_unmounted = watch->is_unmounted || (event->mask & IN_UNMOUNT) != 0;
	if ((event->mask & (IN_Q_OVERFLOW | IN_UNMOUNT)) != 0)
		return true;
	if ((event->mask & IN_IGNORED) != 0) /* follows on the end of a watch, also our own */
		return false;
	if ((event->mask & (IN_DELETE_SELF | IN_MOVE_SELF)) != 0)
		return true;
	(void)snprintf(key, sizeof(key), "%d/", event->wd);
	if (event->len > 0 && event->name[0] != '.' && table_get(&watch->names, key) != NULL)
		return true;
	(void)snprintf(key, sizeof(key), "%d/%s", event->wd, event->len > 0 ? event->name : "");
	return event->len > 0 && table_get(&watch->names, key) != NULL;
}

bool watch_read(struct watch *watch)
{
	union {
		char bytes[16384];
		struct inotify_event align;
	} buffer;
	bool matters = false;
	ssize_t length;

	while ((length = read(watch->fd, buffer.bytes, sizeof(buffer.bytes))) > 0) {
		const char *at = buffer.bytes;

		while (at < buffer.bytes + length) {
			struct inotify_event event;

			memcpy(&event, at, sizeof(event));
			matters = watch_event_matters(
					  watch, (const struct inotify_event *)(const void *)at) ||
				  matters;
			at += sizeof(event) + event.len;
		}
	}
	return matters;
}
