/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mapping.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void mapping_each(mapping_func *func, void *data)
{
	FILE *file = fopen("/proc/self/smaps", "r");
	struct mapping mapping = { 0 };
	char line[8192];

	if (file == NULL)
		abort();
	while (fgets(line, sizeof(line), file) != NULL) {
		uintptr_t from, until;
		char rights[8];

		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %7s", &from, &until, rights) == 3) {
			mapping.from = (const unsigned char *)from;
			mapping.until = (const unsigned char *)until;
			mapping.is_writable = strncmp(rights, "rw", 2) == 0;
		} else if (strncmp(line, "VmFlags:", 8) == 0) {
			mapping.is_dumped = strstr(line, " dd") == NULL;
			func(data, &mapping);
		}
	}
	(void)fclose(file);
}

struct place {
	const unsigned char *address;
	bool is_found, is_dumped;
};

static void place_look(void *data, const struct mapping *mapping)
{
	struct place *place = data;

	if (place->address < mapping->from || place->address >= mapping->until)
		return;
	place->is_found = true;
	place->is_dumped = mapping->is_dumped;
}

bool mapping_is_dumped(const void *address)
{
	struct place place = { .address = address };

	mapping_each(place_look, &place);
	if (!place.is_found)
		abort();
	return place.is_dumped;
}
