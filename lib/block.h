/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BLOCK_H
#define BLOCK_H

#include <stddef.h>

/*
 * Memory that is looked up at random places. A large block is made of huge pages where the system
 * has them: else each look-up waits for the page's address as well, longer than for the memory.
 */

/* Zeroed; aligned to a cache line when it is large. NULL: memory. */
void *block_new(size_t size);
void block_free(void *block, size_t size); /* the size it was made with; NULL does nothing */

/*
 * Pieces that are freed all at once, one behind the other in few blocks. A zeroed struct is an
 * empty one. Threads: one at a time.
 */
struct block_pool {
	struct block_header *newest;
	size_t used; /* bytes of the newest, its header included */
};

/* Zeroed; within one cache line when it fits into one. NULL: memory. */
void *block_pool_take(struct block_pool *pool, size_t size);
void block_pool_clear(struct block_pool *pool);

#endif
