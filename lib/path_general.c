/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path_asn1.h"
#include "path_dn.h"
#include "path_extension.h"
#include "plain.h"
#include <certbind/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A directoryName is kept folded, for comparing is all that is done with it. */
static int directory_fold(struct fact_name *name)
{
	gnutls_datum_t der = { name->data, (unsigned int)name->size };
	char *folded = dn_fold_der_dup(&der);

	if (folded == NULL)
		return CERTBIND_E_CERTIFICATE;
	free(name->data);
	name->data = (unsigned char *)folded;
	name->size = strlen(folded);
	return CERTBIND_OK;
}

static const struct {
	const char *choice;
	enum fact_name_type type;
} choices[] = {
	{ "otherName", FACT_NAME_OTHER },
	{ "rfc822Name", FACT_NAME_EMAIL },
	{ "dNSName", FACT_NAME_DNS },
	{ "x400Address", FACT_NAME_X400 },
	{ "directoryName", FACT_NAME_DIRECTORY },
	{ "ediPartyName", FACT_NAME_EDI },
	{ "uniformResourceIdentifier", FACT_NAME_URI },
	{ "iPAddress", FACT_NAME_IP },
	{ "registeredID", FACT_NAME_REGISTERED },
};

/* IA5String is ASCII. libtasn1 does not look. */
static bool is_plausible(const struct fact_name *name)
{
	if (name->type != FACT_NAME_DNS && name->type != FACT_NAME_EMAIL &&
		name->type != FACT_NAME_URI)
		return true;
	for (size_t i = 0; i < name->size; i++) {
		if (name->data[i] >= 0x80)
			return false;
	}
	return true;
}

/* Reads one GeneralName; `element` is its name in the tree. */
static int name_read(asn1_node node, const char *element, struct fact_name *name)
{
	char choice[32];
	char content[ASN1_ELEMENT_SIZE + sizeof(choice)];
	int length = sizeof(choice);
	int status;

	if (asn1_read_value(node, element, choice, &length) != ASN1_SUCCESS)
		return CERTBIND_E_CERTIFICATE;
	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		if (strcmp(choices[i].choice, choice) == 0)
			name->type = choices[i].type;
	}
	if (name->type == FACT_NAME_OTHER)
		(void)snprintf(content, sizeof(content), "%s.otherName.type-id", element);
	else
		(void)snprintf(content, sizeof(content), "%s.%s", element, choice);
	status = asn1_content_read(node, content, &name->data, &name->size);
	if (status != CERTBIND_OK)
		return status;
	if (name->type == FACT_NAME_DIRECTORY)
		return directory_fold(name);
	return is_plausible(name) ? CERTBIND_OK : CERTBIND_E_CERTIFICATE;
}

static bool is_address_size(size_t size)
{
	return size == 4 || size == 16;
}

static int choices_read(asn1_node definitions, const gnutls_datum_t *der, struct fact_names *names)
{
	asn1_node tree;
	char element[ASN1_ELEMENT_SIZE];
	int status = asn1_tree_read(definitions, "CertbindPKIX.GeneralNames", der, &tree);

	if (status != CERTBIND_OK)
		return status;
	status = asn1_list_prepare(tree, "", names);
	if (status == CERTBIND_OK && names->length == 0)
		status = CERTBIND_E_CERTIFICATE;
	for (size_t i = 0; i < names->length && status == CERTBIND_OK; i++) {
		(void)snprintf(element, sizeof(element), "?%zu", i + 1);
		status = name_read(tree, element, &names->items[i]);
		if (status == CERTBIND_OK && names->items[i].type == FACT_NAME_IP &&
			!is_address_size(names->items[i].size))
			status = CERTBIND_E_CERTIFICATE;
	}
	(void)asn1_delete_structure(&tree);
	return status;
}

static bool plain_name_add(void *data, const struct plain_name *plain, size_t length)
{
	struct fact_names *names = data;
	/* The tags are the numbers of the choices. */
	struct fact_name name = { .type = (enum fact_name_type)plain->tag, .size = plain->size };

	if (names->items == NULL)
		names->items = calloc(length, sizeof(names->items[0]));
	name.data = names->items != NULL ? malloc(name.size + 1) : NULL;
	if (name.data == NULL)
		return false;
	memcpy(name.data, plain->data, name.size);
	name.data[name.size] = '\0';
	names->items[names->length++] = name;
	return is_plausible(&name) && (name.type != FACT_NAME_IP || is_address_size(name.size));
}

int general_names_read(asn1_node definitions, const gnutls_datum_t *der, struct fact_names *names)
{
	/* A tree of choices takes four times as long. */
	if (plain_each_name(definitions, der->data, der->size, plain_name_add, names))
		return CERTBIND_OK;
	names_clear(names);
	return choices_read(definitions, der, names);
}

static int subtrees_read(asn1_node tree, const char *list, struct fact_names *names)
{
	char element[ASN1_ELEMENT_SIZE];
	int status = asn1_list_prepare(tree, list, names);

	for (size_t i = 0; i < names->length && status == CERTBIND_OK; i++) {
		unsigned char *distance;
		size_t size;

		(void)snprintf(element, sizeof(element), "%s.?%zu.base", list, i + 1);
		status = name_read(tree, element, &names->items[i]);
		if (status != CERTBIND_OK)
			break;
		(void)snprintf(element, sizeof(element), "%s.?%zu.minimum", list, i + 1);
		if (asn1_content_read(tree, element, &distance, &size) == CERTBIND_OK) {
			names->items[i].has_distance = true;
			free(distance);
		}
		(void)snprintf(element, sizeof(element), "%s.?%zu.maximum", list, i + 1);
		if (asn1_content_read(tree, element, &distance, &size) == CERTBIND_OK) {
			names->items[i].has_distance = true;
			free(distance);
		}
	}
	return status;
}

int name_constraints_read(asn1_node definitions, const gnutls_datum_t *der,
	struct fact_names *permitted, struct fact_names *excluded)
{
	asn1_node tree;
	int length;
	int status = asn1_tree_read(definitions, "CertbindPKIX.NameConstraints", der, &tree);

	if (status != CERTBIND_OK)
		return status;
	if (asn1_number_of_elements(tree, "permittedSubtrees", &length) == ASN1_SUCCESS)
		status = subtrees_read(tree, "permittedSubtrees", permitted);
	if (status == CERTBIND_OK &&
		asn1_number_of_elements(tree, "excludedSubtrees", &length) == ASN1_SUCCESS)
		status = subtrees_read(tree, "excludedSubtrees", excluded);
	(void)asn1_delete_structure(&tree);
	return status;
}
