/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "advice.h"
#include "check.h"
#include "date.h"
#include "error.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The provider's own side: what belongs to no domain. */

/* Nothing is configured, or auto found nothing: certbind's own certificate is served. */
static int check_own_default(struct check *check, const struct check_subject *subject,
	const struct snapshot_host *shared)
{
	const struct snapshot_service *service =
		snapshot_service_peek(check->snapshot, subject->service);
	const char *advice;
	char text[ADVICE_SIZE];
	int status;

	if (shared == NULL) {
		(void)snprintf(text, sizeof(text),
			"Clients that send no SNI, or an unknown one, get certbind's own "
			"self-signed certificate, which none of them trusts. Set `default` of "
			"service \"%s\" to a certificate.",
			subject->service);
		return check_emit(
			check, subject, FINDING_DEFAULT_CERTIFICATE, CERTBIND_SEVERITY_NOTE, text);
	}
	if (service->config->default_certificate != NULL) { /* "auto", and nothing covers it */
		status = check_lack_advice(check, &advice);
		return status < 0 ? status
				  : check_emit(check, subject, FINDING_NOT_COVERED, -1, advice);
	}
	(void)snprintf(text, sizeof(text),
		"%s is served with certbind's own self-signed certificate, which no client trusts. "
		"Get a certificate with %s among its subject alternative names, and set `default` "
		"of service \"%s\" to it.",
		shared->name, shared->name, subject->service);
	return check_emit(check, subject, FINDING_SELF_SIGNED, -1, text);
}

static int check_default_host(struct check *check, const struct snapshot_service *service,
	const struct snapshot_host *shared)
{
	const struct check_subject subject = {
		.service = service->config->name,
		.host = shared != NULL ? shared->name : NULL,
		.not_after = -1,
		.place = service->config->default_place.file != NULL
				 ? service->config->default_place
				 : service->config->place,
	};
	struct check_served served = check_served_default(service, shared);
	struct check_lack lack = { .host = subject.host };
	bool is_fine;
	int status;

	check->lack = &lack;
	if (served.members.length == 0 && served.named == NULL && served.unknown == NULL)
		status = check_own_default(check, &subject, shared);
	else
		status = check_host(check, &subject, &served, FINDING_COVERED, &is_fine);
	check->lack = NULL;
	return status;
}

static int check_service(struct check *check, const struct snapshot_service *service)
{
	size_t length = service->config->shared_hosts.length;
	size_t i;
	int status = CERTBIND_OK;

	/* Beside the shared hosts: is there a default at all, and is it well? */
	if (length == 0 || service->default_at == 0)
		status = check_default_host(check, service, NULL);
	for (i = 0; i < length && status == CERTBIND_OK; i++)
		status = check_default_host(check, service, &service->shared_hosts[i]);
	return status;
}

/* A certificate that nothing uses, and whose files are at fault: that may well be why. */
static int check_unused(struct check *check)
{
	const struct snapshot *snapshot = check->snapshot;
	size_t i, j;
	int status = CERTBIND_OK;

	check_count_uses(check);
	for (i = 0; i < snapshot->certificates_length && status == CERTBIND_OK; i++) {
		const struct certificate *certificate = snapshot->certificates[i];

		for (j = 0; check->slots[i].uses == 0 && j < certificate->faults_length &&
			    status == CERTBIND_OK;
			j++) {
			const struct certificate_fault *fault = &certificate->faults[j];
			const struct check_subject subject = {
				.certificate = certificate->name,
				.not_after = -1,
				.place = { fault->file, 0 },
			};

			status = check_emit(check, &subject, fault->code,
				fault->is_fatal ? CERTBIND_SEVERITY_ERROR : -1, fault->message);
		}
	}
	return status;
}

/* The file of the session tickets' key: nobody is locked out, but daemons do not share it. */
static int check_ticket_key(const struct check *check)
{
	const struct snapshot_ticket *ticket = &check->snapshot->ticket;
	struct check_subject subject = { .not_after = -1 };
	char date[DATE_SIZE], text[1536];
	bool is_stale = ticket->stale_since != 0;

	if (ticket->message == NULL)
		return CERTBIND_OK;
	subject.place.file = sources_first(ticket->sources)->path;
	date_format(ticket->stale_since, date);
	if (is_stale)
		(void)snprintf(text, sizeof(text),
			"Since %s the last good key of session tickets is used from memory, and is "
			"lost with a restart: %.1200s",
			date, ticket->message);
	else
		(void)snprintf(text, sizeof(text), "%.1200s%s", ticket->message,
			ticket->is_refused ? " Until then session tickets are made with a random "
					     "key, which no other daemon shares."
					   : "");
	return check_emit(check, &subject, is_stale ? FINDING_STALE_LAST_GOOD : ticket->code,
		ticket->is_refused && !is_stale ? CERTBIND_SEVERITY_ERROR : -1, text);
}

int check_defaults(struct check *check)
{
	size_t i;
	int status = CERTBIND_OK;

	for (i = 0; i < check->snapshot->config->services_length && status == CERTBIND_OK; i++)
		status = check_service(check, &check->snapshot->services[i]);
	if (status == CERTBIND_OK)
		status = check_ticket_key(check);
	if (status == CERTBIND_OK)
		status = check_unused(check);
	return status;
}
