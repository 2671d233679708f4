/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plain.h"
#include "pkix.h"
#include <stdlib.h>
#include <string.h>

enum {
	ELEMENT_SIZE = 64, /* of a buffer for an element's name */
	EXTENSIONS_MAX = 24,
	NAMES_MAX = 200 /* libtasn1 finds the n-th in n steps */
};

bool plain_locate(const struct plain *plain, const char *element, struct certificate_part *part)
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

bool plain_read(asn1_node tree, const char *element, void *data, size_t room, size_t *size)
{
	int length = (int)room;

	if (asn1_read_value(tree, element, data, &length) != ASN1_SUCCESS || length <= 0)
		return false;
	*size = (size_t)length;
	return true;
}

bool plain_read_oid(asn1_node tree, const char *element, char oid[PLAIN_OID_SIZE])
{
	size_t size;

	return plain_read(tree, element, oid, PLAIN_OID_SIZE, &size);
}

bool plain_split(const unsigned char *data, size_t size, struct plain_content *content)
{
	int tag_size, length_size;
	long length;

	if (asn1_get_tag_der(data, (int)size, &content->class, &tag_size, &content->tag) !=
		ASN1_SUCCESS)
		return false;
	length = asn1_get_length_der(data + tag_size, (int)size - tag_size, &length_size);
	if (length < 0 || (size_t)(tag_size + length_size) + (size_t)length != size)
		return false;
	content->data = data + tag_size + length_size;
	content->size = (size_t)length;
	return true;
}

static bool part_is(const struct plain *plain, const struct certificate_part *part,
	const unsigned char *data, size_t size)
{
	return part->size == size && memcmp(plain->der->data + part->at, data, size) == 0;
}

/* GnuTLS wants version 3 where there are extensions, and one algorithm inside and outside. */
static bool check_form(struct plain *plain)
{
	static const unsigned char version_3[] = { 0xa0, 3, 2, 1, 2 };
	struct certificate_part version, inner, outer;
	const struct plain_algorithm *algorithm;

	if (!plain_locate(plain, "tbsCertificate.version", &version) ||
		!part_is(plain, &version, version_3, sizeof(version_3)) ||
		!plain_locate(plain, "tbsCertificate.signature", &inner) ||
		!plain_locate(plain, "signatureAlgorithm", &outer) ||
		!certificate_parts_equal(plain->der, &inner, plain->der, &outer))
		return false;
	algorithm = plain_signature_algorithm_peek(plain->der->data + inner.at, inner.size);
	if (algorithm != NULL)
		plain->signature_algorithm = algorithm->signature;
	return algorithm != NULL;
}

bool plain_open(struct plain *plain, const struct der *der, asn1_node definitions)
{
	plain->der = der;
	plain->definitions = definitions;
	plain->tree =
		pkix_decode(definitions, "CertbindPKIX.PlainCertificate", der->data, der->size);
	if (plain->tree == NULL)
		return false;
	if (check_form(plain))
		return true;
	plain_close(plain);
	return false;
}

void plain_close(struct plain *plain)
{
	(void)asn1_delete_structure(&plain->tree);
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
bool plain_read_time(const struct plain *plain, const char *element, int64_t *moment)
{
	unsigned char time[24];
	size_t size;
	int high, low;

	if (!plain_read(plain->tree, element, time, sizeof(time), &size))
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

static unsigned int count_bits(const unsigned char *number, size_t size)
{
	unsigned int bits = (unsigned int)size * 8;
	unsigned int bit;

	for (; size > 0 && number[0] == 0; number++, size--)
		bits -= 8;
	for (bit = 0x80; size > 0 && (number[0] & bit) == 0; bit >>= 1)
		bits--;
	return bits;
}

static bool read_rsa_key(const struct plain *plain, struct plain_key *key)
{
	bool is_it;
	asn1_node tree =
		pkix_decode(plain->definitions, "CertbindPKIX.RSAPublicKey", key->bytes, key->size);

	if (tree == NULL)
		return false;
	/* None is negative. */
	is_it = plain_read(
			tree, "modulus", key->modulus, sizeof(key->modulus), &key->modulus_size) &&
		plain_read(tree, "publicExponent", key->exponent, sizeof(key->exponent),
			&key->exponent_size) &&
		((key->modulus[0] | key->exponent[0]) & 0x80) == 0;
	(void)asn1_delete_structure(&tree);
	key->bits = is_it ? count_bits(key->modulus, key->modulus_size) : 0;
	return is_it;
}

bool plain_read_key(const struct plain *plain, struct plain_key *key)
{
	int bits = sizeof(key->bytes); /* first bytes, then bits: that is libtasn1's way */
	struct certificate_part part;
	const struct plain_algorithm *algorithm;

	if (!plain_locate(plain, "tbsCertificate.subjectPublicKeyInfo.algorithm", &part) ||
		asn1_read_value(plain->tree, "tbsCertificate.subjectPublicKeyInfo.subjectPublicKey",
			key->bytes, &bits) != ASN1_SUCCESS ||
		bits <= 0 || bits % 8 != 0)
		return false;
	algorithm = plain_key_algorithm_peek(plain->der->data + part.at, part.size);
	if (algorithm == NULL)
		return false;
	key->size = (size_t)bits / 8;
	key->algorithm = algorithm->key;
	key->curve = algorithm->curve;
	if (key->algorithm == GNUTLS_PK_RSA)
		return read_rsa_key(plain, key);
	key->bits = (unsigned int)gnutls_ecc_curve_get_size(key->curve) * 8;
	return public_id_takes_point(key->curve, key->bytes, key->size);
}

/* Printing each element's name would take longer than reading it. */
char *plain_put_index(char *end, int index)
{
	char digits[12];
	size_t length = 0;

	*end++ = '?';
	do
		digits[length++] = (char)('0' + index % 10);
	while ((index /= 10) > 0);
	while (length > 0)
		*end++ = digits[--length];
	*end = '\0';
	return end;
}

static const char *extension_element(
	const struct plain_extension *extension, const char *part, char element[ELEMENT_SIZE])
{
	char *end = plain_put_index(element, extension->number);

	memcpy(end, part, strlen(part) + 1);
	return element;
}

bool plain_read_extension(
	const struct plain_extension *extension, unsigned char *value, size_t room, size_t *size)
{
	char element[ELEMENT_SIZE];
	int length = (int)room;

	/* Unlike other contents it may be empty. */
	if (asn1_read_value(extension->node, extension_element(extension, ".extnValue", element),
		    value, &length) != ASN1_SUCCESS ||
		length < 0)
		return false;
	*size = (size_t)length;
	return true;
}

/* GnuTLS reads these two when it imports a certificate, and refuses some of them. */
static bool is_plain_extension(const char *oid)
{
	return strcmp(oid, GNUTLS_X509EXT_OID_IAN) != 0 &&
	       strcmp(oid, GNUTLS_X509EXT_OID_TLSFEATURES) != 0;
}

static bool read_extension(asn1_node list, int i, struct plain_extension *extension)
{
	char element[ELEMENT_SIZE];
	char critical[8];
	size_t size;

	extension->number = i + 1;
	(void)plain_put_index(stpcpy(element, "extensions."), extension->number);
	extension->node = asn1_find_node(list, element);
	if (extension->node == NULL ||
		!plain_read_oid(extension->node, extension_element(extension, ".extnID", element),
			extension->oid) ||
		!is_plain_extension(extension->oid))
		return false;
	extension->is_critical =
		plain_read(extension->node, extension_element(extension, ".critical", element),
			critical, sizeof(critical), &size) &&
		critical[0] == 'T';
	return true;
}

bool plain_each_extension(const struct plain *plain, plain_extension_visit *visit, void *data)
{
	struct plain_extension extensions[EXTENSIONS_MAX];
	asn1_node list = asn1_find_node(plain->tree, "tbsCertificate.extensions");
	int count;
	int i, j;

	if (list == NULL || asn1_number_of_elements(list, "extensions", &count) != ASN1_SUCCESS ||
		count > EXTENSIONS_MAX)
		return false;
	for (i = 0; i < count; i++) {
		if (!read_extension(list, i, &extensions[i]))
			return false;
		for (j = 0; j < i; j++)
			if (strcmp(extensions[i].oid, extensions[j].oid) == 0)
				return false;
		if (!visit(data, &extensions[i]))
			return false;
	}
	return true;
}

/* One identifier of subjectAltName, with its tag. */
static bool read_name(const unsigned char *data, size_t size, struct plain_name *name)
{
	struct plain_content content;

	if (!plain_split(data, size, &content) || content.class != ASN1_CLASS_CONTEXT_SPECIFIC ||
		content.size == 0)
		return false;
	name->tag = content.tag;
	name->data = content.data;
	name->size = content.size;
	return name->tag == PLAIN_NAME_EMAIL || name->tag == PLAIN_NAME_DNS ||
	       name->tag == PLAIN_NAME_URI || name->tag == PLAIN_NAME_IP;
}

static bool each_name(
	asn1_node list, unsigned char *item, size_t room, plain_name_visit *visit, void *data)
{
	char element[ELEMENT_SIZE];
	struct plain_name name;
	size_t size;
	int count;
	int i;

	if (asn1_number_of_elements(list, "", &count) != ASN1_SUCCESS || count < 1 ||
		count > NAMES_MAX)
		return false;
	for (i = 1; i <= count; i++) {
		(void)plain_put_index(element, i);
		if (!plain_read(list, element, item, room, &size) ||
			!read_name(item, size, &name) || !visit(data, &name, (size_t)count))
			return false;
	}
	return true;
}

bool plain_each_name(asn1_node definitions, const unsigned char *value, size_t size,
	plain_name_visit *visit, void *data)
{
	asn1_node list = pkix_decode(definitions, "CertbindPKIX.PlainNames", value, size);
	unsigned char *item = list != NULL ? malloc(size) : NULL;
	bool is_it = item != NULL && each_name(list, item, size, visit, data);

	free(item);
	(void)asn1_delete_structure(&list);
	return is_it;
}
