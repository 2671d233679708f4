/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef JSON_H
#define JSON_H

#include "findings.h"
#include "problems.h"
#include <certbind/bind.h>
#include <certbind/store.h>
#include <stdbool.h>
#include <stdio.h>

/* The JSON that other programs read: keys, their order and their types are fixed. */

/* What `check` and `verify` print, also when they found nothing out: then only with problems. */
void json_report(FILE *out, const struct findings *findings, const struct problems *problems);

/* The same in pieces, for findings that are not kept: the begin, each finding, the end. */
void json_report_begin(FILE *out);
void json_report_finding(FILE *out, const struct certbind_finding *finding, bool is_first);
void json_report_end(FILE *out, const struct findings *findings, const struct problems *problems);

/* What `list` prints: the begin, each binding, the end. */
void json_bindings_begin(FILE *out);
void json_binding(FILE *out, const struct certbind_binding *binding, bool is_first);
void json_bindings_end(FILE *out);

/*
 * What `candidates` prints: the begin, each service with its candidates and an end, the end.
 * is_only: a service was asked for; then its candidates stand in the object itself.
 */
void json_candidates_begin(FILE *out, const char *domain);
void json_candidates_service(FILE *out, const char *service, bool is_only, bool is_first);
void json_candidate(FILE *out, const struct certbind_candidate *candidate, bool is_first);
void json_candidates_service_end(FILE *out, bool is_only);
void json_candidates_end(FILE *out, bool is_only, bool is_empty);

/* What `explain` prints. */
void json_selection(FILE *out, const struct certbind_selection *selection, const char *rule);

#endif
