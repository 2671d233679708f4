/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FAILING_MEMORY_H
#define FAILING_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Lets allocations of certbind's own fail one by one, and counts them. The linker puts these
 * functions in the place of the C library's (meson.build: wrap_memory) in certbind's objects and
 * the test's; GnuTLS and libconfig keep their own. Threads: any.
 */

/* The n-th allocation from now fails, once; 0: none does. */
void memory_fail_at(size_t n);

/* Has it failed since memory_fail_at()? */
bool memory_has_failed(void);

/* How many blocks of certbind's and the test's are not freed. */
size_t memory_live(void);

#endif
