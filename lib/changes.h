/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHANGES_H
#define CHANGES_H

#include "table.h"
#include <stdbool.h>

/* A set of strings that it owns; zeroed: empty. */
struct changes_names {
	struct table table;
	char **keys;
	size_t length;
};

/*
 * What may have changed since a snapshot was read: all else is taken over from that one without a
 * look at it. Zeroed: nothing. Where memory ends it says that everything may have. Threads: one
 * thread per object.
 */
struct changes {
	bool is_all;
	bool has_configuration; /* files of the configuration, but for those of domains_dir */
	struct changes_names domain_files; /* of domains_dir, by their names in it */
	struct changes_names certificates; /* by name, whatever gives one that name */
};

bool changes_are_none(const struct changes *changes);
void changes_note_domain_file(struct changes *changes, const char *name);
void changes_note_certificate(struct changes *changes, const char *name);
/* A file of a certificate directory: every certificate it may belong to. */
void changes_note_entry(struct changes *changes, const char *file);

/* NULL as changes: everything may have changed. */
bool changes_are_all(const struct changes *changes);
bool changes_have_domain_file(const struct changes *changes, const char *name);
bool changes_have_certificate(const struct changes *changes, const char *name);

void changes_clear(struct changes *changes); /* nothing has changed */

#endif
