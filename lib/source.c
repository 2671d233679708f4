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
	size_t i;

	if (sources == NULL ||
		atomic_fetch_sub_explicit(&sources->references, 1, memory_order_acq_rel) != 1)
		return;
	for (i = 0; i < sources->length; i++)
		free(sources->items[i].path);
	free(sources->items);
	free(sources);
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
	if (bytes != NULL) {
		source->id = bytes->id;
	} else {
		source->is_missing = !source_look(source->path, &source->id);
		source->is_failed = !source->is_missing;
	}
}

int source_file_read(struct source *source, size_t size_max, struct file_bytes *bytes,
	struct certbind_error *error)
{
	int status = file_read(source->path, size_max, bytes, error);

	source_note(source, status == CERTBIND_OK ? bytes : NULL);
	return status;
}

int sources_add(struct sources *sources, const char *path, const struct file_bytes *bytes)
{
	struct source *items =
		realloc(sources->items, (sources->length + 1) * sizeof(*sources->items));
	struct source *source;

	if (items == NULL)
		return CERTBIND_E_MEMORY;
	sources->items = items;
	source = &items[sources->length];
	memset(source, 0, sizeof(*source));
	source->path = strdup(path);
	if (source->path == NULL)
		return CERTBIND_E_MEMORY;
	source_note(source, bytes);
	sources->length++;
	return CERTBIND_OK;
}

int sources_note(struct sources *sources, const char *path)
{
	int status = sources_add(sources, path, NULL);

	if (status == CERTBIND_OK)
		sources->items[sources->length - 1].is_failed = false;
	return status;
}

bool sources_are_same(const struct sources *sources)
{
	size_t i;

	for (i = 0; i < sources->length; i++)
		if (!source_is_same(&sources->items[i]))
			return false;
	return true;
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
	size_t i;

	if (a->length != b->length)
		return false;
	for (i = 0; i < a->length; i++)
		if (!source_equal(&a->items[i], &b->items[i]))
			return false;
	return true;
}

bool sources_have_missing(const struct sources *sources)
{
	size_t i;

	for (i = 0; i < sources->length; i++)
		if (sources->items[i].is_missing)
			return true;
	return false;
}

bool sources_have_failed(const struct sources *sources)
{
	size_t i;

	for (i = 0; i < sources->length; i++)
		if (sources->items[i].is_failed)
			return true;
	return false;
}

/* What was read, or why not, is noted. */
static int note_read(struct sources *sources, const char *path, int status,
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

int sources_read(struct sources *sources, const char *path, size_t size_max,
	struct file_bytes *bytes, struct certbind_error *error)
{
	int status = file_read(path, size_max, bytes, error);

	return note_read(sources, path, status, bytes, error);
}

int sources_read_secret(struct sources *sources, struct secret_arena *secrets, const char *path,
	size_t size_max, struct file_bytes *bytes, struct certbind_error *error)
{
	int status = file_read_secret(secrets, path, size_max, bytes, error);

	return note_read(sources, path, status, bytes, error);
}
