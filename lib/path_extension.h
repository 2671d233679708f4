/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PATH_EXTENSION_H
#define PATH_EXTENSION_H

#include "path_fact.h"

/* One extension: what is in it. */
struct extension {
	char oid[128];
	unsigned int is_critical;
	gnutls_datum_t value;
};

/* Fills in what a certificate's extensions, or one of them, say. CERTBIND_OK, CERTBIND_E_MEMORY. */
int extensions_read(struct fact *fact, asn1_node definitions);
int extension_read(struct fact *fact, asn1_node definitions, const struct extension *extension);

/* Read GeneralNames and NameConstraints. CERTBIND_OK, _E_CERTIFICATE (malformed), _E_MEMORY. */
int general_names_read(asn1_node definitions, const gnutls_datum_t *der, struct fact_names *names);
int name_constraints_read(asn1_node definitions, const gnutls_datum_t *der,
	struct fact_names *permitted, struct fact_names *excluded);

/* The same for what certificates say of policies, into the fact. */
int policies_read(struct fact *fact, asn1_node definitions, const gnutls_datum_t *value);
int policy_mappings_read(struct fact *fact, asn1_node definitions, const gnutls_datum_t *value);
int policy_constraints_read(struct fact *fact, asn1_node definitions, const gnutls_datum_t *value);

#endif
