/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PATH_MATCH_H
#define PATH_MATCH_H

#include "path_fact.h"

/*
 * Does a name lie in a subtree of a name constraint (RFC 5280, 4.2.1.10)? Where the name or the
 * subtree makes no sense, the answer is the one that refuses. Both are of the same type.
 */
enum match_side {
	MATCH_PERMITTED, /* the whole name must lie in it: *.example.org does not in a.example.org */
	MATCH_EXCLUDED /* nothing of the name may lie in it */
};

bool match_dns(const struct fact_name *name, const struct fact_name *subtree, enum match_side side);
bool match_address(
	const struct fact_name *name, const struct fact_name *subtree, enum match_side side);
bool match_email(
	const struct fact_name *name, const struct fact_name *subtree, enum match_side side);

/* Is a subtree of type iPAddress an address with a mask whose bits are contiguous (RFC 4632)? */
bool match_is_address_range(const struct fact_name *subtree);

/* Is it a mailbox without quoting, the only form that constraints are applied to? */
bool match_is_mailbox(const struct fact_name *name);

#endif
