/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "error.h"
#include "parallel.h"
#include "pkix.h"
#include "snapshot_internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	READ_THREAD_WORTH = 64 /* certificates: fewer are read before a thread has started */
};

static void read_one(void *data, size_t worker, size_t index)
{
	struct read_job *job = data;
	struct certificate_options options = *job->options;

	options.recent = &job->recents[worker];
	if (snapshot_take(job->build, &options, &job->takings[index]) < 0)
		atomic_store(&job->is_out_of_memory, true);
}

void snapshot_read_directories_clear(struct read_directories *directories)
{
	size_t i;

	for (i = 0; i < directories->length; i++)
		config_certificates_free(directories->entries[i], directories->entries_length[i]);
	free(directories->entries);
	free(directories->entries_length);
	memset(directories, 0, sizeof(*directories));
}

static int problems_append(
	struct snapshot *snapshot, struct config_problem *problems, size_t problems_length)
{
	struct config_problem *grown;

	if (problems_length == 0)
		return CERTBIND_OK;
	grown = realloc(
		snapshot->problems, (snapshot->problems_length + problems_length) * sizeof(*grown));
	if (grown == NULL)
		return CERTBIND_E_MEMORY;
	snapshot->problems = grown;
	memcpy(grown + snapshot->problems_length, problems, problems_length * sizeof(*grown));
	snapshot->problems_length += problems_length;
	return CERTBIND_OK;
}

static int read_directories_list(struct snapshot_build *build, struct read_directories *directories)
{
	const struct config_list *paths = &build->snapshot->config->certificate_dirs;
	size_t i;

	directories->entries = calloc(paths->length + 1, sizeof(struct config_certificate *));
	directories->entries_length =
		calloc(paths->length + 1, sizeof(*directories->entries_length));
	if (directories->entries == NULL || directories->entries_length == NULL)
		return CERTBIND_E_MEMORY;
	for (i = 0; i < paths->length; i++) {
		struct config_problem *problems = NULL;
		size_t problems_length = 0;
		int status = certificate_dir_list(paths->items[i], &directories->entries[i],
			&directories->entries_length[i], &problems, &problems_length, build->error);

		if (status < 0)
			return status;
		directories->length++;
		status = problems_append(build->snapshot, problems, problems_length);
		if (status < 0) {
			config_problems_free(problems, problems_length);
			return status;
		}
		free(problems);
	}
	return CERTBIND_OK;
}

static int problem_seen_twice(struct snapshot_build *build, const struct config_certificate *entry,
	const struct config_certificate *former)
{
	struct config_problem problem = {
		.scope = CONFIG_SCOPE_CERTIFICATE,
		.name = strdup(entry->name),
		.place = entry->place,
	};
	size_t size = strlen(entry->name) + 128 +
		      (former->place.file != NULL ? strlen(former->place.file) : 0);
	int status = CERTBIND_E_MEMORY;

	problem.message = malloc(size);
	if (problem.name != NULL && problem.message != NULL) {
		(void)snprintf(problem.message, size,
			"certificate \"%s\": the name is taken already, in %s; expected every "
			"certificate to have a name of its own",
			entry->name, former->place.file != NULL ? former->place.file : "");
		status = problems_append(build->snapshot, &problem, 1);
	}
	if (status < 0) {
		free(problem.name);
		free(problem.message);
	}
	return status;
}

/* Two entries have one name. The later one stays only when the former one is nothing. */
static int entries_collide(struct snapshot_build *build, struct config_certificate *entry,
	void **place, struct read_job *job)
{
	size_t i = 0;

	if (certificate_dir_is_foreign(entry))
		return CERTBIND_OK;
	if (!certificate_dir_is_foreign(*place))
		return problem_seen_twice(build, entry, *place);
	while (job->takings[i].entry != *place)
		i++;
	job->takings[i].entry = entry;
	*place = entry;
	return CERTBIND_OK;
}

/* Joins the entries of all sources; of two with one name the first stays. */
static int entries_join(struct snapshot_build *build, struct config_certificate *entries,
	size_t length, bool is_from_directory, struct table *names, struct read_job *job)
{
	size_t i;
	int status = CERTBIND_OK;

	for (i = 0; i < length && status == CERTBIND_OK; i++) {
		void **place = table_place(names, entries[i].name);

		if (place == NULL)
			return CERTBIND_E_MEMORY;
		if (*place != NULL) {
			status = entries_collide(build, &entries[i], place, job);
			continue;
		}
		*place = &entries[i];
		job->takings[job->length].entry = &entries[i];
		job->takings[job->length++].is_from_directory = is_from_directory;
	}
	return status;
}

/*
 * What the certificate directories could not tell of: names that have a problem, and directories
 * that could not be read. Nothing there is taken for gone.
 */
static int excuses_collect(const struct snapshot *snapshot, struct table *excuses)
{
	size_t i;
	int status = table_init(excuses, snapshot->problems_length);

	for (i = 0; i < snapshot->problems_length && status == CERTBIND_OK; i++) {
		const struct config_problem *problem = &snapshot->problems[i];
		const char *key = problem->name != NULL ? problem->name : problem->place.file;
		void **place = key != NULL ? table_place(excuses, key) : NULL;

		if (place != NULL)
			*place = excuses;
		else if (key != NULL)
			status = CERTBIND_E_MEMORY;
	}
	return status;
}

static int job_take_gone(const struct snapshot_build *build, size_t index,
	const struct table *excuses, struct snapshot_taking *taking)
{
	const struct snapshot *former = build->options->former;
	bool is_excused = table_get(excuses, former->certificates[index]->name) != NULL ||
			  table_get(excuses, former->states[index].file) != NULL;
	int status = snapshot_take_gone(former, index, is_excused, build->options->now, taking);

	if (status < 0 || taking->certificate == NULL)
		return status;
	taking->state.file = snapshot_string_dup(build->snapshot, former->states[index].file);
	if (taking->state.file != NULL)
		return CERTBIND_OK;
	certificate_unref(taking->certificate);
	taking->certificate = NULL;
	snapshot_state_clear(&taking->state);
	return CERTBIND_E_MEMORY;
}

/* Those of the former snapshot whose directory has them no more. */
static int job_add_gone(
	const struct snapshot_build *build, const struct table *names, struct read_job *job)
{
	const struct snapshot *former = build->options->former;
	struct table excuses = { 0 };
	size_t i;
	int status = excuses_collect(build->snapshot, &excuses);

	for (i = 0; former != NULL && i < former->certificates_length && status == CERTBIND_OK;
		i++) {
		struct snapshot_taking *taking = &job->takings[job->length];

		if (!former->states[i].is_from_directory ||
			table_get(names, former->certificates[i]->name) != NULL)
			continue;
		status = job_take_gone(build, i, &excuses, taking);
		if (status == CERTBIND_OK && taking->certificate != NULL)
			job->length++;
	}
	table_clear(&excuses);
	return status;
}

static size_t job_room(
	const struct snapshot_build *build, const struct read_directories *directories)
{
	const struct snapshot *former = build->options->former;
	size_t room = build->snapshot->config->certificates_length;
	size_t i;

	for (i = 0; i < directories->length; i++)
		room += directories->entries_length[i];
	return room + (former != NULL ? former->certificates_length : 0) + 1;
}

static int job_prepare(struct snapshot_build *build, const struct read_directories *directories,
	struct read_job *job)
{
	const struct config *config = build->snapshot->config;
	size_t room = job_room(build, directories);
	struct table names;
	size_t i;
	int status;

	job->build = build->options;
	job->takings = calloc(room, sizeof(*job->takings));
	if (job->takings == NULL)
		return CERTBIND_E_MEMORY;
	status = table_init(&names, room);
	if (status == CERTBIND_OK)
		status = entries_join(build, config->certificates, config->certificates_length,
			false, &names, job);
	for (i = 0; i < directories->length && status == CERTBIND_OK; i++)
		status = entries_join(build, directories->entries[i],
			directories->entries_length[i], true, &names, job);
	if (status == CERTBIND_OK)
		status = job_add_gone(build, &names, job);
	table_clear(&names);
	return status;
}

/* What proved to be foreign may have been a certificate before: that one is gone. */
static int job_settle(const struct snapshot_build *build, struct read_job *job)
{
	const struct snapshot *former = build->options->former;
	struct table excuses = { 0 };
	size_t i;
	int status = former != NULL ? excuses_collect(build->snapshot, &excuses) : CERTBIND_OK;

	for (i = 0; former != NULL && i < job->length && status == CERTBIND_OK; i++) {
		struct snapshot_taking *taking = &job->takings[i];
		size_t index;

		if (taking->certificate != NULL)
			continue;
		index = snapshot_certificate_index(former, taking->entry->name);
		if (index == former->certificates_length ||
			!former->states[index].is_from_directory)
			continue;
		snapshot_state_clear(&taking->state);
		status = job_take_gone(build, index, &excuses, taking);
	}
	table_clear(&excuses);
	return status;
}

static const char *taking_name(const struct snapshot_taking *taking)
{
	return taking->certificate != NULL ? taking->certificate->name : "";
}

static int taking_compare(const void *a, const void *b)
{
	return strcmp(taking_name(a), taking_name(b));
}

/* Mostly they are: directories are listed so. */
static void job_sort(struct read_job *job)
{
	size_t i = 1;

	while (i < job->length && taking_compare(&job->takings[i - 1], &job->takings[i]) <= 0)
		i++;
	if (i < job->length)
		qsort(job->takings, job->length, sizeof(*job->takings), taking_compare);
}

/* Moves what was read to the snapshot, which frees it from then on. */
static int job_finish(struct read_job *job, struct snapshot *snapshot)
{
	size_t kept = 0;
	size_t i;

	snapshot->certificates = calloc(job->length + 1, sizeof(struct certificate *));
	snapshot->states = calloc(job->length + 1, sizeof(*snapshot->states));
	snapshot->singles = calloc(job->length + 1, sizeof(*snapshot->singles));
	if (snapshot->certificates == NULL || snapshot->states == NULL || snapshot->singles == NULL)
		return CERTBIND_E_MEMORY;
	job_sort(job);
	for (i = 0; i < job->length; i++) {
		if (job->takings[i].certificate == NULL) {
			snapshot_state_clear(&job->takings[i].state);
			continue;
		}
		snapshot->certificates[kept] = job->takings[i].certificate;
		snapshot->states[kept++] = job->takings[i].state;
	}
	snapshot->certificates_length = kept;
	job->length = 0;
	return CERTBIND_OK;
}

void snapshot_read_job_clear(struct read_job *job)
{
	size_t i;

	for (i = 0; i < job->length; i++) {
		certificate_unref(job->takings[i].certificate);
		snapshot_state_clear(&job->takings[i].state);
	}
	for (i = 0; i < PARALLEL_WORKERS_MAX; i++)
		certificate_recent_clear(&job->recents[i]);
	free(job->takings);
	job->takings = NULL;
	job->length = 0;
}

/* Where little has changed most is decided without reading. */
static size_t read_worth(const struct snapshot_build *build)
{
	const struct changes *changes = build->options->changes;
	bool is_little = !changes_are_all(changes) && !changes->has_configuration &&
			 changes->certificates.length < READ_THREAD_WORTH;

	return is_little ? SIZE_MAX : READ_THREAD_WORTH;
}

int snapshot_read_certificates(struct snapshot_build *build)
{
	struct snapshot *snapshot = build->snapshot;
	struct certificate_options options = {
		.pool = build->options->pool,
		.strict_key_permissions = snapshot->config->strict_key_permissions,
		.now = build->options->now,
	};
	struct read_directories directories = { 0 };
	struct read_job job = { .options = &options };
	int status;

	status = pkix_definitions(&options.definitions);
	if (status == CERTBIND_OK)
		status = snapshot_read_known(build, &directories, &job);
	if (status == CERTBIND_OK && job.takings == NULL) {
		status = read_directories_list(build, &directories);
		if (status == CERTBIND_OK)
			status = job_prepare(build, &directories, &job);
	}
	if (status == CERTBIND_OK) {
		parallel_run(job.length, read_worth(build), read_one, &job);
		if (atomic_load(&job.is_out_of_memory))
			status = CERTBIND_E_MEMORY;
	}
	if (status == CERTBIND_OK)
		status = job_settle(build, &job);
	if (status == CERTBIND_OK)
		status = job_finish(&job, snapshot);
	snapshot_read_job_clear(&job);
	snapshot_read_directories_clear(&directories);
	(void)asn1_delete_structure(&options.definitions);
	return status;
}
