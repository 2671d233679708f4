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

/*
 * One or more certificates that are presented together, in order of preference; the handshake
 * picks among their pairs. Immutable but for what the cache keeps in it. Reference counted; the
 * cache must outlive it.
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

/* When the first of its pairs ends, s since the epoch; -1 for NULL. */
int64_t bundle_not_after(const struct bundle *bundle);

/* The bundle's credentials, made if need be, with a reference for the caller. Touches no file. */
int bundle_credentials(
	struct bundle *bundle, struct credentials **credentials, struct certbind_error *error);

#endif
