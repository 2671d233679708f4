/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "secret.h"
#include <gnutls/gnutls.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

/*
 * Sizes are rounded up to one of a class: a key of 138 bytes takes 144, one of 1218 bytes 1280.
 * What is larger than a class has whole pages of its own.
 */
static const struct {
	size_t step, max;
} scales[] = { { 16, 512 }, { 64, 4096 }, { 1024, 16384 } };

enum {
	CLASSES = 512 / 16 + (4096 - 512) / 64 + (16384 - 4096) / 1024,
	CLASS_MAX = 16384,
	ALIGNMENT = 16,
	REGION_SIZE = 1024 * 1024 /* of address space: a page is taken when it is first used */
};

/* A block that is free; its other bytes are zero. */
struct secret_block {
	struct secret_block *next;
};

/* At the start of its own pages. */
struct secret_region {
	_Alignas(ALIGNMENT) struct secret_region *next;
};

struct secret_arena {
	pthread_mutex_t lock; /* of all that follows */
	struct secret_block *free[CLASSES];
	struct secret_region *regions;
	unsigned char *rest; /* of the newest region: never used */
	size_t rest_size;
};

/* Kernels that lack one of the two leave the pages as they are: no reason to fail. */
static void *pages_map(size_t size)
{
	/* cppcheck-suppress invalidFunctionArg ; without a file it is -1 */
	void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED)
		return NULL;
#ifdef MADV_DONTDUMP
	(void)madvise(pages, size, MADV_DONTDUMP);
#endif
#ifdef MADV_NOHUGEPAGE
	/* A page of 2 MiB would be taken for the first few keys. */
	(void)madvise(pages, size, MADV_NOHUGEPAGE);
#endif
	return pages;
}

struct secret_arena *secret_arena_new(void)
{
	struct secret_arena *arena = calloc(1, sizeof(*arena));

	if (arena != NULL && pthread_mutex_init(&arena->lock, NULL) != 0) {
		free(arena);
		return NULL;
	}
	return arena;
}

void secret_arena_free(struct secret_arena *arena)
{
	if (arena == NULL)
		return;
	while (arena->regions != NULL) {
		struct secret_region *region = arena->regions;

		arena->regions = region->next;
		(void)munmap(region, REGION_SIZE);
	}
	(void)pthread_mutex_destroy(&arena->lock);
	free(arena);
}

/* 0 < size <= CLASS_MAX; also the number of bytes that blocks of the class have. */
static size_t class_of(size_t size, size_t *rounded)
{
	size_t below = 0; /* the largest size of the scales before */
	size_t class = 0;
	size_t i;

	for (i = 0; size > scales[i].max; i++) {
		class += (scales[i].max - below) / scales[i].step;
		below = scales[i].max;
	}
	*rounded = (size + scales[i].step - 1) / scales[i].step * scales[i].step;
	return class + (*rounded - below) / scales[i].step - 1;
}

/* The caller has the lock. What is left of the former region is less than one block, and lost. */
static void *region_carve(struct secret_arena *arena, size_t size)
{
	void *data;

	if (arena->rest_size < size) {
		struct secret_region *region = pages_map(REGION_SIZE);

		if (region == NULL)
			return NULL;
		region->next = arena->regions;
		arena->regions = region;
		arena->rest = (unsigned char *)(region + 1);
		arena->rest_size = REGION_SIZE - sizeof(*region);
	}
	data = arena->rest;
	arena->rest += size;
	arena->rest_size -= size;
	return data;
}

void *secret_alloc(struct secret_arena *arena, size_t size)
{
	struct secret_block *block;
	size_t rounded;
	size_t class;

	if (size == 0)
		size = 1;
	if (arena == NULL || size > CLASS_MAX)
		return pages_map(size);
	class = class_of(size, &rounded);
	(void)pthread_mutex_lock(&arena->lock);
	block = arena->free[class];
	if (block != NULL) {
		arena->free[class] = block->next;
		block->next = NULL;
	} else {
		block = region_carve(arena, rounded);
	}
	(void)pthread_mutex_unlock(&arena->lock);
	return block;
}

void secret_free(struct secret_arena *arena, void *data, size_t size)
{
	struct secret_block *block = data;
	size_t rounded;
	size_t class;

	if (data == NULL)
		return;
	if (size == 0)
		size = 1;
	gnutls_memset(data, 0, size);
	if (arena == NULL || size > CLASS_MAX) {
		(void)munmap(data, size);
		return;
	}
	class = class_of(size, &rounded);
	(void)pthread_mutex_lock(&arena->lock);
	block->next = arena->free[class];
	arena->free[class] = block;
	(void)pthread_mutex_unlock(&arena->lock);
}

__attribute__((noinline)) static void wipe_stack(void)
{
	/*
	 * Half of what GMP takes from the stack before it turns to the heap (TMP_ALLOC in its
	 * gmp-impl.h), and more than it does for the largest keys: a thread may have little of it.
	 */
	unsigned char stack[32 * 1024];

	gnutls_memset(stack, 0, sizeof(stack));
}

void secret_wipe_stack(int algorithm)
{
	/* Nettle keeps the numbers of curves off the stack. */
	if (algorithm != GNUTLS_PK_ECDSA && algorithm != GNUTLS_PK_EDDSA_ED25519 &&
		algorithm != GNUTLS_PK_EDDSA_ED448)
		wipe_stack();
}
