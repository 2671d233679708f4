/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host.h"
#include "name.h"
#include "snapshot_internal.h"
#include <stdlib.h>
#include <string.h>

/*
 * Domains that are added, with hosts that nobody had: what was decided of the others stays. Whatever
 * else has changed, or meets others, is decided anew with all of them.
 */

struct extension {
	struct snapshot_build *build;
	const struct snapshot *former;
	size_t *added; /* their places among config->domains */
	size_t length, room;
	bool is_unclear;
};

static bool certificates_stay(const struct snapshot *snapshot, const struct snapshot *former)
{
	return snapshot->certificates_length == former->certificates_length &&
	       memcmp(snapshot->certificates, former->certificates,
		       former->certificates_length * sizeof(struct certificate *)) == 0;
}

static bool build_extends(const struct snapshot_build *build)
{
	const struct snapshot *former = build->options->former;
	const struct changes *changes = build->options->changes;
	const struct snapshot *snapshot = build->snapshot;

	return former != NULL && !changes_are_all(changes) && !changes->has_configuration &&
	       former->config->domains_length < snapshot->config->domains_length &&
	       sources_equal(former->config->sources, snapshot->config->sources) &&
	       !former->plan->has_outsiders && certificates_stay(snapshot, former) &&
	       snapshot_rivals_stay(snapshot, former);
}

/* Both are sorted. False: a domain has gone, or has changed, or there are too many. */
static bool extension_find(struct extension *extension)
{
	const struct config *config = extension->build->snapshot->config;
	const struct snapshot *former = extension->former;
	size_t i, j = 0;

	for (i = 0; i < config->domains_length; i++) {
		if (j < former->config->domains_length &&
			former->domains[j].config == config->domains[i]) {
			j++;
			continue;
		}
		if (extension->length == extension->room)
			return false;
		extension->added[extension->length++] = i;
	}
	return j == former->config->domains_length;
}

/* Are all hosts of the binding its domain's own, and nobody's so far? */
static int binding_look(struct extension *extension, const struct config_domain *domain,
	const struct snapshot_service *service)
{
	struct config_list hosts;
	size_t i;
	int status = host_list_make_of(extension->former->config, service->index, domain, &hosts);

	for (i = 0; status == CERTBIND_OK && i < hosts.length; i++)
		if (!name_is_within(hosts.items[i], domain->name) ||
			table_get(service->hosts, hosts.items[i]) != NULL)
			extension->is_unclear = true;
	host_list_clear(&hosts);
	return status;
}

static int domain_look(struct extension *extension, const struct config_domain *domain)
{
	const struct snapshot *former = extension->former;
	size_t i;
	int status = CERTBIND_OK;

	for (i = 0; i < former->config->services_length && status == CERTBIND_OK; i++)
		status = binding_look(extension, domain, &former->services[i]);
	return status;
}

/* A copy of what the former plan has, with room for the domains. */
static int plan_copy(struct extension *extension)
{
	struct snapshot *snapshot = extension->build->snapshot;
	const struct snapshot_plan *from = extension->former->plan;
	size_t i;
	int status = snapshot_plan_new(snapshot, from->ground);
	struct snapshot_plan *plan = snapshot->plan;

	if (status < 0)
		return status;
	from->ground->weight += extension->length;
	plan->has_rivals = from->has_rivals;
	memcpy(plan->marks, from->marks, snapshot->certificates_length * sizeof(*plan->marks));
	plan->domains = calloc(snapshot->config->domains_length, sizeof(*plan->domains));
	snapshot->domains = plan->domains;
	if (plan->domains == NULL)
		return CERTBIND_E_MEMORY;
	for (i = 0; i < plan->tables_length && status == CERTBIND_OK; i++)
		status = table_dup(&from->tables[i], &plan->tables[i]);
	if (status == CERTBIND_OK)
		status = snapshot_share_bundles(snapshot, extension->former);
	if (status == CERTBIND_OK)
		status = snapshot_share_services(snapshot, extension->former);
	return status;
}

/* The domains in their order; those that are kept are told as such. */
static int domains_copy(struct extension *extension)
{
	struct snapshot_build *build = extension->build;
	struct snapshot *snapshot = build->snapshot;
	size_t i, added = 0;

	build->kept.domains =
		calloc(snapshot->config->domains_length, sizeof(*build->kept.domains));
	if (build->kept.domains == NULL)
		return CERTBIND_E_MEMORY;
	for (i = 0; i < snapshot->config->domains_length; i++) {
		if (added < extension->length && extension->added[added] == i) {
			snapshot->domains[i].config = snapshot->config->domains[i];
			added++;
			continue;
		}
		snapshot->domains[i] = extension->former->domains[i - added];
		build->kept.domains[i] = &snapshot->domains[i];
	}
	return CERTBIND_OK;
}

/* Names that the plan has of it now are not those that were held. */
static void unhold(struct snapshot *snapshot, const struct snapshot_binding *binding)
{
	size_t i, j;

	for (i = 0; i < binding->hosts_length; i++) {
		const struct bundle_members members =
			snapshot_members_peek(snapshot, binding->hosts[i].bundle);

		for (j = 0; j < members.length; j++)
			snapshot->plan->marks[members.items[j]->place] &=
				(unsigned char)~PLAN_IS_HELD;
	}
}

static int domain_add(struct extension *extension, struct snapshot_domain *domain)
{
	struct snapshot_build *build = extension->build;
	size_t i;
	int status = snapshot_domain_bind(build, domain);

	for (i = 0; i < build->snapshot->config->services_length && status == CERTBIND_OK; i++) {
		const struct snapshot_binding *binding = &domain->bindings[i];

		/* Of several together only a whole plan knows. */
		extension->is_unclear = extension->is_unclear || binding->has_rivals;
		unhold(build->snapshot, binding);
		if (!extension->is_unclear)
			status = snapshot_names_add(build, binding, &extension->is_unclear);
	}
	return status;
}

static int extension_make(struct extension *extension)
{
	struct snapshot_build *build = extension->build;
	size_t i;
	int status = plan_copy(extension);

	if (status == CERTBIND_OK)
		status = domains_copy(extension);
	if (status == CERTBIND_OK)
		status = snapshot_index_names(build);
	if (status == CERTBIND_OK)
		status = snapshot_index_candidates(build);
	for (i = 0; i < extension->length && status == CERTBIND_OK && !extension->is_unclear; i++)
		status = domain_add(extension, &build->snapshot->domains[extension->added[i]]);
	return status;
}

int snapshot_plan_extend(struct snapshot_build *build)
{
	struct extension extension = { .build = build, .former = build->options->former };
	size_t i;
	int status = CERTBIND_OK;

	if (!build_extends(build))
		return CERTBIND_OK;
	extension.room = snapshot_plan_room(extension.former);
	extension.added = calloc(extension.room + 1, sizeof(*extension.added));
	if (extension.added == NULL)
		return CERTBIND_E_MEMORY;
	if (!extension_find(&extension))
		extension.is_unclear = true;
	for (i = 0; i < extension.length && status == CERTBIND_OK && !extension.is_unclear; i++)
		status = domain_look(
			&extension, build->snapshot->config->domains[extension.added[i]]);
	if (status == CERTBIND_OK && !extension.is_unclear)
		status = extension_make(&extension);
	if (status == CERTBIND_OK && extension.is_unclear)
		snapshot_plan_drop(build);
	free(extension.added);
	return status;
}
