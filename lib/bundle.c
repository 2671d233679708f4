/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bundle.h"
#include "error.h"
#include "hot.h"
#include <pthread.h>
#include <stdlib.h>

/* So many that are in use are passed over for one that is given up. */
enum { CHANCES_MAX = 16 };

struct bundle_cache {
	pthread_mutex_t lock;
	pthread_cond_t made; /* some bundle is no longer being made */
	struct clock_source *clock;
	struct bundle *newest, *oldest; /* those that are made; see bundle_cache_evict() */
	size_t length;
	size_t limit;
};

struct bundle_cache *bundle_cache_new(struct clock_source *clock)
{
	struct bundle_cache *cache = calloc(1, sizeof(*cache));

	if (cache == NULL)
		return NULL;
	if (pthread_mutex_init(&cache->lock, NULL) != 0) {
		free(cache);
		return NULL;
	}
	if (pthread_cond_init(&cache->made, NULL) != 0) {
		(void)pthread_mutex_destroy(&cache->lock);
		free(cache);
		return NULL;
	}
	cache->clock = clock_source_ref(clock);
	cache->limit = 1;
	return cache;
}

void bundle_cache_free(struct bundle_cache *cache)
{
	if (cache == NULL)
		return;
	clock_source_unref(cache->clock);
	(void)pthread_cond_destroy(&cache->made);
	(void)pthread_mutex_destroy(&cache->lock);
	free(cache);
}

/* The caller has the lock. */
static void bundle_cache_remove(struct bundle_cache *cache, struct bundle *bundle)
{
	*(bundle->newer != NULL ? &bundle->newer->older : &cache->newest) = bundle->older;
	*(bundle->older != NULL ? &bundle->older->newer : &cache->oldest) = bundle->newer;
	bundle->newer = NULL;
	bundle->older = NULL;
	cache->length--;
}

/* The caller has the lock. */
static void bundle_cache_put_first(struct bundle_cache *cache, struct bundle *bundle)
{
	bundle->older = cache->newest;
	*(cache->newest != NULL ? &cache->newest->newer : &cache->oldest) = bundle;
	cache->newest = bundle;
	cache->length++;
}

/*
 * Takes one out if there are too many: the oldest that was not used since it was last looked at
 * (CLOCK, Corbato 1968). A handshake so notes its use in memory that it has at hand, where a list
 * in order of use would have it wait for the neighbours'. The caller has the lock, and gives up
 * what is taken out; never `kept`.
 */
static struct credentials *bundle_cache_evict(struct bundle_cache *cache, const struct bundle *kept)
{
	unsigned int chances = CHANCES_MAX;
	struct bundle *oldest = cache->oldest;
	struct credentials *evicted;

	if (cache->length <= cache->limit || oldest == NULL)
		return NULL;
	while (oldest == kept || (oldest->is_used && chances-- > 0)) {
		oldest->is_used = false;
		bundle_cache_remove(cache, oldest);
		bundle_cache_put_first(cache, oldest);
		oldest = cache->oldest;
	}
	bundle_cache_remove(cache, oldest);
	evicted = oldest->made;
	oldest->made = NULL;
	return evicted;
}

void bundle_cache_set_limit(struct bundle_cache *cache, size_t limit)
{
	struct credentials *evicted;

	(void)pthread_mutex_lock(&cache->lock);
	cache->limit = limit > 0 ? limit : 1;
	while ((evicted = bundle_cache_evict(cache, NULL)) != NULL)
		credentials_unref(evicted);
	(void)pthread_mutex_unlock(&cache->lock);
}

struct bundle *bundle_new(
	struct bundle_cache *cache, struct certificate *const *members, size_t members_length)
{
	struct bundle *bundle;
	size_t i;

	bundle = calloc(1, sizeof(*bundle) + members_length * sizeof(struct certificate *));
	if (bundle == NULL)
		return NULL;
	atomic_init(&bundle->references, 1);
	bundle->cache = cache;
	bundle->members_length = (uint16_t)members_length;
	for (i = 0; i < members_length; i++)
		bundle->members[i] = certificate_ref(members[i]);
	return bundle;
}

struct bundle *bundle_ref(struct bundle *bundle)
{
	atomic_fetch_add_explicit(&bundle->references, 1, memory_order_relaxed);
	return bundle;
}

void bundle_unref(struct bundle *bundle)
{
	size_t i;

	if (bundle == NULL ||
		atomic_fetch_sub_explicit(&bundle->references, 1, memory_order_acq_rel) != 1)
		return;
	(void)pthread_mutex_lock(&bundle->cache->lock);
	if (bundle->made != NULL)
		bundle_cache_remove(bundle->cache, bundle);
	(void)pthread_mutex_unlock(&bundle->cache->lock);
	credentials_unref(bundle->made);
	for (i = 0; i < bundle->members_length; i++)
		certificate_unref(bundle->members[i]);
	free(bundle);
}

int64_t bundle_members_not_after(struct bundle_members members)
{
	int64_t not_after = -1;
	size_t i, j;

	for (i = 0; i < members.length; i++)
		for (j = 0; j < members.items[i]->pairs_length; j++)
			if (not_after == -1 ||
				members.items[i]->pairs[j].facts->not_after < not_after)
				not_after = members.items[i]->pairs[j].facts->not_after;
	return not_after;
}

/* Makes what nobody else is making; the caller has the lock, which is given up meanwhile. */
static int bundle_make(struct bundle *bundle, struct credentials **made,
	struct credentials **evicted, struct certbind_error *error)
{
	struct bundle_cache *cache = bundle->cache;
	int status;

	bundle->is_being_made = true;
	(void)pthread_mutex_unlock(&cache->lock);
	status = credentials_make(
		bundle->members, bundle->members_length, cache->clock, made, error);
	(void)pthread_mutex_lock(&cache->lock);
	bundle->is_being_made = false;
	(void)pthread_cond_broadcast(&cache->made);
	if (status < 0)
		return status;
	bundle->made = credentials_ref(*made);
	bundle_cache_put_first(cache, bundle);
	bundle->is_used = false;
	*evicted = bundle_cache_evict(cache, bundle);
	return CERTBIND_OK;
}

HOT int bundle_credentials(
	struct bundle *bundle, struct credentials **credentials, struct certbind_error *error)
{
	struct bundle_cache *cache = bundle->cache;
	struct credentials *evicted = NULL;
	int status = CERTBIND_OK;

	*credentials = NULL;
	(void)pthread_mutex_lock(&cache->lock);
	while (bundle->made == NULL && bundle->is_being_made)
		(void)pthread_cond_wait(&cache->made, &cache->lock);
	if (bundle->made == NULL) {
		status = bundle_make(bundle, credentials, &evicted, error);
	} else {
		*credentials = credentials_ref(bundle->made);
		bundle->is_used = true;
	}
	(void)pthread_mutex_unlock(&cache->lock);
	credentials_unref(evicted);
	return status;
}
