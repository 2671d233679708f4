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
