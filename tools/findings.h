/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FINDINGS_H
#define FINDINGS_H

#include <certbind/check.h>
#include <stdint.h>

/* The findings of a check kept, with what they are about: domains, or the hosts of a verify. */

#define SUBJECT_NONE SIZE_MAX

struct finding {
	struct certbind_finding view;
	char *strings; /* what view's strings point into */
	size_t argument; /* which argument of the command line it came by */
	size_t subject; /* index into subjects, or SUBJECT_NONE; set when settled */
};

/* Secured, or accepted, when it has no errors. */
struct subject {
	char *name;
	char *unicode; /* NULL: no other way to write it */
	size_t argument;
	size_t errors;
	size_t warnings;
};

/* Is given a finding that is not kept; it lives until the function returns. */
typedef void findings_func(void *data, const struct certbind_finding *finding);

struct findings {
	struct finding *items;
	size_t length;
	size_t capacity;
	struct subject *subjects;
	size_t subjects_length;
	size_t subjects_capacity;
	size_t subjects_secured;
	size_t errors;
	size_t warnings;
	findings_func *func; /* NULL: they are kept */
	void *data;
	size_t subjects_sorted; /* of what is not kept: how many subjects there were before */
	size_t subject; /* the one of the last finding, or SUBJECT_NONE */
};

/*
 * From now on findings are counted and handed to `func`, not kept: for as many as there may be. All
 * are of one argument, those of one domain follow each other, and all domains but those that only
 * findings name have been added.
 */
void findings_hand_on(struct findings *findings, findings_func *func, void *data);

void findings_add(
	struct findings *findings, const struct certbind_finding *finding, size_t argument);

/* Adds a subject, unless it is the one that was added last. */
void findings_add_subject(
	struct findings *findings, const char *name, const char *unicode, size_t argument);

/*
 * Counts, when all is in. By domain: subjects are sorted, those that only findings name are added,
 * and what several arguments said of one domain is kept once. By argument: the subjects are the
 * arguments, in their order.
 */
void findings_settle_by_domain(struct findings *findings);
void findings_settle_by_argument(struct findings *findings);

/* The exit status that the counts ask for. */
int findings_status(const struct findings *findings);

void findings_clear(struct findings *findings);

#endif
