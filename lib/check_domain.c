/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "advice.h"
#include "check.h"
#include "error.h"
#include "name.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check_conflict(const struct check *check, const struct check_subject *subject,
	const struct snapshot_host *host)
{
	char text[ADVICE_SIZE];

	(void)snprintf(text, sizeof(text),
		host->is_foreign
			? "%s is in another configured domain, and so %s. Take it out of the "
			  "%s_hosts of this one."
			: "Another domain or the service's shared_hosts claim %s as well; it is "
			  "%s. Take it out of the %s_hosts of all but one.",
		host->name, host->is_lost ? "not this domain's" : "this domain's",
		subject->service);
	return check_emit(check, subject, FINDING_HOST_CONFLICT, -1, text);
}

/* Mail: many sending MTAs send no SNI, and get the default certificate. */
static int check_needs_sni(struct check *check, const struct check_subject *subject,
	const struct snapshot_binding *binding, const struct snapshot_host *host)
{
	struct check_subject told = *subject;
	char text[ADVICE_SIZE];
	bool covers;
	int status;

	if (strcmp(subject->service, "mail") != 0)
		return CERTBIND_OK;
	status = check_default_covers(
		check, &check->snapshot->services[binding->service], host->name, &covers);
	if (status < 0 || covers)
		return status;
	(void)snprintf(text, sizeof(text),
		"%s is covered only for clients that send SNI, and many sending MTAs do not. Point "
		"the domain's MX at the shared host, or put %s on the default certificate.",
		host->name, host->name);
	told.certificate = snapshot_members_peek(check->snapshot, host->bundle).items[0]->name;
	return check_emit(check, &told, FINDING_NEEDS_SNI, -1, text);
}

static int check_own_host(struct check *check, const struct check_subject *subject,
	const struct snapshot_binding *binding, const struct snapshot_host *host)
{
	struct check_served served = {
		.members = snapshot_members_peek(check->snapshot, host->bundle),
		.named = snapshot_binding_certificate(check->snapshot, binding),
		.place = subject->place,
	};
	const struct config_choice_entry *entry = snapshot_binding_entry(binding);
	struct check_subject told = *subject;
	bool is_fine;
	int status = CERTBIND_OK;

	told.host = host->name;
	if (binding->choice == SNAPSHOT_EXPLICIT && entry != NULL) {
		told.certificate = entry->certificate;
		if (served.named == NULL)
			served.unknown = entry->certificate;
	}
	if (host->is_contested)
		status = check_conflict(check, &told, host);
	if (status != CERTBIND_OK || host->is_lost)
		return status;
	status = check_host(check, &told, &served, FINDING_COVERED, &is_fine);
	if (status == CERTBIND_OK && is_fine)
		status = check_needs_sni(check, &told, binding, host);
	return status;
}

/* The domain has no host of its own: the service's shared hosts stand for it. */
static int check_shared(struct check *check, const struct check_subject *subject,
	const struct snapshot_binding *binding)
{
	const struct snapshot_service *service = &check->snapshot->services[binding->service];
	size_t length = service->config->shared_hosts.length;
	size_t i;
	int status = CERTBIND_OK;
	char text[ADVICE_SIZE];

	if (length == 0) {
		(void)snprintf(text, sizeof(text),
			"%s_hosts is empty, and the service has no shared_hosts: give the domain a "
			"host, the service a shared host, or set %s = \"none\".",
			subject->service, subject->service);
		return check_emit(check, subject, FINDING_BAD_CONFIGURATION, -1, text);
	}
	for (i = 0; i < length && status == CERTBIND_OK; i++) {
		const char *name = service->shared_hosts[i].name;
		struct check_served served =
			check_served_default(service, &service->shared_hosts[i]);
		struct check_subject told = *subject;
		struct check_lack lack = { .host = name };
		bool is_fine;

		told.host = name;
		check->lack = &lack;
		status =
			check_host(check, &told, &served, FINDING_COVERED_BY_SHARED_HOST, &is_fine);
		check->lack = NULL;
	}
	return status;
}

static int check_binding(struct check *check, const struct check_subject *subject,
	const struct snapshot_binding *binding)
{
	size_t i;
	int status = CERTBIND_OK;

	if (binding->choice == SNAPSHOT_NONE)
		return CERTBIND_OK;
	if (binding->hosts_length == 0)
		return check_shared(check, subject, binding);
	for (i = 0; i < binding->hosts_length && status == CERTBIND_OK; i++)
		status = check_own_host(check, subject, binding, &binding->hosts[i]);
	return status;
}

int check_domain(struct check *check, const struct snapshot_domain *domain)
{
	struct check_lack lack = { .domain = domain };
	char *unicode = name_unicode_dup(domain->config->name);
	size_t i;
	int status = CERTBIND_OK;

	if (unicode == NULL)
		return CERTBIND_E_MEMORY;
	for (i = 0; i < check->snapshot->config->services_length && status == CERTBIND_OK; i++) {
		const struct snapshot_binding *binding = &domain->bindings[i];
		const struct config_choice_entry *entry = snapshot_binding_entry(binding);
		const struct check_subject subject = {
			.domain = domain,
			.domain_unicode = unicode,
			.service = check->snapshot->config->services[i].name,
			.not_after = -1,
			.place = entry != NULL ? entry->place : domain->config->place,
		};

		check->lack = &lack;
		status = check_binding(check, &subject, binding);
	}
	check->lack = NULL;
	free(unicode);
	return status;
}
