/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKIX_H
#define PKIX_H

#include <libtasn1.h>

/*
 * The definitions of pkix.asn, to be freed with asn1_delete_structure(). Returns CERTBIND_OK or
 * CERTBIND_E_MEMORY. Threads: several may read by them.
 */
int pkix_definitions(asn1_node *definitions);

#endif
