/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "snapshot.h"
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

/*
 * Is a snapshot still what its files say? Asked where no event tells what may have changed: looking
 * is a small part of building another one, in memory as in time.
 */

static bool sources_have(const struct sources *sources, const char *path)
{
	const struct source *source = sources_first(sources);

	while (source != NULL && strcmp(source->path, path) != 0)
		source = sources_next(sources, source);
	return source != NULL;
}

/* What the certificate of that name in the directory was read from; NULL: there is none. */
static const struct sources *sources_peek(
	const struct snapshot *snapshot, const char *directory, const char *name)
{
	size_t index = snapshot_certificate_index(snapshot, name);
	const struct snapshot_state *state;

	if (index == snapshot->certificates_length)
		return NULL;
	state = &snapshot->states[index];
	return state->is_from_directory && strcmp(state->file, directory) == 0 ? state->sources
									       : NULL;
}

static bool entry_is_known(const struct snapshot *snapshot, const char *directory,
	const struct config_certificate *entry)
{
	const struct sources *sources = sources_peek(snapshot, directory, entry->name);

	return sources != NULL && sources_have(sources, entry->pairs[0].key);
}

static bool listing_is_known(const struct snapshot *snapshot, const char *directory)
{
	struct config_certificate *entries;
	struct config_problem *problems;
	size_t entries_length, problems_length;
	size_t i = 0;

	if (certificate_dir_list(
		    directory, &entries, &entries_length, &problems, &problems_length, NULL) < 0)
		return false;
	while (i < entries_length && entry_is_known(snapshot, directory, &entries[i]))
		i++;
	config_certificates_free(entries, entries_length);
	config_problems_free(problems, problems_length);
	return i == entries_length && problems_length == 0;
}

/* Has the certificate of that name been read from this file, or below this directory? */
static bool file_is_of(
	const struct snapshot *snapshot, const char *directory, const char *file, const char *name)
{
	const struct sources *sources = sources_peek(snapshot, directory, name);
	size_t before = strlen(directory) + 1, length = strlen(file);
	const struct source *source;

	for (source = sources_first(sources); source != NULL;
		source = sources_next(sources, source)) {
		const char *path = source->path;

		if (strlen(path) >= before + length && strncmp(path, directory, before - 1) == 0 &&
			strncmp(path + before, file, length) == 0 &&
			(path[before + length] == '\0' || path[before + length] == '/'))
			return true;
	}
	return false;
}

static bool file_is_known(const struct snapshot *snapshot, const char *directory, const char *file)
{
	size_t length = strlen(file);
	char stem[NAME_MAX + 1];

	if (file[0] == '.' || file_is_of(snapshot, directory, file, file))
		return true;
	/* ".pem", ".crt", ".key" */
	if (length <= 4 || length >= sizeof(stem))
		return false;
	memcpy(stem, file, length - 4);
	stem[length - 4] = '\0';
	return file_is_of(snapshot, directory, file, stem);
}

/*
 * A certificate that has gone lacks its files; so this is about those that have come. Only where
 * there are files that belong to none, everything is listed.
 */
static bool directory_is_current(const struct snapshot *snapshot, const char *path)
{
	DIR *directory = opendir(path);
	const struct dirent *found;
	bool is_known = directory != NULL;

	errno = 0;
	/* cppcheck-suppress readdirCalled ; the stream is this call's own */
	while (is_known && (found = readdir(directory)) != NULL)
		is_known = file_is_known(snapshot, path, found->d_name);
	is_known = is_known && errno == 0;
	if (directory != NULL)
		(void)closedir(directory);
	return is_known || listing_is_known(snapshot, path);
}

static bool state_is_current(const struct snapshot_state *state)
{
	return state->trouble == NULL && state->sources != NULL &&
	       sources_are_current(state->sources);
}

static bool ticket_is_current(const struct snapshot_ticket *ticket)
{
	return ticket->sources == NULL || (!ticket->is_refused && ticket->stale_since == 0 &&
						  sources_are_current(ticket->sources));
}

bool snapshot_is_current(const struct snapshot *snapshot, const char *config_path)
{
	const struct config_list *directories = &snapshot->config->certificate_dirs;
	size_t i;

	if (snapshot->problems_length > 0 || !ticket_is_current(&snapshot->ticket) ||
		!config_is_current(snapshot->config, config_path))
		return false;
	for (i = 0; i < snapshot->certificates_length; i++)
		if (!state_is_current(&snapshot->states[i]))
			return false;
	for (i = 0; i < directories->length; i++)
		if (!directory_is_current(snapshot, directories->items[i]))
			return false;
	return true;
}
