/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SECRET_H
#define SECRET_H

#include <stddef.h>

/*
 * Memory for keys and passwords: pages of its own, which core dumps leave out where the system can
 * do that, packed by size, wiped when freed. A child of fork(2) has them too. Threads: any.
 */
struct secret_arena;

struct secret_arena *secret_arena_new(void); /* NULL: memory */
void secret_arena_free(struct secret_arena *arena); /* nothing of it is in use; NULL does nothing */

/*
 * `size` bytes, zeroed. Without an arena, and where there are many, they get whole pages. NULL:
 * memory. secret_free() takes the same arena and size; NULL does nothing.
 */
void *secret_alloc(struct secret_arena *arena, size_t size);
void secret_free(struct secret_arena *arena, void *data, size_t size);

/*
 * Wipes the stack below the caller, as far as the arithmetic of large numbers reaches: GMP keeps
 * some of them there, and leaves them.
 */
void secret_wipe_stack(void);

#endif
