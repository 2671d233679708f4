/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "certificate_plain.h"
#include "name.h"
#include "pkix.h"
#include "public_id.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ELEMENT_SIZE = 64, /* of a buffer for an element's name */
	OID_SIZE = 64, /* GnuTLS takes longer ones; plain certificates have none */
	EXTENSIONS_MAX = 24,
	NAMES_MAX = 200 /* libtasn1 finds the n-th in n steps */
};

/* A certificate that is being read. */
struct plain {
	const struct der *der;
	asn1_node definitions;
	asn1_node tree;
	struct certificate_facts *facts;
	char *names;
	size_t names_size;
};

/* Where the element stands in the certificate. */
static bool locate(const struct plain *plain, const char *element, struct certificate_part *part)
{
	int begin, end;

	if (asn1_der_decoding_startEnd(plain->tree, plain->der->data, (int)plain->der->size,
		    element, &begin, &end) != ASN1_SUCCESS ||
		begin < 0 || end < begin || (size_t)end >= plain->der->size)
		return false;
	part->at = (uint32_t)begin;
	part->size = (uint32_t)(end - begin + 1);
	return true;
}

/* The content of an element that has a fixed size at most. */
static bool read_small(asn1_node tree, const char *element, void *data, int room, size_t *size)
{
	int length = room;

	if (asn1_read_value(tree, element, data, &length) != ASN1_SUCCESS || length <= 0)
		return false;
	*size = (size_t)length;
	return true;
}

static bool read_oid(asn1_node tree, const char *element, char oid[OID_SIZE])
{
	size_t size;

	return read_small(tree, element, oid, OID_SIZE, &size);
}

/* GnuTLS wants version 3 where there are extensions, and one algorithm inside and outside. */
static bool check_form(const struct plain *plain)
{
	unsigned char version[8];
	struct certificate_part inner, outer;
	size_t size;

	return read_small(plain->tree, "tbsCertificate.version", version, sizeof(version), &size) &&
	       size == 1 && version[0] == 2 && locate(plain, "tbsCertificate.signature", &inner) &&
	       locate(plain, "signatureAlgorithm", &outer) &&
	       certificate_parts_equal(plain->der, &inner, plain->der, &outer);
}

/* Two digits; -1: none. */
static int two_digits(const unsigned char *text)
{
	if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
		return -1;
	return (text[0] - '0') * 10 + text[1] - '0';
}

/* Of the Gregorian calendar, since the epoch. */
static int64_t days_until(int year, int month, int day)
{
	static const int before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
	bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	int former = year - 1;

	return (int64_t)(year - 1970) * 365 + (former / 4 - former / 100 + former / 400) -
	       (1969 / 4 - 1969 / 100 + 1969 / 400) + before[month - 1] +
	       (is_leap && month > 2 ? 1 : 0) + day - 1;
}

/* "MMDDHHMMSSZ" */
static bool read_moment(int year, const unsigned char *text, int64_t *moment)
{
	/* The 29th of February and leap seconds are GnuTLS' to count. */
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int parts[5];
	size_t i;

	for (i = 0; i < 5; i++)
		parts[i] = two_digits(text + i * 2);
	if (year < 1970 || parts[0] < 1 || parts[0] > 12 || parts[1] < 1 ||
		parts[1] > days[parts[0] - 1] || parts[2] < 0 || parts[2] > 23 || parts[3] < 0 ||
		parts[3] > 59 || parts[4] < 0 || parts[4] > 59 || text[10] != 'Z')
		return false;
	*moment = ((days_until(year, parts[0], parts[1]) * 24 + parts[2]) * 60 + parts[3]) * 60 +
		  parts[4];
	return true;
}

/* RFC 5280, 4.1.2.5 */
static bool read_time(const struct plain *plain, const char *element, int64_t *moment)
{
	unsigned char time[24];
	size_t size;
	int high, low;

	if (!read_small(plain->tree, element, time, sizeof(time), &size))
		return false;
	if (size == 15 && time[0] == ASN1_TAG_UTCTime && time[1] == 13) {
		low = two_digits(time + 2);
		return low >= 0 && read_moment(low + (low < 50 ? 2000 : 1900), time + 4, moment);
	}
	if (size != 17 || time[0] != ASN1_TAG_GENERALIZEDTime || time[1] != 15)
		return false;
	high = two_digits(time + 2);
	low = two_digits(time + 4);
	return high >= 0 && low >= 0 && read_moment(high * 100 + low, time + 6, moment);
}

static bool read_curve_key(
	const struct plain *plain, const unsigned char *key, size_t size, unsigned char *id)
{
	unsigned char parameters[OID_SIZE];
	char oid[OID_SIZE];
	size_t length;
	int used;

	if (!read_small(plain->tree, "tbsCertificate.subjectPublicKeyInfo.algorithm.parameters",
		    parameters, sizeof(parameters), &length) ||
		parameters[0] != ASN1_TAG_OBJECT_ID ||
		asn1_get_object_id_der(parameters + 1, (int)length - 1, &used, oid, sizeof(oid)) !=
			ASN1_SUCCESS)
		return false;
	plain->facts->key_algorithm = GNUTLS_PK_ECDSA;
	return public_id_of_point(gnutls_oid_to_ecc_curve(oid), key, size, id);
}

static bool read_rsa_key(
	const struct plain *plain, const unsigned char *key, size_t size, unsigned char *id)
{
	enum { NUMBER_SIZE = 2048 + 1, EXPONENT_SIZE = 8 };
	unsigned char modulus[NUMBER_SIZE], exponent[EXPONENT_SIZE], parameters[4];
	size_t modulus_size, exponent_size, length;
	bool is_it = false;
	asn1_node tree;

	if (!read_small(plain->tree, "tbsCertificate.subjectPublicKeyInfo.algorithm.parameters",
		    parameters, sizeof(parameters), &length) ||
		length != 2 || parameters[0] != ASN1_TAG_NULL)
		return false;
	tree = pkix_decode(plain->definitions, "CertbindPKIX.RSAPublicKey", key, size);
	if (tree == NULL)
		return false;
	if (read_small(tree, "modulus", modulus, sizeof(modulus), &modulus_size) &&
		read_small(tree, "publicExponent", exponent, sizeof(exponent), &exponent_size))
		is_it = public_id_of_rsa(modulus, modulus_size, exponent, exponent_size, id);
	(void)asn1_delete_structure(&tree);
	plain->facts->key_algorithm = GNUTLS_PK_RSA;
	return is_it;
}

static bool read_key(const struct plain *plain)
{
	enum { KEY_SIZE = 2400 };
	unsigned char key[KEY_SIZE];
	unsigned char *id = plain->facts->key_id;
	char oid[OID_SIZE];
	int bits = KEY_SIZE; /* first bytes, then bits: that is libtasn1's way */

	if (!read_oid(
		    plain->tree, "tbsCertificate.subjectPublicKeyInfo.algorithm.algorithm", oid) ||
		asn1_read_value(plain->tree, "tbsCertificate.subjectPublicKeyInfo.subjectPublicKey",
			key, &bits) != ASN1_SUCCESS ||
		bits <= 0 || bits % 8 != 0)
		return false;
	if (strcmp(oid, "1.2.840.10045.2.1") == 0)
		return read_curve_key(plain, key, (size_t)bits / 8, id);
	if (strcmp(oid, "1.2.840.113549.1.1.1") == 0)
		return read_rsa_key(plain, key, (size_t)bits / 8, id);
	return false;
}

/* An identifier of subjectAltName, with its tag. */
static bool add_name(struct plain *plain, const unsigned char *data, size_t size)
{
	char folded[NAME_SIZE];
	unsigned char class;
	unsigned long tag;
	int tag_size, length_size;
	long length;

	if (asn1_get_tag_der(data, (int)size, &class, &tag_size, &tag) != ASN1_SUCCESS ||
		class != ASN1_CLASS_CONTEXT_SPECIFIC)
		return false;
	length = asn1_get_length_der(data + tag_size, (int)size - tag_size, &length_size);
	if (length <= 0 || (size_t)(tag_size + length_size) + (size_t)length != size)
		return false;
	/* rfc822Name, uniformResourceIdentifier, iPAddress: no names of hosts. */
	if (tag == 1 || tag == 6 || tag == 7)
		return true;
	if (tag != 2)
		return false;
	if (length >= NAME_SIZE || name_fold_identifier((const char *)data + tag_size + length_size,
					   (size_t)length, folded) != NAME_OK)
		return true;
	/* With its NUL never longer than the encoding of the name. */
	memcpy(plain->names + plain->names_size, folded, strlen(folded) + 1);
	plain->names_size += strlen(folded) + 1;
	plain->facts->names_length++;
	return true;
}

static bool add_names(struct plain *plain, asn1_node list, unsigned char *item)
{
	char element[ELEMENT_SIZE];
	int count;
	int i;

	if (asn1_number_of_elements(list, "", &count) != ASN1_SUCCESS || count < 1 ||
		count > NAMES_MAX)
		return false;
	for (i = 1; i <= count; i++) {
		int size = (int)plain->der->size;

		(void)snprintf(element, sizeof(element), "?%d", i);
		if (asn1_read_value(list, element, item, &size) != ASN1_SUCCESS || size <= 0 ||
			!add_name(plain, item, (size_t)size))
			return false;
	}
	return true;
}

static bool read_names(struct plain *plain, asn1_node extensions, const char *element)
{
	int size = (int)plain->der->size;
	unsigned char *value = malloc((size_t)plain->der->size * 2);
	asn1_node list = NULL;
	bool is_it = false;

	if (value != NULL && asn1_read_value(extensions, element, value, &size) == ASN1_SUCCESS &&
		size > 0)
		list = pkix_decode(
			plain->definitions, "CertbindPKIX.PlainNames", value, (size_t)size);
	if (list != NULL)
		is_it = add_names(plain, list, value + plain->der->size);
	(void)asn1_delete_structure(&list);
	free(value);
	return is_it;
}

static bool read_extension(
	struct plain *plain, asn1_node extensions, int i, char oids[EXTENSIONS_MAX][OID_SIZE])
{
	char element[ELEMENT_SIZE];
	int j;

	(void)snprintf(element, sizeof(element), "extensions.?%d.extnID", i + 1);
	if (!read_oid(extensions, element, oids[i]))
		return false;
	for (j = 0; j < i; j++)
		if (strcmp(oids[i], oids[j]) == 0)
			return false;
	if (strcmp(oids[i], GNUTLS_X509EXT_OID_IAN) == 0 ||
		strcmp(oids[i], GNUTLS_X509EXT_OID_TLSFEATURES) == 0)
		return false;
	if (strcmp(oids[i], GNUTLS_X509EXT_OID_SAN) != 0)
		return true;
	(void)snprintf(element, sizeof(element), "extensions.?%d.extnValue", i + 1);
	return read_names(plain, extensions, element);
}

static bool read_extensions(struct plain *plain)
{
	char oids[EXTENSIONS_MAX][OID_SIZE];
	asn1_node extensions = asn1_find_node(plain->tree, "tbsCertificate.extensions");
	int count;
	int i;

	if (extensions == NULL ||
		asn1_number_of_elements(extensions, "extensions", &count) != ASN1_SUCCESS ||
		count > EXTENSIONS_MAX)
		return false;
	for (i = 0; i < count; i++)
		if (!read_extension(plain, extensions, i, oids))
			return false;
	return true;
}

bool certificate_plain_read(const struct der *der, asn1_node definitions,
	struct certificate_facts *facts, char *names, size_t *names_size)
{
	struct plain plain = {
		.der = der, .definitions = definitions, .facts = facts, .names = names
	};
	bool is_it;

	memset(facts, 0, sizeof(*facts));
	plain.tree =
		pkix_decode(definitions, "CertbindPKIX.PlainCertificate", der->data, der->size);
	if (plain.tree == NULL)
		return false;
	is_it = check_form(&plain) &&
		read_time(&plain, "tbsCertificate.validity.notBefore", &facts->not_before) &&
		read_time(&plain, "tbsCertificate.validity.notAfter", &facts->not_after) &&
		locate(&plain, "tbsCertificate.subject", &facts->subject) &&
		locate(&plain, "tbsCertificate.issuer", &facts->issuer) && read_key(&plain) &&
		read_extensions(&plain);
	(void)asn1_delete_structure(&plain.tree);
	*names_size = plain.names_size;
	return is_it;
}
