/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "der.h"
#include "hash.h"
#include "hot.h"
#include "secret.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { POOL_BUCKETS_MIN = 16, SIZE_LIMIT = 1 << 30 /* what `size` can't hold */ };

/* One that a pool lists. Most are not listed, and have no need of the rest. */
struct listed {
	struct listed *next; /* of its bucket */
	uint64_t hash;
	struct der_pool *pool;
	/* Behind it, in the same block: the der. */
};

static struct der *listed_der(struct listed *item)
{
	return (struct der *)(void *)(item + 1);
}

static struct listed *listed_of(struct der *der)
{
	return (struct listed *)(void *)der - 1;
}

struct der_pool {
	atomic_uint references;
	pthread_mutex_t lock; /* guards what follows */
	struct hash_key key;
	struct listed **buckets;
	size_t mask; /* number of buckets - 1 */
	size_t length;
	struct secret_arena *secrets; /* has a lock of its own */
};

struct der_pool *der_pool_new(void)
{
	struct der_pool *pool = calloc(1, sizeof(*pool));

	if (pool == NULL)
		return NULL;
	pool->buckets = calloc(POOL_BUCKETS_MIN, sizeof(struct listed *));
	pool->mask = POOL_BUCKETS_MIN - 1;
	pool->secrets = secret_arena_new();
	if (pool->buckets == NULL || pool->secrets == NULL || hash_key_make(&pool->key) != 0 ||
		pthread_mutex_init(&pool->lock, NULL) != 0) {
		secret_arena_free(pool->secrets);
		free(pool->buckets);
		free(pool);
		return NULL;
	}
	atomic_init(&pool->references, 1);
	return pool;
}

struct der_pool *der_pool_ref(struct der_pool *pool)
{
	atomic_fetch_add(&pool->references, 1);
	return pool;
}

void der_pool_unref(struct der_pool *pool)
{
	if (pool == NULL || atomic_fetch_sub(&pool->references, 1) != 1)
		return;
	(void)pthread_mutex_destroy(&pool->lock);
	secret_arena_free(pool->secrets);
	free(pool->buckets);
	free(pool);
}

struct secret_arena *der_pool_secrets(struct der_pool *pool)
{
	return pool != NULL ? pool->secrets : NULL;
}

uint64_t der_pool_hash(const struct der_pool *pool, const void *data, size_t size)
{
	return hash_bytes(&pool->key, data, size);
}

size_t der_pool_count(struct der_pool *pool)
{
	size_t length;

	(void)pthread_mutex_lock(&pool->lock);
	length = pool->length;
	(void)pthread_mutex_unlock(&pool->lock);
	return length;
}

/* False: the last reference is gone, and whoever dropped it is about to free it. */
static bool der_ref_alive(struct der *der)
{
	unsigned int references = atomic_load(&der->references);

	while (references != 0)
		if (atomic_compare_exchange_weak(&der->references, &references, references + 1))
			return true;
	return false;
}

static struct der *pool_find(
	const struct der_pool *pool, uint64_t hash, const void *data, size_t size)
{
	struct listed *item;

	for (item = pool->buckets[hash & pool->mask]; item != NULL; item = item->next) {
		struct der *der = listed_der(item);

		if (item->hash == hash && der->size == size && memcmp(der->data, data, size) == 0 &&
			der_ref_alive(der))
			return der;
	}
	return NULL;
}

/* Memory that can't be had only makes the lists longer. */
static void pool_grow(struct der_pool *pool)
{
	size_t mask = pool->mask * 2 + 1;
	struct listed **buckets = calloc(mask + 1, sizeof(struct listed *));
	size_t i;

	if (buckets == NULL)
		return;
	for (i = 0; i <= pool->mask; i++) {
		while (pool->buckets[i] != NULL) {
			struct listed *item = pool->buckets[i];

			pool->buckets[i] = item->next;
			item->next = buckets[item->hash & mask];
			buckets[item->hash & mask] = item;
		}
	}
	free(pool->buckets);
	pool->buckets = buckets;
	pool->mask = mask;
}

static void pool_add(struct der_pool *pool, struct listed *item, uint64_t hash)
{
	if (pool->length > pool->mask)
		pool_grow(pool);
	item->pool = der_pool_ref(pool);
	item->hash = hash;
	item->next = pool->buckets[hash & pool->mask];
	pool->buckets[hash & pool->mask] = item;
	pool->length++;
}

static void pool_remove(struct der_pool *pool, const struct listed *item)
{
	struct listed **place;

	(void)pthread_mutex_lock(&pool->lock);
	place = &pool->buckets[item->hash & pool->mask];
	while (*place != item)
		place = &(*place)->next;
	*place = item->next;
	pool->length--;
	(void)pthread_mutex_unlock(&pool->lock);
}

static struct der *der_init(struct der *der, enum der_kind kind, const void *data, size_t size)
{
	atomic_init(&der->references, 1);
	der->size = (unsigned int)size & (SIZE_LIMIT - 1);
	der->kind = kind;
	if (kind != DER_SECRET)
		atomic_init(&der->of.note, NULL);
	if (size != 0)
		memcpy(der->data, data, size);
	return der;
}

static struct der *der_open_new(const void *data, size_t size)
{
	struct der *der = malloc(sizeof(*der) + size);

	return der != NULL ? der_init(der, DER_OPEN, data, size) : NULL;
}

static struct der *der_listed_new(
	struct der_pool *pool, uint64_t hash, const void *data, size_t size)
{
	struct listed *item = malloc(sizeof(*item) + sizeof(struct der) + size);

	if (item == NULL)
		return NULL;
	pool_add(pool, item, hash);
	return der_init(listed_der(item), DER_LISTED, data, size);
}

static struct der *der_secret_new(struct der_pool *pool, const void *data, size_t size)
{
	struct der *der = secret_alloc(der_pool_secrets(pool), sizeof(*der) + size);

	if (der == NULL)
		return NULL;
	der->of.pool = pool != NULL ? der_pool_ref(pool) : NULL;
	return der_init(der, DER_SECRET, data, size);
}

struct der *der_new(struct der_pool *pool, const void *data, size_t size, bool is_secret)
{
	struct der *der;
	uint64_t hash;

	if (size >= SIZE_LIMIT)
		return NULL;
	if (is_secret)
		return der_secret_new(pool, data, size);
	if (pool == NULL)
		return der_open_new(data, size);
	hash = hash_bytes(&pool->key, data, size);
	(void)pthread_mutex_lock(&pool->lock);
	der = pool_find(pool, hash, data, size);
	if (der == NULL)
		der = der_listed_new(pool, hash, data, size);
	(void)pthread_mutex_unlock(&pool->lock);
	return der;
}

HOT struct der *der_ref(struct der *der)
{
	atomic_fetch_add(&der->references, 1);
	return der;
}

static void listed_free(struct listed *item)
{
	struct der_pool *pool = item->pool;

	pool_remove(pool, item);
	der_pool_unref(pool);
	free(atomic_load(&listed_der(item)->of.note));
	free(item);
}

static void secret_der_free(struct der *der)
{
	struct der_pool *pool = der->of.pool;

	secret_free(der_pool_secrets(pool), der, sizeof(*der) + der->size);
	der_pool_unref(pool);
}

HOT void der_unref(struct der *der)
{
	if (der == NULL || atomic_fetch_sub(&der->references, 1) != 1)
		return;
	switch ((enum der_kind)der->kind) {
	case DER_OPEN:
		free(atomic_load(&der->of.note));
		free(der);
		break;
	case DER_LISTED:
		listed_free(listed_of(der));
		break;
	case DER_SECRET:
		secret_der_free(der);
		break;
	}
}

bool der_equal(const struct der *a, const struct der *b)
{
	return a == b || (a->size == b->size && memcmp(a->data, b->data, a->size) == 0);
}

void *der_note_take(struct der *der, void *note)
{
	void *kept = NULL;

	if (atomic_compare_exchange_strong(&der->of.note, &kept, note))
		return note;
	free(note);
	return kept;
}
