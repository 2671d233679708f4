/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path_asn1.h"
#include "path_extension.h"
#include <certbind/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* RFC 5280, 4.2.1.4: the two qualifiers that it defines. */
static const char qualifier_cps[] = "1.3.6.1.5.5.7.2.1";
static const char qualifier_notice[] = "1.3.6.1.5.5.7.2.2";

/* Reads one object identifier as text. */
static int identifier_read(asn1_node tree, const char *element, struct fact_name *identifier)
{
	return asn1_content_read(tree, element, &identifier->data, &identifier->size);
}

/* Notes a qualifier that nobody knows, of policy number `index`. */
static int qualifiers_read(struct fact *fact, asn1_node tree, size_t index)
{
	char list[ASN1_ELEMENT_SIZE];
	char element[ASN1_ELEMENT_SIZE + 32];
	int length = 0;

	(void)snprintf(list, sizeof(list), "?%zu.policyQualifiers", index);
	if (asn1_number_of_elements(tree, list, &length) != ASN1_SUCCESS)
		return CERTBIND_OK;
	for (int i = 1; i <= length; i++) {
		unsigned char *identifier;
		size_t size;
		int status;

		(void)snprintf(element, sizeof(element), "%s.?%d.policyQualifierId", list, i);
		status = asn1_content_read(tree, element, &identifier, &size);
		if (status != CERTBIND_OK)
			return status;
		if (strcmp((const char *)identifier, qualifier_cps) != 0 &&
			strcmp((const char *)identifier, qualifier_notice) != 0)
			fact->has_unknown_qualifier = true;
		free(identifier);
	}
	return CERTBIND_OK;
}

int policies_read(struct fact *fact, asn1_node definitions, const gnutls_datum_t *value)
{
	asn1_node tree;
	char element[ASN1_ELEMENT_SIZE];
	int status = asn1_tree_read(definitions, "CertbindPKIX.CertificatePolicies", value, &tree);

	if (status != CERTBIND_OK)
		return status;
	status = asn1_list_prepare(tree, "", &fact->policies);
	for (size_t i = 0; i < fact->policies.length && status == CERTBIND_OK; i++) {
		(void)snprintf(element, sizeof(element), "?%zu.policyIdentifier", i + 1);
		status = identifier_read(tree, element, &fact->policies.items[i]);
		if (status == CERTBIND_OK)
			status = qualifiers_read(fact, tree, i + 1);
	}
	(void)asn1_delete_structure(&tree);
	if (status != CERTBIND_OK)
		names_clear(&fact->policies);
	return status;
}

int policy_mappings_read(struct fact *fact, asn1_node definitions, const gnutls_datum_t *value)
{
	asn1_node tree;
	char element[ASN1_ELEMENT_SIZE];
	int status = asn1_tree_read(definitions, "CertbindPKIX.PolicyMappings", value, &tree);

	if (status != CERTBIND_OK)
		return status;
	status = asn1_list_prepare(tree, "", &fact->mapped_from);
	if (status == CERTBIND_OK)
		status = asn1_list_prepare(tree, "", &fact->mapped_to);
	for (size_t i = 0; i < fact->mapped_to.length && status == CERTBIND_OK; i++) {
		(void)snprintf(element, sizeof(element), "?%zu.issuerDomainPolicy", i + 1);
		status = identifier_read(tree, element, &fact->mapped_from.items[i]);
		if (status != CERTBIND_OK)
			break;
		(void)snprintf(element, sizeof(element), "?%zu.subjectDomainPolicy", i + 1);
		status = identifier_read(tree, element, &fact->mapped_to.items[i]);
	}
	(void)asn1_delete_structure(&tree);
	if (status != CERTBIND_OK) {
		names_clear(&fact->mapped_from);
		names_clear(&fact->mapped_to);
	}
	return status;
}

/* A number of certificates; beyond what a path may have, they are all the same. */
static int skip_read(asn1_node tree, const char *element, int *skip)
{
	unsigned char *number;
	size_t size;
	int status = asn1_content_read(tree, element, &number, &size);

	if (status == CERTBIND_E_CERTIFICATE)
		return CERTBIND_OK; /* it is optional */
	if (status != CERTBIND_OK)
		return status;
	if (size == 0 || (number[0] & 0x80) != 0)
		status = CERTBIND_E_CERTIFICATE;
	else
		*skip = size == 1 ? number[0] : FACT_SKIP_NEVER;
	free(number);
	return status;
}

int policy_constraints_read(struct fact *fact, asn1_node definitions, const gnutls_datum_t *value)
{
	asn1_node tree;
	int status = asn1_tree_read(definitions, "CertbindPKIX.PolicyConstraints", value, &tree);

	if (status != CERTBIND_OK)
		return status;
	status = skip_read(tree, "requireExplicitPolicy", &fact->require_policy);
	if (status == CERTBIND_OK)
		status = skip_read(tree, "inhibitPolicyMapping", &fact->inhibit_mapping);
	(void)asn1_delete_structure(&tree);
	return status;
}
