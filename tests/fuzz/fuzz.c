/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "scratch.h"
#include <stdlib.h>
#include <string.h>

void fuzz_require(int holds)
{
	if (!holds)
		abort();
}

unsigned char *fuzz_text_dup(const void *data, size_t size)
{
	unsigned char *text = malloc(size + 1);

	fuzz_require(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

void fuzz_directory_make(char *path, size_t size, const char *const *names, size_t names_length)
{
	size_t i;

	scratch_make();
	fuzz_require(atexit(scratch_remove) == 0);
	for (i = 0; i < names_length; i++)
		(void)scratch_write(names[i], "");
	fuzz_require((size_t)snprintf(path, size, "%s", scratch_path()) < size);
}
