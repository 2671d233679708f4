/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "source.h"
#include "error.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct sources *sources_new(void)
{
	struct sources *sources = calloc(1, sizeof(*sources));

	if (sources != NULL)
		atomic_init(&sources->references, 1);
	return sources;
}

struct sources *sources_ref(struct sources *sources)
{
	atomic_fetch_add_explicit(&sources->references, 1, memory_order_relaxed);
	return sources;
}

void sources_unref(struct sources *sources)
{
	if (sources != NULL &&
		atomic_fetch_sub_explicit(&sources->references, 1, memory_order_acq_rel) == 1)
		free(sources);
}

/* `at`: bytes behind it; there may be none. */
static struct source *sources_at(const struct sources *sources, size_t at)
{
	return (struct source *)(void *)((unsigned char *)(uintptr_t)(sources + 1) + at);
}

const struct source *sources_first(const struct sources *sources)
{
	return sources != NULL && sources->size > 0 ? sources_at(sources, 0) : NULL;
}

const struct source *sources_next(const struct sources *sources, const struct source *source)
{
	size_t at = (size_t)((const unsigned char *)source - (const unsigned char *)(sources + 1)) +
		    source->size;

	return at < sources->size ? sources_at(sources, at) : NULL;
}

size_t source_size(const char *path)
{
	const size_t alignment = _Alignof(struct source);
	size_t size = offsetof(struct source, path) + strlen(path) + 1;

	return (size + alignment - 1) / alignment * alignment;
}

void source_init(struct source *source, const char *path)
{
	size_t size = source_size(path);

	memset(source, 0, size);
	source->size = (uint32_t)size;
	memcpy(source->path, path, strlen(path));
}

/* What a file is now; false: it is not there. */
static bool source_look(const char *path, struct file_id *id)
{
	struct stat status;

	memset(id, 0, sizeof(*id));
	if (stat(path, &status) != 0)
		return errno != ENOENT && errno != ENOTDIR;
	*id = file_id_of(&status);
	return true;
}

bool source_is_same(const struct source *source)
{
	struct file_id id;
	bool is_there = source_look(source->path, &id);

	return is_there != source->is_missing && file_id_equal(&id, &source->id);
}

static void source_note(struct source *source, const struct file_bytes *bytes)
{
	source->is_missing = false;
	if (bytes != NULL)
		source->id = bytes->id;
	else
		source->is_missing = !source_look(source->path, &source->id);
	source->is_failed = bytes == NULL && !source->is_missing;
}

int source_file_read(struct source *source, size_t size_max, bool is_listed,
	struct file_bytes *bytes, struct certbind_error *error)
{
	const struct file_wish wish = {
		.path = source->path, .size_max = size_max, .is_listed = is_listed
	};
	int status = file_read_wish(&wish, bytes, error);

	source_note(source, status == CERTBIND_OK ? bytes : NULL);
	return status;
}

/* NULL: memory. */
static struct source *sources_append(
	struct sources **sources, const char *path, const struct file_bytes *bytes)
{
	size_t former = (*sources)->size;
	size_t size = source_size(path);
	struct sources *grown = NULL;
	struct source *source;

	if (size < UINT32_MAX - former)
		grown = realloc(*sources, sizeof(*grown) + former + size);
	if (grown == NULL)
		return NULL;
	*sources = grown;
	grown->size += (uint32_t)size;
	source = sources_at(grown, former);
	source_init(source, path);
	source_note(source, bytes);
	return source;
}

int sources_add(struct sources **sources, const char *path, const struct file_bytes *bytes)
{
	return sources_append(sources, path, bytes) != NULL ? CERTBIND_OK : CERTBIND_E_MEMORY;
}

int sources_note(struct sources **sources, const char *path)
{
	struct source *source = sources_append(sources, path, NULL);

	if (source == NULL)
		return CERTBIND_E_MEMORY;
	source->is_failed = false;
	return CERTBIND_OK;
}

bool sources_are_same(const struct sources *sources)
{
	const struct source *source = sources_first(sources);

	while (source != NULL && source_is_same(source))
		source = sources_next(sources, source);
	return source == NULL;
}

bool sources_are_current(const struct sources *sources)
{
	return !sources_have_failed(sources) && sources_are_same(sources);
}

bool source_equal(const struct source *a, const struct source *b)
{
	return strcmp(a->path, b->path) == 0 && a->is_missing == b->is_missing &&
	       file_id_equal(&a->id, &b->id);
}

bool sources_equal(const struct sources *a, const struct sources *b)
{
	const struct source *in_a = sources_first(a);
	const struct source *in_b = sources_first(b);

	while (in_a != NULL && in_b != NULL && source_equal(in_a, in_b)) {
		in_a = sources_next(a, in_a);
		in_b = sources_next(b, in_b);
	}
	return in_a == NULL && in_b == NULL;
}

bool sources_have_missing(const struct sources *sources)
{
	const struct source *source = sources_first(sources);

	while (source != NULL && !source->is_missing)
		source = sources_next(sources, source);
	return source != NULL;
}

bool sources_have_failed(const struct sources *sources)
{
	const struct source *source = sources_first(sources);

	while (source != NULL && !source->is_failed)
		source = sources_next(sources, source);
	return source != NULL;
}

/* What was read, or why not, is noted. */
static int note_read(struct sources **sources, const char *path, int status,
	struct file_bytes *bytes, struct certbind_error *error)
{
	if (sources == NULL || status == CERTBIND_E_MEMORY)
		return status;
	if (sources_add(sources, path, status == CERTBIND_OK ? bytes : NULL) < 0) {
		file_bytes_wipe(bytes);
		return error_memory(error);
	}
	return status;
}

int sources_read_wish(struct sources **sources, const struct file_wish *wish,
	struct file_bytes *bytes, struct certbind_error *error)
{
	int status = file_read_wish(wish, bytes, error);

	return note_read(sources, wish->path, status, bytes, error);
}

int sources_read(struct sources **sources, const char *path, size_t size_max,
	struct file_bytes *bytes, struct certbind_error *error)
{
	int status = file_read(path, size_max, bytes, error);

	return note_read(sources, path, status, bytes, error);
}

int sources_read_secret(struct sources **sources, struct secret_arena *secrets, const char *path,
	size_t size_max, struct file_bytes *bytes, struct certbind_error *error)
{
	int status = file_read_secret(secrets, path, size_max, bytes, error);

	return note_read(sources, path, status, bytes, error);
}
