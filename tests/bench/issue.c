/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "issue.h"
#include <gnutls/crypto.h>
#include <string.h>
#include <time.h>

enum { SERIAL_SIZE = 16, KEY_ID_SIZE = 20, DAY = 24 * 60 * 60 };

int issue_key(gnutls_x509_privkey_t *key)
{
	int status = gnutls_x509_privkey_init(key);

	if (status < 0)
		return status;
	status = gnutls_x509_privkey_generate(
		*key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	if (status < 0)
		gnutls_x509_privkey_deinit(*key);
	return status;
}

static int set_serial(gnutls_x509_crt_t certificate)
{
	unsigned char serial[SERIAL_SIZE];
	int status = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial));

	if (status < 0)
		return status;
	serial[0] = (serial[0] & 0x7f) | 0x40; /* positive, and always as long */
	return gnutls_x509_crt_set_serial(certificate, serial, sizeof(serial));
}

/* What root, intermediate and leaf have in common. */
static int set_common(gnutls_x509_crt_t certificate, const char *name, gnutls_x509_privkey_t key)
{
	unsigned char key_id[KEY_ID_SIZE];
	size_t size = sizeof(key_id);
	time_t now = time(NULL);
	int status = gnutls_x509_crt_set_version(certificate, 3);

	if (status >= 0)
		status = set_serial(certificate);
	if (status >= 0)
		status = gnutls_x509_crt_set_activation_time(certificate, now - DAY);
	if (status >= 0)
		status = gnutls_x509_crt_set_expiration_time(certificate, now + (time_t)89 * DAY);
	if (status >= 0)
		status = gnutls_x509_crt_set_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0,
			name, (unsigned int)strlen(name));
	if (status >= 0)
		status = gnutls_x509_crt_set_key(certificate, key);
	if (status >= 0)
		status = gnutls_x509_privkey_get_key_id(key, 0, key_id, &size);
	if (status >= 0)
		status = gnutls_x509_crt_set_subject_key_id(certificate, key_id, size);
	return status;
}

static int sign(gnutls_x509_crt_t certificate, const struct authority *issuer)
{
	unsigned char key_id[KEY_ID_SIZE];
	size_t size = sizeof(key_id);
	int status = gnutls_x509_privkey_get_key_id(issuer->key, 0, key_id, &size);

	if (status >= 0)
		status = gnutls_x509_crt_set_authority_key_id(certificate, key_id, size);
	if (status >= 0)
		status = gnutls_x509_crt_sign2(
			certificate, issuer->certificate, issuer->key, GNUTLS_DIG_SHA256, 0);
	return status;
}

int issue_authority(struct authority *authority, const char *name, const struct authority *issuer)
{
	int status = issue_key(&authority->key);

	if (status < 0)
		return status;
	status = gnutls_x509_crt_init(&authority->certificate);
	if (status < 0)
		return status;
	status = set_common(authority->certificate, name, authority->key);
	if (status >= 0)
		status = gnutls_x509_crt_set_basic_constraints(
			authority->certificate, 1, issuer != NULL ? 0 : -1);
	if (status >= 0)
		status = gnutls_x509_crt_set_key_usage(
			authority->certificate, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN);
	if (status >= 0)
		status = sign(authority->certificate, issuer != NULL ? issuer : authority);
	return status;
}

static int set_leaf(gnutls_x509_crt_t certificate, const char *const *names, size_t names_length)
{
	int status = gnutls_x509_crt_set_basic_constraints(certificate, 0, -1);
	size_t i;

	for (i = 0; i < names_length && status >= 0; i++)
		status = gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_DNSNAME,
			names[i], (unsigned int)strlen(names[i]),
			i == 0 ? GNUTLS_FSAN_SET : GNUTLS_FSAN_APPEND);
	if (status >= 0)
		status = gnutls_x509_crt_set_key_usage(certificate, GNUTLS_KEY_DIGITAL_SIGNATURE);
	if (status >= 0)
		status = gnutls_x509_crt_set_key_purpose_oid(
			certificate, GNUTLS_KP_TLS_WWW_SERVER, 0);
	return status;
}

int issue_leaf(const struct authority *issuer, gnutls_x509_privkey_t key, const char *const *names,
	size_t names_length, struct issued *issued)
{
	gnutls_x509_crt_t certificate;
	int status = gnutls_x509_crt_init(&certificate);

	issued->certificate.data = NULL;
	issued->key.data = NULL;
	if (status < 0)
		return status;
	status = set_common(certificate, names[0], key);
	if (status >= 0)
		status = set_leaf(certificate, names, names_length);
	if (status >= 0)
		status = sign(certificate, issuer);
	if (status >= 0)
		status = gnutls_x509_crt_export2(
			certificate, GNUTLS_X509_FMT_PEM, &issued->certificate);
	if (status >= 0)
		status = gnutls_x509_privkey_export2_pkcs8(
			key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &issued->key);
	gnutls_x509_crt_deinit(certificate);
	return status;
}

int authority_export(const struct authority *authority, struct issued *issued)
{
	int status = gnutls_x509_crt_export2(
		authority->certificate, GNUTLS_X509_FMT_PEM, &issued->certificate);

	if (status < 0)
		return status;
	return gnutls_x509_privkey_export2_pkcs8(
		authority->key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &issued->key);
}

int authority_import(struct authority *authority, const struct issued *issued)
{
	int status = gnutls_x509_crt_init(&authority->certificate);

	if (status >= 0)
		status = gnutls_x509_crt_import(
			authority->certificate, &issued->certificate, GNUTLS_X509_FMT_PEM);
	if (status >= 0)
		status = gnutls_x509_privkey_init(&authority->key);
	if (status >= 0)
		status = gnutls_x509_privkey_import(
			authority->key, &issued->key, GNUTLS_X509_FMT_PEM);
	return status;
}
