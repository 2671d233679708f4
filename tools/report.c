/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report.h"
#include "grid.h"
#include "memory.h"
#include "rfc3339.h"
#include "terminal.h"
#include <stdlib.h>
#include <string.h>

/* One part of the findings, under one heading. */
enum section { SECTION_WRONG, SECTION_GENERAL, SECTION_NOTES, SECTION_FINE };

static enum section section_of(const struct finding *finding)
{
	if (finding->view.severity == CERTBIND_SEVERITY_OK)
		return SECTION_FINE;
	if (finding->subject == SUBJECT_NONE)
		return SECTION_GENERAL;
	return finding->view.severity == CERTBIND_SEVERITY_NOTE ? SECTION_NOTES : SECTION_WRONG;
}

static const char *section_heading(enum section section)
{
	switch (section) {
	case SECTION_WRONG:
		return "What is wrong";
	case SECTION_GENERAL:
		return "Default certificates, and what belongs to no domain";
	case SECTION_NOTES:
		return "Notes";
	case SECTION_FINE:
		return "What is fine";
	}
	return "";
}

static int compare_text(const char *left, const char *right)
{
	return strcmp(left == NULL ? "" : left, right == NULL ? "" : right);
}

/* A finding and its domain as it is shown. */
struct line {
	const struct finding *finding;
	const char *domain; /* NULL: of no domain */
};

/* Worst first; then by domain, and within it as they were found. */
static int compare_lines(const void *left, const void *right)
{
	const struct line *a = left;
	const struct line *b = right;
	int order = b->finding->view.severity - a->finding->view.severity;

	if (order == 0)
		order = compare_text(a->domain, b->domain);
	return order != 0 ? order : (a->finding > b->finding) - (a->finding < b->finding);
}

/* The findings of one section in order, and an empty line after them. */
struct lines {
	struct line *items;
	size_t length;
	bool has_files; /* as struct report_words has it */
};

static size_t count_section(const struct findings *findings, enum section section)
{
	size_t count = 0;
	size_t i;

	for (i = 0; i < findings->length; i++)
		if (section_of(&findings->items[i]) == section)
			count++;
	return count;
}

/* The caller frees the items. */
static struct lines select_section(
	const struct terminal *terminal, const struct findings *findings, enum section section)
{
	struct lines lines = { .length = 0 };
	const struct certbind_finding *view;
	struct line *line;
	size_t i;

	lines.items = memory_new((count_section(findings, section) + 1) * sizeof(*lines.items));
	for (i = 0; i < findings->length; i++) {
		if (section_of(&findings->items[i]) != section)
			continue;
		view = &findings->items[i].view;
		line = &lines.items[lines.length++];
		line->finding = &findings->items[i];
		if (view->domain != NULL)
			line->domain =
				terminal_domain(terminal, view->domain, view->domain_unicode);
	}
	qsort(lines.items, lines.length, sizeof(*lines.items), compare_lines);
	return lines;
}

static enum paint paint_of(int severity)
{
	switch ((enum certbind_severity)severity) {
	case CERTBIND_SEVERITY_OK:
		return PAINT_GOOD;
	case CERTBIND_SEVERITY_NOTE:
		return PAINT_PLAIN;
	case CERTBIND_SEVERITY_WARNING:
		return PAINT_WARNING;
	case CERTBIND_SEVERITY_ERROR:
		return PAINT_BAD;
	}
	return PAINT_BAD;
}

static const char *word_of(int severity)
{
	static const char *const words[] = { "ok", "note", "warning", "error" };

	return severity >= 0 && severity <= 3 ? words[severity] : "error";
}

/* The certificate and its end; the file and line, where the advice does not name the file. */
static char *details_dup(const struct certbind_finding *finding, bool has_files)
{
	char *certificate = memory_string("");
	char *file = memory_string("");
	char text[RFC3339_SIZE];
	const char *date = rfc3339_date(text, finding->not_after);
	bool is_file_new =
		has_files && finding->file != NULL &&
		(finding->advice == NULL || strstr(finding->advice, finding->file) == NULL);
	char *all;

	if (finding->certificate != NULL) {
		free(certificate);
		certificate = memory_printf("certificate \"%s\"%s%s", finding->certificate,
			date == NULL ? "" : ", valid until ", date == NULL ? "" : date);
	}
	if (is_file_new) {
		free(file);
		file = finding->line > 0 ? memory_printf("%s:%d", finding->file, finding->line)
					 : memory_string(finding->file);
	}
	all = memory_printf(
		"%s%s%s", certificate, certificate[0] == '\0' || file[0] == '\0' ? "" : ", ", file);
	free(certificate);
	free(file);
	return all;
}

/* A hundred domains may get the same advice in a row: it is said once, under the last of them. */
static bool is_advice_repeated(const struct line *line)
{
	const struct finding *finding = line[0].finding;
	const struct finding *next = line[1].finding;

	return next != NULL && finding->view.severity == CERTBIND_SEVERITY_NOTE &&
	       compare_text(finding->view.advice, next->view.advice) == 0;
}

static void add_details(struct grid *grid, const struct certbind_finding *view, bool has_files)
{
	char *details = details_dup(view, has_files);

	if (details[0] != '\0')
		grid_under(grid, PAINT_FAINT, details);
	free(details);
}

static void add_problem(struct grid *grid, const struct line *line, bool has_files)
{
	const struct certbind_finding *view = &line->finding->view;
	const char *cells[] = { word_of(view->severity), line->domain, view->service, view->host,
		view->code };

	grid_row(grid, paint_of(view->severity), cells);
	if (view->severity > CERTBIND_SEVERITY_NOTE)
		add_details(grid, view, has_files);
	if (view->advice != NULL && view->advice[0] != '\0' && !is_advice_repeated(line))
		grid_under(grid, PAINT_PLAIN, view->advice);
}

static void add_fine(struct grid *grid, const struct line *line)
{
	const struct certbind_finding *view = &line->finding->view;
	char date[RFC3339_SIZE];
	const char *cells[] = { line->domain, view->service, view->host, view->code,
		view->certificate, rfc3339_date(date, view->not_after) };

	grid_row(grid, PAINT_PLAIN, cells);
}

static void print_heading(FILE *out, const struct terminal *terminal, const char *heading)
{
	(void)fprintf(out, "\n%s%s%s\n", terminal_paint(terminal, PAINT_HEADING), heading,
		terminal_unpaint(terminal, PAINT_HEADING));
}

static void add_problems(struct grid *grid, const void *data)
{
	const struct lines *lines = data;
	size_t i;

	for (i = 0; i < lines->length; i++)
		add_problem(grid, &lines->items[i], lines->has_files);
}

static void print_problems(FILE *out, const struct terminal *terminal,
	const struct findings *findings, enum section section, bool has_files)
{
	static const struct grid_column columns[] = { { "SEVERITY", false, false },
		{ "DOMAIN", true, false }, { "SERVICE", true, false }, { "HOST", true, false },
		{ "FINDING", false, false } };
	struct lines lines = select_section(terminal, findings, section);

	lines.has_files = has_files;
	if (lines.length > 0)
		print_heading(out, terminal, section_heading(section));
	grid_stream(
		terminal, columns, sizeof(columns) / sizeof(columns[0]), add_problems, &lines, out);
	free(lines.items);
}

static void add_all_fine(struct grid *grid, const void *data)
{
	const struct lines *lines = data;
	size_t i;

	for (i = 0; i < lines->length; i++)
		add_fine(grid, &lines->items[i]);
}

static void print_fine(FILE *out, const struct terminal *terminal, const struct findings *findings)
{
	static const struct grid_column columns[] = { { "DOMAIN", true, false },
		{ "SERVICE", true, false }, { "HOST", true, false }, { "FINDING", false, false },
		{ "CERTIFICATE", true, false }, { "VALID UNTIL", false, false } };
	struct lines lines = select_section(terminal, findings, SECTION_FINE);

	if (lines.length > 0)
		print_heading(out, terminal, section_heading(SECTION_FINE));
	grid_stream(
		terminal, columns, sizeof(columns) / sizeof(columns[0]), add_all_fine, &lines, out);
	free(lines.items);
}

/* Nothing where there is nothing to count, so that the figures that matter stand out. */
static char *figure_dup(size_t count)
{
	return count == 0 ? NULL : memory_printf("%zu", count);
}

static void add_verdict(struct grid *grid, const struct subject *subject, const char *shown,
	const struct report_words *words)
{
	bool is_good = subject->errors == 0;
	char *errors = figure_dup(subject->errors);
	char *warnings = figure_dup(subject->warnings);
	const char *cells[] = { is_good ? words->good : words->bad, shown, errors, warnings };

	grid_row(grid, is_good ? PAINT_GOOD : PAINT_BAD, cells);
	free(errors);
	free(warnings);
}

struct verdict {
	const struct subject *subject;
	const char *shown;
};

struct verdicts {
	const struct report_words *words;
	struct verdict *items;
	size_t length;
};

/* Those with errors first, each part in the order of the names. */
static int compare_verdicts(const void *left, const void *right)
{
	const struct verdict *a = left;
	const struct verdict *b = right;
	int order = (b->subject->errors > 0) - (a->subject->errors > 0);

	return order != 0 ? order : strcmp(a->shown, b->shown);
}

static void add_verdicts(struct grid *grid, const void *data)
{
	const struct verdicts *verdicts = data;
	size_t i;

	for (i = 0; i < verdicts->length; i++)
		add_verdict(grid, verdicts->items[i].subject, verdicts->items[i].shown,
			verdicts->words);
}

static void print_verdicts(FILE *out, const struct terminal *terminal,
	const struct findings *findings, const struct report_words *words)
{
	const struct grid_column columns[] = { { "VERDICT", false, false },
		{ words->heading, true, false }, { "ERRORS", false, true },
		{ "WARNINGS", false, true } };
	size_t length = findings->subjects_length;
	struct verdicts verdicts = { .words = words, .length = length };
	const struct subject *subject;
	size_t i;

	verdicts.items = memory_new(length * sizeof(*verdicts.items));
	for (i = 0; i < length; i++) {
		subject = &findings->subjects[i];
		verdicts.items[i].subject = subject;
		verdicts.items[i].shown =
			terminal_domain(terminal, subject->name, subject->unicode);
	}
	qsort(verdicts.items, length, sizeof(*verdicts.items), compare_verdicts);
	grid_stream(terminal, columns, sizeof(columns) / sizeof(columns[0]), add_verdicts,
		&verdicts, out);
	free(verdicts.items);
}

static void print_summary(
	FILE *out, const struct findings *findings, const struct report_words *words)
{
	(void)fprintf(out, "\n%zu %s, %zu %s; %zu %s, %zu %s.\n", findings->subjects_length,
		findings->subjects_length == 1 ? words->one : words->many,
		findings->subjects_secured, words->good, findings->errors,
		findings->errors == 1 ? "error" : "errors", findings->warnings,
		findings->warnings == 1 ? "warning" : "warnings");
}

void report_print(
	FILE *out, const struct findings *findings, const struct report_words *words, bool is_all)
{
	struct terminal terminal = terminal_look();

	print_verdicts(out, &terminal, findings, words);
	print_problems(out, &terminal, findings, SECTION_WRONG, words->has_files);
	print_problems(out, &terminal, findings, SECTION_GENERAL, words->has_files);
	print_problems(out, &terminal, findings, SECTION_NOTES, words->has_files);
	if (is_all)
		print_fine(out, &terminal, findings);
	if (findings->errors == 0 && findings->warnings == 0)
		(void)fputs("\nEverything is fine.\n", out);
	print_summary(out, findings, words);
}
