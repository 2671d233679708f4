/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "changes.h"
#include "array.h"
#include <certbind/error.h>
#include <stdlib.h>
#include <string.h>

static void names_clear(struct changes_names *names)
{
	table_clear(&names->table);
	while (names->length > 0)
		free(names->keys[--names->length]);
	free(names->keys);
	names->keys = NULL;
}

/* False: memory. */
static bool names_add(struct changes_names *names, const char *name, size_t length)
{
	char *key = strndup(name, length);
	void **place = NULL;

	if (key == NULL)
		return false;
	if ((names->table.slots != NULL || table_init(&names->table, 0) == CERTBIND_OK) &&
		array_grow(&names->keys, names->length, sizeof(char *)))
		place = table_place(&names->table, key);
	if (place == NULL || *place != NULL) {
		free(key);
		return place != NULL;
	}
	*place = names;
	names->keys[names->length++] = key;
	return true;
}

static void changes_note(
	struct changes *changes, struct changes_names *names, const char *name, size_t length)
{
	if (!changes->is_all && !names_add(names, name, length))
		changes->is_all = true;
}

void changes_note_domain_file(struct changes *changes, const char *name)
{
	changes_note(changes, &changes->domain_files, name, strlen(name));
}

void changes_note_certificate(struct changes *changes, const char *name)
{
	changes_note(changes, &changes->certificates, name, strlen(name));
}

void changes_note_entry(struct changes *changes, const char *file)
{
	static const char *const suffixes[] = { ".pem", ".crt", ".key" };
	size_t length = strlen(file);
	size_t i;

	changes_note_certificate(changes, file);
	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (length > 4 && strcmp(file + length - 4, suffixes[i]) == 0)
			changes_note(changes, &changes->certificates, file, length - 4);
}

bool changes_are_none(const struct changes *changes)
{
	return !changes->is_all && !changes->has_configuration &&
	       changes->domain_files.length == 0 && changes->certificates.length == 0;
}

bool changes_are_all(const struct changes *changes)
{
	return changes == NULL || changes->is_all;
}

bool changes_have_domain_file(const struct changes *changes, const char *name)
{
	return changes_are_all(changes) || table_get(&changes->domain_files.table, name) != NULL;
}

bool changes_have_certificate(const struct changes *changes, const char *name)
{
	return changes_are_all(changes) || table_get(&changes->certificates.table, name) != NULL;
}

void changes_clear(struct changes *changes)
{
	names_clear(&changes->domain_files);
	names_clear(&changes->certificates);
	memset(changes, 0, sizeof(*changes));
}
