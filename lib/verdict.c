/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verdict.h"
#include "date.h"
#include "name.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int verdict_add(struct verdict *verdict, enum finding_code code, int severity,
	const char *file, const char *advice)
{
	struct verdict_item *items =
		realloc(verdict->items, (verdict->items_length + 1) * sizeof(*verdict->items));
	struct verdict_item *item;

	if (items == NULL)
		return CERTBIND_E_MEMORY;
	verdict->items = items;
	item = &items[verdict->items_length];
	item->code = code;
	item->severity = severity;
	item->advice = strdup(advice);
	item->file = file != NULL ? strdup(file) : NULL;
	if (item->advice == NULL || (file != NULL && item->file == NULL)) {
		free(item->advice);
		free(item->file);
		return CERTBIND_E_MEMORY;
	}
	verdict->items_length++;
	verdict->is_refused = verdict->is_refused || severity == CERTBIND_SEVERITY_ERROR;
	if (code == FINDING_COMMON_NAME_ONLY)
		verdict->is_named_by_common_name = true;
	return CERTBIND_OK;
}

static bool verdict_has(const struct verdict *verdict, enum finding_code code)
{
	size_t i;

	for (i = 0; i < verdict->items_length; i++)
		if (verdict->items[i].code == code)
			return true;
	return false;
}

void verdict_free(struct verdict *verdict)
{
	size_t i;

	if (verdict == NULL)
		return;
	for (i = 0; i < verdict->items_length; i++) {
		free(verdict->items[i].advice);
		free(verdict->items[i].file);
	}
	free(verdict->items);
	table_clear(&verdict->names);
	free(verdict);
}

/* Path problems of one pair, told to its certificate's verdict. */
struct verdict_path {
	struct verdict *verdict;
	int status;
};

static void verdict_path_report(void *data, enum finding_code code, const char *detail)
{
	struct verdict_path *path = data;

	/* Two pairs of one certificate may have the same fault. */
	if (path->status == CERTBIND_OK && !verdict_has(path->verdict, code))
		path->status =
			verdict_add(path->verdict, code, finding_severity(code), NULL, detail);
}

static int verdict_add_dates(
	struct verdict *verdict, const struct pair *pair, const struct verdict_options *options)
{
	char date[DATE_SIZE], text[256];

	if (options->at > pair->facts->not_after ||
		pair->facts->not_after - options->at >= options->expiry_warning ||
		verdict_has(verdict, FINDING_EXPIRES_SOON))
		return CERTBIND_OK;
	date_format(pair->facts->not_after, date);
	(void)snprintf(text, sizeof(text),
		"The certificate ends on %s, in %lld days. Renew it, and see why it was not "
		"renewed by itself.",
		date, (long long)((pair->facts->not_after - options->at) / 86400));
	return verdict_add(verdict, FINDING_EXPIRES_SOON, CERTBIND_SEVERITY_WARNING, NULL, text);
}

static int verdict_add_staple(
	struct verdict *verdict, const struct pair *pair, const struct verdict_options *options)
{
	const struct staple *staple = pair_more(pair)->staple;
	bool is_fresh =
		staple != NULL && options->at >= staple->from && options->at < staple->until;
	int status = CERTBIND_OK;

	if (staple != NULL && !is_fresh && !verdict_has(verdict, FINDING_STAPLE_INVALID))
		status = verdict_add(verdict, FINDING_STAPLE_INVALID, CERTBIND_SEVERITY_WARNING,
			NULL,
			"The OCSP response is outside its dates and is not served. Fetch a new one "
			"for the certificate's `staple` file.");
	if (status == CERTBIND_OK && pair->facts->must_staple && !is_fresh &&
		!verdict_has(verdict, FINDING_STAPLE_MISSING))
		status = verdict_add(verdict, FINDING_STAPLE_MISSING, CERTBIND_SEVERITY_WARNING,
			NULL,
			"The certificate says that it must come with an OCSP response (RFC 7633), "
			"and there is none to serve. Fetch one and name it as the certificate's "
			"`staple`, or get a certificate without that demand.");
	return status;
}

static int verdict_add_pair(
	struct verdict *verdict, const struct pair *pair, const struct verdict_options *options)
{
	struct verdict_path path = { verdict, CERTBIND_OK };
	int status;

	status = path_check(options->checker, pair->chain, pair->chain_length, verdict_path_report,
		&path, NULL);
	if (status == CERTBIND_OK)
		status = path.status;
	if (status == CERTBIND_OK)
		status = verdict_add_dates(verdict, pair, options);
	if (status == CERTBIND_OK)
		status = verdict_add_staple(verdict, pair, options);
	return status;
}

static int verdict_add_faults(struct verdict *verdict)
{
	const struct certificate *certificate = verdict->certificate;
	size_t i;
	int status = CERTBIND_OK;

	for (i = 0; i < certificate->faults_length && status == CERTBIND_OK; i++) {
		const struct certificate_fault *fault = &certificate->faults[i];

		status = verdict_add(verdict, fault->code,
			fault->is_fatal ? CERTBIND_SEVERITY_ERROR : finding_severity(fault->code),
			fault->file, fault->message);
	}
	return status;
}

/* Counts in how many pairs each name is; those that are not in all are taken for missing. */
static int verdict_add_names(struct verdict *verdict)
{
	const struct certificate *certificate = verdict->certificate;
	size_t i, j;
	int status;

	if (certificate->pairs_length == 0)
		return table_init(&verdict->names, 0);
	status = table_init(&verdict->names, certificate->pairs[0].facts->names_length);
	for (i = 0; i < certificate->pairs_length && status == CERTBIND_OK; i++) {
		const struct pair *pair = &certificate->pairs[i];
		const char *name = certificate_facts_names(pair->facts);

		for (j = 0; j < pair->facts->names_length; j++, name += strlen(name) + 1) {
			void **place = table_place(&verdict->names, name);
			uintptr_t seen;

			if (place == NULL)
				return CERTBIND_E_MEMORY;
			seen = (uintptr_t)*place;
			if (seen == i) /* in all pairs so far, and new in this one */
				*place = (void *)(seen + 1);
		}
	}
	return status;
}

int verdict_new(const struct certificate *certificate, const struct verdict_options *options,
	struct verdict **verdict)
{
	struct verdict *made = calloc(1, sizeof(*made));
	size_t i;
	int status;

	*verdict = NULL;
	if (made == NULL)
		return CERTBIND_E_MEMORY;
	made->certificate = certificate;
	made->not_after = -1;
	status = verdict_add_names(made);
	if (status == CERTBIND_OK)
		status = verdict_add_faults(made);
	for (i = 0; i < certificate->pairs_length && status == CERTBIND_OK; i++) {
		const struct pair *pair = &certificate->pairs[i];

		if (made->not_after == -1 || pair->facts->not_after < made->not_after)
			made->not_after = pair->facts->not_after;
		status = verdict_add_pair(made, pair, options);
	}
	if (status < 0) {
		verdict_free(made);
		return status;
	}
	*verdict = made;
	return CERTBIND_OK;
}

static bool verdict_has_name(const struct verdict *verdict, const char *name)
{
	const struct certificate *certificate = verdict->certificate;

	return certificate->pairs_length > 0 &&
	       (uintptr_t)table_get(&verdict->names, name) == certificate->pairs_length;
}

bool verdict_covers(const struct verdict *verdict, const char *host)
{
	char wildcard[NAME_WILDCARD_SIZE];

	return verdict_has_name(verdict, host) ||
	       (name_wildcard(host, wildcard) && verdict_has_name(verdict, wildcard));
}
