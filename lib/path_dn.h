/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PATH_DN_H
#define PATH_DN_H

#include <gnutls/x509.h>
#include <stdbool.h>

/*
 * Distinguished names as RFC 5280, 7.1 compares them: without regard to the case of ASCII letters,
 * to the kind of string, and to how much white space there is. Folded, a name is a text, each RDN
 * ends with a comma, and a name begins with all names that it is subordinate to.
 */

/* Folds a name; the caller frees with free(); NULL: memory, or no readable name. */
char *dn_fold_dup(gnutls_x509_dn_t dn);

/* The same of a name whose attributes `get` tells, by their RDN and their place in it; false: no more. */
typedef bool dn_ava_func(void *source, int rdn, int index, gnutls_x509_ava_st *ava);
char *dn_fold_each_dup(dn_ava_func *get, void *source);

/* The same for DER. */
char *dn_fold_der_dup(const gnutls_datum_t *der);

/* Is a folded name the same as `ancestor`, or subordinate to it? */
bool dn_is_within(const char *name, const char *ancestor);

#endif
