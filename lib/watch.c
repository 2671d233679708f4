/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "watch.h"
#include "watch_follow.h"
#include "watch_set.h"
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

struct watch {
	struct watch_set set;
	size_t full_length; /* of set.names, when everything was followed last */
	bool is_unmounted; /* something was, some time */
	bool has_overflown;
};

struct watch *watch_new(void)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	int fd;

	if (watch == NULL)
		return NULL;
	fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (fd >= 0) {
		watch_set_init(&watch->set, fd);
		return watch;
	}
	free(watch);
	return NULL;
}

void watch_free(struct watch *watch)
{
	if (watch == NULL)
		return;
	(void)close(watch->set.fd);
	watch_set_clear(&watch->set);
	free(watch);
}

int watch_fd(const struct watch *watch)
{
	return watch->set.fd;
}

enum watch_gap watch_gap(const struct watch *watch, const char **text)
{
	if (watch->set.status < 0) {
		*text = "memory is exhausted";
		return WATCH_GAP_MEMORY;
	}
	if (watch->set.limit[0] != '\0') {
		*text = watch->set.limit;
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

static void note_subjects(
	struct changes *changes, const struct watch_subjects *subjects, const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(subjects->items) / sizeof(subjects->items[0]); i++)
		if (subjects->items[i] != NULL)
			watch_subject_note(subjects->items[i], name, changes);
}

/* What a directory's path leads to may be another one now: it is looked for anew. */
static void note_directory(struct changes *changes, struct watch_directory *directory)
{
	directory->descriptor = -1;
	directory->is_followed = false;
	if (directory->has_below)
		changes->is_all = true;
	else
		note_subjects(changes, &directory->subjects, "");
}

/* A directory is gone, or is not what is watched any more. */
static void note_descriptor(struct watch *watch, struct changes *changes, int descriptor)
{
	size_t i;

	for (i = 0; i < watch->set.directories_length; i++)
		if (watch->set.directories[i]->descriptor == descriptor)
			note_directory(changes, watch->set.directories[i]);
}

static bool note_name(struct changes *changes, const struct watch_name *found, const char *name)
{
	if (found == NULL)
		return false;
	note_subjects(changes, &found->subjects, name);
	if (found->way != NULL)
		note_directory(changes, found->way);
	return true;
}

/* Returns whether the event matters. */
static bool note_event(
	struct watch *watch, const struct inotify_event *event, struct changes *changes)
{
	const char *name = event->len > 0 ? event->name : "";
	bool matters = false;

	watch->has_overflown = watch->has_overflown || (event->mask & IN_Q_OVERFLOW) != 0;
	watch->is_unmounted = watch->is_unmounted || (event->mask & IN_UNMOUNT) != 0;
	if ((event->mask & (IN_Q_OVERFLOW | IN_UNMOUNT)) != 0) {
		changes->is_all = true;
		return true;
	}
	if ((event->mask & (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF)) != 0) {
		note_descriptor(watch, changes, event->wd);
		return (event->mask & IN_IGNORED) == 0;
	}
	if (name[0] == '\0')
		return false;
	if (name[0] != '.')
		matters = note_name(changes, watch_set_name(&watch->set, event->wd, ""), name);
	return note_name(changes, watch_set_name(&watch->set, event->wd, name), name) || matters;
}

bool watch_read_some(struct watch *watch, struct changes *changes, bool *matter)
{
	union {
		char bytes[16384];
		struct inotify_event align;
	} buffer;
	ssize_t length = read(watch->set.fd, buffer.bytes, sizeof(buffer.bytes));
	const char *at = buffer.bytes;

	while (at < buffer.bytes + length) {
		const struct inotify_event *event = (const struct inotify_event *)(const void *)at;

		*matter = note_event(watch, event, changes) || *matter;
		at += sizeof(*event) + event->len;
	}
	return length > 0;
}

bool watch_read(struct watch *watch, struct changes *changes)
{
	bool matter = false;

	while (watch_read_some(watch, changes, &matter))
		;
	return matter;
}

/* Gives up the watches that the new set does not have. */
static void watch_remove_others(const struct watch_set *set, const struct watch_set *former)
{
	size_t i;

	for (i = 0; i < former->names_length; i++) {
		const char *key = former->names[i]->key;
		const char *slash = strchr(key, '/');

		if (slash != NULL && strcmp(slash, "/.") == 0 &&
			table_get(&set->by_key, key) == NULL)
			(void)inotify_rm_watch(set->fd, (int)strtol(key, NULL, 10));
	}
}

static void watch_follow_whole(
	struct watch *watch, const struct snapshot *snapshot, struct changes *missed)
{
	struct watch_set former = watch->set;

	watch_set_init(&watch->set, former.fd);
	watch_follow_all(&watch->set, &former, snapshot, missed);
	if (watch->set.status == CERTBIND_OK)
		watch_remove_others(&watch->set, &former);
	watch->full_length = watch->set.names_length;
	watch_set_clear(&former);
}

int watch_follow(struct watch *watch, const struct snapshot *snapshot, const struct changes *taken,
	struct changes *missed)
{
	/* What is of no use any more is only forgotten by following everything. */
	bool is_worn = watch->set.names_length > 2 * watch->full_length + 64;

	if (changes_are_all(taken) || taken->has_configuration || is_worn ||
		watch->set.status < 0 || watch->set.limit[0] != '\0')
		watch_follow_whole(watch, snapshot, missed);
	else
		watch_follow_taken(&watch->set, snapshot, taken, missed);
	return watch->set.status;
}
