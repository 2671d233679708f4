/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "array.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

bool array_grow(void *array, size_t length, size_t size)
{
	char *elements;

	/* POSIX: a pointer to void can hold any other, in the same form. */
	memcpy(&elements, array, sizeof(elements));
	/* Full exactly when the length is a power of two, or zero. */
	if ((length & (length - 1)) == 0) {
		size_t room = length == 0 ? 1 : length * 2;

		elements = room > SIZE_MAX / 2 / size ? NULL : realloc(elements, room * size);
		if (elements == NULL)
			return false;
		memcpy(array, &elements, sizeof(elements));
	}
	memset(elements + length * size, 0, size);
	return true;
}
