/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "watch_follow.h"
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* What is to be watched of a snapshot. */

struct follow {
	struct watch_set *set;
	const struct watch_set *former; /* what was watched until now; NULL: the same set */
	struct changes *missed; /* NULL: nothing can have been missed */
};

/* What changed before it was watched gave no event: it is looked at now. */
static void follow_sources(const struct follow *follow, const struct sources *sources,
	const struct watch_subject *subject)
{
	const struct source *source;

	for (source = sources_first(sources); source != NULL;
		source = sources_next(sources, source))
		watch_set_path(follow->set, source->path, subject);
	if (follow->missed != NULL && sources != NULL && subject != NULL &&
		!sources_are_same(sources))
		watch_subject_note(subject, "", follow->missed);
}

static bool was_whole(const struct follow *follow, const struct watch_directory *directory)
{
	const struct watch_directory *former =
		follow->former != NULL ? table_get(&follow->former->by_path, directory->path)
				       : NULL;

	return directory->is_whole ||
	       (former != NULL && former->is_whole && former->descriptor == directory->descriptor);
}

static void follow_whole(
	const struct follow *follow, const char *path, const struct watch_subject *subject)
{
	struct watch_directory *directory = watch_set_whole(follow->set, path, subject);

	if (directory == NULL || directory->descriptor < 0)
		return;
	if (follow->missed != NULL && !was_whole(follow, directory))
		watch_subject_note(subject, "", follow->missed);
	directory->is_whole = true;
}

/* One of a certificate directory: a pair that is not complete yet has no files to tell of. */
static void follow_entry(const struct follow *follow, const char *directory, const char *name)
{
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", directory, name) < sizeof(path))
		follow_whole(follow, path, watch_set_subject(follow->set, WATCH_CERTIFICATE, name));
}

static void follow_certificate_dir(const struct follow *follow, const char *path)
{
	DIR *listing;
	const struct dirent *entry;

	follow_whole(follow, path, watch_set_subject(follow->set, WATCH_ENTRIES, ""));
	listing = opendir(path);
	/* cppcheck-suppress readdirCalled ; nobody else reads this stream */
	while (listing != NULL && (entry = readdir(listing)) != NULL)
		if (entry->d_name[0] != '.' &&
			(entry->d_type == DT_DIR || entry->d_type == DT_LNK ||
				entry->d_type == DT_UNKNOWN))
			follow_entry(follow, path, entry->d_name);
	if (listing != NULL)
		(void)closedir(listing);
}

static void follow_domain_file(const struct follow *follow, const struct config_file *file)
{
	const struct source *source = config_file_source(file);
	const char *name = strrchr(source->path, '/') + 1;

	/* Of all others the directory tells. */
	if (file->is_link)
		watch_set_path(follow->set, source->path,
			watch_set_subject(follow->set, WATCH_DOMAIN_FILE, name));
	if (follow->missed != NULL && !source_is_same(source))
		changes_note_domain_file(follow->missed, name);
}

static void follow_configuration(const struct follow *follow, const struct config *config)
{
	const struct watch_subject *subject =
		watch_set_subject(follow->set, WATCH_CONFIGURATION, "");
	size_t i;

	follow_sources(follow, config->sources, subject);
	for (i = 0; i < config->include_dirs.length; i++)
		follow_whole(follow, config->include_dirs.items[i], subject);
	if (config->domains_dir != NULL)
		follow_whole(follow, config->domains_dir,
			watch_set_subject(follow->set, WATCH_DOMAIN_FILES, ""));
	for (i = 0; i < config->domain_files_length; i++)
		follow_domain_file(follow, config->domain_files[i]);
	for (i = 0; i < config->certificate_dirs.length; i++)
		follow_certificate_dir(follow, config->certificate_dirs.items[i]);
}

/* Of a file in a certificate directory the directory tells, unless it is a link to another one. */
static bool directory_tells(const struct snapshot_state *state, const char *path)
{
	size_t length = strlen(state->file);
	struct stat status;

	return state->is_from_directory && strncmp(path, state->file, length) == 0 &&
	       path[length] == '/' && strchr(path + length + 1, '/') == NULL &&
	       (lstat(path, &status) != 0 || !S_ISLNK(status.st_mode));
}

static void follow_certificate(
	const struct follow *follow, const struct snapshot *snapshot, size_t index)
{
	const struct snapshot_state *state = &snapshot->states[index];
	const char *name = snapshot->certificates[index]->name;
	const struct source *source;

	for (source = sources_first(state->sources); source != NULL;
		source = sources_next(state->sources, source))
		if (!directory_tells(state, source->path))
			watch_set_path(follow->set, source->path,
				watch_set_subject(follow->set, WATCH_CERTIFICATE, name));
	if (follow->missed != NULL && state->sources != NULL && !sources_are_same(state->sources))
		changes_note_certificate(follow->missed, name);
}

/* Its file is looked at by every build. */
static void follow_ticket(const struct follow *follow, const struct snapshot *snapshot)
{
	follow_sources(follow, snapshot->ticket.sources,
		watch_set_subject(follow->set, WATCH_CERTIFICATE, ""));
}

void watch_follow_all(struct watch_set *set, const struct watch_set *former,
	const struct snapshot *snapshot, struct changes *missed)
{
	const struct follow follow = { set, former, missed };
	size_t i;

	follow_configuration(&follow, snapshot->config);
	for (i = 0; i < snapshot->certificates_length; i++)
		follow_certificate(&follow, snapshot, i);
	follow_ticket(&follow, snapshot);
}

static void follow_taken_certificate(
	const struct follow *follow, const struct snapshot *snapshot, const char *name)
{
	const struct config_list *directories = &snapshot->config->certificate_dirs;
	size_t index = snapshot_certificate_index(snapshot, name);
	struct stat status;
	size_t i;

	if (index < snapshot->certificates_length)
		follow_certificate(follow, snapshot, index);
	for (i = 0; i < directories->length; i++) {
		char path[PATH_MAX];

		if ((size_t)snprintf(path, sizeof(path), "%s/%s", directories->items[i], name) <
				sizeof(path) &&
			lstat(path, &status) == 0 && !S_ISREG(status.st_mode))
			follow_entry(follow, directories->items[i], name);
	}
}

void watch_follow_taken(struct watch_set *set, const struct snapshot *snapshot,
	const struct changes *taken, struct changes *missed)
{
	const struct follow follow = { set, NULL, missed };
	const struct config_file *file;
	size_t i;

	for (i = 0; i < taken->domain_files.length; i++) {
		file = config_file_peek(snapshot->config, taken->domain_files.keys[i]);
		if (file != NULL)
			follow_domain_file(&follow, file);
	}
	for (i = 0; i < taken->certificates.length; i++)
		follow_taken_certificate(&follow, snapshot, taken->certificates.keys[i]);
	follow_ticket(&follow, snapshot);
}
