/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "watch_set.h"
#include "array.h"
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

static const struct watch_subject everything = { .kind = WATCH_EVERYTHING, .name = "" };

void watch_set_init(struct watch_set *set, int fd)
{
	memset(set, 0, sizeof(*set));
	set->fd = fd;
	if (table_init(&set->by_path, 0) < 0 || table_init(&set->by_key, 0) < 0 ||
		table_init(&set->by_subject, 0) < 0)
		set->status = CERTBIND_E_MEMORY;
}

void watch_set_clear(struct watch_set *set)
{
	size_t i;

	table_clear(&set->by_path);
	table_clear(&set->by_key);
	table_clear(&set->by_subject);
	for (i = 0; i < set->directories_length; i++) {
		free(set->directories[i]->path);
		free(set->directories[i]);
	}
	free(set->directories);
	for (i = 0; i < set->names_length; i++)
		free(set->names[i]);
	free(set->names);
	for (i = 0; i < set->subjects_length; i++)
		free(set->subjects[i]);
	free(set->subjects);
	memset(set, 0, sizeof(*set));
}

void watch_subject_note(
	const struct watch_subject *subject, const char *name, struct changes *changes)
{
	bool is_of_name = subject->kind == WATCH_DOMAIN_FILES || subject->kind == WATCH_ENTRIES;

	if (is_of_name && name[0] == '\0') {
		changes->is_all = true;
		return;
	}
	switch (subject->kind) {
	case WATCH_EVERYTHING:
		changes->is_all = true;
		return;
	case WATCH_CONFIGURATION:
		changes->has_configuration = true;
		return;
	case WATCH_DOMAIN_FILE:
		changes_note_domain_file(changes, subject->name);
		return;
	case WATCH_CERTIFICATE:
		changes_note_certificate(changes, subject->name);
		return;
	case WATCH_DOMAIN_FILES:
		changes_note_domain_file(changes, name);
		return;
	case WATCH_ENTRIES:
		changes_note_entry(changes, name);
		return;
	}
}

static void subjects_add(struct watch_subjects *subjects, const struct watch_subject *subject)
{
	size_t i;

	for (i = 0; i < sizeof(subjects->items) / sizeof(subjects->items[0]); i++) {
		if (subjects->items[i] == NULL)
			subjects->items[i] = subject;
		if (subjects->items[i] == subject || subjects->items[i] == &everything)
			return;
	}
	subjects->items[0] = &everything;
}

const struct watch_subject *watch_set_subject(
	struct watch_set *set, enum watch_kind kind, const char *name)
{
	size_t size = strlen(name) + 2;
	struct watch_subject *subject = calloc(1, sizeof(*subject) + size);
	void **place = NULL;

	if (subject != NULL && set->status == CERTBIND_OK &&
		array_grow(&set->subjects, set->subjects_length, sizeof(struct watch_subject *))) {
		(void)snprintf(subject->key, size, "%c%s", 'a' + (char)kind, name);
		place = table_place(&set->by_subject, subject->key);
	}
	if (place == NULL)
		set->status = CERTBIND_E_MEMORY;
	if (place == NULL || *place != NULL) {
		free(subject);
		return place != NULL ? *place : NULL;
	}
	subject->kind = kind;
	subject->name = subject->key + 1;
	set->subjects[set->subjects_length++] = subject;
	*place = subject;
	return subject;
}

const struct watch_name *watch_set_name(
	const struct watch_set *set, int descriptor, const char *name)
{
	char key[NAME_MAX + 32];

	(void)snprintf(key, sizeof(key), "%d/%s", descriptor, name);
	return table_get(&set->by_key, key);
}

/* The entry of a name, made if need be; NULL: memory, noted. */
static struct watch_name *set_name_make(struct watch_set *set, int descriptor, const char *name)
{
	char key[NAME_MAX + 32];
	size_t size;
	struct watch_name *made;
	void **place = NULL;

	(void)snprintf(key, sizeof(key), "%d/%s", descriptor, name);
	made = table_get(&set->by_key, key);
	if (made != NULL)
		return made;
	size = strlen(key) + 1;
	made = calloc(1, sizeof(*made) + size);
	if (made != NULL &&
		array_grow(&set->names, set->names_length, sizeof(struct watch_name *))) {
		memcpy(made->key, key, size);
		place = table_place(&set->by_key, made->key);
	}
	if (place == NULL) {
		free(made);
		set->status = CERTBIND_E_MEMORY;
		return NULL;
	}
	set->names[set->names_length++] = made;
	*place = made;
	return made;
}

static void set_note(struct watch_set *set, struct watch_directory *directory, const char *name,
	const struct watch_subject *subject)
{
	struct watch_name *noted =
		directory->descriptor >= 0 ? set_name_make(set, directory->descriptor, name) : NULL;

	if (noted != NULL)
		subjects_add(&noted->subjects, subject);
	subjects_add(&directory->subjects, subject);
}

/* A name that a watched directory is reached through. */
static void set_note_way(struct watch_set *set, struct watch_directory *directory, const char *name,
	struct watch_directory *way)
{
	struct watch_name *noted =
		directory->descriptor >= 0 ? set_name_make(set, directory->descriptor, name) : NULL;

	directory->has_below = true;
	if (noted == NULL)
		return;
	if (noted->way != NULL && noted->way != way)
		subjects_add(&noted->subjects, &everything);
	noted->way = way;
}

/* What is not there is told by the directory above it. */
static void set_watch(struct watch_set *set, struct watch_directory *directory)
{
	directory->is_whole = false;
	directory->descriptor = inotify_add_watch(set->fd, directory->path, watch_mask);
	if (directory->descriptor >= 0)
		(void)set_name_make(set, directory->descriptor, ".");
	else if (errno != ENOENT && errno != ENOTDIR)
		(void)snprintf(set->limit, sizeof(set->limit), "%.150s can't be watched: %s",
			directory->path, strerror(errno));
}

static struct watch_directory *set_directory(struct watch_set *set, const char *path)
{
	struct watch_directory *directory = table_get(&set->by_path, path);
	void **place = NULL;

	if (directory != NULL) {
		if (directory->descriptor < 0)
			set_watch(set, directory);
		return directory;
	}
	directory = calloc(1, sizeof(*directory));
	if (directory != NULL)
		directory->path = strdup(path);
	if (directory != NULL && directory->path != NULL &&
		array_grow(&set->directories, set->directories_length,
			sizeof(struct watch_directory *)))
		place = table_place(&set->by_path, directory->path);
	if (place == NULL) {
		if (directory != NULL)
			free(directory->path);
		free(directory);
		set->status = CERTBIND_E_MEMORY;
		return NULL;
	}
	*place = directory;
	set->directories[set->directories_length++] = directory;
	set_watch(set, directory);
	return directory;
}

/* On the way of a path: for `subject`, or, NULL, for the directory that it leads to. */
struct watch_step {
	const struct watch_subject *subject;
	struct watch_directory *way;
	int links;
};

static void set_walk(struct watch_set *set, const char *path, struct watch_step step);

/* The links on a directory's own way: each may be swapped. */
static void set_directory_way(struct watch_set *set, struct watch_directory *directory, int links)
{
	struct watch_step step = { NULL, directory, links + 1 };

	if (directory->is_followed)
		return;
	directory->is_followed = true;
	if (strcmp(directory->path, "/") != 0 && strcmp(directory->path, ".") != 0)
		set_walk(set, directory->path, step);
}

static void set_link(
	struct watch_set *set, const char *path, const char *directory, struct watch_step step)
{
	char target[PATH_MAX], joined[PATH_MAX];
	ssize_t length = readlink(path, target, sizeof(target) - 1);

	if (length < 0)
		return;
	target[length] = '\0';
	step.links++;
	if (target[0] == '/')
		set_walk(set, target, step);
	else if ((size_t)snprintf(joined, sizeof(joined), "%s/%s", directory, target) <
		 sizeof(joined))
		set_walk(set, joined, step);
}

static void set_walk(struct watch_set *set, const char *path, struct watch_step step)
{
	char parent[PATH_MAX];
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	struct watch_directory *directory;
	struct stat status;

	if (step.links > LINKS_MAX || strlen(path) >= sizeof(parent) || name[0] == '\0')
		return;
	if (slash == NULL)
		(void)snprintf(parent, sizeof(parent), ".");
	else if (slash == path)
		(void)snprintf(parent, sizeof(parent), "/");
	else
		(void)snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path), path);
	directory = set_directory(set, parent);
	if (directory == NULL)
		return;
	if (step.subject != NULL)
		set_note(set, directory, name, step.subject);
	else
		set_note_way(set, directory, name, step.way);
	if (lstat(path, &status) == 0 && S_ISLNK(status.st_mode))
		set_link(set, path, parent, step);
	set_directory_way(set, directory, step.links);
}

void watch_set_path(struct watch_set *set, const char *path, const struct watch_subject *subject)
{
	struct watch_step step = { subject, NULL, 0 };

	if (subject != NULL && set->status == CERTBIND_OK)
		set_walk(set, path, step);
}

struct watch_directory *watch_set_whole(
	struct watch_set *set, const char *path, const struct watch_subject *subject)
{
	struct watch_directory *directory =
		subject != NULL && set->status == CERTBIND_OK ? set_directory(set, path) : NULL;

	if (directory == NULL)
		return NULL;
	set_note(set, directory, "", subject);
	set_directory_way(set, directory, 0);
	return directory;
}
