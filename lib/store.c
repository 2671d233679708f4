/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store.h"
#include "error.h"
#include "name.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void store_free(struct certbind_store *store)
{
	/* The snapshot's bundles are in the cache: they go first. */
	snapshot_unref(store->snapshot);
	bundle_unref(store->own);
	bundle_cache_free(store->cache);
	der_pool_unref(store->pool);
	clock_source_unref(store->clock);
	(void)pthread_mutex_destroy(&store->lock);
	(void)pthread_mutex_destroy(&store->own_lock);
	(void)pthread_mutex_destroy(&store->log_lock);
	free(store);
}

struct certbind_store *store_ref(struct certbind_store *store)
{
	atomic_fetch_add_explicit(&store->references, 1, memory_order_relaxed);
	return store;
}

void store_unref(struct certbind_store *store)
{
	if (store != NULL &&
		atomic_fetch_sub_explicit(&store->references, 1, memory_order_acq_rel) == 1)
		store_free(store);
}

static int store_locks_init(struct certbind_store *store)
{
	if (pthread_mutex_init(&store->lock, NULL) != 0)
		return CERTBIND_E_SYSTEM;
	if (pthread_mutex_init(&store->own_lock, NULL) != 0) {
		(void)pthread_mutex_destroy(&store->lock);
		return CERTBIND_E_SYSTEM;
	}
	if (pthread_mutex_init(&store->log_lock, NULL) != 0) {
		(void)pthread_mutex_destroy(&store->lock);
		(void)pthread_mutex_destroy(&store->own_lock);
		return CERTBIND_E_SYSTEM;
	}
	return CERTBIND_OK;
}

int certbind_store_new(struct certbind_store **store)
{
	struct certbind_store *made;
	int status;

	if (store == NULL)
		return CERTBIND_E_INVALID;
	*store = NULL;
	made = calloc(1, sizeof(*made));
	if (made == NULL)
		return CERTBIND_E_MEMORY;
	status = store_locks_init(made);
	if (status < 0) {
		free(made);
		return status;
	}
	atomic_init(&made->references, 1);
	made->clock = clock_source_new();
	made->pool = der_pool_new();
	made->cache = made->clock != NULL ? bundle_cache_new(made->clock) : NULL;
	if (made->clock == NULL || made->pool == NULL || made->cache == NULL) {
		store_free(made);
		return CERTBIND_E_MEMORY;
	}
	*store = made;
	return CERTBIND_OK;
}

void certbind_store_set_log(struct certbind_store *store, certbind_log_func *log, void *data)
{
	if (store == NULL)
		return;
	(void)pthread_mutex_lock(&store->log_lock);
	store->log = log;
	store->log_data = data;
	(void)pthread_mutex_unlock(&store->log_lock);
}

void certbind_store_set_clock(struct certbind_store *store, certbind_clock_func *clock, void *data)
{
	if (store != NULL)
		clock_source_set(store->clock, clock, data);
}

void store_log(struct certbind_store *store, int level, const struct certbind_error *event)
{
	(void)pthread_mutex_lock(&store->log_lock);
	if (store->log != NULL)
		store->log(store->log_data, level, event);
	(void)pthread_mutex_unlock(&store->log_lock);
}

/* Tells the log of every problem; gives the first that refuses the load. */
static const struct config_problem *store_log_problems(
	struct certbind_store *store, const struct config_problem *problems, size_t length)
{
	const struct config_problem *refusal = NULL;
	size_t i;

	for (i = 0; i < length; i++) {
		const struct config_problem *problem = &problems[i];
		struct certbind_error event;

		(void)error_set(&event, CERTBIND_E_CONFIG, problem->place.file, problem->place.line,
			"%s", problem->message);
		store_log(store, CERTBIND_LEVEL_ERROR, &event);
		if (refusal == NULL && problem->scope == CONFIG_SCOPE_LOAD)
			refusal = problem;
	}
	return refusal;
}

static int store_build(struct certbind_store *store, struct config *config,
	struct snapshot **snapshot, struct certbind_error *error)
{
	const struct snapshot_options options = {
		.cache = store->cache,
		.pool = store->pool,
		.now = (int64_t)clock_source_now(store->clock),
	};
	const struct config_problem *refusal;
	struct certbind_error why;
	int status;

	refusal = store_log_problems(store, config->problems, config->problems_length);
	if (refusal != NULL)
		return error_set(error, CERTBIND_E_CONFIG, refusal->place.file, refusal->place.line,
			"%s", refusal->message);
	status = snapshot_build(config, &options, snapshot, &why);
	if (status < 0) {
		if (status == CERTBIND_E_FILE || status == CERTBIND_E_CERTIFICATE)
			status = why.status = CERTBIND_E_CONFIG; /* the trust file */
		store_log(store, CERTBIND_LEVEL_ERROR, &why);
		if (error != NULL)
			*error = why;
		return status;
	}
	(void)store_log_problems(store, (*snapshot)->problems, (*snapshot)->problems_length);
	return CERTBIND_OK;
}

int certbind_store_load(
	struct certbind_store *store, const char *config_path, struct certbind_error *error)
{
	struct config *config;
	struct snapshot *snapshot = store != NULL ? store_snapshot(store) : NULL;
	int status;

	if (store == NULL)
		return error_set(error, CERTBIND_E_INVALID, NULL, 0, "no store was given");
	if (snapshot != NULL) {
		snapshot_unref(snapshot);
		return error_set(error, CERTBIND_E_STATE, config_path, 0,
			"the store has been loaded already");
	}
	status = config_load(config_path, &config, error);
	if (status < 0)
		return status;
	status = store_build(store, config, &snapshot, error);
	if (status < 0) {
		config_free(config);
		return status;
	}
	bundle_cache_set_limit(store->cache, config->cache_size);
	(void)pthread_mutex_lock(&store->lock);
	store->snapshot = snapshot;
	(void)pthread_mutex_unlock(&store->lock);
	return CERTBIND_OK;
}

int certbind_store_open(
	struct certbind_store **store, const char *config_path, struct certbind_error *error)
{
	int status = certbind_store_new(store);

	if (status < 0)
		return error_set(error, status, NULL, 0, "%s", certbind_strerror(status));
	status = certbind_store_load(*store, config_path, error);
	if (status < 0) {
		certbind_store_close(*store);
		*store = NULL;
	}
	return status;
}

struct snapshot *store_snapshot(struct certbind_store *store)
{
	struct snapshot *snapshot;

	(void)pthread_mutex_lock(&store->lock);
	snapshot = store->snapshot != NULL ? snapshot_ref(store->snapshot) : NULL;
	(void)pthread_mutex_unlock(&store->lock);
	return snapshot;
}

static void copy_string(char *to, size_t size, const char *from)
{
	(void)snprintf(to, size, "%s", from);
}

void store_selection(const struct snapshot_service *service, const struct snapshot_result *result,
	struct certbind_selection *selection)
{
	memset(selection, 0, sizeof(*selection));
	selection->rule = result->rule;
	copy_string(selection->service, sizeof(selection->service), service->config->name);
	copy_string(selection->host, sizeof(selection->host), result->host);
	if (result->binding != NULL)
		copy_string(selection->domain, sizeof(selection->domain),
			result->binding->domain->config->name);
	if (result->bundle != NULL)
		copy_string(selection->certificate, sizeof(selection->certificate),
			result->bundle->members[0]->name);
}

int certbind_store_select(struct certbind_store *store, const char *service, const char *host,
	struct certbind_selection *selection, struct certbind_error *error)
{
	struct snapshot *snapshot;
	struct snapshot_result result;
	const struct snapshot_service *found;

	if (store == NULL || service == NULL || selection == NULL)
		return error_set(
			error, CERTBIND_E_INVALID, NULL, 0, "store, service or selection is NULL");
	snapshot = store_snapshot(store);
	if (snapshot == NULL)
		return error_set(error, CERTBIND_E_STATE, NULL, 0, "nothing is loaded");
	found = snapshot_service_peek(snapshot, service);
	if (found != NULL) {
		snapshot_select(found, host, host != NULL ? strlen(host) : 0, &result);
		store_selection(found, &result, selection);
	}
	snapshot_unref(snapshot);
	if (found == NULL)
		return error_set(error, CERTBIND_E_UNKNOWN_SERVICE, NULL, 0,
			"service \"%s\": not configured; expected \"webmail\", \"mail\" or one "
			"of `services`",
			service);
	return CERTBIND_OK;
}

void certbind_store_close(struct certbind_store *store)
{
	if (store == NULL)
		return;
	/* Sessions may go on: they must not call what the caller is about to take away. */
	certbind_store_set_log(store, NULL, NULL);
	clock_source_set(store->clock, NULL, NULL);
	store_unref(store);
}
