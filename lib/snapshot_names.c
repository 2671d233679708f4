/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "snapshot_internal.h"
#include <stdlib.h>
#include <string.h>

/*
 * The names that bound certificates have by themselves: a client may ask for one that is no
 * binding's host. Ties are broken as in auto.
 */

/* Of one service, while they are bound. */
struct names {
	struct snapshot_build *build;
	struct snapshot_service *service;
	bool *is_bound; /* as the certificates */
	struct candidate_index rivals; /* of names that several bound certificates have */
};

/* Whoever asks for an owned host is never looked up by a certificate's name: see snapshot_select(). */
static bool is_free(const struct snapshot_service *service, const char *name)
{
	const struct snapshot_host *host = table_get(service->hosts, name);

	return host == NULL || host->is_lost;
}

/* `first` had the name so far. */
static int names_add_rival(struct names *names, struct candidate *candidate, const char *name,
	const struct certificate *first)
{
	int status = CERTBIND_OK;

	/* A certificate may repeat a name. */
	if (candidate->certificate == first)
		return CERTBIND_OK;
	if (table_get(&names->rivals.by_name, name) == NULL)
		status = candidate_index_enter(
			&names->rivals, &names->build->candidates[first->place], name);
	return status == CERTBIND_OK ? candidate_index_enter(&names->rivals, candidate, name)
				     : status;
}

/* The name is a bound certificate's own: it lives as long as the plan, see plan_hold(). */
static int names_visit(void *data, struct candidate *candidate, const char *name)
{
	struct names *names = data;
	struct snapshot *snapshot = names->build->snapshot;
	void **place;

	if (!is_free(names->service, name))
		return CERTBIND_OK;
	place = table_place(names->service->names, name);
	if (place != NULL && *place != NULL) {
		const struct bundle_members first =
			snapshot_members_peek(snapshot, (uint32_t)(uintptr_t)*place);

		return names_add_rival(names, candidate, name, first.items[0]);
	}
	if (place != NULL)
		*place = (void *)(uintptr_t)snapshot_bundle(snapshot, &candidate->certificate, 1);
	return place != NULL && *place != NULL ? CERTBIND_OK : CERTBIND_E_MEMORY;
}

static int names_add_members(struct names *names, struct bundle_members members)
{
	size_t i;
	int status = CERTBIND_OK;

	for (i = 0; i < members.length && status == CERTBIND_OK; i++) {
		size_t place = members.items[i]->place;

		if (names->is_bound[place])
			continue;
		names->is_bound[place] = true;
		status = candidate_names_each(&names->build->candidates[place], names_visit, names);
	}
	return status;
}

static int names_collect(struct names *names)
{
	const struct snapshot *snapshot = names->build->snapshot;
	size_t i, j;
	int status = CERTBIND_OK;

	for (i = 0; i < snapshot->config->domains_length && status == CERTBIND_OK; i++) {
		const struct snapshot_binding *binding =
			&snapshot->domains[i].bindings[names->service->index];

		for (j = 0; j < binding->hosts_length && status == CERTBIND_OK; j++)
			status = names_add_members(
				names, snapshot_members_peek(snapshot, binding->hosts[j].bundle));
	}
	return status;
}

static int names_decide(struct names *names, const struct candidate_list *list)
{
	struct snapshot_build *build = names->build;
	struct candidate_matches matches = { list, NULL };
	struct certificate *picked[CANDIDATE_PICK_MAX];
	size_t length = candidate_pick(&build->judge, &matches, 1, picked);
	uint32_t bundle;
	void **place;

	snapshot_plan_note_rivals(build->snapshot, list);
	if (length == 0)
		return build->judge.status;
	bundle = snapshot_bundle(build->snapshot, picked, length);
	place = bundle != 0 ? table_place(names->service->names, list->name) : NULL;
	if (place == NULL)
		return CERTBIND_E_MEMORY;
	*place = (void *)(uintptr_t)bundle;
	return CERTBIND_OK;
}

static int names_bind_service(struct snapshot_build *build, struct snapshot_service *service)
{
	struct names names = {
		.build = build,
		.service = service,
		.is_bound = calloc(build->snapshot->certificates_length + 1, sizeof(bool)),
	};
	size_t i;
	int status =
		names.is_bound != NULL ? candidate_index_init(&names.rivals, 0) : CERTBIND_E_MEMORY;

	if (status == CERTBIND_OK)
		status = names_collect(&names);
	for (i = 0; i < names.rivals.lists_length && status == CERTBIND_OK; i++)
		status = names_decide(&names, names.rivals.lists[i]);
	/* What both have they have for long. */
	table_fit(service->hosts);
	table_fit(service->names);
	candidate_index_clear(&names.rivals);
	free(names.is_bound);
	return status;
}

int snapshot_names_add(
	struct snapshot_build *build, const struct snapshot_binding *binding, bool *has_rivals)
{
	struct snapshot *snapshot = build->snapshot;
	struct names names = {
		.build = build,
		.service = &snapshot->services[binding->service],
		.is_bound = calloc(snapshot->certificates_length + 1, sizeof(bool)),
	};
	size_t i;
	int status =
		names.is_bound != NULL ? candidate_index_init(&names.rivals, 0) : CERTBIND_E_MEMORY;

	for (i = 0; i < binding->hosts_length && status == CERTBIND_OK; i++) {
		const char *host = binding->hosts[i].name;

		if (table_get(names.service->names, host) != NULL)
			*table_place(names.service->names, host) = NULL;
		status = names_add_members(
			&names, snapshot_members_peek(snapshot, binding->hosts[i].bundle));
	}
	*has_rivals = *has_rivals || names.rivals.lists_length > 0;
	candidate_index_clear(&names.rivals);
	free(names.is_bound);
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
