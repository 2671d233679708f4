/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CERTIFICATE_H
#define CERTIFICATE_H

#include "certificate_facts.h"
#include "config.h"
#include "file.h"
#include "finding.h"
#include "der.h"
#include "source.h"
#include "staple.h"
#include <gnutls/gnutls.h>
#include <gnutls/abstract.h>
#include <libtasn1.h>
#include <stdatomic.h>

enum {
	CERTIFICATE_FILE_MAX = 1024 * 1024, /* bytes of a file of certificates, a key or a .p12 */
	CERTIFICATE_STAPLE_MAX = 64 * 1024,
	CERTIFICATE_PASSWORD_MAX = 4096,
	CERTIFICATE_CHAIN_MAX = 64, /* certificates of one pair */
	CERTIFICATE_ITERATIONS_MAX =
		5000000 /* of the function that makes a key of a password: seconds */
};

/* Something that is wrong with a certificate's files, found when they were read. */
struct certificate_fault {
	enum finding_code
		code; /* UNREADABLE, MALFORMED, KEY_MISMATCH, CHAIN_ORDER, STAPLE_INVALID, KEY_PERMISSIONS */
	char *file; /* the file to blame */
	char *message; /* what is wrong and what to do: one sentence or two, for `advice` */
	bool is_fatal; /* KEY_PERMISSIONS: the key was not loaded (strict_key_permissions) */
};

/* One end-entity certificate with its chain and key. Immutable once made. */
struct pair {
	struct der **
		chain; /* [0] the end-entity, then each one's issuer; shared between certificates */
	unsigned int chain_length;
	unsigned int chain_extra; /* how many at the end of `chain` do not belong to the path */
	struct der *
		key; /* PKCS#8, PKCS#1 or SEC1, unencrypted; wiped when freed; NULL when token_key is set */
	struct pair_more *more; /* see pair_more(); NULL: nothing */
	const struct certificate_facts *facts; /* of the end-entity; chain[0] holds them */
};

/* What few pairs have. */
struct pair_more {
	gnutls_privkey_t
		token_key; /* a key in a PKCS#11 token; NULL else; used only while the pair lives */
	struct der *token_pin; /* what the token asks for when it logs in again; NULL: none */
	struct staple *staple; /* verified against chain[0] and its issuer; NULL: none */
};

/* All NULL where there is nothing. */
static inline const struct pair_more *pair_more(const struct pair *pair)
{
	static const struct pair_more nothing = { NULL, NULL, NULL };

	return pair->more != NULL ? pair->more : &nothing;
}

/*
 * A named certificate with all its pairs. Immutable once made but for `place`, reference counted. A
 * certificate whose files are at fault exists all the same: it has no usable pair, and says why.
 */
struct certificate {
	atomic_uint references;
	atomic_uint place; /* the one part that changes: see snapshot_certificate_place() */
	char *name; /* in the same block */
	struct pair *pairs; /* the usable ones, in configured order; their chains are behind them */
	struct certificate_fault *faults;
	struct sources *sources; /* what it was read from; NULL: not from files */
	uint32_t pairs_length;
	unsigned int faults_length : 31;
	unsigned int
		is_foreign : 1; /* its file proved to be nothing: see config_pair.may_be_foreign */
};

/* The issuer's certificate that was read last: mostly it is the next one's, too. */
struct certificate_recent {
	char *text; /* its PEM block, no string; NULL: none */
	size_t size;
	struct der *der;
};
void certificate_recent_clear(struct certificate_recent *recent);

/* What reading needs beside the entry. */
struct certificate_options {
	struct der_pool *pool; /* chain certificates that many share are kept once */
	bool strict_key_permissions;
	int64_t now; /* for staples */
	asn1_node definitions; /* see pkix_definitions(); NULL: GnuTLS reads every certificate */
	struct certificate_recent *recent; /* the reading thread's; NULL: none is remembered */
};

/*
 * Reads one configured certificate. Only exhausted memory is a failure; everything else is a fault
 * of the certificate.
 */
int certificate_read(const struct config_certificate *entry,
	const struct certificate_options *options, struct certificate **certificate,
	struct certbind_error *error);

struct certificate *certificate_ref(struct certificate *certificate);
void certificate_unref(struct certificate *certificate); /* NULL does nothing */

/* Ready made: takes one pair out of PEM bytes that hold a key and its chain (the self-signed default). */
int certificate_from_pem(const char *name, const unsigned char *pem, size_t size,
	const struct certificate_options *options, struct certificate **certificate,
	struct certbind_error *error);

/*
 * Lists what is in a certificate directory, certbot's, lego's and combined layout, as entries for
 * certificate_read() (place: `directory` itself, which must outlive them, line 0), sorted by name.
 * A file of the combined layout is read only where that decides between two of one NAME: each
 * other one is listed, and certificate_read() tells whether it is foreign.
 * Left out, with a problem of scope CONFIG_SCOPE_CERTIFICATE each: a NAME seen twice, a name that
 * no binding can give, and (without a name) the whole directory when it can't be read. The caller
 * frees both lists with config_certificates_free() and config_problems_free(). Returns CERTBIND_OK
 * or CERTBIND_E_MEMORY.
 */
int certificate_dir_list(const char *directory, struct config_certificate **entries,
	size_t *entries_length, struct config_problem **problems, size_t *problems_length,
	struct certbind_error *error);

/* The same of one name, at the cost of one: at most one entry, and the problems of that name. */
int certificate_dir_list_name(const char *directory, const char *name,
	struct config_certificate **entries, size_t *entries_length,
	struct config_problem **problems, size_t *problems_length);

/* Reads the entry's file where that tells: is it one of these that are nothing? */
bool certificate_dir_is_foreign(const struct config_certificate *entry);

/*
 * The same for the certificate of one name, if it is there: at most one entry, never a foreign one. What is wrong with
 * the directory is not told.
 */
int certificate_dir_find(const char *directory, const char *name,
	struct config_certificate **entries, size_t *entries_length, struct certbind_error *error);

/* Reads the certificates of a PEM file (several, in file order) as DER; for verify and covers. */
int certificate_chain_read(const char *path, struct der_pool *pool, struct der ***chain,
	size_t *chain_length, struct certbind_error *error);
void certificate_chain_free(struct der **chain, size_t chain_length);

/*
 * The identifiers of an end-entity that can match something, as certificate_facts_names() has them;
 * the caller frees. Returns CERTBIND_OK, CERTBIND_E_CERTIFICATE when it can't be read,
 * CERTBIND_E_MEMORY.
 */
int certificate_names(struct der *der, char **names, size_t *names_length);

/*
 * Does an end-entity present an identifier that matches? `host` may be no host name. CERTBIND_OK
 * or CERTBIND_E_MEMORY; one that can't be read presents nothing.
 */
int certificate_covers(struct der *der, const char *host, bool *covers);

#endif
