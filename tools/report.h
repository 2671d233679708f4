/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef REPORT_H
#define REPORT_H

#include "findings.h"
#include <stdbool.h>
#include <stdio.h>

/* What the subjects of the findings are called, and how they differ. */
struct report_words {
	const char *heading;
	const char *one;
	const char *many;
	const char *good;
	const char *bad;
	bool has_files; /* they are about several files: say which */
};

/*
 * Prints settled findings for people: each subject's verdict, then what is wrong, worst first, each
 * with its advice; then what belongs to no subject, and notes. is_all: what is fine too.
 */
void report_print(
	FILE *out, const struct findings *findings, const struct report_words *words, bool is_all);

#endif
