/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CERTIFICATE_FACTS_H
#define CERTIFICATE_FACTS_H

#include "der.h"
#include "public_id.h"
#include <libtasn1.h>

enum {
	/* Bytes of one certificate. OpenSSL's clients take no larger chains, and the time that
	 * GnuTLS 3.7 needs to import one grows with the square of its names. */
	CERTIFICATE_DER_MAX = 100 * 1024
};

/* Some of a certificate's bytes. Ten thousand of these are kept: no pointers. */
struct certificate_part {
	uint32_t at, size;
};

bool certificate_parts_equal(const struct der *a, const struct certificate_part *a_part,
	const struct der *b, const struct certificate_part *b_part);

/*
 * What certbind wants to know of one certificate, read once and kept with its bytes: the note of
 * its der. Immutable; lives as long as the der.
 */
struct certificate_facts {
	int64_t not_before, not_after; /* s since the epoch */
	unsigned char key_id[PUBLIC_ID_SIZE]; /* of the public key */
	struct certificate_part subject, issuer; /* encoded */
	gnutls_pk_algorithm_t key_algorithm;
	uint32_t key_at; /* where SubjectPublicKeyInfo begins */
	uint16_t key_size; /* and its size; 0: it was not located */
	uint16_t key_usage; /* GNUTLS_KEY_…; 0: any */
	uint16_t names_length; /* how many: each has 3 bytes or more of CERTIFICATE_DER_MAX */
	bool must_staple; /* RFC 7633 */
	/* Behind it, in the same block: the names. */
};

/*
 * The identifiers that can match something, folded, each with its NUL, one after the other; they
 * live as long as the facts.
 */
static inline const char *certificate_facts_names(const struct certificate_facts *facts)
{
	return (const char *)(facts + 1);
}

/*
 * The facts of a certificate, read now if they were not before. Returns CERTBIND_OK,
 * CERTBIND_E_CERTIFICATE (*gnutls_status says why) or CERTBIND_E_MEMORY. With the definitions of
 * pkix_definitions(), which may be NULL, a plain certificate is read in a quarter of the time.
 * Threads: any.
 */
int certificate_facts_read(struct der *der, asn1_node definitions,
	const struct certificate_facts **facts, int *gnutls_status);
int certificate_facts(struct der *der, const struct certificate_facts **facts, int *gnutls_status);

enum { KEY_IDENTIFIER_MAX = 128 };

/* The key identifiers of a certificate and its issuer (RFC 5280, 4.2.1.1 and 4.2.1.2); size 0: none. */
struct certificate_identifiers {
	unsigned char subject[KEY_IDENTIFIER_MAX], authority[KEY_IDENTIFIER_MAX];
	size_t subject_size, authority_size;
};

/* Reads them now: they cost a tenth of all the facts, and are rarely needed. */
void certificate_identifiers(const struct der *der, struct certificate_identifiers *identifiers);

#endif
