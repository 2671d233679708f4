/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "name.h"
#include "snapshot_internal.h"
#include <stdlib.h>
#include <string.h>

/* Whose a host is. */

/* Is the host one of a configured domain's? */
static bool host_has_owner(const struct config *config, const char *host)
{
	const char *name;

	for (name = host; name != NULL; name = name_parent_peek(name))
		if (config_domain_index(config, name) < config->domains_length)
			return true;
	return false;
}

void snapshot_host_set_binding(
	struct snapshot_build *build, struct snapshot_host *host, struct snapshot_binding *binding)
{
	const struct config_domain *config = binding->domain;
	const char *domain = config->name;

	host->binding = binding;
	host->is_in_domain = name_is_within(host->name, domain);
	if (host->is_in_domain)
		host->domain_at = (unsigned char)(strlen(host->name) - strlen(domain));
	else
		build->snapshot->plan->has_outsiders = true;
	host->is_foreign = config->has_own_file && !host->is_in_domain &&
			   host_has_owner(build->snapshot->config, host->name);
}

/* How well a domain owns a host: the longest domain that the host is in owns it; 0: not at all. */
static size_t host_ownership(const struct snapshot_host *host)
{
	const char *domain;

	if (host->binding == NULL)
		return 0;
	domain = host->binding->domain->name;
	return name_is_within(host->name, domain) ? strlen(domain) : 0;
}

/*
 * Enters a claim. Two claims: the longest suffix has the host, else nobody; a shared host is the
 * service's unless a domain owns it. Who writes a file of domains_dir has no host of another
 * configured domain, whether that one claims it or not: a wildcard certificate may serve it.
 */
int snapshot_binding_claim(struct snapshot_build *build, struct snapshot_binding *binding)
{
	struct table *hosts = build->snapshot->services[binding->service].hosts;
	size_t i;

	for (i = 0; i < binding->hosts_length; i++) {
		struct snapshot_host *claim = &binding->hosts[i];
		void **place = table_place(hosts, claim->name);
		struct snapshot_host *former;
		size_t mine = host_ownership(claim);

		if (place == NULL)
			return CERTBIND_E_MEMORY;
		former = *place;
		if (former == NULL) {
			*place = claim;
			claim->is_contested = claim->is_foreign;
			claim->is_lost = claim->is_foreign;
		} else if (former->binding == NULL) {
			claim->is_contested = mine == 0;
			claim->is_lost = mine == 0;
			if (mine > 0)
				*place = claim;
		} else {
			claim->is_contested = true;
			former->is_contested = true;
			claim->is_lost = mine <= host_ownership(former);
			former->is_lost = host_ownership(former) <= mine;
			if (mine > host_ownership(former))
				*place = claim;
		}
	}
	return CERTBIND_OK;
}
