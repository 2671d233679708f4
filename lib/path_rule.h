/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PATH_RULE_H
#define PATH_RULE_H

#include "path_fact.h"
#include "path_report.h"

/* A certificate of a path. */
struct path_link {
	struct fact *fact;
	size_t position; /* in the chain that the server sends, from 1; 0: a trust anchor */
};

enum { LINK_NAME_SIZE = 320 };

/* How messages call it, to begin a sentence: "The certificate", "Certificate 2 of the chain (…)". */
void link_name(const struct path_link *link, char name[LINK_NAME_SIZE]);

/* SHA-1 and older, and what GnuTLS does not know. */
bool rule_is_weak_signature(gnutls_sign_algorithm_t algorithm);

/* Does a Common Name look like a host (or wildcard) that somebody meant clients to match? */
bool rule_is_host(const char *common_name);

/* What can be said of the end-entity alone; of one that is an anchor itself, not its form. */
void rule_check_end_entity(
	const struct path_link *link, int64_t at, bool is_anchor, struct path_report *report);

/*
 * What can be said of a path without its end-entity: path[0] is the end-entity, path[length - 1]
 * the anchor, of which only the dates count here.
 */
void rule_check_path(
	const struct path_link *path, size_t length, int64_t at, struct path_report *report);

/* Name constraints: of every issuer and the anchor on every certificate below (RFC 5280, 6.1.4). */
void constraint_check_path(const struct path_link *path, size_t length, struct path_report *report);

/* Certificate policies, where a certificate demands one (RFC 5280, 6.1.3 to 6.1.5): FINDING_PROFILE. */
void policy_check_path(const struct path_link *path, size_t length, struct path_report *report);

/* What only RFC 5280's letter or the CA/Browser Forum's forbids: FINDING_PROFILE. */
void profile_check_end_entity(const struct path_link *link, struct path_report *report);
void profile_check_issuer(const struct path_link *link, struct path_report *report);

/* The same: of a certificate that does not name its issuer's key, although the issuer has an id for it. */
void profile_check_authority_key_id(
	const struct path_link *link, const struct path_link *issuer, struct path_report *report);

#endif
