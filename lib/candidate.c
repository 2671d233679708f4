/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "candidate.h"
#include "array.h"
#include "name.h"
#include <certbind/error.h>
#include <stdlib.h>
#include <string.h>

void candidate_init(struct candidate *candidate, struct certificate *certificate)
{
	size_t i;

	memset(candidate, 0, sizeof(*candidate));
	candidate->certificate = certificate;
	if (certificate->pairs_length > 0) {
		candidate->names = certificate_facts_names(certificate->pairs[0].facts);
		candidate->names_length = certificate->pairs[0].facts->names_length;
		candidate->has_pairs = certificate->pairs_length > 1;
	}
	for (i = 0; i < certificate->pairs_length; i++) {
		const struct pair *pair = &certificate->pairs[i];

		if (i == 0 || pair->facts->not_before > candidate->not_before)
			candidate->not_before = pair->facts->not_before;
		if (i == 0 || pair->facts->not_after < candidate->not_after)
			candidate->not_after = pair->facts->not_after;
	}
}

int candidate_index_init(struct candidate_index *index, size_t expected)
{
	memset(index, 0, sizeof(*index));
	return table_init(&index->by_name, expected);
}

static void candidate_list_free(struct candidate_list *list)
{
	if (list->items != &list->first)
		free(list->items);
	free(list);
}

void candidate_index_clear(struct candidate_index *index)
{
	size_t i;

	for (i = 0; i < index->lists_length; i++)
		candidate_list_free(index->lists[i]);
	free(index->lists);
	table_clear(&index->by_name);
	memset(index, 0, sizeof(*index));
}

/* The list of a name, made when there is none yet. */
static struct candidate_list *candidate_index_list(struct candidate_index *index, const char *name)
{
	void **place = table_place(&index->by_name, name);
	struct candidate_list *list;

	if (place == NULL || *place != NULL)
		return place != NULL ? *place : NULL;
	if (!array_grow(&index->lists, index->lists_length, sizeof(struct candidate_list *)))
		return NULL;
	list = malloc(sizeof(*list));
	if (list == NULL)
		return NULL;
	list->name = name;
	list->items = &list->first;
	list->length = 0;
	*place = list;
	index->lists[index->lists_length++] = list;
	return list;
}

/* Nearly every name has one candidate: it is in the list itself. */
static int candidate_list_add(struct candidate_list *list, struct candidate *candidate)
{
	struct candidate **items = NULL;

	/* A certificate may repeat a name. */
	if (list->length > 0 && list->items[list->length - 1] == candidate)
		return CERTBIND_OK;
	if (list->length == 1) {
		if (!array_grow(&items, 0, sizeof(struct candidate *)))
			return CERTBIND_E_MEMORY;
		items[0] = list->first;
		list->items = items;
	}
	if (list->length > 0 && !array_grow(&list->items, list->length, sizeof(struct candidate *)))
		return CERTBIND_E_MEMORY;
	list->items[list->length++] = candidate;
	return CERTBIND_OK;
}

/* The names of a pair in a table, for a certificate that has several. */
static int pair_names_table(const struct pair *pair, struct table *table)
{
	const char *name = certificate_facts_names(pair->facts);
	size_t i;
	int status = table_init(table, pair->facts->names_length);

	for (i = 0; i < pair->facts->names_length && status == CERTBIND_OK; i++) {
		void **place = table_place(table, name);

		if (place == NULL)
			status = CERTBIND_E_MEMORY;
		else
			*place = table;
		name += strlen(name) + 1;
	}
	return status;
}

static bool tables_have(const struct table *tables, size_t length, const char *name)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (table_get(&tables[i], name) == NULL)
			return false;
	return true;
}

/* Those of `length` more pairs; NULL as tables: there are none. */
static int names_each(struct candidate *candidate, const struct table *tables, size_t length,
	candidate_visit *visit, void *data)
{
	const char *name = candidate->names;
	size_t i;
	int status = CERTBIND_OK;

	for (i = 0; i < candidate->names_length && status == CERTBIND_OK; i++) {
		if (tables_have(tables, length, name))
			status = visit(data, candidate, name);
		name += strlen(name) + 1;
	}
	return status;
}

int candidate_names_each(struct candidate *candidate, candidate_visit *visit, void *data)
{
	const struct certificate *certificate = candidate->certificate;
	struct table *tables;
	size_t others;
	size_t i;
	int status = CERTBIND_OK;

	/* Most have one, and what it is in is far away. */
	if (!candidate->has_pairs)
		return names_each(candidate, NULL, 0, visit, data);
	others = certificate->pairs_length - 1;
	tables = calloc(others, sizeof(*tables));
	if (tables == NULL)
		return CERTBIND_E_MEMORY;
	for (i = 0; i < others && status == CERTBIND_OK; i++)
		status = pair_names_table(&certificate->pairs[i + 1], &tables[i]);
	if (status == CERTBIND_OK)
		status = names_each(candidate, tables, others, visit, data);
	for (i = 0; i < others; i++)
		table_clear(&tables[i]);
	free(tables);
	return status;
}

int candidate_index_enter(
	struct candidate_index *index, struct candidate *candidate, const char *name)
{
	struct candidate_list *list = candidate_index_list(index, name);

	return list != NULL ? candidate_list_add(list, candidate) : CERTBIND_E_MEMORY;
}

static int index_visit(void *data, struct candidate *candidate, const char *name)
{
	return candidate_index_enter(data, candidate, name);
}

int candidate_index_add(struct candidate_index *index, struct candidate *candidate)
{
	return candidate_names_each(candidate, index_visit, index);
}

struct candidate_matches candidate_index_match(
	const struct candidate_index *index, const char *host)
{
	struct candidate_matches matches = { table_get(&index->by_name, host), NULL };
	char wildcard[NAME_WILDCARD_SIZE];

	/* A wildcard identifier with fewer than two labels after it never gets into an index. */
	if (name_wildcard(host, wildcard))
		matches.wildcard = table_get(&index->by_name, wildcard);
	return matches;
}

static bool pair_has(const struct pair *pair, const char *name)
{
	const char *own = certificate_facts_names(pair->facts);
	size_t i;

	for (i = 0; i < pair->facts->names_length; i++, own += strlen(own) + 1)
		if (strcmp(own, name) == 0)
			return true;
	return false;
}

bool candidate_covers(const struct candidate *candidate, const char *host)
{
	const struct certificate *certificate = candidate->certificate;
	const struct pair *first = certificate->pairs;
	const char *name = certificate_facts_names(first->facts);
	size_t i, j;

	for (i = 0; i < first->facts->names_length; i++, name += strlen(name) + 1) {
		if (!name_matches(name, host))
			continue;
		for (j = 1; j < certificate->pairs_length; j++)
			if (!pair_has(&certificate->pairs[j], name))
				break;
		if (j == certificate->pairs_length)
			return true;
	}
	return false;
}

/* A certificate may have both the very name and the wildcard: it counts once, as exact. */
static void candidate_list_mark(const struct candidate_list *list, size_t host, bool is_exact)
{
	size_t i;

	for (i = 0; list != NULL && i < list->length; i++) {
		struct candidate *candidate = list->items[i];

		if (candidate->last_marked == host)
			continue;
		candidate->last_marked = host;
		candidate->marks++;
		candidate->exact += is_exact ? 1 : 0;
	}
}

void candidate_mark(const struct candidate_matches *matches, size_t hosts_length)
{
	size_t i;

	for (i = 0; i < hosts_length; i++) {
		candidate_list_mark(matches[i].exact, i + 1, true);
		candidate_list_mark(matches[i].wildcard, i + 1, false);
	}
}

static void candidate_list_unmark(const struct candidate_list *list)
{
	size_t i;

	for (i = 0; list != NULL && i < list->length; i++) {
		list->items[i]->last_marked = 0;
		list->items[i]->marks = 0;
		list->items[i]->exact = 0;
	}
}

void candidate_unmark(const struct candidate_matches *matches, size_t hosts_length)
{
	size_t i;

	for (i = 0; i < hosts_length; i++) {
		candidate_list_unmark(matches[i].exact);
		candidate_list_unmark(matches[i].wildcard);
	}
}
