/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MEMORY_H
#define MEMORY_H

#include <stddef.h>

/*
 * A command that has no memory left can only say so: these end the process with status 2 instead
 * of returning NULL. Freed with free().
 */
_Noreturn void memory_out(void); /* says that there is none and ends the process */
void *memory_new(size_t size); /* zeroed */
void *memory_grow(void *items, size_t *capacity, size_t length, size_t item_size);
char *memory_string(const char *text); /* NULL gives NULL */
char *memory_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
