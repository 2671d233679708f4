/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "served.h"
#include "certificate_facts.h"
#include "error.h"
#include "name.h"
#include "path.h"
#include "store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Judging what a live endpoint served. */

/* Why a strict client refuses it: "CODE: sentence CODE: sentence". */
struct reasons {
	char text[SERVED_TEXT_SIZE];
	size_t length;
	bool is_named_by_common_name;
};

static void add_reason(void *data, enum finding_code code, const char *detail)
{
	struct reasons *reasons = data;
	size_t room = sizeof(reasons->text) - reasons->length;
	int printed;

	if (finding_severity(code) != CERTBIND_SEVERITY_ERROR)
		return;
	if (code == FINDING_COMMON_NAME_ONLY)
		reasons->is_named_by_common_name = true;
	printed = snprintf(
		reasons->text + reasons->length, room, " %s: %s", finding_word(code), detail);
	if (printed > 0)
		reasons->length += (size_t)printed < room ? (size_t)printed : room - 1;
}

static int served_reasons(
	const struct served *served, struct anchors *anchors, struct reasons *reasons)
{
	struct path_checker *checker = NULL;
	bool covers = false;
	int status = path_checker_new(anchors, served->at, &checker);

	if (status == CERTBIND_OK)
		status = path_check(
			checker, served->chain, served->chain_length, add_reason, reasons, NULL);
	path_checker_free(checker);
	if (status == CERTBIND_OK)
		status = certificate_covers(served->chain[0], served->host, &covers);
	if (status == CERTBIND_OK && !covers && !reasons->is_named_by_common_name)
		add_reason(reasons, FINDING_NOT_COVERED,
			"None of its subject alternative names matches the host.");
	return status;
}

/* Where the certificate is configured, if it is one of the snapshot. */
static void set_place(const struct served *served, const struct certificate *certificate,
	struct certbind_finding *finding)
{
	const struct snapshot_state *state =
		snapshot_configured_peek(served->snapshot, certificate);

	finding->file = state != NULL ? state->file : NULL;
	finding->line = state != NULL ? state->line : 0;
}

static int tell_invalid(const struct served *served, const struct reasons *reasons,
	struct certbind_finding *finding, certbind_finding_func *func, void *data)
{
	const struct certificate *known =
		served_certificate_peek(served->snapshot, served->chain[0]);
	const struct certificate_facts *facts;
	char text[SERVED_TEXT_SIZE + 1024];
	int ignored;

	(void)snprintf(text, sizeof(text),
		"%s serves %s a certificate that a strict client refuses.%s", served->endpoint,
		served->host, reasons->text);
	finding->code = finding_word(FINDING_SERVED_INVALID);
	finding->severity = finding_severity(FINDING_SERVED_INVALID);
	finding->certificate = known == NULL ? NULL : known->name;
	finding->not_after = certificate_facts(served->chain[0], &facts, &ignored) < 0
				     ? -1
				     : (time_t)facts->not_after;
	set_place(served, known, finding);
	finding->advice = text;
	return func(data, finding);
}

static bool is_expected(const struct served *served)
{
	const struct bundle_members *expected = &served->expected;
	size_t i, j;

	for (i = 0; i < expected->length; i++)
		for (j = 0; j < expected->items[i]->pairs_length; j++)
			if (der_equal(expected->items[i]->pairs[j].chain[0], served->chain[0]))
				return true;
	return expected->length == 0;
}

static int tell_differs(const struct served *served, struct certbind_finding *finding,
	certbind_finding_func *func, void *data)
{
	const struct certificate *owner;
	char text[SERVED_TEXT_SIZE];

	owner = served_text_differs(served, text);
	finding->code = finding_word(FINDING_SERVED_DIFFERS);
	finding->severity = finding_severity(FINDING_SERVED_DIFFERS);
	finding->certificate = owner->name[0] != '\0' ? owner->name : NULL; /* certbind's own */
	finding->not_after = (time_t)bundle_members_not_after(served->expected);
	set_place(served, owner, finding);
	finding->advice = text;
	return func(data, finding);
}

static int take_chain(const struct certbind_served *from, struct served *served)
{
	served->chain = calloc(from->chain_length, sizeof(struct der *));
	if (served->chain == NULL)
		return CERTBIND_E_MEMORY;
	while (served->chain_length < from->chain_length) {
		const gnutls_datum_t *datum = &from->chain[served->chain_length];
		struct der *der = der_new(NULL, datum->data, datum->size, false);

		if (der == NULL)
			return CERTBIND_E_MEMORY;
		served->chain[served->chain_length++] = der;
	}
	return CERTBIND_OK;
}

/* What the two findings have in common; the caller frees *unicode. */
static int describe_subject(
	const struct served *served, struct certbind_finding *finding, char **unicode)
{
	const struct snapshot_binding *binding = served->selected.binding;

	*unicode = NULL;
	if (binding == NULL)
		return CERTBIND_OK;
	finding->domain = binding->domain->name;
	*unicode = name_unicode_dup(finding->domain);
	finding->domain_unicode = *unicode;
	return *unicode == NULL ? CERTBIND_E_MEMORY : CERTBIND_OK;
}

static int judge(const struct served *served, const struct reasons *reasons,
	certbind_finding_func *func, void *data)
{
	struct certbind_finding finding = {
		.service = served->service->config->name,
		.host = served->host,
	};
	char *unicode;
	int status = describe_subject(served, &finding, &unicode);

	if (status == CERTBIND_OK && !is_expected(served))
		status = tell_differs(served, &finding, func, data);
	if (status == CERTBIND_OK && reasons->length > 0)
		status = tell_invalid(served, reasons, &finding, func, data);
	free(unicode);
	return status;
}

static int check_chain(struct served *served, certbind_finding_func *func, void *data,
	struct certbind_error *error)
{
	struct reasons *reasons = NULL;
	struct anchors *anchors;
	int status = snapshot_anchors(served->snapshot, &anchors, error);

	if (status < 0)
		return status;
	reasons = calloc(1, sizeof(*reasons));
	status = reasons == NULL ? CERTBIND_E_MEMORY : served_reasons(served, anchors, reasons);
	anchors_unref(anchors);
	if (status == CERTBIND_OK)
		status = judge(served, reasons, func, data);
	free(reasons);
	return status;
}

/*
 * What a daemon started now would serve: `own` where nothing is configured. Where the files of the
 * binding's certificate are at fault, one that runs goes on with what they held before: unknown.
 */
static struct bundle_members expected_members(const struct snapshot *snapshot,
	const struct snapshot_result *selected, const struct bundle *own)
{
	const struct certificate *named =
		selected->binding != NULL
			? snapshot_binding_certificate(snapshot, selected->binding)
			: NULL;

	if (selected->rule == CERTBIND_RULE_REJECT)
		return bundle_members_peek(NULL);
	if (named != NULL && named->pairs_length == 0)
		return bundle_members_peek(NULL);
	return selected->bundle != 0 ? snapshot_members_peek(snapshot, selected->bundle)
				     : bundle_members_peek(own);
}

static int check_served(struct served *served, const struct bundle *own,
	const struct certbind_served *from, certbind_finding_func *func, void *data,
	struct certbind_error *error)
{
	struct snapshot_result *selected = &served->selected;
	int status;

	served->service = snapshot_service_peek(served->snapshot, from->service);
	if (served->service == NULL)
		return error_set(error, CERTBIND_E_UNKNOWN_SERVICE, NULL, 0,
			"service \"%s\": not configured", from->service);
	snapshot_select(served->service, from->host, strlen(from->host), selected);
	if (selected->host[0] != '\0')
		served->host = selected->host;
	served->expected = expected_members(served->snapshot, selected, own);
	status = take_chain(from, served);
	if (status == CERTBIND_OK)
		status = check_chain(served, func, data, error);
	if (status == CERTBIND_E_MEMORY)
		(void)error_memory(error);
	certificate_chain_free(served->chain, served->chain_length);
	return status;
}

static bool is_usable(const struct certbind_served *served)
{
	return served != NULL && served->endpoint != NULL && served->service != NULL &&
	       served->host != NULL && served->chain != NULL && served->chain_length > 0 &&
	       served->chain_length <= CERTIFICATE_CHAIN_MAX;
}

int certbind_check_served(struct certbind_store *store, const struct certbind_served *served,
	time_t at, certbind_finding_func *func, void *data, struct certbind_error *error)
{
	struct served judged = { 0 };
	struct bundle *own;
	int status;

	if (store == NULL || func == NULL || !is_usable(served))
		return error_set(error, CERTBIND_E_INVALID, NULL, 0,
			"store or func is NULL, or a member of served is NULL or out of range");
	judged.snapshot = store_snapshot(store);
	if (judged.snapshot == NULL)
		return error_set(error, CERTBIND_E_STATE, NULL, 0, "nothing is loaded");
	judged.endpoint = served->endpoint;
	judged.host = served->host;
	judged.at = (int64_t)(at != 0 ? at : clock_source_now(store->clock));
	own = store_own_bundle(store);
	status = check_served(&judged, own, served, func, data, error);
	bundle_unref(own);
	snapshot_unref(judged.snapshot);
	return status;
}
