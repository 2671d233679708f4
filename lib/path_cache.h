/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PATH_CACHE_H
#define PATH_CACHE_H

#include "path_fact.h"

enum {
	CACHE_SETS = 256,
	CACHE_WAYS = 4, /* facts a set, the newest first */
	CACHE_SIGNATURES = 4096
};

/* What a checker remembers from one chain to the next. Of fixed size. */
struct path_cache {
	struct fact *facts[CACHE_SETS][CACHE_WAYS]; /* by the address of their der */
	struct {
		uint64_t subject, issuer; /* numbers of facts */
		bool holds;
	} signatures[CACHE_SIGNATURES];
};

/* Parses a certificate, or finds it parsed; the caller unrefs it. As fact_new(). */
int cache_fact(
	struct path_cache *cache, asn1_node definitions, struct der *der, struct fact **fact);

/*
 * Did the key of `issuer` sign `subject`? A signature that can't be verified, of an algorithm that
 * is reported as weak anyway, counts as one when the key ids do not speak against it.
 */
bool cache_signature_holds(
	struct path_cache *cache, const struct fact *subject, const struct fact *issuer);

void cache_clear(struct path_cache *cache);

#endif
