/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "json.h"
#include "memory.h"
#include "rfc3339.h"
#include "utf8.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* jansson refuses what is not UTF-8; a file's name may be anything. */
static json_t *string_or_null(const char *text)
{
	char *repaired;
	json_t *value;

	if (text == NULL)
		return json_null();
	repaired = utf8_repair_dup(text);
	value = json_string(repaired);
	free(repaired);
	return value;
}

static json_t *time_or_null(time_t seconds)
{
	char text[RFC3339_SIZE];

	if (seconds == -1 || !rfc3339_write(text, seconds))
		return json_null();
	return json_string(text);
}

static json_t *line_or_null(int line)
{
	return line > 0 ? json_integer(line) : json_null();
}

/* Consumes the value. */
static void set(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) != 0)
		memory_out();
}

/*
 * jansson leaves DEL and the controls of U+0080 to U+009F as they are, which a terminal would obey.
 * All of them can only stand within strings, where JSON lets any character be written as \uXXXX.
 */
static void write_harmless(FILE *out, const char *text)
{
	uint32_t character;
	size_t length;

	for (; *text != '\0'; text += length) {
		length = utf8_decode(text, &character);
		if (length == 0)
			length = 1;
		if (character >= 0x7f && character < 0xa0)
			(void)fprintf(out, "\\u%04x", (unsigned int)character);
		else
			(void)fwrite(text, 1, length, out);
	}
}

/* Prints the value and gives it back. */
static void print(FILE *out, json_t *value)
{
	char *text = json_dumps(value, JSON_PRESERVE_ORDER | JSON_ENCODE_ANY);

	if (text != NULL)
		write_harmless(out, text);
	else
		memory_out();
	free(text);
	json_decref(value);
}

static json_t *new_object(void)
{
	json_t *object = json_object();

	if (object == NULL)
		memory_out();
	return object;
}

static const char *severity_word(int severity)
{
	switch ((enum certbind_severity)severity) {
	case CERTBIND_SEVERITY_OK:
		return "ok";
	case CERTBIND_SEVERITY_NOTE:
		return "note";
	case CERTBIND_SEVERITY_WARNING:
		return "warning";
	case CERTBIND_SEVERITY_ERROR:
		return "error";
	}
	return "error";
}

static void print_finding(FILE *out, const struct certbind_finding *finding)
{
	json_t *object = new_object();

	set(object, "domain", string_or_null(finding->domain));
	set(object, "domain_unicode", string_or_null(finding->domain_unicode));
	set(object, "service", string_or_null(finding->service));
	set(object, "host", string_or_null(finding->host));
	set(object, "certificate", string_or_null(finding->certificate));
	set(object, "code", string_or_null(finding->code));
	set(object, "severity", json_string(severity_word(finding->severity)));
	set(object, "not_after", time_or_null(finding->not_after));
	set(object, "advice", string_or_null(finding->advice == NULL ? "" : finding->advice));
	set(object, "file", string_or_null(finding->file));
	set(object, "line", line_or_null(finding->line));
	print(out, object);
}

static void print_summary(FILE *out, const struct findings *findings)
{
	json_t *object = new_object();

	set(object, "domains", json_integer((json_int_t)findings->subjects_length));
	set(object, "domains_secured", json_integer((json_int_t)findings->subjects_secured));
	set(object, "errors", json_integer((json_int_t)findings->errors));
	set(object, "warnings", json_integer((json_int_t)findings->warnings));
	print(out, object);
}

static void print_problem(FILE *out, const struct problem *problem)
{
	json_t *object = new_object();

	set(object, "file", string_or_null(problem->file));
	set(object, "line", line_or_null(problem->line));
	set(object, "message", string_or_null(problem->message));
	print(out, object);
}

void json_report_begin(FILE *out)
{
	(void)fputs("{\"version\": 1, \"findings\": [", out);
}

void json_report_finding(FILE *out, const struct certbind_finding *finding, bool is_first)
{
	(void)fputs(is_first ? "\n" : ",\n", out);
	print_finding(out, finding);
}

void json_report_end(FILE *out, const struct findings *findings, const struct problems *problems)
{
	size_t i;

	(void)fputs("], \"summary\": ", out);
	print_summary(out, findings);
	(void)fputs(", \"errors\": [", out);
	for (i = 0; i < problems->length; i++) {
		(void)fputs(i == 0 ? "\n" : ",\n", out);
		print_problem(out, &problems->items[i]);
	}
	(void)fputs("]}\n", out);
}

void json_report(FILE *out, const struct findings *findings, const struct problems *problems)
{
	size_t i;

	json_report_begin(out);
	for (i = 0; i < findings->length; i++)
		json_report_finding(out, &findings->items[i].view, i == 0);
	json_report_end(out, findings, problems);
}

void json_bindings_begin(FILE *out)
{
	(void)fputs("{\"version\": 1, \"bindings\": [", out);
}

static json_t *strings(const char *const *texts, size_t length)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < length; i++)
		if (json_array_append_new(array, string_or_null(texts[i])) != 0)
			memory_out();
	return array;
}

void json_binding(FILE *out, const struct certbind_binding *binding, bool is_first)
{
	json_t *object = new_object();

	set(object, "domain", string_or_null(binding->domain));
	set(object, "service", string_or_null(binding->service));
	set(object, "hosts", strings(binding->hosts, binding->hosts_length));
	set(object, "certificate", string_or_null(binding->certificate));
	set(object, "chosen_by", string_or_null(binding->chosen_by));
	set(object, "not_after", time_or_null(binding->not_after));
	(void)fputs(is_first ? "\n" : ",\n", out);
	print(out, object);
}

void json_bindings_end(FILE *out)
{
	(void)fputs("]}\n", out);
}

void json_candidates_begin(FILE *out, const char *domain)
{
	(void)fputs("{\"version\": 1, \"domain\": ", out);
	print(out, string_or_null(domain));
}

void json_candidates_service(FILE *out, const char *service, bool is_only, bool is_first)
{
	if (is_only)
		(void)fputs(", \"service\": ", out);
	else
		(void)fputs(
			is_first ? ", \"services\": [\n{\"service\": " : ",\n{\"service\": ", out);
	print(out, string_or_null(service));
	(void)fputs(", \"candidates\": [", out);
}

void json_candidate(FILE *out, const struct certbind_candidate *candidate, bool is_first)
{
	json_t *object = new_object();

	set(object, "certificate", string_or_null(candidate->certificate));
	set(object, "covers", strings(candidate->covers, candidate->covers_length));
	set(object, "missing", strings(candidate->missing, candidate->missing_length));
	set(object, "not_after", time_or_null(candidate->not_after));
	set(object, "reason", string_or_null(candidate->reason));
	set(object, "chosen", json_boolean(candidate->chosen));
	(void)fputs(is_first ? "\n" : ",\n", out);
	print(out, object);
}

void json_candidates_service_end(FILE *out, bool is_only)
{
	(void)fputs(is_only ? "]" : "]}", out);
}

void json_candidates_end(FILE *out, bool is_only, bool is_empty)
{
	if (!is_only)
		(void)fputs(is_empty ? ", \"services\": []" : "]", out);
	(void)fputs("}\n", out);
}

static json_t *name_or_null(const char *name)
{
	return string_or_null(*name == '\0' ? NULL : name);
}

void json_selection(FILE *out, const struct certbind_selection *selection, const char *rule)
{
	json_t *object = new_object();

	set(object, "version", json_integer(1));
	set(object, "service", name_or_null(selection->service));
	set(object, "host", name_or_null(selection->host));
	set(object, "domain", name_or_null(selection->domain));
	set(object, "certificate", name_or_null(selection->certificate));
	set(object, "rule", json_string(rule));
	print(out, object);
	(void)fputc('\n', out);
}
