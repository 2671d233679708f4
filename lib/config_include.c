/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config_reader.h"
#include "file.h"
#include "text.h"
#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void includes_read(struct config_reader *reader, struct config_source *source);

static void source_keep_take(struct config_reader *reader, struct config_source *source)
{
	struct config_source **sources = config_grow_or_note(
		reader, reader->sources, reader->sources_length, sizeof(struct config_source *));

	if (sources == NULL) {
		config_source_free(source);
		return;
	}
	reader->sources = sources;
	sources[reader->sources_length++] = source;
	includes_read(reader, source);
}

/* What tells a file from others, whatever its path; NULL: memory. */
static char *identity_dup(struct config_reader *reader, const struct file_id *id)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%jx:%jx", (uintmax_t)id->device, (uintmax_t)id->inode);
	return config_text_dup(reader, text);
}

static void source_read(struct config_reader *reader, const char *path,
	const struct file_bytes *bytes, const struct config_source *parent)
{
	struct config_source outline = { .order = reader->orders++, .parent = parent };
	struct config_entry entry = {
		.reader = reader, .source = &outline, .scope = CONFIG_SCOPE_LOAD
	};
	struct config_source *source;

	outline.file = config_file_intern(reader, path);
	if (outline.file == NULL)
		return;
	source = config_source_parse(&entry, (const char *)bytes->data, bytes->size);
	if (source == NULL) {
		reader->is_incomplete = true;
		return;
	}
	source->identity = identity_dup(reader, &bytes->id);
	source_keep_take(reader, source);
}

static bool is_ancestor(const struct config_source *source, const char *identity)
{
	for (; source != NULL; source = source->parent)
		if (source->identity != NULL && strcmp(source->identity, identity) == 0)
			return true;
	return false;
}

/* A file is read once; reports what would read it again. */
static bool include_is_new(struct config_entry *entry, const config_setting_t *element,
	const char *path, const struct file_id *id)
{
	struct config_place place = { entry->source->file, config_value_line(element) };
	char *identity = identity_dup(entry->reader, id);
	const struct config_place *before = NULL;

	if (identity != NULL)
		before = config_claim(entry->reader, &entry->reader->files, identity, place);
	if (before != NULL && is_ancestor(entry->source, identity))
		config_problem(entry, place.line,
			"\"include\": %s includes itself; expected no circle", path);
	else if (before != NULL)
		config_problem(entry, place.line, "\"include\": %s is included already by %s:%d",
			path, before->file, before->line);
	free(identity);
	return before == NULL;
}

static void include_file(
	struct config_entry *entry, const config_setting_t *element, const char *path)
{
	struct certbind_error error;
	struct file_bytes bytes;
	int status;

	/* A pattern may find anything; places and messages are plain text. */
	if (!text_is_plain(path)) {
		entry->reader->is_incomplete = true;
		config_problem(entry, config_value_line(element),
			"\"include\": the name of %s is no UTF-8, or has control characters", path);
		return;
	}
	status = sources_read(
		&entry->reader->config->sources, path, CONFIG_FILE_SIZE_MAX, &bytes, &error);
	if (status == CERTBIND_E_MEMORY) {
		entry->reader->is_out_of_memory = true;
	} else if (status < 0) {
		entry->reader->is_incomplete = true;
		config_problem(entry, config_value_line(element), "\"include\": %s %s", path,
			error.message);
	} else if (include_is_new(entry, element, path, &bytes.id)) {
		source_read(entry->reader, path, &bytes, entry->source);
	}
	file_bytes_wipe(&bytes);
}

static int path_compare(const void *a, const void *b)
{
	const char *const *left = a;
	const char *const *right = b;

	return strcmp(*left, *right);
}

/* A directory that is not there matches nothing; one that can't be read might hide a file. */
static int glob_error(const char *path, int number)
{
	(void)path;
	return number != ENOENT && number != ENOTDIR;
}

/* Without glob's own order, which depends on the locale. */
static void include_glob(
	struct config_entry *entry, const config_setting_t *element, const char *pattern)
{
	glob_t found;
	size_t i;
	int status = glob(pattern, GLOB_NOSORT, glob_error, &found);

	if (status == GLOB_NOSPACE)
		entry->reader->is_out_of_memory = true;
	if (status == GLOB_ABORTED) {
		entry->reader->is_incomplete = true;
		config_problem(entry, config_value_line(element),
			"\"include\": a directory of %s can't be read", pattern);
	}
	if (status == 0) {
		qsort(found.gl_pathv, found.gl_pathc, sizeof(*found.gl_pathv), path_compare);
		for (i = 0; i < found.gl_pathc; i++)
			include_file(entry, element, found.gl_pathv[i]);
	}
	globfree(&found);
}

/* The including file's own path is no pattern, whatever its characters. */
static char *path_escape_dup(const char *path)
{
	char *escaped = malloc(2 * strlen(path) + 1);
	char *to = escaped;

	if (escaped == NULL)
		return NULL;
	for (; *path != '\0'; path++) {
		if (strchr("*?[\\", *path) != NULL)
			*to++ = '\\';
		*to++ = *path;
	}
	*to = '\0';
	return escaped;
}

/* A file that comes later may match: its directory is kept. One that is a pattern itself is not. */
static void include_note_directory(struct config_entry *entry, const char *pattern)
{
	struct config_reader *reader = entry->reader;
	const char *slash = strrchr(pattern, '/');
	size_t length = slash == pattern ? 1 : slash != NULL ? (size_t)(slash - pattern) : 0;
	char *head = slash == NULL ? strdup(".") : strndup(pattern, length);
	char *path = NULL;

	if (head != NULL && strpbrk(head, "*?[") != NULL) {
		free(head);
		return;
	}
	if (head != NULL)
		path = file_resolve_dup(entry->source->file, head);
	if (path == NULL)
		reader->is_out_of_memory = true;
	else
		config_list_append_take(reader, &reader->config->include_dirs, path);
	free(head);
}

/* Reads what one string of `include` names. The string given back is only for the check of duplicates. */
static char *include_pattern(
	struct config_entry *entry, const config_setting_t *element, const char *text)
{
	bool is_pattern = strpbrk(text, "*?[") != NULL;
	char *base = is_pattern ? path_escape_dup(entry->source->file) : NULL;
	char *path = NULL;

	if (!is_pattern || base != NULL)
		path = file_resolve_dup(is_pattern ? base : entry->source->file, text);
	if (path == NULL) {
		entry->reader->is_out_of_memory = true;
	} else if (is_pattern) {
		include_glob(entry, element, path);
		include_note_directory(entry, text);
	} else {
		include_file(entry, element, path);
	}
	free(base);
	return path;
}

static void includes_read(struct config_reader *reader, struct config_source *source)
{
	struct config_entry entry = {
		.reader = reader, .source = source, .scope = CONFIG_SCOPE_LOAD
	};
	const config_setting_t *setting =
		config_setting_get_member(config_root_setting(source->tree), "include");
	const struct config_source *ancestor;
	struct config_list list = { NULL, 0 };
	int depth = 0;

	if (setting == NULL)
		return;
	for (ancestor = source->parent; ancestor != NULL; ancestor = ancestor->parent)
		depth++;
	if (depth >= CONFIG_INCLUDE_DEPTH_MAX) {
		reader->is_incomplete = true;
		config_problem(&entry, config_value_line(setting),
			"\"include\": files include each other more than %d deep",
			CONFIG_INCLUDE_DEPTH_MAX);
		return;
	}
	config_array_read(&entry, setting, CONFIG_LIST_MAX, include_pattern, &list);
	config_list_clear(&list);
}

int config_include_main(
	struct config_reader *reader, const char *path, struct certbind_error *error)
{
	struct config_place place = { path, 0 };
	struct file_bytes bytes;
	char *identity;
	int status =
		sources_read(&reader->config->sources, path, CONFIG_FILE_SIZE_MAX, &bytes, error);

	if (status < 0)
		return status;
	identity = identity_dup(reader, &bytes.id);
	if (identity != NULL)
		(void)config_claim(reader, &reader->files, identity, place);
	free(identity);
	source_read(reader, path, &bytes, NULL);
	file_bytes_wipe(&bytes);
	return CERTBIND_OK;
}
