/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path_dn.h"
#include "path_extension.h"
#include "path_fact.h"
#include "plain.h"
#include <certbind/error.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
	ELEMENT_SIZE = 64, /* of a buffer for an element's name */
	RDNS_MAX = 16, /* libtasn1 finds the n-th in n steps */
	ATTRIBUTE_SIZE = 512,
	SIGNATURE_SIZE = 2048, /* of the largest key that signatures are verified with */
	KEY_BITS_MAX = 16384
};

/* A name that is being folded. */
struct plain_dn {
	asn1_node node;
	const char *name; /* of the node, with a full stop */
	struct fact_names *common_names; /* where to keep them; NULL: nowhere */
	char oid[PLAIN_OID_SIZE];
	unsigned char value[ATTRIBUTE_SIZE];
	bool is_strange;
};

/* What GnuTLS would neither escape nor decode. */
static bool is_simple_text(const gnutls_x509_ava_st *ava)
{
	static const char others[] = { '*', '.', '-', '_' };
	unsigned int i = 0;

	if ((ava->value_tag != ASN1_TAG_UTF8_STRING &&
		    ava->value_tag != ASN1_TAG_PRINTABLE_STRING) ||
		ava->value.size == 0 || ava->value.size >= FACT_COMMON_NAME_SIZE)
		return false;
	while (i < ava->value.size &&
		((ava->value.data[i] < 0x80 && isalnum(ava->value.data[i]) != 0) ||
			memchr(others, ava->value.data[i], sizeof(others)) != NULL))
		i++;
	return i == ava->value.size;
}

static bool split_value(struct plain_dn *dn, size_t size, gnutls_x509_ava_st *ava)
{
	struct plain_content content;

	if (!plain_split(dn->value, size, &content) || content.class != ASN1_CLASS_UNIVERSAL)
		return false;
	ava->value_tag = content.tag;
	ava->value.data = dn->value + (content.data - dn->value);
	ava->value.size = (unsigned int)content.size;
	return true;
}

static bool keep_common_name(const struct plain_dn *dn, const gnutls_x509_ava_st *ava)
{
	if (dn->common_names == NULL || strcmp(dn->oid, GNUTLS_OID_X520_COMMON_NAME) != 0)
		return true;
	return dn->common_names->length < FACT_COMMON_NAMES_MAX && is_simple_text(ava) &&
	       names_add(dn->common_names, FACT_NAME_DNS, ava->value.data, ava->value.size);
}

static bool plain_ava(void *source, int rdn, int index, gnutls_x509_ava_st *ava)
{
	struct plain_dn *dn = source;
	char element[ELEMENT_SIZE];
	char *end = plain_put_index(stpcpy(element, dn->name), rdn + 1);
	size_t size;

	*end++ = '.';
	end = plain_put_index(end, index + 1);
	if (asn1_find_node(dn->node, element) == NULL)
		return false;
	memcpy(end, ".type", sizeof(".type"));
	dn->is_strange = rdn >= RDNS_MAX || !plain_read_oid(dn->node, element, dn->oid);
	if (dn->is_strange)
		return false;
	memcpy(end, ".value", sizeof(".value"));
	ava->oid.data = (unsigned char *)dn->oid;
	ava->oid.size = (unsigned int)strlen(dn->oid);
	dn->is_strange = !plain_read(dn->node, element, dn->value, sizeof(dn->value), &size) ||
			 !split_value(dn, size, ava) || !keep_common_name(dn, ava);
	return !dn->is_strange;
}

/* NULL: it is no plain one, or memory. */
static char *fold(const struct plain *plain, bool is_subject, struct fact_names *common_names)
{
	struct plain_dn dn = {
		.node = asn1_find_node(plain->tree,
			is_subject ? "tbsCertificate.subject" : "tbsCertificate.issuer"),
		.name = is_subject ? "subject." : "issuer.",
		.common_names = common_names,
	};
	char *folded = dn_fold_each_dup(plain_ava, &dn);

	if (!dn.is_strange)
		return folded;
	free(folded);
	return NULL;
}

static bool read_key(struct fact *fact, const struct plain *plain)
{
	struct plain_key key;

	if (!plain_read_key(plain, &key) || key.bits > KEY_BITS_MAX)
		return false;
	fact->has_key = true;
	fact->key_algorithm = key.algorithm;
	fact->key_bits = key.bits;
	return true;
}

/* Whole bytes, all of them: libtasn1 takes it when a BIT STRING has more than seven unused bits. */
static bool has_whole_bytes(const struct plain *plain, int bits)
{
	struct certificate_part part;
	int length_size;

	return bits > 0 && bits % 8 == 0 && plain_locate(plain, "signature", &part) &&
	       asn1_get_length_der(plain->der->data + part.at + 1, (int)part.size - 1,
		       &length_size) == 1 + bits / 8;
}

static bool read_signature(struct fact *fact, const struct plain *plain)
{
	unsigned char signature[SIGNATURE_SIZE];
	int bits = sizeof(signature); /* first bytes, then bits */
	struct certificate_part part;

	if (!plain_locate(plain, "tbsCertificate", &part) ||
		asn1_read_value(plain->tree, "signature", signature, &bits) != ASN1_SUCCESS ||
		!has_whole_bytes(plain, bits))
		return false;
	fact->signature_algorithm = plain->signature_algorithm;
	fact->signed_part.data = der_peek(plain->der).data + part.at;
	fact->signed_part.size = part.size;
	fact->signature.data = gnutls_malloc((size_t)bits / 8);
	if (fact->signature.data == NULL)
		return false;
	memcpy(fact->signature.data, signature, (size_t)bits / 8);
	fact->signature.size = (unsigned int)bits / 8;
	return true;
}

static bool read_serial(struct fact *fact, const struct plain *plain)
{
	unsigned char serial[128];
	size_t size;

	if (!plain_read(plain->tree, "tbsCertificate.serialNumber", serial, sizeof(serial), &size))
		return false;
	fact->serial = fact_serial_of(serial, size);
	return true;
}

/* The extensions that are being read. */
struct plain_extensions {
	struct fact *fact;
	const struct plain *plain;
	unsigned char *value; /* room for as many bytes as the certificate has */
};

static bool read_extension(void *data, const struct plain_extension *found)
{
	const struct plain_extensions *extensions = data;
	struct extension extension = { .is_critical = found->is_critical ? 1 : 0 };
	size_t size;

	if (!plain_read_extension(found, extensions->value, extensions->plain->der->size, &size))
		return false;
	memcpy(extension.oid, found->oid, sizeof(found->oid));
	extension.value.data = extensions->value;
	extension.value.size = (unsigned int)size;
	return extension_read(extensions->fact, extensions->plain->definitions, &extension) ==
	       CERTBIND_OK;
}

static bool read_extensions(struct fact *fact, const struct plain *plain)
{
	struct plain_extensions extensions = { fact, plain, malloc(plain->der->size) };
	bool is_it = extensions.value != NULL &&
		     plain_each_extension(plain, read_extension, &extensions);

	free(extensions.value);
	return is_it && fact->malformed[0] == '\0' && !fact->is_ca;
}

/* Others GnuTLS may refuse when it imports the certificate. */
static bool has_plain_names(const struct fact *fact)
{
	for (size_t i = 0; i < fact->names.length; i++) {
		enum fact_name_type type = fact->names.items[i].type;

		if (type != FACT_NAME_DNS && type != FACT_NAME_EMAIL && type != FACT_NAME_URI &&
			type != FACT_NAME_IP)
			return false;
	}
	return true;
}

bool fact_plain_fill(struct fact *fact, asn1_node definitions)
{
	struct plain plain;
	bool is_it =
		plain_open(&plain, fact->der, definitions) &&
		plain_read_time(&plain, "tbsCertificate.validity.notBefore", &fact->not_before) &&
		plain_read_time(&plain, "tbsCertificate.validity.notAfter", &fact->not_after) &&
		read_key(fact, &plain) && read_signature(fact, &plain) &&
		read_serial(fact, &plain) && read_extensions(fact, &plain) && has_plain_names(fact);

	fact->version = 3;
	if (is_it) {
		fact->subject = fold(&plain, true, &fact->common_names);
		fact->issuer = fold(&plain, false, NULL);
	}
	plain_close(&plain);
	return is_it && fact->subject != NULL && fact->issuer != NULL;
}
