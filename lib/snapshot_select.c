/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "name.h"
#include "hot.h"
#include "snapshot.h"
#include <stdio.h>
#include <string.h>

static void select_default(const struct snapshot_service *service, struct snapshot_result *result)
{
	result->rule = CERTBIND_RULE_DEFAULT;
	result->bundle = service->default_at;
}

static void select_policy(const struct snapshot_service *service, struct snapshot_result *result)
{
	if (service->config->rejects_unknown) {
		result->rule = CERTBIND_RULE_REJECT;
		result->bundle = 0;
	} else {
		select_default(service, result);
	}
}

/* A host that has an owner: a binding, or the service itself. */
static void select_host(const struct snapshot_service *service, const struct snapshot_host *host,
	struct snapshot_result *result)
{
	if (host->is_none) {
		select_policy(service, result);
		return;
	}
	result->binding = host->binding;
	if (host->is_in_domain)
		result->domain = host->name + host->domain_at;
	else if (host->binding != NULL)
		result->domain = host->binding->domain->name;
	result->bundle = host->bundle != 0 ? host->bundle : service->default_at;
	result->rule = host->binding != NULL && host->bundle != 0 ? CERTBIND_RULE_EXACT
								  : CERTBIND_RULE_DEFAULT;
}

static uint32_t name_bundle(const struct snapshot_service *service, const char *name)
{
	return (uint32_t)(uintptr_t)table_get(service->names, name);
}

/* The certificates that are bound to the service, by their own names. */
static void select_name(const struct snapshot_service *service, struct snapshot_result *result)
{
	char wildcard[NAME_WILDCARD_SIZE];

	result->bundle = name_bundle(service, result->host);
	result->rule = CERTBIND_RULE_EXACT;
	if (result->bundle != 0)
		return;
	if (name_wildcard(result->host, wildcard)) {
		result->bundle = name_bundle(service, wildcard);
		result->rule = CERTBIND_RULE_WILDCARD;
	}
	if (result->bundle == 0)
		select_policy(service, result);
}

HOT void snapshot_select(const struct snapshot_service *service, const char *host, size_t length,
	struct snapshot_result *result)
{
	const struct snapshot_host *owned;

	result->binding = NULL;
	result->domain = "";
	result->host[0] = '\0';
	if (host == NULL) {
		select_default(service, result);
		return;
	}
	if (name_fold(host, length, result->host) != NAME_OK) {
		result->host[0] = '\0';
		select_policy(service, result);
		return;
	}
	owned = table_get(service->hosts, result->host);
	if (owned != NULL && !owned->is_lost)
		select_host(service, owned, result);
	else
		select_name(service, result);
}
