/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check.h"
#include "date.h"
#include "error.h"
#include <stdio.h>

int check_emit(const struct check *check, const struct check_subject *subject,
	enum finding_code code, int severity, const char *advice)
{
	const struct certbind_finding finding = {
		.domain = subject->domain != NULL ? subject->domain->config->name : NULL,
		.domain_unicode = subject->domain_unicode,
		.service = subject->service,
		.host = subject->host,
		.certificate = subject->certificate,
		.code = finding_word(code),
		.severity = severity >= 0 ? severity : finding_severity(code),
		.not_after = (time_t)subject->not_after,
		.advice = advice,
		.file = subject->place.file,
		.line = subject->place.line,
	};

	return check->func(check->data, &finding);
}

/* The last good version serves, for what is in the files can't. */
static int check_emit_stale(const struct check *check, const struct check_subject *subject,
	const struct snapshot_state *state)
{
	struct check_subject told = *subject;
	char date[DATE_SIZE], text[1536];

	date_format(snapshot_trouble(state)->stale_since, date);
	(void)snprintf(text, sizeof(text),
		"Since %s the last good version is served from memory, and is lost with a restart: "
		"%.1200s",
		date, snapshot_trouble(state)->stale_message);
	told.place.file = snapshot_trouble(state)->stale_file;
	told.place.line = 0;
	return check_emit(check, &told, FINDING_STALE_LAST_GOOD, -1, text);
}

int check_emit_verdict(const struct check *check, const struct check_subject *subject,
	const struct verdict *verdict)
{
	const struct snapshot_state *state = &check->snapshot->states[snapshot_certificate_place(
		check->snapshot, verdict->certificate)];
	struct check_subject told = *subject;
	size_t i;
	int status = CERTBIND_OK;

	told.not_after = verdict->not_after;
	if (snapshot_trouble(state)->stale_since != 0)
		status = check_emit_stale(check, &told, state);
	for (i = 0; i < verdict->items_length && status == CERTBIND_OK; i++) {
		const struct verdict_item *item = &verdict->items[i];

		told.place.file = item->file != NULL ? item->file : state->file;
		told.place.line = item->file != NULL ? 0 : state->line;
		status = check_emit(check, &told, item->code, item->severity, item->advice);
	}
	return status;
}
