/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ISSUE_H
#define ISSUE_H

#include <gnutls/x509.h>
#include <stddef.h>

/* Certificates as a public CA gives them: ECDSA P-256, one intermediate, 90 days from yesterday. */

struct authority {
	gnutls_x509_crt_t certificate;
	gnutls_x509_privkey_t key;
};

/* A certificate and its key as PEM; the caller frees both with gnutls_free(). */
struct issued {
	gnutls_datum_t certificate, key;
};

/* Each returns 0 or a GnuTLS error. */
int issue_key(gnutls_x509_privkey_t *key);
int issue_authority(struct authority *authority, const char *name,
	const struct authority *issuer /* NULL: root */);
int issue_leaf(const struct authority *issuer, gnutls_x509_privkey_t key, const char *const *names,
	size_t names_length, struct issued *issued);

int authority_export(const struct authority *authority, struct issued *issued);
int authority_import(struct authority *authority, const struct issued *issued);

#endif
