/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SOURCE_H
#define SOURCE_H

#include "file.h"
#include <stdatomic.h>

/*
 * One file that was read, or was not there to be read. There is one a certificate and one a domain:
 * it is kept in one piece with its path, behind what it belongs to.
 */
struct source {
	struct file_id id; /* of what was read; zero when nothing was */
	uint32_t size; /* of this piece */
	bool is_missing;
	bool is_failed; /* it was there and could not be read: it may be by now */
	char path[];
};

/* Bytes of a source with that path; and makes it of as many. */
size_t source_size(const char *path);
void source_init(struct source *source, const char *path);

/*
 * The files that something was made of, as they were when they were read: what tells later whether
 * it has to be read again. Reference counted; written by the one that reads, then immutable.
 */
struct sources {
	atomic_uint references;
	uint32_t size; /* bytes of the sources behind */
	uint64_t definition; /* of what the configuration says of it */
	/* Behind it, in the same block: each source. */
};

/* One after the other, in the order in which they were noted; NULL: no more, or no sources. */
const struct source *sources_first(const struct sources *sources);
const struct source *sources_next(const struct sources *sources, const struct source *source);

struct sources *sources_new(void); /* NULL: memory */
struct sources *sources_ref(struct sources *sources);
void sources_unref(struct sources *sources); /* NULL does nothing */

/* Reads the file of source->path and notes what it is. As file_read_wish(). */
int source_file_read(struct source *source, size_t size_max, bool is_listed,
	struct file_bytes *bytes, struct certbind_error *error);

/*
 * Notes a file that was read (`bytes`), or could not be (NULL). Who notes has the one reference:
 * *sources moves.
 */
int sources_add(struct sources **sources, const char *path, const struct file_bytes *bytes);

/* Notes a file that somebody else reads, as it is now. */
int sources_note(struct sources **sources, const char *path);

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

/* Reads a file and notes it; NULL as sources: does not. As the functions of file.h. */
int sources_read_wish(struct sources **sources, const struct file_wish *wish,
	struct file_bytes *bytes, struct certbind_error *error);
int sources_read(struct sources **sources, const char *path, size_t size_max,
	struct file_bytes *bytes, struct certbind_error *error);
int sources_read_secret(struct sources **sources, struct secret_arena *secrets, const char *path,
	size_t size_max, struct file_bytes *bytes, struct certbind_error *error);

#endif
