/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECKER_H
#define CHECKER_H

#include <stdbool.h>
#include <stddef.h>

/* What watches the test while it runs. */

bool checker_is_valgrind(void);

/*
 * How far to go on at a time where many steps are alike: 1, or `slow` under valgrind, where every
 * step is a long one.
 */
size_t checker_stride(size_t slow);

#endif
