/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "certificate_read.h"
#include "pkix.h"
#include "plain.h"
#include <gnutls/x509.h>
#include <string.h>

enum { IDENTIFIER_SIZE = 64, POINT_SIZE = 2 * 66 + 1, SCALAR_SIZE = 66 + 1 };

static bool is_number(asn1_node tree, const char *element, unsigned char number)
{
	unsigned char value[4];
	int size = sizeof(value);

	return asn1_read_value(tree, element, value, &size) == ASN1_SUCCESS && size == 1 &&
	       value[0] == number;
}

/* The curve of a key's algorithm; GNUTLS_ECC_CURVE_INVALID: none, or none that is known. */
static gnutls_ecc_curve_t read_curve(asn1_node tree)
{
	const struct plain_algorithm *algorithm = NULL;
	unsigned char identifier[IDENTIFIER_SIZE];
	int size = sizeof(identifier);

	if (asn1_read_value(tree, "privateKeyAlgorithm", identifier, &size) == ASN1_SUCCESS &&
		size > 0)
		algorithm = plain_key_algorithm_peek(identifier, (size_t)size);
	return algorithm != NULL ? algorithm->curve : GNUTLS_ECC_CURVE_INVALID;
}

/* The content of the string in which PKCS#8 has the key itself. */
static bool locate_key(asn1_node tree, const gnutls_datum_t *data, gnutls_datum_t *key)
{
	int begin, end, header;
	long length;

	if (asn1_der_decoding_startEnd(tree, data->data, (int)data->size, "privateKey", &begin,
		    &end) != ASN1_SUCCESS ||
		begin < 0 || end <= begin || end >= (int)data->size)
		return false;
	/* Behind its tag, which is one byte. */
	length = asn1_get_length_der(data->data + begin + 1, end - begin, &header);
	if (length <= 0 || length != end - begin - header)
		return false;
	key->data = data->data + begin + 1 + header;
	key->size = (unsigned int)length;
	return true;
}

/* Is there a number that can be the key of a curve? */
static bool has_scalar(asn1_node tree, gnutls_ecc_curve_t curve)
{
	unsigned char scalar[SCALAR_SIZE];
	int size = sizeof(scalar);
	unsigned char bits = 0;
	int i;

	if (asn1_read_value(tree, "privateKey", scalar, &size) != ASN1_SUCCESS)
		size = 0;
	for (i = 0; i < size; i++)
		bits |= scalar[i];
	gnutls_memset(scalar, 0, sizeof(scalar));
	return bits != 0 && size <= gnutls_ecc_curve_get_size(curve) + 1;
}

static bool read_point(asn1_node definitions, const gnutls_datum_t *key, gnutls_ecc_curve_t curve,
	unsigned char *id)
{
	unsigned char point[POINT_SIZE];
	int bits = sizeof(point); /* first bytes, then bits: that is libtasn1's way */
	bool is_it = false;
	asn1_node tree =
		pkix_decode(definitions, "CertbindPKIX.ECPrivateKey", key->data, key->size);

	if (tree == NULL)
		return false;
	if (is_number(tree, "version", 1) && has_scalar(tree, curve) &&
		asn1_read_value(tree, "publicKey", point, &bits) == ASN1_SUCCESS && bits > 0 &&
		bits % 8 == 0)
		is_it = public_id_of_point(curve, point, (size_t)bits / 8, id);
	(void)asn1_delete_structure2(&tree, ASN1_DELETE_FLAG_ZEROIZE);
	return is_it;
}

bool key_plain_id(
	asn1_node definitions, const gnutls_datum_t *data, unsigned char id[PUBLIC_ID_SIZE])
{
	asn1_node tree = pkix_decode(definitions, "CertbindPKIX.PlainKey", data->data, data->size);
	gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;
	gnutls_datum_t key;
	bool is_it = false;

	if (tree == NULL)
		return false;
	if (is_number(tree, "version", 0))
		curve = read_curve(tree);
	if (curve != GNUTLS_ECC_CURVE_INVALID && locate_key(tree, data, &key))
		is_it = read_point(definitions, &key, curve, id);
	(void)asn1_delete_structure2(&tree, ASN1_DELETE_FLAG_ZEROIZE);
	return is_it;
}
