/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path_report.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { BADNESS_ERROR = 100 }; /* more than there are codes of warnings */

/* A text that was cut ends with a whole UTF-8 character. */
static void text_end_whole(char *text)
{
	size_t length = strlen(text);

	while (length > 0 && ((unsigned char)text[length - 1] & 0xc0) == 0x80)
		length--;
	if (length > 0 && ((unsigned char)text[length - 1] & 0x80) != 0)
		length--;
	text[length] = '\0';
}

void report_clear(struct path_report *report)
{
	memset(report->has, 0, sizeof(report->has));
}

void report_add(struct path_report *report, enum finding_code code, const char *format, ...)
{
	char *detail = report->detail[code];
	size_t used = 0;
	va_list arguments;

	if (report->has[code]) {
		if (code != FINDING_PROFILE)
			return;
		used = strlen(detail);
		if (used + 2 >= REPORT_DETAIL_SIZE)
			return;
		detail[used++] = ' ';
	}
	report->has[code] = true;
	va_start(arguments, format);
	if (vsnprintf(detail + used, REPORT_DETAIL_SIZE - used, format, arguments) >=
		(int)(REPORT_DETAIL_SIZE - used))
		text_end_whole(detail);
	va_end(arguments);
}

unsigned int report_badness(const struct path_report *report)
{
	unsigned int badness = 0;

	for (int code = 0; code < FINDING_CODE_COUNT; code++) {
		if (!report->has[code])
			continue;
		badness += finding_severity((enum finding_code)code) == CERTBIND_SEVERITY_ERROR
				   ? BADNESS_ERROR
				   : 1;
	}
	return badness;
}

bool report_has_error(
	const struct path_report *report, enum finding_code except, enum finding_code except_too)
{
	for (int code = 0; code < FINDING_CODE_COUNT; code++) {
		if (report->has[code] && code != (int)except && code != (int)except_too &&
			finding_severity((enum finding_code)code) == CERTBIND_SEVERITY_ERROR)
			return true;
	}
	return false;
}

void report_merge(struct path_report *to, const struct path_report *from)
{
	for (int code = 0; code < FINDING_CODE_COUNT; code++) {
		if (from->has[code])
			report_add(to, (enum finding_code)code, "%s", from->detail[code]);
	}
}

void report_tell(const struct path_report *report, path_report_func *func, void *data)
{
	for (int code = 0; code < FINDING_CODE_COUNT; code++) {
		if (report->has[code])
			func(data, (enum finding_code)code, report->detail[code]);
	}
}
