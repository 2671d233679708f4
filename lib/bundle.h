/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BUNDLE_H
#define BUNDLE_H

#include "credentials.h"

/*
 * The made credentials of a store: made when first asked for, and given up, those that were not
 * used for long first, when there are more than a bound. Threads: any. A hundred threads that ask
 * for the same one make it once.
 */
struct bundle_cache;

struct bundle_cache *bundle_cache_new(struct clock_source *clock); /* NULL: memory, or no lock */
void bundle_cache_free(
	struct bundle_cache *cache); /* every bundle must be gone; NULL does nothing */
void bundle_cache_set_limit(struct bundle_cache *cache, size_t limit); /* at least 1 */

/* One or more certificates that are presented together, in order of preference. */
struct bundle_members {
	struct certificate *const *items;
	size_t length; /* 0: there is nothing to present */
};

/* When the first of their pairs ends, s since the epoch; -1: there is none. */
int64_t bundle_members_not_after(struct bundle_members members);

/*
 * Members that were asked for in a handshake, which picks among their pairs. Immutable but for what
 * the cache keeps in it. Reference counted; the cache must outlive it.
 */
struct bundle {
	atomic_uint references;
	uint16_t members_length;
	bool is_being_made; /* under the cache's lock */
	bool is_used; /* likewise: since the cache last looked */
	struct bundle_cache *cache;
	struct credentials *made; /* under the cache's lock; NULL: not made, or given up */
	struct bundle *newer, *older; /* likewise: the neighbours among those that are made */
	struct certificate *members[];
};

/* Takes a reference of each certificate. NULL: memory. */
struct bundle *bundle_new(
	struct bundle_cache *cache, struct certificate *const *members, size_t members_length);
struct bundle *bundle_ref(struct bundle *bundle);
void bundle_unref(struct bundle *bundle); /* NULL does nothing */

/* They live as long as the bundle; none for NULL. */
static inline struct bundle_members bundle_members_peek(const struct bundle *bundle)
{
	struct bundle_members members = { NULL, 0 };

	if (bundle != NULL) {
		members.items = bundle->members;
		members.length = bundle->members_length;
	}
	return members;
}

/* The bundle's credentials, made if need be, with a reference for the caller. Touches no file. */
int bundle_credentials(
	struct bundle *bundle, struct credentials **credentials, struct certbind_error *error);

#endif
