/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MAPPING_H
#define MAPPING_H

#include <stdbool.h>

/* One of the process' mappings. */
struct mapping {
	const unsigned char *from, *until;
	bool is_writable; /* and readable */
	bool is_dumped; /* a core dump holds it */
};

typedef void mapping_func(void *data, const struct mapping *mapping);

/* Gives every mapping, one after the other. */
void mapping_each(mapping_func *func, void *data);

/* Does a core dump hold what is at the address? */
bool mapping_is_dumped(const void *address);

#endif
