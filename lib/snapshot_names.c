/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "snapshot_internal.h"
#include <stdlib.h>
#include <string.h>

/*
 * The names that bound certificates have by themselves: a client may ask for one that is no
 * binding's host. Ties are broken as in auto.
 */

static struct candidate *build_candidate(
	const struct snapshot_build *build, const struct certificate *certificate)
{
	struct certificate **found =
		table_get(&build->snapshot->certificates_by_name, certificate->name);

	return &build->candidates[found - build->snapshot->certificates];
}

/* Whoever asks for an owned host is never looked up by a certificate's name: see snapshot_select(). */
static bool is_free(const void *data, const char *name)
{
	const struct snapshot_service *service = data;
	const struct snapshot_host *host = table_get(&service->hosts, name);

	return host == NULL || host->is_lost;
}

static int names_add_bundle(const struct snapshot_build *build,
	const struct snapshot_service *service, struct candidate_index *bound, bool *is_bound,
	const struct bundle *bundle)
{
	size_t i;
	int status = CERTBIND_OK;

	for (i = 0; i < bundle->members_length && status == CERTBIND_OK; i++) {
		struct candidate *candidate = build_candidate(build, bundle->members[i]);
		bool *seen = &is_bound[candidate - build->candidates];

		if (*seen)
			continue;
		*seen = true;
		status = candidate_index_add(bound, candidate, is_free, service);
	}
	return status;
}

static int names_collect(struct snapshot_build *build, const struct snapshot_service *service,
	struct candidate_index *bound)
{
	const struct snapshot *snapshot = build->snapshot;
	bool *is_bound = calloc(snapshot->certificates_length + 1, sizeof(*is_bound));
	size_t i, j;
	int status = is_bound == NULL ? CERTBIND_E_MEMORY : CERTBIND_OK;

	for (i = 0; i < snapshot->config->domains_length && status == CERTBIND_OK; i++) {
		const struct snapshot_binding *binding =
			&snapshot->domains[i].bindings[service->index];

		for (j = 0; j < binding->hosts_length && status == CERTBIND_OK; j++)
			if (binding->hosts[j].bundle != NULL)
				status = names_add_bundle(
					build, service, bound, is_bound, binding->hosts[j].bundle);
	}
	free(is_bound);
	return status;
}

/* The name is a bound certificate's own: it lives as long as the snapshot. */
static int names_enter(struct snapshot_build *build, struct snapshot_service *service,
	const struct candidate_list *list)
{
	struct candidate_matches matches = { list, NULL };
	struct certificate *picked[CANDIDATE_PICK_MAX];
	size_t length = candidate_pick(&build->judge, &matches, 1, picked);
	struct bundle *bundle;
	void **place;

	if (length == 0)
		return build->judge.status;
	bundle = snapshot_bundle(build->snapshot, picked, length);
	place = bundle != NULL ? table_place(&service->names, list->name) : NULL;
	if (place == NULL)
		return CERTBIND_E_MEMORY;
	*place = bundle;
	return CERTBIND_OK;
}

static int names_bind_service(struct snapshot_build *build, struct snapshot_service *service)
{
	struct candidate_index bound;
	size_t i;
	int status = candidate_index_init(&bound, 0);

	if (status == CERTBIND_OK)
		status = names_collect(build, service, &bound);
	for (i = 0; i < bound.lists_length && status == CERTBIND_OK; i++)
		status = names_enter(build, service, bound.lists[i]);
	candidate_index_clear(&bound);
	return status;
}

int snapshot_bind_names(struct snapshot_build *build)
{
	size_t i;
	int status = CERTBIND_OK;

	for (i = 0; i < build->snapshot->config->services_length && status == CERTBIND_OK; i++)
		status = names_bind_service(build, &build->snapshot->services[i]);
	return status;
}
