/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PATH_REPORT_H
#define PATH_REPORT_H

#include "finding.h"
#include "path.h"
#include <stdbool.h>

enum { REPORT_DETAIL_SIZE = 1024 };

/* What is wrong with one path: each code once, with the text of its first fault. */
struct path_report {
	bool has[FINDING_CODE_COUNT];
	char detail[FINDING_CODE_COUNT][REPORT_DETAIL_SIZE];
};

/* Nothing is wrong, so far. */
void report_clear(struct path_report *report);

/* Adds a fault. The first text of a code stays; of PROFILE, which is many things, all are joined. */
void report_add(struct path_report *report, enum finding_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* How bad a report is: 0 for nothing, an error worse than any number of warnings. */
unsigned int report_badness(const struct path_report *report);

/* Whether there is an error but for `except` and `except_too`. */
bool report_has_error(
	const struct path_report *report, enum finding_code except, enum finding_code except_too);

/* Copies what `from` has and `to` has not. */
void report_merge(struct path_report *to, const struct path_report *from);

/* Hands every fault to the caller. */
void report_tell(const struct path_report *report, path_report_func *func, void *data);

#endif
