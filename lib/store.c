/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store.h"
#include "error.h"
#include "hot.h"
#include "name.h"
#include "ticket.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

static void store_served_free(struct certbind_store *store)
{
	while (store->served_length > 0) {
		store->served_length--;
		free(store->served[store->served_length].service);
		snapshot_unref(store->served[store->served_length].kept);
	}
	free(store->served);
}

static void store_free(struct certbind_store *store)
{
	/* The snapshot's bundles are in the cache: they go first. */
	store_build_free(store->pending);
	snapshot_unref(store->snapshot);
	bundle_unref(store->own);
	store_refusal_unref(store->refusal);
	store_told_clear(store);
	free(store->config_path);
	store_served_free(store);
	bundle_cache_free(store->cache);
	der_pool_unref(store->pool);
	der_unref(store->ticket_key);
	clock_source_unref(store->clock);
	(void)pthread_mutex_destroy(&store->lock);
	(void)pthread_mutex_destroy(&store->build_lock);
	(void)pthread_mutex_destroy(&store->publish_lock);
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
	pthread_mutex_t *locks[] = { &store->lock, &store->build_lock, &store->publish_lock,
		&store->own_lock, &store->log_lock };
	size_t i;

	for (i = 0; i < sizeof(locks) / sizeof(locks[0]); i++)
		if (pthread_mutex_init(locks[i], NULL) != 0)
			break;
	if (i == sizeof(locks) / sizeof(locks[0]))
		return CERTBIND_OK;
	while (i-- > 0)
		(void)pthread_mutex_destroy(locks[i]);
	return CERTBIND_E_SYSTEM;
}

void store_locks_renew(struct certbind_store *store)
{
	(void)store_locks_init(store);
	clock_source_renew(store->clock);
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
	made->ticket_key = made->pool != NULL ? ticket_master_random(made->pool) : NULL;
	made->cache = made->clock != NULL ? bundle_cache_new(made->clock) : NULL;
	if (made->clock == NULL || made->pool == NULL || made->cache == NULL ||
		made->ticket_key == NULL) {
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

/* What parsing took and gave back lies between what stays: a sixth of all, with 10,000 certificates. */
static void memory_give_back(void)
{
#ifdef __GLIBC__
	(void)malloc_trim(0);
#endif
}

static int load_first(
	struct certbind_store *store, const char *config_path, struct certbind_error *error)
{
	struct store_build *build;
	char *path = config_path != NULL ? strdup(config_path) : NULL;
	int status;

	if (config_path != NULL && path == NULL)
		return error_memory(error);
	free(store->config_path);
	store->config_path = path;
	status = store_build_apart(store, NULL, &build, error);
	if (status < 0)
		return status;
	(void)pthread_mutex_lock(&store->publish_lock);
	status = store_publish(store, build, NULL, error);
	(void)pthread_mutex_unlock(&store->publish_lock);
	memory_give_back();
	return status;
}

int certbind_store_load(
	struct certbind_store *store, const char *config_path, struct certbind_error *error)
{
	struct snapshot *snapshot;
	int status;

	if (store == NULL)
		return error_set(error, CERTBIND_E_INVALID, NULL, 0, "no store was given");
	(void)pthread_mutex_lock(&store->build_lock);
	snapshot = store_snapshot(store);
	status = snapshot != NULL ? error_set(error, CERTBIND_E_STATE, config_path, 0,
					    "the store has been loaded already")
				  : load_first(store, config_path, error);
	snapshot_unref(snapshot);
	(void)pthread_mutex_unlock(&store->build_lock);
	return status;
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

HOT struct der *store_ticket_key(struct certbind_store *store)
{
	struct der *key;

	(void)pthread_mutex_lock(&store->lock);
	key = store->snapshot != NULL ? store->snapshot->ticket.key : NULL;
	key = key != NULL ? der_ref(key) : NULL;
	(void)pthread_mutex_unlock(&store->lock);
	return key;
}

/* The caller has the lock. */
static int store_add_served(struct certbind_store *store, const char *service)
{
	struct store_served *served;
	size_t i;

	for (i = 0; i < store->served_length; i++)
		if (strcmp(store->served[i].service, service) == 0)
			return CERTBIND_OK;
	served = realloc(store->served, (store->served_length + 1) * sizeof(*served));
	if (served == NULL)
		return CERTBIND_E_MEMORY;
	store->served = served;
	served[store->served_length].kept = NULL;
	served[store->served_length].service = strdup(service);
	if (served[store->served_length].service == NULL)
		return CERTBIND_E_MEMORY;
	store->served_length++;
	return CERTBIND_OK;
}

void store_keep_services(struct certbind_store *store, const struct snapshot *next)
{
	size_t i;

	for (i = 0; i < store->served_length; i++) {
		struct store_served *served = &store->served[i];
		bool is_there = snapshot_service_peek(next, served->service) != NULL;

		if (is_there) {
			snapshot_unref(served->kept);
			served->kept = NULL;
		} else if (served->kept == NULL && store->snapshot != NULL) {
			served->kept = snapshot_ref(store->snapshot);
		}
	}
}

HOT struct snapshot *store_service_snapshot(
	struct certbind_store *store, const char *name, struct snapshot_service **service)
{
	struct snapshot *snapshot = NULL;
	size_t i;

	(void)pthread_mutex_lock(&store->lock);
	if (store->snapshot != NULL && snapshot_service_peek(store->snapshot, name) != NULL)
		snapshot = store->snapshot;
	for (i = 0; i < store->served_length && snapshot == NULL; i++)
		if (strcmp(store->served[i].service, name) == 0)
			snapshot = store->served[i].kept;
	if (snapshot != NULL)
		(void)snapshot_ref(snapshot);
	(void)pthread_mutex_unlock(&store->lock);
	*service = snapshot != NULL ? snapshot_service_peek(snapshot, name) : NULL;
	return snapshot;
}

int store_note_served(struct certbind_store *store, const char *service)
{
	int status;

	(void)pthread_mutex_lock(&store->lock);
	status = store_add_served(store, service);
	(void)pthread_mutex_unlock(&store->lock);
	return status;
}

struct store_refusal *store_refusal(struct certbind_store *store)
{
	struct store_refusal *refusal;

	(void)pthread_mutex_lock(&store->lock);
	refusal = store->refusal;
	if (refusal != NULL)
		atomic_fetch_add_explicit(&refusal->references, 1, memory_order_relaxed);
	(void)pthread_mutex_unlock(&store->lock);
	return refusal;
}

static void copy_string(char *to, size_t size, const char *from)
{
	(void)snprintf(to, size, "%s", from);
}

void store_selection(const struct snapshot_service *service, const struct snapshot_result *result,
	struct certbind_selection *selection)
{
	const struct bundle_members members =
		snapshot_members_peek(service->snapshot, result->bundle);

	memset(selection, 0, sizeof(*selection));
	selection->rule = result->rule;
	copy_string(selection->service, sizeof(selection->service), service->config->name);
	copy_string(selection->host, sizeof(selection->host), result->host);
	copy_string(selection->domain, sizeof(selection->domain), result->domain);
	if (members.length > 0)
		copy_string(selection->certificate, sizeof(selection->certificate),
			members.items[0]->name);
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
	store_watcher_free(store->watcher);
	store->watcher = NULL;
	/* Sessions may go on: they must not call what the caller is about to take away. */
	certbind_store_set_log(store, NULL, NULL);
	clock_source_set(store->clock, NULL, NULL);
	store_unref(store);
}
