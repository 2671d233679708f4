/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "table.h"
#include "block.h"
#include "hot.h"
#include <certbind/error.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS_MIN = 8 };

/* At three quarters, of what is looked for few slots are looked at. */
static size_t slots_for(size_t length)
{
	size_t slots = length + length / 3 + 1;

	return slots > SLOTS_MIN ? slots : SLOTS_MIN;
}

static size_t table_size(size_t slots)
{
	return slots * (sizeof(struct table_slot) + sizeof(uint32_t));
}

/* The slots of the table, empty. */
static int table_make(struct table *table, size_t slots)
{
	if (slots > SIZE_MAX / 2 / sizeof(*table->slots))
		return CERTBIND_E_MEMORY;
	table->slots = block_new(table_size(slots));
	table->hashes = (uint32_t *)(void *)(table->slots + slots);
	table->slots_length = slots;
	return table->slots != NULL ? CERTBIND_OK : CERTBIND_E_MEMORY;
}

static void table_free(struct table *table)
{
	block_free(table->slots, table_size(table->slots_length));
}

int table_init(struct table *table, size_t expected)
{
	int status;

	memset(table, 0, sizeof(*table));
	if (hash_key_make(&table->key) < 0)
		return CERTBIND_E_SYSTEM;
	status = table_make(table, slots_for(expected));
	if (status < 0)
		memset(table, 0, sizeof(*table));
	return status;
}

/* Half of the hash tells enough; 0 is kept for what is empty. */
static uint32_t table_hash(const struct table *table, const char *key)
{
	uint32_t hash = (uint32_t)(hash_bytes(&table->key, key, strlen(key)) >> 32);

	return hash != 0 ? hash : 1;
}

/* Where a hash belongs: the slots are divided among all hashes in their order. */
static size_t table_home(const struct table *table, uint32_t hash)
{
	return (size_t)((uint64_t)hash * table->slots_length >> 32);
}

/* Linear probing; there is always an empty slot to end at. */
static size_t table_find(const struct table *table, const char *key, uint32_t hash)
{
	size_t i = table_home(table, hash);

	/* In a big table all is far away: slot and hash, then key and value, come together. */
	__builtin_prefetch(&table->slots[i]);
	for (; table->hashes[i] != 0; i = i + 1 < table->slots_length ? i + 1 : 0) {
		if (table->hashes[i] != hash)
			continue;
		__builtin_prefetch(table->slots[i].value);
		if (strcmp(table->slots[i].key, key) == 0)
			break;
	}
	return i;
}

/* On failure the table is as it was. */
static int table_resize(struct table *table, size_t slots)
{
	struct table resized = *table;
	size_t i, at;

	if (table_make(&resized, slots) < 0)
		return CERTBIND_E_MEMORY;
	for (i = 0; i < table->slots_length; i++) {
		if (table->hashes[i] == 0)
			continue;
		at = table_home(&resized, table->hashes[i]);
		while (resized.hashes[at] != 0)
			at = at + 1 < slots ? at + 1 : 0;
		resized.hashes[at] = table->hashes[i];
		resized.slots[at] = table->slots[i];
	}
	table_free(table);
	*table = resized;
	return CERTBIND_OK;
}

int table_dup(const struct table *from, struct table *to)
{
	struct table copy = *from;

	if (table_make(&copy, from->slots_length) < 0)
		return CERTBIND_E_MEMORY;
	memcpy(copy.slots, from->slots, table_size(from->slots_length));
	*to = copy;
	return CERTBIND_OK;
}

void **table_place(struct table *table, const char *key)
{
	uint32_t hash = table_hash(table, key);
	size_t i = table_find(table, key, hash);

	if (table->hashes[i] != 0)
		return &table->slots[i].value;
	if (slots_for(table->length + 1) > table->slots_length) {
		if (table_resize(table, table->slots_length * 2) < 0)
			return NULL;
		i = table_find(table, key, hash);
	}
	table->hashes[i] = hash;
	table->slots[i].key = key;
	table->length++;
	return &table->slots[i].value;
}

HOT void *table_get(const struct table *table, const char *key)
{
	if (table->length == 0)
		return NULL;
	return table->slots[table_find(table, key, table_hash(table, key))].value;
}

void table_fit(struct table *table)
{
	size_t slots = slots_for(table->length);

	if (table->slots != NULL && slots < table->slots_length - table->slots_length / 8)
		(void)table_resize(table, slots);
}

void table_clear(struct table *table)
{
	table_free(table);
	memset(table, 0, sizeof(*table));
}
