/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "advice.h"
#include "check.h"
#include "error.h"
#include <stdio.h>
#include <string.h>

/* One certificate that serves the host. *is_fine: a strict client accepts the host with it. */
static int check_member(struct check *check, const struct check_subject *subject,
	struct certificate *member, bool *is_fine)
{
	struct check_subject told = *subject;
	const struct verdict *verdict;
	int status = check_verdict(check, member, &verdict);

	*is_fine = false;
	if (status < 0)
		return status;
	told.certificate = member->name;
	told.not_after = verdict->not_after;
	if (subject->host != NULL && verdict->certificate->pairs_length > 0 &&
		!verdict_covers(verdict, subject->host) && !verdict->is_named_by_common_name) {
		const char *advice;

		status = check_lack_advice(check, &advice);
		if (status == CERTBIND_OK)
			status = check_emit(check, &told, FINDING_NOT_COVERED, -1, advice);
		if (status != CERTBIND_OK)
			return status;
	} else {
		*is_fine = !verdict->is_refused;
	}
	return check_emit_verdict(check, &told, verdict);
}

static int check_unknown(const struct check *check, const struct check_subject *subject,
	const struct check_served *served)
{
	struct check_subject told = *subject;
	char text[ADVICE_SIZE];

	told.certificate = served->unknown;
	told.place = served->place;
	(void)snprintf(text, sizeof(text),
		"There is no certificate \"%s\": name one of `certificates` or "
		"`certificate_dirs`, or \"auto\"; until then the default certificate is served.",
		served->unknown);
	return check_emit(check, &told, FINDING_NO_CERTIFICATE, -1, text);
}

/* Neither named nor found. */
static int check_nothing_found(struct check *check, const struct check_subject *subject)
{
	const struct snapshot_service *service =
		snapshot_service_peek(check->snapshot, subject->service);
	const char *advice = "";
	bool covers = false;
	int status = check_default_covers(check, service, subject->host, &covers);

	if (status == CERTBIND_OK && !covers)
		status = check_lack_advice(check, &advice);
	if (status < 0)
		return status;
	return check_emit(check, subject, FINDING_DEFAULT_CERTIFICATE,
		covers ? CERTBIND_SEVERITY_OK : CERTBIND_SEVERITY_ERROR, advice);
}

int check_host(struct check *check, const struct check_subject *subject,
	const struct check_served *served, enum finding_code fine, bool *is_fine)
{
	struct check_subject told = *subject;
	size_t i;
	int status = CERTBIND_OK;

	*is_fine = false;
	if (served->unknown != NULL)
		return check_unknown(check, subject, served);
	if (served->members.length == 0 && served->named != NULL) /* its files are at fault */
		return check_member(
			check, subject, (struct certificate *)(uintptr_t)served->named, is_fine);
	if (served->members.length == 0)
		return check_nothing_found(check, subject);
	*is_fine = true;
	for (i = 0; i < served->members.length && status == CERTBIND_OK; i++) {
		bool is_member_fine;

		status = check_member(check, subject, served->members.items[i], &is_member_fine);
		*is_fine = *is_fine && is_member_fine;
	}
	if (status != CERTBIND_OK || !*is_fine || subject->host == NULL)
		return status;
	told.certificate = served->members.items[0]->name;
	told.not_after = bundle_members_not_after(served->members);
	return check_emit(check, &told, fine, -1, "");
}

/* A domain that a shared host's name is in may have taken it over. */
static struct check_served check_served_owner(
	const struct snapshot_service *service, const struct snapshot_host *owner)
{
	const struct check_served served = {
		.members = snapshot_members_peek(service->snapshot,
			owner->bundle != 0 ? owner->bundle : service->default_at),
		.named = snapshot_binding_certificate(service->snapshot, owner->binding),
		.place = owner->binding->domain->place,
	};

	return served;
}

struct check_served check_served_default(
	const struct snapshot_service *service, const struct snapshot_host *shared)
{
	const char *name = service->config->default_certificate;
	const struct snapshot_host *owner =
		shared != NULL ? table_get(service->hosts, shared->name) : NULL;
	struct check_served served = {
		.members = snapshot_members_peek(service->snapshot,
			shared != NULL && shared->bundle != 0 ? shared->bundle
							      : service->default_at),
		.named = service->default_certificate,
		.place = service->config->default_place,
	};

	if (owner != NULL && owner->binding != NULL)
		return check_served_owner(service, owner);
	if (served.members.length == 0 && served.named == NULL && name != NULL &&
		strcmp(name, "auto") != 0)
		served.unknown = name;
	return served;
}

int check_members_cover(struct check *check, struct bundle_members members, const char *host,
	bool takes_refused, bool *cover)
{
	size_t i;

	*cover = true;
	for (i = 0; i < members.length && *cover; i++) {
		const struct verdict *verdict;
		int status = check_verdict(check, members.items[i], &verdict);

		if (status < 0)
			return status;
		*cover = verdict_covers(verdict, host) && (takes_refused || !verdict->is_refused);
	}
	return CERTBIND_OK;
}

int check_default_covers(
	struct check *check, const struct snapshot_service *service, const char *host, bool *covers)
{
	const struct bundle_members members =
		snapshot_members_peek(check->snapshot, service->default_at);
	bool cover;
	int status = check_members_cover(check, members, host, false, &cover);

	*covers = status == CERTBIND_OK && members.length > 0 && cover;
	return status;
}
