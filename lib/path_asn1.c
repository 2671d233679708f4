/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path_asn1.h"
#include <certbind/error.h>
#include <stdlib.h>

/* libtasn1 finds the n-th element in n steps, so lists are bounded. Clients take fewer, too. */
enum { LIST_MAX = 10000 };

int asn1_tree_read(
	asn1_node definitions, const char *type, const gnutls_datum_t *der, asn1_node *tree)
{
	int size = (int)der->size;

	*tree = NULL;
	if (asn1_create_element(definitions, type, tree) != ASN1_SUCCESS)
		return CERTBIND_E_MEMORY;
	if (asn1_der_decoding2(tree, der->data, &size, ASN1_DECODE_FLAG_STRICT_DER, NULL) !=
		ASN1_SUCCESS) {
		(void)asn1_delete_structure(tree);
		return CERTBIND_E_CERTIFICATE;
	}
	return CERTBIND_OK;
}

int asn1_content_read(asn1_node tree, const char *element, unsigned char **data, size_t *size)
{
	int length = 0;
	int result = asn1_read_value(tree, element, NULL, &length);

	*data = NULL;
	if ((result != ASN1_MEM_ERROR && result != ASN1_SUCCESS) || length < 0)
		return CERTBIND_E_CERTIFICATE;
	*data = calloc(1, (size_t)length + 1);
	if (*data == NULL)
		return CERTBIND_E_MEMORY;
	*size = (size_t)length;
	if (length > 0 && asn1_read_value(tree, element, *data, &length) != ASN1_SUCCESS) {
		free(*data);
		*data = NULL;
		return CERTBIND_E_CERTIFICATE;
	}
	return CERTBIND_OK;
}

int asn1_list_prepare(asn1_node tree, const char *list, struct fact_names *names)
{
	int length = 0;

	if (asn1_number_of_elements(tree, list, &length) != ASN1_SUCCESS || length > LIST_MAX)
		return CERTBIND_E_CERTIFICATE;
	if (length <= 0)
		return CERTBIND_OK;
	names->items = calloc((size_t)length, sizeof(names->items[0]));
	if (names->items == NULL)
		return CERTBIND_E_MEMORY;
	names->length = (size_t)length;
	return CERTBIND_OK;
}
