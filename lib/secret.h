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
 * Wipes the stack below the caller where a private key of that algorithm, as GnuTLS tells it, was
 * imported: GMP keeps some of the numbers there, and leaves them. An error instead of an algorithm
 * is any of them.
 */
void secret_wipe_stack(int algorithm);

#endif
