/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKIX_H
#define PKIX_H

#include <libtasn1.h>

/*
 * The definitions of pkix.asn, to be freed with asn1_delete_structure(). Returns CERTBIND_OK or
 * CERTBIND_E_MEMORY. Threads: several may read by them.
 */
int pkix_definitions(asn1_node *definitions);

/*
 * Decodes what has to be all of `data`, as strictly as GnuTLS. The caller frees, where it is a secret
 * with ASN1_DELETE_FLAG_ZEROIZE. NULL: it is no such type, or memory.
 */
asn1_node pkix_decode(
	asn1_node definitions, const char *type, const unsigned char *data, size_t size);

#endif
