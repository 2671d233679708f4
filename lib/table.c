/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "table.h"
#include "block.h"
#include <certbind/error.h>
#include <stdlib.h>
#include <string.h>

int table_init(struct table *table, size_t expected)
{
	size_t slots = 8;

	memset(table, 0, sizeof(*table));
	if (hash_key_make(&table->key) < 0)
		return CERTBIND_E_SYSTEM;
	while (slots / 4 * 3 < expected)
		slots *= 2;
	table->slots = block_new(slots * sizeof(*table->slots));
	if (table->slots == NULL)
		return CERTBIND_E_MEMORY;
	table->mask = slots - 1;
	return CERTBIND_OK;
}

int table_dup(const struct table *from, struct table *to)
{
	size_t size = (from->mask + 1) * sizeof(*from->slots);
	struct table_slot *slots = block_new(size);

	if (slots == NULL)
		return CERTBIND_E_MEMORY;
	*to = *from;
	to->slots = memcpy(slots, from->slots, size);
	return CERTBIND_OK;
}

/* Linear probing; there is always an empty slot to end at. */
static struct table_slot *table_slot_peek(
	struct table_slot *slots, size_t mask, const char *key, uint64_t hash)
{
	size_t i = hash & mask;

	for (; slots[i].key != NULL; i = (i + 1) & mask) {
		if (slots[i].hash != hash)
			continue;
		/* In a big table both are far away: the value comes while the key is waited for. */
		__builtin_prefetch(slots[i].value);
		if (strcmp(slots[i].key, key) == 0)
			break;
	}
	return &slots[i];
}

static int table_grow(struct table *table)
{
	size_t slots_length = (table->mask + 1) * 2;
	struct table_slot *slots = block_new(slots_length * sizeof(*slots));
	size_t i;

	if (slots == NULL)
		return CERTBIND_E_MEMORY;
	for (i = 0; i <= table->mask; i++) {
		const struct table_slot *old = &table->slots[i];

		if (old->key != NULL)
			*table_slot_peek(slots, slots_length - 1, old->key, old->hash) = *old;
	}
	block_free(table->slots, (table->mask + 1) * sizeof(*table->slots));
	table->slots = slots;
	table->mask = slots_length - 1;
	return CERTBIND_OK;
}

void **table_place(struct table *table, const char *key)
{
	uint64_t hash = hash_bytes(&table->key, key, strlen(key));
	struct table_slot *slot = table_slot_peek(table->slots, table->mask, key, hash);

	if (slot->key != NULL)
		return &slot->value;
	if (table->length >= (table->mask + 1) / 4 * 3) {
		if (table_grow(table) < 0)
			return NULL;
		slot = table_slot_peek(table->slots, table->mask, key, hash);
	}
	slot->key = key;
	slot->hash = hash;
	table->length++;
	return &slot->value;
}

void *table_get(const struct table *table, const char *key)
{
	if (table->length == 0)
		return NULL;
	return table_slot_peek(
		table->slots, table->mask, key, hash_bytes(&table->key, key, strlen(key)))
		->value;
}

void table_clear(struct table *table)
{
	block_free(table->slots, (table->mask + 1) * sizeof(*table->slots));
	memset(table, 0, sizeof(*table));
}
