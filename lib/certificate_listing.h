/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CERTIFICATE_LISTING_H
#define CERTIFICATE_LISTING_H

#include "certificate.h"

/* What has been found in a certificate directory so far; certificate_dir.c reads it. */
struct listing {
	const char *directory;
	struct config_certificate *entries;
	size_t entries_length;
	struct config_problem *problems;
	size_t problems_length;
	bool is_out_of_memory;
	bool is_proving; /* nothing is listed that may be foreign */
};

/* Appends a problem; takes name and message whatever happens. NULL as name: it is the directory's. */
void listing_problem_take(struct listing *listing, char *name, char *message);

/* Appends an entry with one pair; takes chain and key whatever happens. */
void listing_entry_take(struct listing *listing, const char *name, char *chain, char *key);

/* Do these bytes hold both a certificate and a key, or a part of each? */
bool certificate_dir_has_both(const struct file_bytes *bytes);

#endif
