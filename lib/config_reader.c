/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config_reader.h"
#include "text.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct config_claim {
	struct config_claim *next;
	struct config_place place;
	char name[];
};

/* Room for 8, 16, 32, …: the length alone says when an array is full. */
void *config_grow(void *array, size_t length, size_t size)
{
	if (array != NULL && (length < 8 || (length & (length - 1)) != 0))
		return array;
	if (length > SIZE_MAX / 2 / size)
		return NULL;
	return realloc(array, (length < 8 ? 8 : length * 2) * size);
}

void *config_grow_or_note(struct config_reader *reader, void *array, size_t length, size_t size)
{
	void *grown = config_grow(array, length, size);

	if (grown == NULL)
		reader->is_out_of_memory = true;
	return grown;
}

char *config_text_dup(struct config_reader *reader, const char *text)
{
	char *copy = strdup(text);

	if (copy == NULL)
		reader->is_out_of_memory = true;
	return copy;
}

void config_list_append_take(struct config_reader *reader, struct config_list *list, char *item)
{
	char **items;

	if (item == NULL)
		return;
	items = config_grow_or_note(reader, list->items, list->length, sizeof(*items));
	if (items == NULL) {
		free(item);
		return;
	}
	list->items = items;
	list->items[list->length++] = item;
}

void config_list_clear(struct config_list *list)
{
	size_t i;

	for (i = 0; i < list->length; i++)
		free(list->items[i]);
	free(list->items);
	memset(list, 0, sizeof(*list));
}

const char *config_file_intern(struct config_reader *reader, const char *path)
{
	struct config *config = reader->config;
	char **files =
		config_grow_or_note(reader, config->files, config->files_length, sizeof(*files));
	char *copy;

	if (files == NULL)
		return NULL;
	config->files = files;
	copy = config_text_dup(reader, path);
	if (copy != NULL)
		config->files[config->files_length++] = copy;
	return copy;
}

const struct config_place *config_claim_peek(const struct config_claims *claims, const char *name)
{
	const struct config_claim *claim = table_get(&claims->table, name);

	return claim != NULL ? &claim->place : NULL;
}

const struct config_place *config_claim(struct config_reader *reader, struct config_claims *claims,
	const char *name, struct config_place place)
{
	struct config_claim *claim;
	size_t size = strlen(name) + 1;
	void **found;

	claim = table_get(&claims->table, name);
	if (claim != NULL)
		return &claim->place;
	claim = malloc(sizeof(*claim) + size);
	if (claim == NULL) {
		reader->is_out_of_memory = true;
		return NULL;
	}
	claim->place = place;
	memcpy(claim->name, name, size);
	claim->next = claims->first;
	claims->first = claim;
	found = table_place(&claims->table, claim->name);
	if (found == NULL)
		reader->is_out_of_memory = true;
	else
		*found = claim;
	return NULL;
}

void config_claims_clear(struct config_claims *claims)
{
	while (claims->first != NULL) {
		struct config_claim *claim = claims->first;

		claims->first = claim->next;
		free(claim);
	}
	table_clear(&claims->table);
}

/* `kind "label": `; the number of bytes, always less than `size`. */
static size_t problem_prefix(const struct config_entry *entry, char *text, size_t size)
{
	int length = 0;

	if (entry->kind != NULL && entry->label == NULL)
		length = snprintf(text, size, "%s: ", entry->kind);
	else if (entry->kind != NULL)
		length = snprintf(text, size, "%s \"%s\": ", entry->kind, entry->label);
	if (length < 0)
		return 0;
	return (size_t)length < size ? (size_t)length : size - 1;
}

void config_problem(struct config_entry *entry, int line, const char *format, ...)
{
	va_list arguments;
	char text[4 * CONFIG_STRING_MAX]; /* a label and two values */
	size_t length = problem_prefix(entry, text, sizeof(text));
	struct config_reader *reader = entry->reader;
	struct config_reader_problem *problem;

	entry->is_bad = true;
	va_start(arguments, format);
	(void)vsnprintf(text + length, sizeof(text) - length, format, arguments);
	va_end(arguments);
	/* A message is one line of UTF-8, whatever the names in it are, and wherever it was cut. */
	text_make_plain(text);
	problem = calloc(1, sizeof(*problem));
	if (problem == NULL) {
		reader->is_out_of_memory = true;
		return;
	}
	problem->next = reader->last_problem;
	reader->last_problem = problem;
	problem->order = entry->source->order;
	problem->sequence = reader->problems_length++;
	problem->problem.scope = entry->scope;
	problem->problem.place.file = entry->source->file;
	problem->problem.place.line = line;
	problem->problem.message = config_text_dup(reader, text);
	if (entry->name != NULL)
		problem->problem.name = config_text_dup(reader, entry->name);
}

static int problem_compare(const void *a, const void *b)
{
	const struct config_reader_problem *const *left = a;
	const struct config_reader_problem *const *right = b;

	if ((*left)->order != (*right)->order)
		return (*left)->order < (*right)->order ? -1 : 1;
	if ((*left)->problem.place.line != (*right)->problem.place.line)
		return (*left)->problem.place.line < (*right)->problem.place.line ? -1 : 1;
	return (*left)->sequence < (*right)->sequence ? -1 : 1;
}

void config_problems_finish(struct config_reader *reader)
{
	size_t length = reader->problems_length;
	struct config_reader_problem **sorted;
	struct config_reader_problem *problem;
	size_t i = 0;

	if (length == 0)
		return;
	sorted = calloc(length, sizeof(struct config_reader_problem *));
	reader->config->problems = calloc(length, sizeof(*reader->config->problems));
	if (sorted == NULL || reader->config->problems == NULL) {
		reader->is_out_of_memory = true;
		free(sorted);
		return;
	}
	for (problem = reader->last_problem; problem != NULL; problem = problem->next)
		sorted[i++] = problem;
	qsort(sorted, length, sizeof(struct config_reader_problem *), problem_compare);
	for (i = 0; i < length; i++) {
		reader->config->problems[i] = sorted[i]->problem;
		memset(&sorted[i]->problem, 0, sizeof(sorted[i]->problem));
	}
	reader->config->problems_length = length;
	free(sorted);
}

void config_problems_clear(struct config_reader *reader)
{
	while (reader->last_problem != NULL) {
		struct config_reader_problem *problem = reader->last_problem;

		reader->last_problem = problem->next;
		free(problem->problem.name);
		free(problem->problem.message);
		free(problem);
	}
}
