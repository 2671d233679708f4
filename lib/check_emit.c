/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check.h"
#include "error.h"

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

int check_verdict(
	struct check *check, struct certificate *certificate, const struct verdict **verdict)
{
	struct certificate **found =
		table_get(&check->snapshot->certificates_by_name, certificate->name);
	struct verdict **place = &check->verdicts[found - check->snapshot->certificates];
	int status = CERTBIND_OK;

	if (*place == NULL)
		status = verdict_new(certificate, &check->options, place);
	*verdict = *place;
	return status;
}

int check_emit_verdict(const struct check *check, const struct check_subject *subject,
	const struct verdict *verdict)
{
	struct check_subject told = *subject;
	size_t i;
	int status = CERTBIND_OK;

	told.not_after = verdict->not_after;
	for (i = 0; i < verdict->items_length && status == CERTBIND_OK; i++) {
		const struct verdict_item *item = &verdict->items[i];

		told.place.file = item->file != NULL ? item->file : verdict->certificate->file;
		told.place.line = item->file != NULL ? 0 : verdict->certificate->line;
		status = check_emit(check, &told, item->code, item->severity, item->advice);
	}
	return status;
}
