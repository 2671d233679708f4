/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pkix.h"
#include <certbind/error.h>
#include <stddef.h>

extern const asn1_static_node pkix_asn1_tab[]; /* made from pkix.asn */

int pkix_definitions(asn1_node *definitions)
{
	*definitions = NULL;
	return asn1_array2tree(pkix_asn1_tab, definitions, NULL) == ASN1_SUCCESS
		       ? CERTBIND_OK
		       : CERTBIND_E_MEMORY;
}

asn1_node pkix_decode(
	asn1_node definitions, const char *type, const unsigned char *data, size_t size)
{
	asn1_node tree = NULL;
	int length = (int)size;

	if (asn1_create_element(definitions, type, &tree) != ASN1_SUCCESS)
		return NULL;
	if (asn1_der_decoding2(&tree, data, &length, ASN1_DECODE_FLAG_STRICT_DER, NULL) ==
		ASN1_SUCCESS)
		return tree;
	(void)asn1_delete_structure2(&tree, ASN1_DELETE_FLAG_ZEROIZE);
	return NULL;
}
