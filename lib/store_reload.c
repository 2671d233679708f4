/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "error.h"
#include "store.h"

/* Replacing what is in service: on request, or with what the watcher has built. */

struct snapshot *store_latest(struct certbind_store *store)
{
	struct snapshot *latest;

	/* A publisher may have taken what waits and not put it into service yet. */
	(void)pthread_mutex_lock(&store->publish_lock);
	(void)pthread_mutex_lock(&store->lock);
	latest = store->pending != NULL && store->pending->snapshot != NULL
			 ? store->pending->snapshot
			 : store->snapshot;
	latest = latest != NULL ? snapshot_ref(latest) : NULL;
	(void)pthread_mutex_unlock(&store->lock);
	(void)pthread_mutex_unlock(&store->publish_lock);
	return latest;
}

static struct store_build *store_take_pending(struct certbind_store *store)
{
	struct store_build *pending;

	(void)pthread_mutex_lock(&store->lock);
	pending = store->pending;
	store->pending = NULL;
	(void)pthread_mutex_unlock(&store->lock);
	return pending;
}

int certbind_store_dispatch(struct certbind_store *store, struct certbind_error *error)
{
	struct snapshot *former = NULL;
	struct store_build *build;
	unsigned int wakes;
	int status = CERTBIND_OK;

	if (store == NULL)
		return error_set(error, CERTBIND_E_INVALID, NULL, 0, "no store was given");
	wakes = store_watcher_woken(store->watcher);
	(void)pthread_mutex_lock(&store->publish_lock);
	build = store_take_pending(store);
	if (build != NULL)
		status = store_publish(store, build, &former, error);
	(void)pthread_mutex_unlock(&store->publish_lock);
	store_watcher_retire(store->watcher, former);
	if (status == CERTBIND_OK)
		return store_watcher_work(store->watcher, wakes, error);
	(void)store_watcher_work(store->watcher, wakes, NULL);
	return status;
}

/* What waits was built earlier: it goes, but for what a refusal would take away. */
static int reload_publish(
	struct certbind_store *store, struct store_build *build, struct certbind_error *error)
{
	struct store_build *pending;
	int status;

	(void)pthread_mutex_lock(&store->publish_lock);
	pending = store_take_pending(store);
	if (build->snapshot == NULL && pending != NULL && pending->snapshot != NULL)
		build->snapshot = snapshot_ref(pending->snapshot);
	store_build_free(pending);
	status = store_publish(store, build, NULL, error);
	(void)pthread_mutex_unlock(&store->publish_lock);
	return status;
}

int certbind_store_reload(struct certbind_store *store, struct certbind_error *error)
{
	struct store_build *build = NULL;
	struct snapshot *former;
	int status;

	if (store == NULL)
		return error_set(error, CERTBIND_E_INVALID, NULL, 0, "no store was given");
	(void)pthread_mutex_lock(&store->build_lock);
	former = store_latest(store);
	if (former == NULL)
		status = error_set(error, CERTBIND_E_STATE, NULL, 0, "nothing is loaded");
	else
		status = store_build_apart(store, former, &build, error);
	if (build != NULL)
		status = reload_publish(store, build, error);
	(void)pthread_mutex_unlock(&store->build_lock);
	snapshot_unref(former);
	return status;
}
