/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WATCH_SET_H
#define WATCH_SET_H

#include "changes.h"
#include <certbind/error.h>

/*
 * The directories that are watched, and what each name in them means. Only watch*.c include this.
 */

/* What has changed when a watched name has. */
enum watch_kind {
	WATCH_EVERYTHING,
	WATCH_CONFIGURATION,
	WATCH_DOMAIN_FILE,
	WATCH_CERTIFICATE,
	WATCH_DOMAIN_FILES, /* of a whole directory: the file of the event's name */
	WATCH_ENTRIES /* likewise: the certificate of it */
};

struct watch_subject {
	enum watch_kind kind;
	const char *name; /* of WATCH_DOMAIN_FILE and WATCH_CERTIFICATE; else empty */
	char key[]; /* the kind, as a letter, and the name */
};

/* Up to two subjects; beyond that it is everything. */
struct watch_subjects {
	const struct watch_subject *items[2];
};

/* A directory that is watched. */
struct watch_directory {
	char *path; /* as it was first named */
	int descriptor; /* of inotify; two paths may lead to one; -1: not watched */
	bool is_followed; /* the links on its own way are watched */
	bool is_whole; /* every name in it matters */
	bool has_below; /* others are on a way through it */
	struct watch_subjects subjects; /* of the names in it */
};

/* A name that matters. */
struct watch_name {
	struct watch_subjects subjects;
	struct watch_directory *way; /* it is on the way to this one; NULL: it is not */
	char key[]; /* "DESCRIPTOR/NAME"; "DESCRIPTOR/": every name; "DESCRIPTOR/.": in use */
};

struct watch_set {
	int fd; /* of inotify */
	struct watch_directory **directories;
	size_t directories_length;
	struct table by_path; /* -> struct watch_directory */
	struct watch_name **names;
	size_t names_length;
	struct table by_key; /* -> struct watch_name */
	struct watch_subject **subjects;
	size_t subjects_length;
	struct table by_subject; /* -> struct watch_subject */
	int status; /* CERTBIND_E_MEMORY when something could not be noted */
	char limit[256]; /* what can't be watched, and why; empty: everything is */
};

/* An empty set on that descriptor; its status says whether it can be used. */
void watch_set_init(struct watch_set *set, int fd);
void watch_set_clear(struct watch_set *set); /* leaves the watches themselves */

/* Notes what has changed. `name`: of the event; empty: none. */
void watch_subject_note(
	const struct watch_subject *subject, const char *name, struct changes *changes);

/* The one subject of that kind and name; NULL: memory, noted. */
const struct watch_subject *watch_set_subject(
	struct watch_set *set, enum watch_kind kind, const char *name);

/* Watches a name for a subject, what it links to, and the way to it. NULL as subject does nothing. */
void watch_set_path(struct watch_set *set, const char *path, const struct watch_subject *subject);

/* A directory in which every name matters; NULL: memory, noted. */
struct watch_directory *watch_set_whole(
	struct watch_set *set, const char *path, const struct watch_subject *subject);

const struct watch_name *watch_set_name(
	const struct watch_set *set, int descriptor, const char *name);

#endif
