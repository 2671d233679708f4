/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PLAIN_H
#define PLAIN_H

#include "certificate_facts.h"
#include <gnutls/gnutls.h>
#include <libtasn1.h>

/*
 * A plain certificate, as nearly all are, decoded by libtasn1 alone: importing it into GnuTLS and
 * asking that takes four times as long. Plain is only what GnuTLS takes as well: version 3, signed
 * with RSA or ECDSA and SHA-2, a key of RSA or of a NIST curve, dates as RFC 5280 wants them, no
 * extension twice, names that are dNSName, rfc822Name, URI or iPAddress, no issuerAltName, no TLS
 * features. Whatever is false here: GnuTLS has to read the certificate.
 */
struct plain {
	const struct der *der;
	asn1_node definitions; /* see pkix_definitions() */
	asn1_node tree;
	gnutls_sign_algorithm_t signature_algorithm; /* of the issuer's signature */
};

enum { PLAIN_OID_SIZE = 64 }; /* GnuTLS takes longer ones; plain certificates have none */

bool plain_open(struct plain *plain, const struct der *der, asn1_node definitions);
void plain_close(struct plain *plain); /* also of one that could not be opened */

/* Where an element stands in the certificate. */
bool plain_locate(const struct plain *plain, const char *element, struct certificate_part *part);

/* The content of an element, which is not empty and has `room` bytes at most. */
bool plain_read(asn1_node tree, const char *element, void *data, size_t room, size_t *size);
bool plain_read_oid(asn1_node tree, const char *element, char oid[PLAIN_OID_SIZE]);

/* Takes a value's encoding apart, all of it; `content` is in it. False: it is none, or not whole. */
struct plain_content {
	unsigned char class; /* of libtasn1 */
	unsigned long tag;
	const unsigned char *data;
	size_t size;
};
bool plain_split(const unsigned char *data, size_t size, struct plain_content *content);

/* Writes the name of a list's element, from 1, and a NUL; returns where that is. */
char *plain_put_index(char *end, int index);

/* plain_algorithm.c: what an AlgorithmIdentifier stands for. NULL: another one. */
struct plain_algorithm {
	gnutls_pk_algorithm_t key; /* of a key */
	gnutls_ecc_curve_t curve; /* of a curve's */
	gnutls_sign_algorithm_t signature; /* of a signature */
	size_t size;
	unsigned char der[22];
};
const struct plain_algorithm *plain_key_algorithm_peek(const unsigned char *der, size_t size);
const struct plain_algorithm *plain_signature_algorithm_peek(const unsigned char *der, size_t size);

bool plain_read_time(const struct plain *plain, const char *element, int64_t *moment);

struct plain_key {
	gnutls_pk_algorithm_t algorithm;
	unsigned int bits;
	gnutls_ecc_curve_t curve; /* of an ECDSA key; `bytes` is its point */
	unsigned char bytes[2400];
	size_t size;
	unsigned char modulus[2048 + 1], exponent[8]; /* of an RSA key */
	size_t modulus_size, exponent_size;
};
bool plain_read_key(const struct plain *plain, struct plain_key *key);

struct plain_extension {
	asn1_node node;
	char oid[PLAIN_OID_SIZE];
	bool is_critical;
	int number; /* of the node in its list, from 1 */
};
/* Calls `visit` with every extension in turn, until it says false. */
typedef bool plain_extension_visit(void *data, const struct plain_extension *extension);
bool plain_each_extension(const struct plain *plain, plain_extension_visit *visit, void *data);
bool plain_read_extension(
	const struct plain_extension *extension, unsigned char *value, size_t room, size_t *size);

/* The tags of GeneralName's plain choices (RFC 5280, 4.2.1.6). */
enum { PLAIN_NAME_EMAIL = 1, PLAIN_NAME_DNS = 2, PLAIN_NAME_URI = 6, PLAIN_NAME_IP = 7 };
struct plain_name {
	unsigned long tag;
	const unsigned char *data; /* never empty; lives until the visit ends */
	size_t size;
};
/* Calls `visit` with every name of a subjectAltName in turn (there are `length`), until it says false. */
typedef bool plain_name_visit(void *data, const struct plain_name *name, size_t length);
bool plain_each_name(asn1_node definitions, const unsigned char *value, size_t size,
	plain_name_visit *visit, void *data);

#endif
