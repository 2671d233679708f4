/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "certificate_plain.h"
#include "name.h"
#include "plain.h"
#include <gnutls/x509-ext.h>
#include <stdlib.h>
#include <string.h>

/* The facts that are being collected. */
struct collection {
	const struct plain *plain;
	struct certificate_facts *facts;
	char *names;
	size_t names_size;
};

static bool read_key(const struct plain *plain, struct certificate_facts *facts)
{
	struct certificate_part info;
	struct plain_key key;

	if (!plain_read_key(plain, &key) ||
		!plain_locate(plain, "tbsCertificate.subjectPublicKeyInfo", &info))
		return false;
	if (info.size <= UINT16_MAX) {
		facts->key_at = info.at;
		facts->key_size = (uint16_t)info.size;
	}
	facts->key_algorithm = key.algorithm;
	if (key.algorithm == GNUTLS_PK_ECDSA)
		return public_id_of_point(key.curve, key.bytes, key.size, facts->key_id);
	return public_id_of_rsa(
		key.modulus, key.modulus_size, key.exponent, key.exponent_size, facts->key_id);
}

static bool add_name(void *data, const struct plain_name *name, size_t length)
{
	struct collection *collection = data;
	char folded[NAME_SIZE];

	(void)length;
	if (name->tag != PLAIN_NAME_DNS || name->size >= NAME_SIZE ||
		name_fold_identifier((const char *)name->data, name->size, folded) != NAME_OK)
		return true;
	/* With its NUL never longer than the encoding of the name. */
	memcpy(collection->names + collection->names_size, folded, strlen(folded) + 1);
	collection->names_size += strlen(folded) + 1;
	collection->facts->names_length++;
	return true;
}

static bool add_names(struct collection *collection, const struct plain_extension *extension)
{
	size_t room = collection->plain->der->size;
	unsigned char *value = malloc(room);
	size_t size;
	bool is_it =
		value != NULL && plain_read_extension(extension, value, room, &size) &&
		plain_each_name(collection->plain->definitions, value, size, add_name, collection);

	free(value);
	return is_it;
}

static bool add_key_usage(
	const struct collection *collection, const struct plain_extension *extension)
{
	unsigned char value[16];
	gnutls_datum_t datum = { value, 0 };
	unsigned int usage;
	size_t size;

	if (!plain_read_extension(extension, value, sizeof(value), &size))
		return false;
	datum.size = (unsigned int)size;
	if (gnutls_x509_ext_import_key_usage(&datum, &usage) < 0)
		return false;
	collection->facts->key_usage = (uint16_t)usage;
	return true;
}

static bool add_extension(void *data, const struct plain_extension *extension)
{
	if (strcmp(extension->oid, GNUTLS_X509EXT_OID_SAN) == 0)
		return add_names(data, extension);
	if (strcmp(extension->oid, GNUTLS_X509EXT_OID_KEY_USAGE) == 0)
		return add_key_usage(data, extension);
	return true;
}

bool certificate_plain_read(const struct der *der, asn1_node definitions,
	struct certificate_facts *facts, char *names, size_t *names_size)
{
	struct plain plain;
	struct collection collection = { .plain = &plain, .facts = facts, .names = names };
	bool is_it;

	memset(facts, 0, sizeof(*facts));
	is_it = plain_open(&plain, der, definitions) &&
		plain_read_time(&plain, "tbsCertificate.validity.notBefore", &facts->not_before) &&
		plain_read_time(&plain, "tbsCertificate.validity.notAfter", &facts->not_after) &&
		plain_locate(&plain, "tbsCertificate.subject", &facts->subject) &&
		plain_locate(&plain, "tbsCertificate.issuer", &facts->issuer) &&
		read_key(&plain, facts) && plain_each_extension(&plain, add_extension, &collection);
	plain_close(&plain);
	*names_size = collection.names_size;
	return is_it;
}
