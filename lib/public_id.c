/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "public_id.h"
#include <gnutls/crypto.h>
#include <string.h>

/* What makes a public key: two numbers, of which EdDSA has one, and what they are numbers of. */
struct parameters {
	struct {
		int algorithm;
		int curve;
		unsigned int first_size; /* so that no two pairs of numbers look the same */
	} head;
	gnutls_datum_t first, second;
};

enum {
	DIGEST_SIZE = 32, /* SHA-256 */
	SMALL_SIZE = 640 /* mostly it is little, which is hashed at once */
};

/* Of a digest that was made with that status. */
static int id_of_digest(int status, const unsigned char *digest, unsigned char *id)
{
	if (status >= 0)
		memcpy(id, digest, PUBLIC_ID_SIZE);
	return status;
}

static int hash_small(const struct parameters *parameters, unsigned char digest[DIGEST_SIZE])
{
	unsigned char all[SMALL_SIZE];
	unsigned char *end = all;

	memcpy(end, &parameters->head, sizeof(parameters->head));
	end += sizeof(parameters->head);
	memcpy(end, parameters->first.data, parameters->first.size);
	end += parameters->first.size;
	if (parameters->second.size > 0)
		memcpy(end, parameters->second.data, parameters->second.size);
	end += parameters->second.size;
	return gnutls_hash_fast(GNUTLS_DIG_SHA256, all, (size_t)(end - all), digest);
}

static int hash_parameters(const struct parameters *parameters, unsigned char *id)
{
	unsigned char digest[DIGEST_SIZE];
	gnutls_hash_hd_t hash;
	int status;

	if (sizeof(parameters->head) + (size_t)parameters->first.size + parameters->second.size <=
		SMALL_SIZE)
		return id_of_digest(hash_small(parameters, digest), digest, id);
	status = gnutls_hash_init(&hash, GNUTLS_DIG_SHA256);
	if (status < 0)
		return status;
	status = gnutls_hash(hash, &parameters->head, sizeof(parameters->head));
	if (status >= 0)
		status = gnutls_hash(hash, parameters->first.data, parameters->first.size);
	if (status >= 0 && parameters->second.size > 0)
		status = gnutls_hash(hash, parameters->second.data, parameters->second.size);
	gnutls_hash_deinit(hash, digest);
	return id_of_digest(status, digest, id);
}

static int export_parameters(gnutls_pubkey_t key, struct parameters *parameters)
{
	gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;
	int status;

	switch (parameters->head.algorithm) {
	case GNUTLS_PK_RSA:
	case GNUTLS_PK_RSA_PSS:
		return gnutls_pubkey_export_rsa_raw2(
			key, &parameters->first, &parameters->second, 0);
	case GNUTLS_PK_ECDSA:
	case GNUTLS_PK_EDDSA_ED25519:
	case GNUTLS_PK_EDDSA_ED448:
		status = gnutls_pubkey_export_ecc_raw2(
			key, &curve, &parameters->first, &parameters->second, 0);
		parameters->head.curve = (int)curve;
		return status;
	default:
		return GNUTLS_E_UNSUPPORTED_SIGNATURE_ALGORITHM;
	}
}

static int public_id(gnutls_pubkey_t key, unsigned char *id)
{
	struct parameters parameters;
	unsigned char digest[DIGEST_SIZE];
	size_t size = sizeof(digest);
	int status;

	memset(&parameters, 0, sizeof(parameters));
	parameters.head.algorithm = gnutls_pubkey_get_pk_algorithm(key, NULL);
	status = export_parameters(key, &parameters);
	parameters.head.first_size = parameters.first.size;
	if (status >= 0)
		status = hash_parameters(&parameters, id);
	else if (status != GNUTLS_E_MEMORY_ERROR)
		status = id_of_digest(
			gnutls_pubkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, digest, &size),
			digest, id);
	gnutls_free(parameters.first.data);
	gnutls_free(parameters.second.data);
	return status;
}

int public_id_of_certificate(gnutls_x509_crt_t crt, unsigned char id[PUBLIC_ID_SIZE])
{
	unsigned char digest[DIGEST_SIZE];
	size_t size = sizeof(digest);
	gnutls_pubkey_t key;
	int status = gnutls_pubkey_init(&key);

	if (status < 0)
		return status;
	status = gnutls_pubkey_import_x509(key, crt, 0);
	if (status >= 0)
		status = public_id(key, id);
	else if (status != GNUTLS_E_MEMORY_ERROR)
		/* A key of a kind that GnuTLS does not know: no private key can be its. */
		status = id_of_digest(
			gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA256, digest, &size),
			digest, id);
	gnutls_pubkey_deinit(key);
	return status;
}

int public_id_of_key(gnutls_privkey_t key, unsigned char id[PUBLIC_ID_SIZE])
{
	gnutls_pubkey_t public_key;
	int status = gnutls_pubkey_init(&public_key);

	if (status < 0)
		return status;
	status = gnutls_pubkey_import_privkey(public_key, key, 0, 0);
	if (status >= 0)
		status = public_id(public_key, id);
	gnutls_pubkey_deinit(public_key);
	return status;
}

int public_id_of_x509_key(gnutls_x509_privkey_t key, unsigned char id[PUBLIC_ID_SIZE])
{
	gnutls_privkey_t abstract;
	int status = gnutls_privkey_init(&abstract);

	if (status < 0)
		return status;
	/* Without flags it refers to the key, and copies nothing. */
	status = gnutls_privkey_import_x509(abstract, key, 0);
	if (status >= 0)
		status = public_id_of_key(abstract, id);
	gnutls_privkey_deinit(abstract);
	return status;
}

/* As GnuTLS exports a number: without zeros in front, but for the one of a sign. */
static bool number_put(
	unsigned char *buffer, const unsigned char *data, size_t size, gnutls_datum_t *number)
{
	while (size > 0 && data[0] == 0) {
		data++;
		size--;
	}
	if (size == 0)
		return false;
	buffer[0] = 0;
	memcpy(buffer + 1, data, size);
	number->data = buffer + ((data[0] & 0x80) == 0 ? 1 : 0);
	number->size = (unsigned int)(size + ((data[0] & 0x80) == 0 ? 0 : 1));
	return true;
}

bool public_id_takes_point(gnutls_ecc_curve_t curve, const unsigned char *point, size_t size)
{
	return (curve == GNUTLS_ECC_CURVE_SECP256R1 || curve == GNUTLS_ECC_CURVE_SECP384R1 ||
		       curve == GNUTLS_ECC_CURVE_SECP521R1) &&
	       size == 2 * (size_t)gnutls_ecc_curve_get_size(curve) + 1 && point[0] == 4;
}

bool public_id_of_point(gnutls_ecc_curve_t curve, const unsigned char *point, size_t size,
	unsigned char id[PUBLIC_ID_SIZE])
{
	enum { COORDINATE_MAX = 66 };
	struct parameters parameters;
	unsigned char first[COORDINATE_MAX + 1], second[COORDINATE_MAX + 1];
	size_t length = size / 2;

	if (!public_id_takes_point(curve, point, size) || length > COORDINATE_MAX)
		return false;
	memset(&parameters, 0, sizeof(parameters));
	parameters.head.algorithm = GNUTLS_PK_ECDSA;
	parameters.head.curve = (int)curve;
	if (!number_put(first, point + 1, length, &parameters.first) ||
		!number_put(second, point + 1 + length, length, &parameters.second))
		return false;
	parameters.head.first_size = parameters.first.size;
	return hash_parameters(&parameters, id) >= 0;
}

bool public_id_of_rsa(const unsigned char *modulus, size_t modulus_size,
	const unsigned char *exponent, size_t exponent_size, unsigned char id[PUBLIC_ID_SIZE])
{
	enum { MODULUS_MAX = 2048 + 1, EXPONENT_MAX = 8 };
	struct parameters parameters;
	unsigned char first[MODULUS_MAX + 1], second[EXPONENT_MAX + 1];

	/* None is negative. */
	if (modulus_size == 0 || modulus_size > MODULUS_MAX || exponent_size == 0 ||
		exponent_size > EXPONENT_MAX || (modulus[0] & 0x80) != 0 ||
		(exponent[0] & 0x80) != 0)
		return false;
	memset(&parameters, 0, sizeof(parameters));
	parameters.head.algorithm = GNUTLS_PK_RSA;
	if (!number_put(first, modulus, modulus_size, &parameters.first) ||
		!number_put(second, exponent, exponent_size, &parameters.second))
		return false;
	parameters.head.first_size = parameters.first.size;
	return hash_parameters(&parameters, id) >= 0;
}
