/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SOURCE_H
#define SOURCE_H

#include "file.h"
#include <stdatomic.h>

/* One file that was read, or was not there to be read. */
struct source {
	char *path;
	struct file_id id; /* of what was read; zero when nothing was */
	bool is_missing;
	bool is_failed; /* it was there and could not be read: it may be by now */
};

/*
 * The files that something was made of, as they were when they were read: what tells later whether
 * it has to be read again. Reference counted; written by the one that reads, then immutable.
 */
struct sources {
	atomic_uint references;
	struct source *items;
	size_t length;
	unsigned char definition[32]; /* of what the configuration says of it */
};

struct sources *sources_new(void); /* NULL: memory */
struct sources *sources_ref(struct sources *sources);
void sources_unref(struct sources *sources); /* NULL does nothing */

/* Reads the file of source->path and notes what it is. As file_read(). */
int source_file_read(struct source *source, size_t size_max, struct file_bytes *bytes,
	struct certbind_error *error);

/* Notes a file that was read (`bytes`), or could not be (NULL). */
int sources_add(struct sources *sources, const char *path, const struct file_bytes *bytes);

/* Notes a file that somebody else reads, as it is now. */
int sources_note(struct sources *sources, const char *path);

/* Is it still what it was, be that readable or not? One stat(2). */
bool source_is_same(const struct source *source);
bool sources_are_same(const struct sources *sources);

/* The same, and could all be read? */
bool sources_are_current(const struct sources *sources);

/* Are these the same files in the same state? */
bool source_equal(const struct source *a, const struct source *b);
bool sources_equal(const struct sources *a, const struct sources *b);

/* Is any of the files missing? Was any there and could not be read? */
bool sources_have_missing(const struct sources *sources);
bool sources_have_failed(const struct sources *sources);

/* Reads a file and notes it. As file_read() and file_read_secret(). */
int sources_read(struct sources *sources, const char *path, size_t size_max,
	struct file_bytes *bytes, struct certbind_error *error);
int sources_read_secret(struct sources *sources, struct secret_arena *secrets, const char *path,
	size_t size_max, struct file_bytes *bytes, struct certbind_error *error);

#endif
