/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "block.h"
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

enum {
	CACHE_LINE = 64,
	HUGE_PAGE = 2 * 1024 * 1024, /* on most machines; elsewhere only an alignment */
	LARGE_MIN = 2 * HUGE_PAGE, /* bytes: below, a huge page would waste too much of itself */
	POOL_FIRST = 4096,
	POOL_OWN = 2 * CACHE_LINE, /* at most: of a block for its header, and to begin in a line */
	POOL_LARGEST = 32 * 1024 * 1024
};

/* Whole huge pages lie in the block only when it begins with one. */
static void *large_new(size_t size)
{
	size_t room = size + HUGE_PAGE;
	unsigned char *begin, *block;
	size_t before;

	/* cppcheck-suppress invalidFunctionArg ; what mmap() wants with MAP_ANONYMOUS */
	begin = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (begin == MAP_FAILED)
		return NULL;
	before = (HUGE_PAGE - (uintptr_t)begin % HUGE_PAGE) % HUGE_PAGE;
	block = begin + before;
	if (before > 0)
		(void)munmap(begin, before);
	(void)munmap(block + size, HUGE_PAGE - before);
#ifdef MADV_HUGEPAGE
	(void)madvise(block, size, MADV_HUGEPAGE);
#endif
	return block;
}

/* In whole pages, as mmap() counts them; the largest that are in use anywhere. */
static size_t large_size(size_t size)
{
	enum { PAGE_MAX = 64 * 1024 };

	return (size + PAGE_MAX - 1) / PAGE_MAX * PAGE_MAX;
}

void *block_new(size_t size)
{
	if (size > SIZE_MAX / 2)
		return NULL;
	return size >= LARGE_MIN ? large_new(large_size(size)) : calloc(1, size);
}

void block_free(void *block, size_t size)
{
	if (block == NULL)
		return;
	if (size >= LARGE_MIN)
		(void)munmap(block, large_size(size));
	else
		free(block);
}

struct block_header {
	struct block_header *next; /* made before */
	size_t size;
};

static int pool_grow(struct block_pool *pool, size_t size)
{
	size_t next = pool->newest != NULL ? pool->newest->size * 2 : POOL_FIRST;
	struct block_header *header;

	if (next > POOL_LARGEST)
		next = POOL_LARGEST;
	if (next < size + POOL_OWN)
		next = size + POOL_OWN;
	header = block_new(next);
	if (header == NULL)
		return -1;
	header->next = pool->newest;
	header->size = next;
	pool->newest = header;
	pool->used = sizeof(*header);
	return 0;
}

/* Where the next piece begins: in a line of its own, if it would else stand in two. */
static size_t pool_begin(const struct block_pool *pool, size_t size)
{
	uintptr_t address = (uintptr_t)pool->newest + pool->used;
	size_t left = CACHE_LINE - address % CACHE_LINE;

	return pool->used + (size <= CACHE_LINE && size > left ? left : 0);
}

void *block_pool_take(struct block_pool *pool, size_t size)
{
	const size_t alignment = _Alignof(max_align_t);
	size_t begin;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + alignment - 1) / alignment * alignment;
	if (pool->newest == NULL || pool_begin(pool, size) > pool->newest->size ||
		size > pool->newest->size - pool_begin(pool, size)) {
		if (pool_grow(pool, size) < 0)
			return NULL;
	}
	begin = pool_begin(pool, size);
	pool->used = begin + size;
	return (unsigned char *)pool->newest + begin;
}

void block_pool_clear(struct block_pool *pool)
{
	while (pool->newest != NULL) {
		struct block_header *newest = pool->newest;

		pool->newest = newest->next;
		block_free(newest, newest->size);
	}
	pool->used = 0;
}
