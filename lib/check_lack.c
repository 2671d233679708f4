/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check.h"
#include <string.h>

/* What to do where cover is lacking: found out when a finding says it, which of most domains none does. */

enum { ADVISED_MAX = 64 };

/* Is the host one that no certificate of its own covers? */
static int host_lacks_cover(struct check *check, const struct snapshot_host *host, bool *lacks)
{
	const struct bundle_members members = snapshot_members_peek(check->snapshot, host->bundle);
	bool cover;
	int status = check_members_cover(check, members, host->name, true, &cover);

	*lacks = members.length > 0 ? !cover : host->binding->certificate == 0;
	return status;
}

static bool names_have(const char *const *names, size_t length, const char *name)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static int add_hosts(struct check *check, const struct snapshot_binding *binding,
	const char *hosts[ADVISED_MAX], size_t *length)
{
	size_t i;

	for (i = 0; i < binding->hosts_length && *length < ADVISED_MAX; i++) {
		const struct snapshot_host *host = &binding->hosts[i];
		bool lacks;
		int status = host_lacks_cover(check, host, &lacks);

		if (status < 0)
			return status;
		if (lacks && !host->is_lost && !names_have(hosts, *length, host->name))
			hosts[(*length)++] = host->name;
	}
	return CERTBIND_OK;
}

/* One certificate for all the hosts of the domain that lack cover. */
static int domain_advice(struct check *check, const struct snapshot_domain *domain, char *advice)
{
	const char *hosts[ADVISED_MAX];
	size_t length = 0;
	size_t i;
	int status = CERTBIND_OK;

	for (i = 0; i < check->snapshot->config->services_length && status == CERTBIND_OK; i++)
		if (domain->bindings[i].choice != SNAPSHOT_NONE)
			status = add_hosts(check, &domain->bindings[i], hosts, &length);
	if (status == CERTBIND_OK)
		advice_get_certificate(domain->config->name, hosts, length, advice);
	return status;
}

int check_lack_advice(struct check *check, const char **advice)
{
	struct check_lack *lack = check->lack;
	int status = CERTBIND_OK;

	if (!lack->is_known && lack->domain != NULL)
		status = domain_advice(check, lack->domain, lack->advice);
	else if (!lack->is_known)
		advice_get_certificate(NULL, &lack->host, 1, lack->advice);
	lack->is_known = status == CERTBIND_OK;
	*advice = lack->advice;
	return status;
}
