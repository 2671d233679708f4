/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "error.h"
#include "name.h"
#include "store.h"
#include <stdlib.h>
#include <string.h>

/* The walk over the bindings: what `certbind list` shows. */

struct binding_walk {
	const struct snapshot *snapshot;
	certbind_binding_func *func;
	void *data;
	const char *domain_unicode;
	const char **hosts; /* room for those of one binding */
	size_t hosts_room;
};

/* Tells of the hosts of one binding that one bundle serves. */
static int walk_group(struct binding_walk *walk, const struct snapshot_binding *binding,
	const struct snapshot_host *first, size_t hosts_length)
{
	const struct bundle_members members =
		snapshot_members_peek(walk->snapshot, first != NULL ? first->bundle : 0);
	struct certbind_binding told = {
		.domain = binding->domain->name,
		.domain_unicode = walk->domain_unicode,
		.service = walk->snapshot->services[binding->service].config->name,
		.hosts = walk->hosts,
		.hosts_length = hosts_length,
		.chosen_by = snapshot_chosen_by(binding, first),
		.not_after = (time_t)bundle_members_not_after(members),
	};

	if (members.length > 0)
		told.certificate = members.items[0]->name;
	else if (binding->choice == SNAPSHOT_EXPLICIT)
		told.certificate = snapshot_binding_entry(binding)->certificate;
	return walk->func(walk->data, &told);
}

static int walk_make_room(struct binding_walk *walk, size_t length)
{
	const char **hosts;

	if (walk->hosts != NULL && length < walk->hosts_room)
		return CERTBIND_OK;
	hosts = realloc(walk->hosts, (length + 1) * sizeof(*hosts));
	if (hosts == NULL)
		return CERTBIND_E_MEMORY;
	walk->hosts = hosts;
	walk->hosts_room = length + 1;
	return CERTBIND_OK;
}

static bool is_first_of_group(const struct snapshot_binding *binding, size_t index)
{
	size_t i;

	for (i = 0; i < index; i++)
		if (binding->hosts[i].bundle == binding->hosts[index].bundle)
			return false;
	return true;
}

static int walk_binding(struct binding_walk *walk, const struct snapshot_binding *binding)
{
	size_t i, j;
	int status = walk_make_room(walk, binding->hosts_length);

	if (status < 0)
		return status;
	if (binding->choice == SNAPSHOT_NONE || binding->hosts_length == 0)
		return walk_group(walk, binding, NULL, 0);
	for (i = 0; i < binding->hosts_length && status == CERTBIND_OK; i++) {
		size_t length = 0;

		if (!is_first_of_group(binding, i))
			continue;
		for (j = i; j < binding->hosts_length; j++)
			if (binding->hosts[j].bundle == binding->hosts[i].bundle)
				walk->hosts[length++] = binding->hosts[j].name;
		status = walk_group(walk, binding, &binding->hosts[i], length);
	}
	return status;
}

static int walk_domain(struct binding_walk *walk, const struct snapshot *snapshot,
	const struct snapshot_domain *domain)
{
	char *unicode = name_unicode_dup(domain->config->name);
	size_t i;
	int status = CERTBIND_OK;

	if (unicode == NULL)
		return CERTBIND_E_MEMORY;
	walk->domain_unicode = unicode;
	for (i = 0; i < snapshot->config->services_length && status == CERTBIND_OK; i++)
		status = walk_binding(walk, &domain->bindings[i]);
	free(unicode);
	return status;
}

static int walk_domains(struct binding_walk *walk, const struct snapshot *snapshot,
	const char *domain, struct certbind_error *error)
{
	char folded[NAME_SIZE];
	const struct snapshot_domain *found;
	size_t i;
	int status = CERTBIND_OK;

	if (domain != NULL) {
		found = name_fold(domain, strlen(domain), folded) == NAME_OK
				? snapshot_domain_peek(snapshot, folded)
				: NULL;
		if (found == NULL)
			return error_set(error, CERTBIND_E_UNKNOWN_DOMAIN, NULL, 0,
				"domain \"%s\": not configured", domain);
		return walk_domain(walk, snapshot, found);
	}
	for (i = 0; i < snapshot->config->domains_length && status == CERTBIND_OK; i++)
		status = walk_domain(walk, snapshot, &snapshot->domains[i]);
	return status;
}

int certbind_store_each_binding(struct certbind_store *store, const char *domain,
	certbind_binding_func *func, void *data, struct certbind_error *error)
{
	struct binding_walk walk = { .func = func, .data = data };
	struct snapshot *snapshot;
	int status;

	if (store == NULL || func == NULL)
		return error_set(error, CERTBIND_E_INVALID, NULL, 0, "store or func is NULL");
	snapshot = store_snapshot(store);
	if (snapshot == NULL)
		return error_set(error, CERTBIND_E_STATE, NULL, 0, "nothing is loaded");
	walk.snapshot = snapshot;
	status = walk_domains(&walk, snapshot, domain, error);
	if (status == CERTBIND_E_MEMORY)
		(void)error_memory(error);
	free(walk.hosts);
	snapshot_unref(snapshot);
	return status;
}
