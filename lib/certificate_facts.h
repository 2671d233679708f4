/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CERTIFICATE_FACTS_H
#define CERTIFICATE_FACTS_H

#include "der.h"

enum { KEY_ID_SIZE = 32 /* SHA-256 */ };

/*
 * What certbind wants to know of one certificate, read once and kept with its bytes: the note of
 * its der. Immutable; lives as long as the der.
 */
struct certificate_facts {
	int64_t not_before, not_after; /* s since the epoch */
	gnutls_pk_algorithm_t key_algorithm;
	bool must_staple; /* RFC 7633 */
	unsigned char key_id[KEY_ID_SIZE]; /* of the public key */
	gnutls_datum_t subject, issuer; /* encoded */
	gnutls_datum_t subject_key, authority_key; /* key identifiers; empty: none */
	char *names; /* as struct pair has them */
	size_t names_length;
	/* Behind it, in the same block: what the pointers point to. */
};

/*
 * The facts of a certificate, read now if they were not before. Returns CERTBIND_OK,
 * CERTBIND_E_CERTIFICATE (*gnutls_status says why) or CERTBIND_E_MEMORY. Threads: any.
 */
int certificate_facts(struct der *der, const struct certificate_facts **facts, int *gnutls_status);

#endif
