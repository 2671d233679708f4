/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SNAPSHOT_INTERNAL_H
#define SNAPSHOT_INTERNAL_H

#include "candidate.h"
#include "snapshot.h"

/* The steps of a build, in their order; only snapshot*.c include this. */

struct snapshot_build {
	struct snapshot *snapshot;
	const struct snapshot_options *options;
	struct candidate *candidates; /* as snapshot->certificates */
	struct candidate_index index; /* of all certificates that have a usable pair */
	struct candidate_judge judge;
	struct certbind_error *error;
};

/* snapshot_read.c: the certificates, on several threads where there are many. */
int snapshot_read_certificates(struct snapshot_build *build);

/* snapshot_bind.c: services, domains, bindings, whose a host is, and the names of what is bound. */
int snapshot_bind_services(struct snapshot_build *build);
int snapshot_bind_domains(struct snapshot_build *build);
int snapshot_bind_names(struct snapshot_build *build);

/* snapshot.c: the one bundle of these certificates; the snapshot holds it. NULL: memory. */
struct bundle *snapshot_bundle(
	struct snapshot *snapshot, struct certificate *const *members, size_t members_length);

/* snapshot.c: a copy of a string that lives as long as the snapshot. NULL: memory. */
char *snapshot_string_dup(struct snapshot *snapshot, const char *string);

#endif
