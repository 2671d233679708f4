/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "array.h"
#include "config_keep.h"
#include "date.h"
#include "error.h"
#include "store.h"
#include "thread.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Reading the configuration into a snapshot that is not in service yet. */

void store_refusal_unref(struct store_refusal *refusal)
{
	if (refusal != NULL &&
		atomic_fetch_sub_explicit(&refusal->references, 1, memory_order_acq_rel) == 1)
		free(refusal);
}

void store_build_free(struct store_build *build)
{
	if (build == NULL)
		return;
	snapshot_unref(build->snapshot);
	store_refusal_unref(build->refusal);
	free(build->events.items);
	free(build);
}

static int events_add(struct store_events *events, int level, const struct certbind_error *error)
{
	if (!array_grow(&events->items, events->length, sizeof(*events->items)))
		return CERTBIND_E_MEMORY;
	events->items[events->length].level = level;
	events->items[events->length].error = *error;
	events->length++;
	return CERTBIND_OK;
}

static int build_refuse(struct store_build *build, const struct certbind_error *error)
{
	struct store_refusal *refusal = calloc(1, sizeof(*refusal));

	if (refusal == NULL)
		return CERTBIND_E_MEMORY;
	atomic_init(&refusal->references, 1);
	refusal->error = *error;
	build->refusal = refusal;
	return CERTBIND_OK;
}

/* Notes every problem; the first that refuses the load makes the refusal. */
static int build_note_problems(
	struct store_build *build, const struct config_problem *problems, size_t length)
{
	size_t i;
	int status = CERTBIND_OK;

	for (i = 0; i < length && status == CERTBIND_OK; i++) {
		const struct config_problem *problem = &problems[i];
		struct certbind_error event;

		(void)error_set(&event, CERTBIND_E_CONFIG, problem->place.file, problem->place.line,
			"%s", problem->message);
		status = events_add(&build->events, CERTBIND_LEVEL_ERROR, &event);
		if (status == CERTBIND_OK && build->refusal == NULL &&
			problem->scope == CONFIG_SCOPE_LOAD)
			status = build_refuse(build, &event);
	}
	return status;
}

static int build_note_stale(struct store_build *build)
{
	const struct snapshot *snapshot = build->snapshot;
	size_t i;
	int status = CERTBIND_OK;

	for (i = 0; i < snapshot->certificates_length && status == CERTBIND_OK; i++) {
		const struct snapshot_state *state = &snapshot->states[i];
		struct certbind_error event;

		if (snapshot_trouble(state)->stale_since == 0)
			continue;
		(void)error_set(&event, CERTBIND_E_CERTIFICATE, snapshot_trouble(state)->stale_file,
			0, "certificate \"%s\": the last good version stays in service: %s",
			snapshot->certificates[i]->name, snapshot_trouble(state)->stale_message);
		status = events_add(&build->events, CERTBIND_LEVEL_WARNING, &event);
	}
	return status;
}

static int build_note_ticket(struct store_build *build)
{
	const struct snapshot_ticket *ticket = &build->snapshot->ticket;
	const char *instead = "";
	struct certbind_error event;

	if (ticket->message == NULL)
		return CERTBIND_OK;
	if (ticket->is_refused)
		instead = ticket->stale_since != 0
				  ? " The last good key stays in use."
				  : " Session tickets are made with a random key instead.";
	(void)error_set(&event, CERTBIND_E_FILE, sources_first(ticket->sources)->path, 0,
		"%.900s%s", ticket->message, instead);
	return events_add(&build->events, CERTBIND_LEVEL_WARNING, &event);
}

/* A context goes on with a service that is configured no more, as it was. */
static int build_note_vanished(struct certbind_store *store, struct store_build *build)
{
	size_t i;
	int status = CERTBIND_OK;

	(void)pthread_mutex_lock(&store->lock);
	for (i = 0; i < store->served_length && status == CERTBIND_OK; i++) {
		struct certbind_error event;

		if (snapshot_service_peek(build->snapshot, store->served[i].service) != NULL)
			continue;
		(void)error_set(&event, CERTBIND_E_UNKNOWN_SERVICE, NULL, 0,
			"service \"%s\": configured no more; what serves it goes on with the last "
			"definition",
			store->served[i].service);
		status = events_add(&build->events, CERTBIND_LEVEL_WARNING, &event);
	}
	(void)pthread_mutex_unlock(&store->lock);
	return status;
}

/* An error outside the entries: of the text, of what it names, or of reading it at all. */
static int build_refuse_for(
	struct store_build *build, const struct snapshot *former, struct certbind_error *why)
{
	int status;

	if (former != NULL &&
		why->status ==
			CERTBIND_E_FILE) { /* also what a daemon sees that gave up its rights */
		const struct certbind_error told = *why;

		(void)error_set(why, CERTBIND_E_FILE, told.file, 0,
			"%.500s; what was loaded stays in service. A daemon that has changed its "
			"root or its user must keep the right to read the configuration, or be "
			"restarted to take changes",
			told.message);
	}
	status = events_add(&build->events, CERTBIND_LEVEL_ERROR, why);
	return status == CERTBIND_OK ? build_refuse(build, why) : status;
}

/* What a build replaces, and what may have changed since. */
struct build_base {
	struct snapshot *former;
	const struct changes *changes;
};

static int build_snapshot(struct certbind_store *store, const struct build_base *base,
	struct config *config, struct store_build *build, struct certbind_error *why)
{
	struct snapshot *former = base->former;
	const struct snapshot_options options = {
		.cache = store->cache,
		.pool = store->pool,
		.ticket_key = store->ticket_key,
		.now = (int64_t)clock_source_now(store->clock),
		.former = former,
		.changes = base->changes,
	};
	int status;

	if (former != NULL && config != former->config && config_keep(config, former->config) < 0)
		return error_memory(why);
	status = snapshot_build(config, &options, &build->snapshot, why);
	build->has_failed = status == CERTBIND_E_FILE;
	/* The trust file: an error of the configuration that names it. */
	if (status == CERTBIND_E_FILE || status == CERTBIND_E_CERTIFICATE)
		status = why->status = CERTBIND_E_CONFIG;
	return status;
}

static int build_run(struct certbind_store *store, const struct build_base *base,
	struct store_build *build, struct certbind_error *why)
{
	struct snapshot *former = base->former;
	struct config *config = NULL;
	int status = config_load_changes(store->config_path, former != NULL ? former->config : NULL,
		base->changes, &config, why);

	if (status == CERTBIND_E_FILE)
		return build_refuse_for(build, former, why);
	if (status < 0)
		return status;
	if (build_note_problems(build, config->problems, config->problems_length) < 0)
		status = error_memory(why);
	if (status == CERTBIND_OK && build->refusal == NULL) {
		status = build_snapshot(store, base, config, build, why);
		if (status == CERTBIND_OK)
			config = NULL; /* the snapshot has it */
		else if (status == CERTBIND_E_CONFIG)
			status = build_refuse_for(build, former, why);
	} else if (status == CERTBIND_OK) {
		*why = build->refusal->error;
	}
	config_unref(config);
	if (status < 0 || build->snapshot == NULL)
		return status;
	status = build_note_problems(
		build, build->snapshot->problems, build->snapshot->problems_length);
	if (status == CERTBIND_OK)
		status = build_note_stale(build);
	if (status == CERTBIND_OK)
		status = build_note_ticket(build);
	if (status == CERTBIND_OK)
		status = build_note_vanished(store, build);
	return status < 0 ? error_memory(why) : CERTBIND_OK;
}

static bool states_differ(const struct snapshot_state *a, const struct snapshot_state *b)
{
	if (snapshot_trouble(a)->stale_since != snapshot_trouble(b)->stale_since ||
		snapshot_trouble(a)->missing_since != snapshot_trouble(b)->missing_since)
		return true;
	if (a->sources == NULL || b->sources == NULL || a->sources == b->sources)
		return a->sources != b->sources;
	return !sources_equal(a->sources, b->sources);
}

static bool tickets_differ(const struct snapshot_ticket *a, const struct snapshot_ticket *b)
{
	if (a->key != b->key || a->stale_since != b->stale_since)
		return true;
	if (a->sources == NULL || b->sources == NULL)
		return a->sources != b->sources;
	return !sources_equal(a->sources, b->sources);
}

static bool configs_differ(const struct config *a, const struct config *b)
{
	size_t i;

	if (a == b)
		return false;
	if (a->domain_files_length != b->domain_files_length ||
		!sources_equal(a->sources, b->sources))
		return true;
	for (i = 0; i < a->domain_files_length; i++)
		if (a->domain_files[i] != b->domain_files[i] &&
			!source_equal(config_file_source(a->domain_files[i]),
				config_file_source(b->domain_files[i])))
			return true;
	return false;
}

/* Is there anything in it that the former snapshot does not have? */
static bool snapshot_differs(const struct snapshot *snapshot, const struct snapshot *former)
{
	size_t i;

	if (former == NULL || snapshot->certificates_length != former->certificates_length ||
		configs_differ(snapshot->config, former->config) ||
		tickets_differ(&snapshot->ticket, &former->ticket))
		return true;
	for (i = 0; i < snapshot->certificates_length; i++)
		if (snapshot->certificates[i] != former->certificates[i] ||
			states_differ(&snapshot->states[i], &former->states[i]))
			return true;
	return false;
}

struct apart {
	struct certbind_store *store;
	struct snapshot *former;
	struct store_build **build;
	struct certbind_error *error;
	int status;
};

static void apart_build(void *data)
{
	struct apart *apart = data;

	apart->status = store_build(apart->store, apart->former, NULL, apart->build, apart->error);
}

int store_build_apart(struct certbind_store *store, struct snapshot *former,
	struct store_build **build, struct certbind_error *error)
{
	struct apart apart = { store, former, build, error, CERTBIND_OK };

	thread_run_apart(apart_build, &apart);
	return apart.status;
}

int store_build(struct certbind_store *store, struct snapshot *former,
	const struct changes *changes, struct store_build **build, struct certbind_error *error)
{
	const struct build_base base = { former, changes };
	struct store_build *made = calloc(1, sizeof(*made));
	struct certbind_error why = { 0 };
	int status;

	*build = NULL;
	if (made == NULL)
		return error_memory(error);
	status = build_run(store, &base, made, &why);
	if (status < 0) {
		store_build_free(made);
		if (error != NULL)
			*error = why;
		return status;
	}
	made->is_changed = made->snapshot == NULL || snapshot_differs(made->snapshot, former);
	*build = made;
	return CERTBIND_OK;
}
