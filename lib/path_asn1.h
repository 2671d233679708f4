/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PATH_ASN1_H
#define PATH_ASN1_H

#include "path_fact.h"

/* Reading with pkix.asn's definitions. All return CERTBIND_OK, _E_CERTIFICATE (malformed), _E_MEMORY. */

enum { ASN1_ELEMENT_SIZE = 160 }; /* of a buffer for an element's name */

/* Decodes `der` as `type`; to be freed with asn1_delete_structure. */
int asn1_tree_read(
	asn1_node definitions, const char *type, const gnutls_datum_t *der, asn1_node *tree);

/* Reads one element's content; *data is followed by a NUL, and the caller's. */
int asn1_content_read(asn1_node tree, const char *element, unsigned char **data, size_t *size);

/* Makes room for as many names as the list has. */
int asn1_list_prepare(asn1_node tree, const char *list, struct fact_names *names);

#endif
