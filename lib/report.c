/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report.h"
#include "array.h"
#include "error.h"
#include <stdlib.h>
#include <string.h>

struct certbind_report {
	struct certbind_finding **findings; /* each one block with its strings */
	size_t length;
};

struct certbind_report *report_new(void)
{
	return calloc(1, sizeof(struct certbind_report));
}

static size_t string_size(const char *string)
{
	return string != NULL ? strlen(string) + 1 : 0;
}

static const char *string_move(char **end, const char *string)
{
	char *copy = *end;
	size_t size = string_size(string);

	if (string == NULL)
		return NULL;
	memcpy(copy, string, size);
	*end += size;
	return copy;
}

static struct certbind_finding *finding_dup(const struct certbind_finding *finding)
{
	struct certbind_finding *copy;
	char *end;

	copy = malloc(sizeof(*copy) + string_size(finding->domain) +
		      string_size(finding->domain_unicode) + string_size(finding->service) +
		      string_size(finding->host) + string_size(finding->certificate) +
		      string_size(finding->advice) + string_size(finding->file));
	if (copy == NULL)
		return NULL;
	*copy = *finding; /* the code's word lives for ever */
	end = (char *)(copy + 1);
	copy->domain = string_move(&end, finding->domain);
	copy->domain_unicode = string_move(&end, finding->domain_unicode);
	copy->service = string_move(&end, finding->service);
	copy->host = string_move(&end, finding->host);
	copy->certificate = string_move(&end, finding->certificate);
	copy->advice = string_move(&end, finding->advice);
	copy->file = string_move(&end, finding->file);
	return copy;
}

int report_keep(void *data, const struct certbind_finding *finding)
{
	struct certbind_report *report = data;

	if (!array_grow(&report->findings, report->length, sizeof(struct certbind_finding *)))
		return CERTBIND_E_MEMORY;
	report->findings[report->length] = finding_dup(finding);
	if (report->findings[report->length] == NULL)
		return CERTBIND_E_MEMORY;
	report->length++;
	return CERTBIND_OK;
}

int certbind_check(struct certbind_store *store, const char *domain, time_t at,
	struct certbind_report **report, struct certbind_error *error)
{
	struct certbind_report *made;
	int status;

	if (report == NULL)
		return error_set(error, CERTBIND_E_INVALID, NULL, 0, "report is NULL");
	*report = NULL;
	made = report_new();
	if (made == NULL)
		return error_memory(error);
	status = certbind_check_each(store, domain, at, report_keep, NULL, made, error);
	if (status < 0) {
		certbind_report_free(made);
		return status;
	}
	*report = made;
	return CERTBIND_OK;
}

size_t certbind_report_count(const struct certbind_report *report)
{
	return report != NULL ? report->length : 0;
}

const struct certbind_finding *certbind_report_get(
	const struct certbind_report *report, size_t index)
{
	return report != NULL && index < report->length ? report->findings[index] : NULL;
}

void certbind_report_free(struct certbind_report *report)
{
	if (report == NULL)
		return;
	while (report->length > 0)
		free(report->findings[--report->length]);
	free(report->findings);
	free(report);
}
