/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TABLE_H
#define TABLE_H

#include "hash.h"
#include <stddef.h>

struct table_slot {
	const char *key; /* borrowed; NULL: empty */
	void *value;
};

/*
 * A hash table from strings to pointers, with a key of its own: every step costs the same, however
 * many entries there are and whoever chose them. Keys are borrowed: they must outlive the table.
 * Nothing is ever removed. Threads: any number may look up while none inserts.
 */
struct table {
	struct hash_key key;
	struct table_slot *slots;
	uint32_t *hashes; /* as slots, in the same block; 0: empty */
	size_t slots_length;
	size_t length;
};

/* Prepares a table for about `expected` entries; it grows as needed. CERTBIND_OK, _E_MEMORY, _E_SYSTEM. */
int table_init(struct table *table, size_t expected);

/* A copy with the same keys, which are borrowed as well. CERTBIND_OK or CERTBIND_E_MEMORY. */
int table_dup(const struct table *from, struct table *to);

/* The place of a key's value, made (with value NULL) when it is not there. NULL: memory. Good until the next insertion. */
void **table_place(struct table *table, const char *key);

/* The value of a key; NULL when it is not there. */
void *table_get(const struct table *table, const char *key);

/* Gives back what a table that has grown does not need, where that is much. Places are not good any more. */
void table_fit(struct table *table);

/* Frees the slots; may run twice, and on a zeroed table. */
void table_clear(struct table *table);

#endif
