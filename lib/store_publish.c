/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "error.h"
#include "store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Taking a snapshot into service, and telling the log what is new. */

void store_told_clear(struct certbind_store *store)
{
	table_clear(&store->told);
	while (store->told_length > 0)
		free(store->told_keys[--store->told_length]);
	free(store->told_keys);
	store->told_keys = NULL;
}

static char *event_key_dup(const struct store_event *event)
{
	size_t size = strlen(event->error.file) + strlen(event->error.message) + 32;
	char *key = malloc(size);

	if (key != NULL)
		(void)snprintf(key, size, "%s:%d: %s", event->error.file, event->error.line,
			event->error.message);
	return key;
}

/* What is wrong is told once, not at every look at it; where memory ends, it is told again. */
static void publish_tell(struct certbind_store *store, const struct store_events *events)
{
	char **keys = calloc(events->length + 1, sizeof(char *));
	struct table told = { 0 };
	bool is_kept = keys != NULL && table_init(&told, events->length) == CERTBIND_OK;
	size_t length = 0;
	size_t i;

	for (i = 0; i < events->length; i++) {
		char *key = is_kept ? event_key_dup(&events->items[i]) : NULL;
		void **place;

		if (key == NULL || table_get(&store->told, key) == NULL)
			store_log(store, events->items[i].level, &events->items[i].error);
		place = key != NULL ? table_place(&told, key) : NULL;
		if (place == NULL || *place != NULL) {
			free(key);
			continue;
		}
		*place = store;
		keys[length++] = key;
	}
	store_told_clear(store);
	store->told = told;
	store->told_keys = keys;
	store->told_length = length;
}

/* Is there a context whose service has no other default than certbind's own certificate? */
static bool needs_own(struct certbind_store *store, const struct snapshot *snapshot)
{
	bool needs = false;
	size_t i;

	(void)pthread_mutex_lock(&store->lock);
	for (i = 0; i < store->served_length && !needs; i++) {
		const struct snapshot_service *service =
			snapshot_service_peek(snapshot, store->served[i].service);

		needs = service != NULL && service->default_at == 0;
	}
	(void)pthread_mutex_unlock(&store->lock);
	return needs;
}

/* Without a certificate to fall back to, the former snapshot stays. */
static int publish_own(
	struct certbind_store *store, struct snapshot *snapshot, struct certbind_error *error)
{
	struct certbind_error why = { 0 };
	struct bundle *own;
	int status = store_own_prepare(store, snapshot, &why);

	if (status == CERTBIND_OK)
		return status;
	store_log(store, CERTBIND_LEVEL_ERROR, &why);
	own = store_own_bundle(store);
	bundle_unref(own);
	if (own != NULL) /* it could not be renewed, and lives for a while */
		return CERTBIND_OK;
	if (error != NULL)
		*error = why;
	return status;
}

static int publish_snapshot(struct certbind_store *store, struct snapshot *snapshot,
	struct snapshot **former, struct certbind_error *error)
{
	int status;

	/* Before a session can ask for it; a store that serves nothing writes nothing. */
	if (needs_own(store, snapshot)) {
		status = publish_own(store, snapshot, error);
		if (status < 0)
			return status;
	}
	bundle_cache_set_limit(store->cache, snapshot->config->cache_size);
	(void)pthread_mutex_lock(&store->lock);
	store_keep_services(store, snapshot);
	*former = store->snapshot;
	store->snapshot = snapshot_ref(snapshot);
	(void)pthread_mutex_unlock(&store->lock);
	return CERTBIND_OK;
}

int store_publish(struct certbind_store *store, struct store_build *build, struct snapshot **former,
	struct certbind_error *error)
{
	struct snapshot *replaced = NULL;
	struct store_refusal *refusal;
	int status = CERTBIND_OK;

	if (build->snapshot != NULL)
		status = publish_snapshot(store, build->snapshot, &replaced, error);
	(void)pthread_mutex_lock(&store->lock);
	refusal = store->refusal;
	store->refusal = build->refusal;
	(void)pthread_mutex_unlock(&store->lock);
	store_refusal_unref(refusal);
	if (former != NULL)
		*former = replaced;
	else
		snapshot_unref(replaced);
	publish_tell(store, &build->events);
	if (build->refusal != NULL) {
		status = build->refusal->error.status;
		if (error != NULL)
			*error = build->refusal->error;
	}
	build->refusal = NULL; /* the store has it */
	store_build_free(build);
	return status;
}
