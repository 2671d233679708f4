/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "certificate_listing.h"
#include "array.h"
#include <stdlib.h>
#include <string.h>

void listing_problem_take(struct listing *listing, char *name, char *message)
{
	struct config_problem problem = { .scope = CONFIG_SCOPE_CERTIFICATE,
		.name = name,
		.place = { .file = listing->directory },
		.message = message };

	if (message == NULL ||
		!array_grow(&listing->problems, listing->problems_length, sizeof(problem))) {
		listing->is_out_of_memory = true;
		free(name);
		free(message);
		return;
	}
	listing->problems[listing->problems_length++] = problem;
}

/* An entry on its own, as a list of one; takes chain and key on success only. NULL: memory. */
static struct config_certificate *entry_new(
	const char *directory, const char *name, char *chain, char *key)
{
	struct config_certificate *entry = calloc(1, sizeof(*entry));
	struct config_pair *pair = calloc(1, sizeof(*pair));
	char **files = calloc(1, sizeof(char *));
	char *copy = strdup(name);

	if (entry == NULL || pair == NULL || files == NULL || copy == NULL) {
		free(entry);
		free(pair);
		free(files);
		free(copy);
		return NULL;
	}
	files[0] = chain;
	pair->chain.items = files;
	pair->chain.length = 1;
	pair->key = key;
	pair->place.file = directory;
	entry->name = copy;
	entry->pairs = pair;
	entry->pairs_length = 1;
	entry->place.file = directory;
	return entry;
}

void listing_entry_take(struct listing *listing, const char *name, char *chain, char *key)
{
	struct config_certificate *entry = entry_new(listing->directory, name, chain, key);

	if (entry == NULL) {
		listing->is_out_of_memory = true;
		free(chain);
		free(key);
		return;
	}
	if (!array_grow(&listing->entries, listing->entries_length, sizeof(*entry))) {
		listing->is_out_of_memory = true;
		config_certificates_free(entry, 1);
		return;
	}
	listing->entries[listing->entries_length++] = *entry;
	free(entry);
}
