/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PATH_FACT_H
#define PATH_FACT_H

#include "der.h"
#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <libtasn1.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Extensions that are understood, as bits. */
enum fact_extension {
	FACT_SUBJECT_KEY_ID = 1 << 0,
	FACT_KEY_USAGE = 1 << 1,
	FACT_SUBJECT_ALT_NAME = 1 << 2,
	FACT_ISSUER_ALT_NAME = 1 << 3,
	FACT_BASIC_CONSTRAINTS = 1 << 4,
	FACT_NAME_CONSTRAINTS = 1 << 5,
	FACT_CRL_POINTS = 1 << 6,
	FACT_POLICIES = 1 << 7,
	FACT_POLICY_MAPPINGS = 1 << 8,
	FACT_AUTHORITY_KEY_ID = 1 << 9,
	FACT_POLICY_CONSTRAINTS = 1 << 10,
	FACT_EXTENDED_KEY_USAGE = 1 << 11,
	FACT_INHIBIT_ANY_POLICY = 1 << 12,
	FACT_AUTHORITY_INFO = 1 << 13,
	FACT_TLS_FEATURE = 1 << 14
};

/* The numbers of GeneralName's choices (RFC 5280, 4.2.1.6). */
enum fact_name_type {
	FACT_NAME_OTHER = 0,
	FACT_NAME_EMAIL = 1,
	FACT_NAME_DNS = 2,
	FACT_NAME_X400 = 3,
	FACT_NAME_DIRECTORY = 4,
	FACT_NAME_EDI = 5,
	FACT_NAME_URI = 6,
	FACT_NAME_IP = 7,
	FACT_NAME_REGISTERED = 8,
	FACT_NAME_TYPES
};

/* One GeneralName, or the base of one subtree. */
struct fact_name {
	enum fact_name_type type;
	unsigned char
		*data; /* the content; of a directoryName the folded form; followed by a NUL */
	size_t size;
	bool has_distance; /* of a subtree: minimum or maximum, which RFC 5280 forbids */
};

struct fact_names {
	struct fact_name *items;
	size_t length;
};

enum {
	FACT_KEY_ID_SIZE = 32, /* a SHA-256 of the public key */
	FACT_LABEL_SIZE = 256,
	FACT_SKIP_NEVER = 1000 /* more certificates than a path has */
};

/* What GnuTLS has of a certificate. */
struct fact_import {
	bool is_done;
	gnutls_x509_crt_t certificate; /* NULL: memory */
	gnutls_pubkey_t key;
	char label[FACT_LABEL_SIZE];
};

/* RFC 5280, 4.1.2.2 */
enum fact_serial { FACT_SERIAL_FINE, FACT_SERIAL_LONG, FACT_SERIAL_ZERO, FACT_SERIAL_NEGATIVE };

/*
 * What one certificate says, parsed once. Immutable but for the count and for what GnuTLS has of it,
 * which nearly no end-entity is asked for. Where `malformed` is not empty, the fields that could not
 * be read are as if they were absent. Threads: one per object; those of anchors: any.
 */
struct fact {
	atomic_uint references;
	uint64_t number; /* no two facts of one process have the same */
	struct der *der; /* NULL: of an anchor */
	struct fact_import *import; /* behind this struct; see fact_certificate() and the like */
	unsigned char key_id[FACT_KEY_ID_SIZE]; /* of a CA; zero for others, which need none */
	gnutls_pk_algorithm_t key_algorithm;
	unsigned int key_bits;
	gnutls_sign_algorithm_t signature_algorithm;
	gnutls_datum_t signed_part; /* the TBSCertificate, inside `der` */
	gnutls_datum_t signature;
	char *subject; /* folded: path_dn.h */
	char *issuer;
	enum fact_serial serial;
	int64_t not_before, not_after;
	int version;
	uint32_t extensions; /* enum fact_extension: which there are */
	uint32_t critical; /* and which of them are critical */
	char unknown_critical[128]; /* the OID of the first critical one that is not understood */
	char malformed[160]; /* the first thing that can't be read, in words */
	bool has_key; /* one that GnuTLS knows, and that signatures are verified with */
	/* At the end of common_names: one that can't be read, or is too long. */
	bool has_strange_common_name;
	bool is_ca;
	int path_length; /* -1: no limit */
	unsigned int key_usage; /* GNUTLS_KEY_…, when the extension is there */
	bool has_server_auth, has_any_purpose;
	bool has_other_purpose; /* one that the Baseline Requirements, 7.1.2.7.10, forbid */
	gnutls_datum_t subject_key_id, authority_key_id; /* size 0: absent */
	struct fact_names names; /* of the subjectAltName */
	struct fact_names common_names; /* of the subject, in its order; the first few */
	struct fact_names permitted, excluded; /* of the nameConstraints */
	bool has_bad_authority_info; /* an AIA that is empty or can't be read */
	struct fact_names policies, mapped_from, mapped_to; /* OIDs as text; mappings in pairs */
	bool has_unknown_qualifier; /* of a policy */
	int require_policy, inhibit_mapping, inhibit_any; /* FACT_SKIP_NEVER: absent */
};

/* A text for messages: UTF-8, without control characters, cut where it is too long. */
void label_copy(char label[FACT_LABEL_SIZE], const gnutls_datum_t *text);

/*
 * Parses a certificate; `der` is held. *fact is NULL, with CERTBIND_OK, when it is none at all.
 * CERTBIND_E_MEMORY.
 */
int fact_new(asn1_node definitions, struct der *der, struct fact **fact);

/* The same for one that is small enough; GnuTLS reads it, be it plain or not. */
int fact_new_imported(asn1_node definitions, struct der *der, struct fact **fact);

/* The same for an anchor; its own signature is not looked at. `certificate` is taken, always. */
int fact_new_anchor(asn1_node definitions, gnutls_x509_crt_t certificate, struct fact **fact);

/* As GnuTLS has it; NULL: memory. Lives as long as the fact. */
gnutls_x509_crt_t fact_certificate(const struct fact *fact);

/* The key to verify signatures with; NULL: there is none. Lives as long as the fact. */
gnutls_pubkey_t fact_key(const struct fact *fact);

/* The subject, for messages. Lives as long as the fact. */
const char *fact_label(const struct fact *fact);

enum { FACT_COMMON_NAMES_MAX = 16, FACT_COMMON_NAME_SIZE = 256 /* with its NUL */ };

/* Looks at a serial number's content. */
enum fact_serial fact_serial_of(const unsigned char *serial, size_t size);

/* Adds one name, of a copy of its content. False: memory. */
bool names_add(struct fact_names *names, enum fact_name_type type, const void *data, size_t size);

/*
 * path_fact_plain.c: fills in what a plain certificate (see plain.h) says that is no issuer's. False:
 * it is another one, or memory; the fact is of no use.
 */
bool fact_plain_fill(struct fact *fact, asn1_node definitions);

struct fact *fact_ref(struct fact *fact);
void fact_unref(struct fact *fact); /* NULL does nothing */

/* Frees a list of names, and leaves it empty. */
void names_clear(struct fact_names *names);

/* Is it an extension of the certificate? Is it marked critical? */
bool fact_has(const struct fact *fact, enum fact_extension extension);
bool fact_has_critical(const struct fact *fact, enum fact_extension extension);

bool fact_is_self_issued(const struct fact *fact);

/* Is it the certificate of that anchor? */
bool fact_equals(const struct fact *fact, const struct fact *anchor);

#endif
