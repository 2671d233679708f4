/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "array.h"
#include "snapshot_internal.h"
#include <stdlib.h>
#include <string.h>

/*
 * A build after which little has changed: the certificate directories are not listed again, only
 * the names in them that may have changed are looked for.
 */

struct known {
	struct snapshot_build *build;
	struct read_directories *directories;
	struct read_job *job;
	bool *has_changed; /* as the former certificates */
	bool is_unclear; /* names collide, or are at fault: only a whole listing tells of that */
};

/* Was nothing at fault with the directories, and may little have changed? */
static bool build_is_known(const struct snapshot_build *build)
{
	const struct snapshot *former = build->options->former;
	const struct changes *changes = build->options->changes;

	return former != NULL && !changes_are_all(changes) && !changes->has_configuration &&
	       former->problems_length == 0 && build->snapshot->config->problems_length == 0 &&
	       former->config->problems_length == 0;
}

/* The directory as the new configuration has it. NULL: it is not there. */
static const char *known_directory(const struct known *known, const char *path)
{
	const struct config_list *directories = &known->build->snapshot->config->certificate_dirs;
	size_t i;

	for (i = 0; i < directories->length; i++)
		if (strcmp(directories->items[i], path) == 0)
			return directories->items[i];
	return NULL;
}

/* Takes the entries over, which the takings point to. */
static int known_keep_entries(struct known *known, struct config_certificate *entries)
{
	struct read_directories *directories = known->directories;

	if (!array_grow(&directories->entries, directories->length,
		    sizeof(struct config_certificate *)) ||
		!array_grow(&directories->entries_length, directories->length, sizeof(size_t))) {
		config_certificates_free(entries, 1);
		return CERTBIND_E_MEMORY;
	}
	directories->entries[directories->length] = entries;
	directories->entries_length[directories->length++] = 1;
	return CERTBIND_OK;
}

static int known_list_in(struct known *known, const char *directory, const char *name)
{
	struct config_certificate *entries;
	struct config_problem *problems;
	size_t entries_length, problems_length;
	struct snapshot_taking *taking = &known->job->takings[known->job->length];
	int status = certificate_dir_list_name(
		directory, name, &entries, &entries_length, &problems, &problems_length);

	if (status < 0)
		return status;
	known->is_unclear = known->is_unclear || problems_length > 0 || entries_length > 1;
	config_problems_free(problems, problems_length);
	if (entries_length != 1 || strcmp(entries[0].name, name) != 0) {
		config_certificates_free(entries, entries_length);
		return CERTBIND_OK;
	}
	known->is_unclear = known->is_unclear || taking->entry != NULL;
	status = known_keep_entries(known, entries);
	if (status < 0)
		return status;
	taking->entry = &entries[0];
	taking->is_from_directory = true;
	return CERTBIND_OK;
}

/* Looks for a name in all directories. `index`: of it in the former snapshot, or its length. */
static int known_list(struct known *known, const char *name, size_t index)
{
	const struct snapshot *former = known->build->options->former;
	const struct config_list *directories = &known->build->snapshot->config->certificate_dirs;
	struct snapshot_taking *taking = &known->job->takings[known->job->length];
	bool is_there = index < former->certificates_length;
	size_t i;
	int status = CERTBIND_OK;

	for (i = 0; i < directories->length && status == CERTBIND_OK; i++)
		status = known_list_in(known, directories->items[i], name);
	if (status < 0)
		return status;
	if (taking->entry == NULL && is_there) {
		status = snapshot_take_gone(
			former, index, false, known->build->options->now, taking);
		taking->state.file = known_directory(known, former->states[index].file);
		known->is_unclear = known->is_unclear || taking->state.file == NULL;
	}
	if (taking->entry != NULL || taking->certificate != NULL)
		known->job->length++;
	return status;
}

static int known_former(struct known *known, size_t index)
{
	const struct snapshot *former = known->build->options->former;
	const struct snapshot_state *state = &former->states[index];
	struct snapshot_taking *taking = &known->job->takings[known->job->length];
	const char *name = former->certificates[index]->name;

	if (state->trouble != NULL || state->sources == NULL || known->has_changed[index])
		return known_list(known, name, index);
	taking->is_from_directory = true;
	taking->certificate = certificate_ref(former->certificates[index]);
	taking->state = *state;
	taking->state.sources = sources_ref(state->sources);
	taking->state.file = former->config == known->build->snapshot->config
				     ? state->file
				     : known_directory(known, state->file);
	known->is_unclear = known->is_unclear || taking->state.file == NULL;
	known->job->length++;
	return CERTBIND_OK;
}

static int known_directories(struct known *known)
{
	const struct snapshot *former = known->build->options->former;
	const struct changes_names *names = &known->build->options->changes->certificates;
	size_t i;
	int status = CERTBIND_OK;

	for (i = 0; i < names->length; i++)
		known->has_changed[snapshot_certificate_index(former, names->keys[i])] = true;
	for (i = 0; i < former->certificates_length && status == CERTBIND_OK; i++)
		if (former->states[i].is_from_directory)
			status = known_former(known, i);
	for (i = 0; i < names->length && status == CERTBIND_OK; i++) {
		size_t index = snapshot_certificate_index(former, names->keys[i]);
		size_t length = known->job->length;

		if (index < former->certificates_length && former->states[index].is_from_directory)
			continue;
		status = known_list(known, names->keys[i], former->certificates_length);
		/* One that the configuration has, too. */
		if (known->job->length > length && index < former->certificates_length)
			known->is_unclear = true;
	}
	return status;
}

static void known_configured(struct known *known)
{
	const struct config *config = known->build->snapshot->config;
	size_t i;

	for (i = 0; i < config->certificates_length; i++)
		known->job->takings[known->job->length++].entry = &config->certificates[i];
}

int snapshot_read_known(
	struct snapshot_build *build, struct read_directories *directories, struct read_job *job)
{
	struct known known = { .build = build, .directories = directories, .job = job };
	const struct config *config = build->snapshot->config;
	size_t room = config->certificates_length + 1;
	int status;

	if (!build_is_known(build))
		return CERTBIND_OK;
	room += build->options->former->certificates_length;
	room += build->options->changes->certificates.length;
	job->build = build->options;
	job->takings = calloc(room, sizeof(*job->takings));
	/* With one more for what is nowhere. */
	known.has_changed = calloc(build->options->former->certificates_length + 1, sizeof(bool));
	if (job->takings == NULL || known.has_changed == NULL) {
		free(known.has_changed);
		return CERTBIND_E_MEMORY;
	}
	known_configured(&known);
	status = known_directories(&known);
	free(known.has_changed);
	if (status == CERTBIND_OK && known.is_unclear) {
		snapshot_read_job_clear(job);
		snapshot_read_directories_clear(directories);
	}
	return status;
}
