/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CANDIDATE_H
#define CANDIDATE_H

#include "certificate.h"
#include "path.h"
#include "table.h"

/* One certificate that could be chosen for a host. */
struct candidate {
	struct certificate *certificate; /* borrowed */
	const char *names; /* of its first pair, as certificate_facts_names() has them */
	uint16_t names_length;
	bool has_pairs; /* several */
	int64_t not_before, not_after; /* of all its pairs together */
	enum { CANDIDATE_NOT_JUDGED, CANDIDATE_TRUSTED, CANDIDATE_UNTRUSTED } trust;
	size_t marks; /* how many hosts of the binding at hand it covers */
	size_t exact; /* and how many of them with their very name */
	size_t last_marked; /* the host that was counted last, from 1 */
};

/* The candidates that have an identifier. */
struct candidate_list {
	const char *name; /* a certificate's own, which must outlive the index */
	struct candidate **items;
	size_t length;
	struct candidate *first; /* what `items` points to while there is one */
};

/* Which candidates have an identifier: name, or "*.parent". */
struct candidate_index {
	struct table by_name; /* -> struct candidate_list */
	struct candidate_list **lists;
	size_t lists_length;
};

/* Tells which of two candidates is the better one; finds trust out only where that decides. */
struct candidate_judge {
	int64_t now;
	struct path_checker *checker; /* made at the first question */
	int (*anchors)(void *data, struct anchors **anchors); /* gives a reference */
	void *data;
	int status; /* CERTBIND_OK, or why the last question could not be answered */
};

/* Sets the candidate of a certificate that has a usable pair. */
void candidate_init(struct candidate *candidate, struct certificate *certificate);

int candidate_index_init(struct candidate_index *index, size_t expected);
/* Adds one identifier, or every one that all pairs of the candidate have. */
int candidate_index_enter(
	struct candidate_index *index, struct candidate *candidate, const char *name);
int candidate_index_add(struct candidate_index *index, struct candidate *candidate);
void candidate_index_clear(struct candidate_index *index);

/* Every candidate that covers a host: those with the exact name, then those with the wildcard. */
struct candidate_matches {
	const struct candidate_list *exact; /* NULL: none */
	const struct candidate_list *wildcard; /* NULL: none */
};
struct candidate_matches candidate_index_match(
	const struct candidate_index *index, const char *host);

/* Calls `visit` with every identifier that all pairs of the candidate have, until it fails. */
typedef int candidate_visit(void *data, struct candidate *candidate, const char *name);
int candidate_names_each(struct candidate *candidate, candidate_visit *visit, void *data);

/* The same of one candidate that has a usable pair, without an index: has it an identifier, in all pairs, that matches? */
bool candidate_covers(const struct candidate *candidate, const char *host);

/* Counts in each candidate how many of the hosts with these matches it covers; and takes that back. */
void candidate_mark(const struct candidate_matches *matches, size_t hosts_length);
void candidate_unmark(const struct candidate_matches *matches, size_t hosts_length);

/*
 * Picks what serves a host, best first: the best of each key type, among those that are as good as
 * the best in validity and trust. `hosts_length`: of the binding, of which each candidate's `marks`
 * counts how many it covers; a candidate that covers all goes before one that does not. `picked`
 * has room for CANDIDATE_PICK_MAX. Returns how many; 0: nothing covers the host, or judge->status.
 */
enum { CANDIDATE_PICK_MAX = 4 };
size_t candidate_pick(struct candidate_judge *judge, const struct candidate_matches *matches,
	size_t hosts_length, struct certificate **picked);

/* Inside the dates of all its pairs? */
bool candidate_is_valid(const struct candidate_judge *judge, const struct candidate *candidate);
/* Does every pair have a path to an anchor? Judged once; judge->status says whether that worked. */
bool candidate_is_trusted(struct candidate_judge *judge, struct candidate *candidate);

/* A candidate as it stands to a host, or to all hosts of a binding. */
struct candidate_standing {
	struct candidate *candidate;
	bool is_valid;
	bool covers_all; /* hosts of the binding */
	size_t exact; /* hosts that it covers with their very name: of one host, 0 or 1 */
};

/* Is a strictly better than b? The order of "auto" in certbind.conf(5). */
bool candidate_is_better(struct candidate_judge *judge, const struct candidate_standing *a,
	const struct candidate_standing *b);

void candidate_judge_clear(struct candidate_judge *judge);

#endif
