/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "name.h"
#include "snapshot_internal.h"
#include <stdlib.h>
#include <string.h>

/*
 * What the former snapshot decided and what nothing has changed of: a binding is chosen by what the
 * configuration says, and by which certificates cover its hosts. Where there is one for a host,
 * neither dates nor trust have a part in it.
 */

/* The main configuration is compared: it may have been read before anything told of its change. */
static bool build_keeps(const struct snapshot_build *build)
{
	const struct snapshot *former = build->options->former;
	const struct changes *changes = build->options->changes;
	const struct config *config = build->snapshot->config;

	return former != NULL && !changes_are_all(changes) && !changes->has_configuration &&
	       (former->config == config ||
		       sources_equal(former->config->sources, config->sources));
}

static bool is_there(const struct snapshot *snapshot, const struct certificate *certificate)
{
	return snapshot_certificate_place(snapshot, certificate) < snapshot->certificates_length;
}

struct names_change {
	struct table *new_names;
	struct table had; /* what the certificate of that name covered before */
};

static int table_enter(struct table *table, const char *name)
{
	void **place = table_place(table, name);

	if (place == NULL)
		return CERTBIND_E_MEMORY;
	*place = table;
	return CERTBIND_OK;
}

static int had_visit(void *data, struct candidate *candidate, const char *name)
{
	struct names_change *change = data;

	(void)candidate;
	return table_enter(&change->had, name);
}

static int new_visit(void *data, struct candidate *candidate, const char *name)
{
	struct names_change *change = data;

	(void)candidate;
	return table_get(&change->had, name) == NULL ? table_enter(change->new_names, name)
						     : CERTBIND_OK;
}

/* A certificate that the former snapshot did not have: its names are new, but for those it had. */
static int names_compare(struct snapshot_build *build, struct candidate *candidate)
{
	const struct snapshot *former = build->options->former;
	size_t place = snapshot_certificate_index(former, candidate->certificate->name);
	struct names_change change = { .new_names = &build->kept.new_names };
	struct candidate before;
	int status = table_init(&change.had, 0);

	if (status == CERTBIND_OK && place < former->certificates_length &&
		former->certificates[place]->pairs_length > 0) {
		candidate_init(&before, former->certificates[place]);
		status = candidate_names_each(&before, had_visit, &change);
	}
	if (status == CERTBIND_OK)
		status = candidate_names_each(candidate, new_visit, &change);
	table_clear(&change.had);
	return status;
}

static int new_names_find(struct snapshot_build *build)
{
	size_t i;
	int status = table_init(&build->kept.new_names, 0);

	for (i = 0; i < build->snapshot->certificates_length && status == CERTBIND_OK; i++) {
		struct candidate *candidate = &build->candidates[i];

		if (candidate->certificate->pairs_length > 0 &&
			!is_there(build->options->former, candidate->certificate))
			status = names_compare(build, candidate);
	}
	return status;
}

static bool is_newly_covered(const struct table *new_names, const char *host)
{
	char wildcard[NAME_WILDCARD_SIZE];

	return new_names->length > 0 &&
	       (table_get(new_names, host) != NULL ||
		       (name_wildcard(host, wildcard) && table_get(new_names, wildcard) != NULL));
}

static bool host_is_kept(const struct snapshot_build *build, const struct snapshot_host *host)
{
	const struct bundle_members members =
		snapshot_members_peek(build->options->former, host->bundle);
	size_t i;

	for (i = 0; i < members.length; i++)
		if (!is_there(build->snapshot, members.items[i]))
			return false;
	return !is_newly_covered(&build->kept.new_names, host->name);
}

static bool binding_is_kept(
	const struct snapshot_build *build, const struct snapshot_binding *binding)
{
	const struct certificate *named =
		snapshot_binding_certificate(build->options->former, binding);
	/* Hosts that nothing covered are not among them: see binding_prefer_shared(). */
	bool has_dropped = snapshot_binding_entry(binding) == NULL &&
			   binding->hosts_length <
				   build->snapshot->config->services[binding->service].hosts.length;
	size_t i;

	if (binding->has_rivals || (has_dropped && build->kept.new_names.length > 0))
		return false;
	if (binding->choice == SNAPSHOT_EXPLICIT &&
		(named == NULL || !is_there(build->snapshot, named)))
		return false;
	for (i = 0; i < binding->hosts_length; i++)
		if (!host_is_kept(build, &binding->hosts[i]))
			return false;
	return true;
}

static bool domain_is_kept(const struct snapshot_build *build, const struct snapshot_domain *domain)
{
	size_t i;

	for (i = 0; i < build->snapshot->config->services_length; i++)
		if (!binding_is_kept(build, &domain->bindings[i]))
			return false;
	return true;
}

int snapshot_keep(struct snapshot_build *build)
{
	const struct snapshot *former = build->options->former;
	const struct config *config = build->snapshot->config;
	size_t i, j;
	int status;

	if (!build_keeps(build))
		return CERTBIND_OK;
	build->kept.domains = calloc(config->domains_length + 1, sizeof(*build->kept.domains));
	status = build->kept.domains != NULL ? new_names_find(build) : CERTBIND_E_MEMORY;
	/* Both are sorted. */
	for (i = 0, j = 0; i < config->domains_length && status == CERTBIND_OK; i++) {
		while (j < former->config->domains_length &&
			strcmp(former->domains[j].config->name, config->domains[i]->name) < 0)
			j++;
		if (j < former->config->domains_length &&
			former->domains[j].config == config->domains[i] &&
			domain_is_kept(build, &former->domains[j]))
			build->kept.domains[i] = &former->domains[j];
	}
	return status;
}

const struct snapshot_domain *snapshot_kept_peek(const struct snapshot_build *build, size_t index)
{
	return build->kept.domains != NULL ? build->kept.domains[index] : NULL;
}

/* The hosts with their names behind them, as one piece. Whose they are is decided again. */
static int hosts_take_over(struct snapshot_build *build, const struct snapshot_binding *former,
	struct snapshot_binding *binding)
{
	struct snapshot *snapshot = build->snapshot;
	const char *begin = (const char *)former->hosts;
	const char *last;
	size_t size, i;

	if (former->hosts_length == 0)
		return CERTBIND_OK;
	last = former->hosts[former->hosts_length - 1].name;
	size = (size_t)(last - begin) + strlen(last) + 1;
	binding->hosts = block_pool_take(&snapshot->plan->ground->pool, size);
	if (binding->hosts == NULL)
		return CERTBIND_E_MEMORY;
	memcpy(binding->hosts, former->hosts, size);
	for (i = 0; i < former->hosts_length; i++) {
		struct snapshot_host *host = &binding->hosts[i];
		const struct bundle_members members =
			snapshot_members_peek(build->options->former, host->bundle);

		host->name = (char *)binding->hosts + (former->hosts[i].name - begin);
		snapshot_host_set_binding(build, host, binding);
		if (members.length == 0)
			continue;
		host->bundle = snapshot_bundle(snapshot, members.items, members.length);
		if (host->bundle == 0)
			return CERTBIND_E_MEMORY;
	}
	return CERTBIND_OK;
}

int snapshot_take_over(struct snapshot_build *build, const struct snapshot_domain *former,
	struct snapshot_domain *domain)
{
	struct snapshot *snapshot = build->snapshot;
	size_t i;
	int status = snapshot_domain_room(build, domain);

	for (i = 0; i < snapshot->config->services_length && status == CERTBIND_OK; i++) {
		struct snapshot_binding *binding = &domain->bindings[i];
		const struct certificate *named =
			snapshot_binding_certificate(build->options->former, &former->bindings[i]);

		*binding = former->bindings[i];
		binding->domain = domain->config;
		binding->hosts = NULL;
		if (named != NULL)
			binding->certificate =
				(uint32_t)snapshot_certificate_place(snapshot, named) + 1;
		status = hosts_take_over(build, &former->bindings[i], binding);
		if (status == CERTBIND_OK)
			status = snapshot_binding_claim(build, binding);
	}
	return status;
}

void snapshot_kept_clear(struct snapshot_kept *kept)
{
	free(kept->domains);
	table_clear(&kept->new_names);
	memset(kept, 0, sizeof(*kept));
}
