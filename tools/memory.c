/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "memory.h"
#include "command.h"
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void memory_out(void)
{
	(void)fputs("certbind: out of memory\n", stderr);
	exit(STATUS_TROUBLE);
}

void *memory_new(size_t size)
{
	void *memory = calloc(1, size == 0 ? 1 : size);

	if (memory == NULL)
		memory_out();
	return memory;
}

/* Makes room for one more item; the array doubles, so that appending stays linear. */
void *memory_grow(void *items, size_t *capacity, size_t length, size_t item_size)
{
	size_t wanted = *capacity == 0 ? 16 : *capacity * 2;
	void *grown;

	if (length < *capacity)
		return items;
	if (wanted > SIZE_MAX / item_size)
		memory_out();
	grown = realloc(items, wanted * item_size);
	if (grown == NULL)
		memory_out();
	*capacity = wanted;
	return grown;
}

char *memory_string(const char *text)
{
	char *copy;

	if (text == NULL)
		return NULL;
	copy = strdup(text);
	if (copy == NULL)
		memory_out();
	return copy;
}

char *memory_printf(const char *format, ...)
{
	va_list arguments, again;
	char *text;
	int length;

	va_start(arguments, format);
	va_copy(again, arguments);
	length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (length < 0)
		memory_out();
	text = memory_new((size_t)length + 1);
	(void)vsnprintf(text, (size_t)length + 1, format, again);
	va_end(again);
	return text;
}
