/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ARRAY_H
#define ARRAY_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Makes room behind `length` elements of `size` bytes each, in an array that only grows here: so
 * it is moved no more often than its length doubles. `array` points to the pointer to its first
 * element; the new element is zeroed. False when memory is exhausted: then nothing has changed.
 */
bool array_grow(void *array, size_t length, size_t size);

#endif
