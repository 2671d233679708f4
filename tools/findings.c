/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "findings.h"
#include "command.h"
#include "memory.h"
#include <stdlib.h>
#include <string.h>

static size_t size_of(const char *text)
{
	return text == NULL ? 0 : strlen(text) + 1;
}

/* Copies a string to *end, moves *end on, and points *text to the copy. */
static void move_string(const char **text, char **end)
{
	size_t size = size_of(*text);

	if (size == 0)
		return;
	memcpy(*end, *text, size);
	*text = *end;
	*end += size;
}

/* Ten thousand domains have many findings: one allocation for the strings of each. */
static void copy_finding(struct finding *copy, const struct certbind_finding *finding)
{
	struct certbind_finding *view = &copy->view;
	const char **texts[] = { &view->domain, &view->domain_unicode, &view->service, &view->host,
		&view->certificate, &view->code, &view->advice, &view->file };
	size_t length = sizeof(texts) / sizeof(texts[0]);
	bool is_ascii = finding->domain_unicode != NULL && finding->domain != NULL &&
			strcmp(finding->domain_unicode, finding->domain) == 0;
	size_t size = 0;
	char *end;
	size_t i;

	*view = *finding;
	if (is_ascii)
		view->domain_unicode = NULL;
	for (i = 0; i < length; i++)
		size += size_of(*texts[i]);
	copy->strings = memory_new(size);
	end = copy->strings;
	for (i = 0; i < length; i++)
		move_string(texts[i], &end);
	if (is_ascii)
		view->domain_unicode = view->domain;
}

static void keep_finding(
	struct findings *findings, const struct certbind_finding *finding, size_t argument)
{
	struct finding *item;

	findings->items = memory_grow(
		findings->items, &findings->capacity, findings->length, sizeof(*findings->items));
	item = &findings->items[findings->length++];
	copy_finding(item, finding);
	item->argument = argument;
	item->subject = SUBJECT_NONE;
}

void findings_add_subject(
	struct findings *findings, const char *name, const char *unicode, size_t argument)
{
	struct subject *subject;
	struct subject *last;

	if (findings->subjects_length > 0) {
		last = &findings->subjects[findings->subjects_length - 1];
		if (last->argument == argument && strcmp(last->name, name) == 0)
			return;
	}
	findings->subjects = memory_grow(findings->subjects, &findings->subjects_capacity,
		findings->subjects_length, sizeof(*findings->subjects));
	subject = &findings->subjects[findings->subjects_length++];
	memset(subject, 0, sizeof(*subject));
	subject->name = memory_string(name);
	subject->unicode =
		unicode != NULL && strcmp(unicode, name) == 0 ? NULL : memory_string(unicode);
	subject->argument = argument;
}

static int compare_subjects(const void *left, const void *right)
{
	const struct subject *a = left;
	const struct subject *b = right;
	int order = strcmp(a->name, b->name);

	if (order != 0)
		return order;
	return (a->argument > b->argument) - (a->argument < b->argument);
}

static int compare_name(const void *key, const void *item)
{
	return strcmp(key, ((const struct subject *)item)->name);
}

static void clear_subject(struct subject *subject)
{
	free(subject->name);
	free(subject->unicode);
}

/* Of those with one name the first argument's stays. */
static void sort_subjects(struct findings *findings)
{
	size_t kept = 0;
	size_t i;

	if (findings->subjects_length == 0)
		return;
	qsort(findings->subjects, findings->subjects_length, sizeof(*findings->subjects),
		compare_subjects);
	for (i = 1; i < findings->subjects_length; i++)
		if (strcmp(findings->subjects[i].name, findings->subjects[kept].name) == 0)
			clear_subject(&findings->subjects[i]);
		else
			findings->subjects[++kept] = findings->subjects[i];
	findings->subjects_length = kept + 1;
}

/* Among the first `length`, which are sorted. */
static size_t find_subject(const struct findings *findings, const char *name, size_t length)
{
	const struct subject *found;

	if (name == NULL || length == 0)
		return SUBJECT_NONE;
	found = bsearch(
		name, findings->subjects, length, sizeof(*findings->subjects), compare_name);
	return found == NULL ? SUBJECT_NONE : (size_t)(found - findings->subjects);
}

static void count_finding(struct findings *findings, int severity, size_t index)
{
	struct subject ignored = { 0 };
	struct subject *subject = index == SUBJECT_NONE ? &ignored : &findings->subjects[index];

	if (severity == CERTBIND_SEVERITY_ERROR) {
		findings->errors++;
		subject->errors++;
	} else if (severity == CERTBIND_SEVERITY_WARNING) {
		findings->warnings++;
		subject->warnings++;
	}
}

static void count(struct findings *findings)
{
	size_t i;

	for (i = 0; i < findings->length; i++)
		count_finding(
			findings, findings->items[i].view.severity, findings->items[i].subject);
	for (i = 0; i < findings->subjects_length; i++)
		if (findings->subjects[i].errors == 0)
			findings->subjects_secured++;
}

/* The subject of a finding that is not kept; a new one behind the others where nothing else named it. */
static size_t subject_of(
	struct findings *findings, const struct certbind_finding *finding, size_t argument)
{
	size_t index;

	if (finding->domain == NULL)
		return SUBJECT_NONE;
	if (findings->subject != SUBJECT_NONE &&
		strcmp(findings->subjects[findings->subject].name, finding->domain) == 0)
		return findings->subject;
	index = find_subject(findings, finding->domain, findings->subjects_sorted);
	if (index != SUBJECT_NONE)
		return index;
	findings_add_subject(findings, finding->domain, finding->domain_unicode, argument);
	return findings->subjects_length - 1;
}

void findings_hand_on(struct findings *findings, findings_func *func, void *data)
{
	sort_subjects(findings);
	findings->subjects_sorted = findings->subjects_length;
	findings->subject = SUBJECT_NONE;
	findings->func = func;
	findings->data = data;
}

void findings_add(
	struct findings *findings, const struct certbind_finding *finding, size_t argument)
{
	if (findings->func == NULL) {
		keep_finding(findings, finding, argument);
		return;
	}
	findings->subject = subject_of(findings, finding, argument);
	count_finding(findings, finding->severity, findings->subject);
	findings->func(findings->data, finding);
}

void findings_settle_by_domain(struct findings *findings)
{
	const struct certbind_finding *view;
	struct finding *item;
	size_t kept = 0;
	size_t i;

	for (i = 0; i < findings->length; i++) {
		view = &findings->items[i].view;
		if (view->domain != NULL)
			findings_add_subject(findings, view->domain, view->domain_unicode,
				findings->items[i].argument);
	}
	sort_subjects(findings);
	for (i = 0; i < findings->length; i++) {
		item = &findings->items[i];
		item->subject =
			find_subject(findings, item->view.domain, findings->subjects_length);
		if (item->subject != SUBJECT_NONE &&
			findings->subjects[item->subject].argument != item->argument)
			free(item->strings);
		else
			findings->items[kept++] = *item;
	}
	findings->length = kept;
	count(findings);
}

void findings_settle_by_argument(struct findings *findings)
{
	size_t i;

	for (i = 0; i < findings->length; i++)
		findings->items[i].subject = findings->items[i].argument;
	count(findings);
}

int findings_status(const struct findings *findings)
{
	if (findings->errors > 0)
		return STATUS_BAD;
	return findings->warnings > 0 ? STATUS_WARNED : STATUS_FINE;
}

void findings_clear(struct findings *findings)
{
	size_t i;

	for (i = 0; i < findings->length; i++)
		free(findings->items[i].strings);
	free(findings->items);
	for (i = 0; i < findings->subjects_length; i++)
		clear_subject(&findings->subjects[i]);
	free(findings->subjects);
	memset(findings, 0, sizeof(*findings));
}
