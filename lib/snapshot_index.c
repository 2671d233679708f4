/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host.h"
#include "name.h"
#include "snapshot_internal.h"
#include <stdlib.h>
#include <string.h>

/* Names and candidates of what was read. */

int snapshot_index_names(struct snapshot_build *build)
{
	struct snapshot *snapshot = build->snapshot;
	size_t length = snapshot->certificates_length;
	size_t i;

	build->candidates = calloc(length + 1, sizeof(*build->candidates));
	if (build->candidates == NULL)
		return CERTBIND_E_MEMORY;
	for (i = 0; i < length; i++) {
		struct certificate *certificate = snapshot->certificates[i];

		atomic_store_explicit(&certificate->place, (unsigned int)i, memory_order_relaxed);
		candidate_init(&build->candidates[i], certificate);
	}
	return CERTBIND_OK;
}

/* The names that the index is asked for. */
struct wanted {
	struct candidate_index *index;
	struct table names;
	struct block_pool texts;
};

static int wanted_add_name(struct wanted *wanted, const char *name)
{
	size_t size = strlen(name) + 1;
	char *text = block_pool_take(&wanted->texts, size);
	void **place;

	if (text == NULL)
		return CERTBIND_E_MEMORY;
	place = table_place(&wanted->names, memcpy(text, name, size));
	if (place == NULL)
		return CERTBIND_E_MEMORY;
	*place = text;
	return CERTBIND_OK;
}

static int wanted_add_hosts(struct wanted *wanted, const struct config_list *hosts)
{
	char wildcard[NAME_WILDCARD_SIZE];
	size_t i;
	int status = CERTBIND_OK;

	for (i = 0; i < hosts->length && status == CERTBIND_OK; i++) {
		status = wanted_add_name(wanted, hosts->items[i]);
		if (status == CERTBIND_OK && name_wildcard(hosts->items[i], wildcard))
			status = wanted_add_name(wanted, wildcard);
	}
	return status;
}

static int wanted_add_domain(
	struct wanted *wanted, const struct config *config, const struct config_domain *domain)
{
	size_t i;
	int status = CERTBIND_OK;

	for (i = 0; i < config->services_length && status == CERTBIND_OK; i++) {
		struct config_list hosts;

		status = host_list_make_of(config, i, domain, &hosts);
		if (status == CERTBIND_OK)
			status = wanted_add_hosts(wanted, &hosts);
		host_list_clear(&hosts);
	}
	return status;
}

static int wanted_fill(struct wanted *wanted, const struct snapshot_build *build)
{
	const struct config *config = build->snapshot->config;
	size_t i;
	int status = table_init(&wanted->names, 0);

	for (i = 0; i < config->services_length && status == CERTBIND_OK; i++)
		status = wanted_add_hosts(wanted, &config->services[i].shared_hosts);
	for (i = 0; i < config->domains_length && status == CERTBIND_OK; i++)
		if (snapshot_kept_peek(build, i) == NULL)
			status = wanted_add_domain(wanted, config, config->domains[i]);
	return status;
}

static int wanted_visit(void *data, struct candidate *candidate, const char *name)
{
	struct wanted *wanted = data;

	return table_get(&wanted->names, name) != NULL
		       ? candidate_index_enter(wanted->index, candidate, name)
		       : CERTBIND_OK;
}

int snapshot_index_candidates(struct snapshot_build *build)
{
	struct wanted wanted = { .index = &build->index };
	bool is_whole = build->kept.domains == NULL;
	size_t length = build->snapshot->certificates_length;
	size_t i;
	int status = candidate_index_init(&build->index, is_whole ? length : 0);

	if (status == CERTBIND_OK && !is_whole)
		status = wanted_fill(&wanted, build);
	for (i = 0; i < length && status == CERTBIND_OK; i++) {
		struct candidate *candidate = &build->candidates[i];

		if (candidate->certificate->pairs_length == 0)
			continue;
		status = is_whole ? candidate_index_add(&build->index, candidate)
				  : candidate_names_each(candidate, wanted_visit, &wanted);
	}
	table_clear(&wanted.names);
	block_pool_clear(&wanted.texts);
	return status;
}
