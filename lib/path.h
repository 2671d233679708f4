/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PATH_H
#define PATH_H

#include "der.h"
#include "finding.h"
#include <stdint.h>

/* Trust anchors, parsed once. Immutable, reference counted. Threads: any. */
struct anchors;

/* Reads a PEM file of anchors; NULL: the system's (none there is no error: nothing is trusted). */
int anchors_read(const char *path, struct anchors **anchors, struct certbind_error *error);
struct anchors *anchors_ref(struct anchors *anchors);
void anchors_unref(struct anchors *anchors); /* NULL does nothing */

/*
 * Checks chains of certificates for TLS servers as a strict client would: RFC 5280 section 6 with
 * the given anchors only, plus what common clients demand. It knows nothing of hosts. It remembers
 * signatures that it has verified, so that a shared intermediate costs once; bounded memory.
 *
 * An anchor counts by its name, its key, its dates and its name constraints: those OpenSSL, GnuTLS
 * and Go mind. Its path length and extended key usage, which Chromium does not mind, are a warning
 * when the path breaks them. Nothing else of it is looked at.
 * Threads: one thread per object.
 */
struct path_checker;

int path_checker_new(struct anchors *anchors, int64_t at, struct path_checker **checker);
void path_checker_free(struct path_checker *checker); /* NULL does nothing */

/*
 * Is told one thing that is wrong: `code` is one of SELF_SIGNED, UNTRUSTED_CHAIN,
 * MISSING_INTERMEDIATE, EXPIRED, NOT_YET_VALID, MALFORMED, NOT_SERVER_AUTH, IS_CA,
 * COMMON_NAME_ONLY (no SAN dNSName or iPAddress but a Common Name that looks like a host),
 * NAME_CONSTRAINT, WEAK_KEY, WEAK_SIGNATURE, PROFILE. `detail`: one or two sentences, what is wrong with which
 * certificate of the chain and what to do about it; lives until the function returns.
 */
typedef void path_report_func(void *data, enum finding_code code, const char *detail);

/*
 * Checks one chain: chain[0] the end-entity, the rest what the server sends, in any order. Reports
 * each code at most once for the best path that was found; nothing when a strict client accepts
 * it. Path building is bounded, whatever the certificates say. `report` may be NULL.
 * Returns CERTBIND_OK whatever it found, or CERTBIND_E_MEMORY.
 * *is_trusted (may be NULL) receives whether a path to an anchor was found whose signatures hold,
 * with no error but, perhaps, EXPIRED or NOT_YET_VALID of the end-entity: what `auto` asks.
 */
int path_check(struct path_checker *checker, struct der *const *chain, size_t chain_length,
	path_report_func *report, void *data, bool *is_trusted);

#endif
