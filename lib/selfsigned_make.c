/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "selfsigned_make.h"
#include "error.h"
#include "secret.h"
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509-ext.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	DAY = 24 * 60 * 60, /* s */
	SERIAL_SIZE = 20, /* RFC 5280, 4.1.2.2: at most */
	KEY_ID_SIZE = 64, /* at least what any hash gives */
	COMMON_NAME_MAX_LENGTH = 64 /* RFC 5280, appendix A.1: ub-common-name */
};

/* Positive, and without a leading zero octet: its first bits are 01. */
static int set_serial(gnutls_x509_crt_t certificate)
{
	unsigned char serial[SERIAL_SIZE];
	int result = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial));

	if (result < 0)
		return result;
	serial[0] = (unsigned char)((serial[0] & 0x3f) | 0x40);
	return gnutls_x509_crt_set_serial(certificate, serial, sizeof(serial));
}

static int set_dates(gnutls_x509_crt_t certificate, int64_t now)
{
	int64_t from = now - (int64_t)SELFSIGNED_PAST_DAYS * DAY;
	int64_t until = from + (int64_t)SELFSIGNED_DAYS * DAY;
	int result = gnutls_x509_crt_set_activation_time(certificate, (time_t)from);

	if (result < 0)
		return result;
	return gnutls_x509_crt_set_expiration_time(certificate, (time_t)until);
}

/* An issuer must not be empty (RFC 5280, 4.1.2.4): where the name is too long, something else is said. */
static int set_subject(gnutls_x509_crt_t certificate, const char *name)
{
	static const char organization[] = "certbind";
	size_t length = strlen(name);

	if (length > COMMON_NAME_MAX_LENGTH)
		return gnutls_x509_crt_set_dn_by_oid(certificate, GNUTLS_OID_X520_ORGANIZATION_NAME,
			0, organization, sizeof(organization) - 1);
	return gnutls_x509_crt_set_dn_by_oid(
		certificate, GNUTLS_OID_X520_COMMON_NAME, 0, name, (unsigned int)length);
}

/* As GnuTLS takes it; the text must live as long. */
static gnutls_datum_t datum_of(const char *text)
{
	/* GnuTLS only reads it. */
	gnutls_datum_t datum = { (unsigned char *)(uintptr_t)text, (unsigned int)strlen(text) };

	return datum;
}

/* Made as a whole: gnutls_x509_crt_set_subject_alt_name() parses and writes all names for each. */
static int set_names(gnutls_x509_crt_t certificate, const char *const *names, size_t names_length)
{
	gnutls_subject_alt_names_t list;
	gnutls_datum_t extension = { NULL, 0 };
	int result = set_subject(certificate, names[0]);

	if (result < 0)
		return result;
	result = gnutls_subject_alt_names_init(&list);
	if (result < 0)
		return result;
	for (size_t i = 0; i < names_length && result >= 0; i++) {
		gnutls_datum_t name = datum_of(names[i]);

		result = gnutls_subject_alt_names_set(list, GNUTLS_SAN_DNSNAME, &name, NULL);
	}
	if (result >= 0)
		result = gnutls_x509_ext_export_subject_alt_names(list, &extension);
	if (result >= 0)
		result = gnutls_x509_crt_set_extension_by_oid(
			certificate, GNUTLS_X509EXT_OID_SAN, extension.data, extension.size, 0);
	gnutls_free(extension.data);
	gnutls_subject_alt_names_deinit(list);
	return result;
}

static int set_key(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key)
{
	unsigned char id[KEY_ID_SIZE];
	size_t size = sizeof(id);
	int result = gnutls_x509_crt_set_key(certificate, key);

	if (result >= 0)
		result = gnutls_x509_crt_get_key_id(certificate, GNUTLS_KEYID_USE_SHA1, id, &size);
	if (result >= 0)
		result = gnutls_x509_crt_set_subject_key_id(certificate, id, size);
	if (result >= 0)
		result = gnutls_x509_crt_set_authority_key_id(certificate, id, size);
	return result;
}

static int set_usage(gnutls_x509_crt_t certificate)
{
	int result = gnutls_x509_crt_set_version(certificate, 3);

	if (result >= 0)
		result = gnutls_x509_crt_set_basic_constraints(certificate, 0, -1);
	if (result >= 0)
		result = gnutls_x509_crt_set_key_usage(certificate, GNUTLS_KEY_DIGITAL_SIGNATURE);
	if (result >= 0)
		result = gnutls_x509_crt_set_key_purpose_oid(
			certificate, GNUTLS_KP_TLS_WWW_SERVER, 0);
	return result;
}

/* Joins the two; both end with a newline. */
static int join(
	const gnutls_datum_t *certificate, const gnutls_datum_t *key, struct selfsigned *out)
{
	size_t size = (size_t)certificate->size + key->size;

	out->pem = secret_alloc(NULL, size + 1);
	if (out->pem == NULL)
		return GNUTLS_E_MEMORY_ERROR;
	memcpy(out->pem, certificate->data, certificate->size);
	memcpy(out->pem + certificate->size, key->data, key->size);
	out->size = size;
	return 0;
}

static int export(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key, struct selfsigned *out)
{
	gnutls_datum_t certificate_pem = { NULL, 0 };
	gnutls_datum_t key_pem = { NULL, 0 };
	int result = gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &certificate_pem);

	if (result >= 0)
		result = gnutls_x509_privkey_export2_pkcs8(
			key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &key_pem);
	if (result >= 0)
		result = join(&certificate_pem, &key_pem, out);
	gnutls_free(certificate_pem.data);
	if (key_pem.data != NULL)
		gnutls_memset(key_pem.data, 0, key_pem.size);
	gnutls_free(key_pem.data);
	return result;
}

static int make(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key, const char *const *names,
	size_t names_length, int64_t now)
{
	int result = gnutls_x509_privkey_generate(
		key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);

	if (result >= 0)
		result = set_usage(certificate);
	if (result >= 0)
		result = set_serial(certificate);
	if (result >= 0)
		result = set_dates(certificate, now);
	if (result >= 0)
		result = set_names(certificate, names, names_length);
	if (result >= 0)
		result = set_key(certificate, key);
	if (result >= 0)
		result = gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0);
	return result;
}

int selfsigned_make(const char *const *names, size_t names_length, int64_t now,
	struct selfsigned *out, struct certbind_error *error)
{
	gnutls_x509_crt_t certificate = NULL;
	gnutls_x509_privkey_t key = NULL;
	int result;

	memset(out, 0, sizeof(*out));
	if (names_length == 0)
		return error_set(error, CERTBIND_E_INVALID, NULL, 0,
			"a self-signed certificate needs a name");
	result = gnutls_x509_crt_init(&certificate);
	if (result >= 0)
		result = gnutls_x509_privkey_init(&key);
	if (result >= 0)
		result = make(certificate, key, names, names_length, now);
	if (result >= 0)
		result = export(certificate, key, out);
	if (certificate != NULL)
		gnutls_x509_crt_deinit(certificate);
	if (key != NULL)
		gnutls_x509_privkey_deinit(key);
	if (result == GNUTLS_E_MEMORY_ERROR)
		return error_memory(error);
	if (result < 0)
		return error_set(error, CERTBIND_E_TLS, NULL, 0,
			"a self-signed certificate can't be made: %s", gnutls_strerror(result));
	return CERTBIND_OK;
}

/* Reads the certificate; NULL when there is none, or its key is not with it. */
static gnutls_x509_crt_t parse_whole(const struct selfsigned *selfsigned)
{
	gnutls_datum_t pem = { selfsigned->pem, (unsigned int)selfsigned->size };
	gnutls_x509_crt_t certificate = NULL;
	gnutls_x509_privkey_t key = NULL;
	unsigned char ids[2][KEY_ID_SIZE];
	size_t sizes[2] = { KEY_ID_SIZE, KEY_ID_SIZE };
	bool is_whole;

	is_whole = gnutls_x509_crt_init(&certificate) >= 0 && gnutls_x509_privkey_init(&key) >= 0 &&
		   gnutls_x509_crt_import(certificate, &pem, GNUTLS_X509_FMT_PEM) >= 0 &&
		   gnutls_x509_privkey_import(key, &pem, GNUTLS_X509_FMT_PEM) >= 0 &&
		   gnutls_x509_crt_get_key_id(
			   certificate, GNUTLS_KEYID_USE_SHA256, ids[0], &sizes[0]) >= 0 &&
		   gnutls_x509_privkey_get_key_id(
			   key, GNUTLS_KEYID_USE_SHA256, ids[1], &sizes[1]) >= 0 &&
		   sizes[0] == sizes[1] && memcmp(ids[0], ids[1], sizes[0]) == 0;
	if (key != NULL)
		gnutls_x509_privkey_deinit(key);
	if (!is_whole && certificate != NULL) {
		gnutls_x509_crt_deinit(certificate);
		certificate = NULL;
	}
	return certificate;
}

bool selfsigned_is_whole(const struct selfsigned *selfsigned)
{
	gnutls_x509_crt_t certificate = parse_whole(selfsigned);

	if (certificate == NULL)
		return false;
	gnutls_x509_crt_deinit(certificate);
	return true;
}

static bool list_has(gnutls_subject_alt_names_t list, const char *name)
{
	gnutls_datum_t san;
	unsigned int type;

	for (unsigned int i = 0; gnutls_subject_alt_names_get(list, i, &type, &san, NULL) >= 0; i++)
		if (type == GNUTLS_SAN_DNSNAME && strlen(name) == san.size &&
			memcmp(name, san.data, san.size) == 0)
			return true;
	return false;
}

/* Does the certificate have all of the names? */
static bool has_names(gnutls_x509_crt_t certificate, const char *const *names, size_t names_length)
{
	gnutls_subject_alt_names_t list;
	gnutls_datum_t extension = { NULL, 0 };
	bool has_all;

	if (gnutls_subject_alt_names_init(&list) < 0)
		return false;
	has_all = gnutls_x509_crt_get_extension_by_oid2(
			  certificate, GNUTLS_X509EXT_OID_SAN, 0, &extension, NULL) >= 0 &&
		  gnutls_x509_ext_import_subject_alt_names(&extension, list, 0) >= 0;
	for (size_t i = 0; i < names_length && has_all; i++)
		has_all = list_has(list, names[i]);
	gnutls_free(extension.data);
	gnutls_subject_alt_names_deinit(list);
	return has_all;
}

bool selfsigned_is_usable(const struct selfsigned *selfsigned, const char *const *names,
	size_t names_length, int64_t now)
{
	gnutls_x509_crt_t certificate = parse_whole(selfsigned);
	bool is_usable;

	if (certificate == NULL)
		return false;
	is_usable = (int64_t)gnutls_x509_crt_get_activation_time(certificate) <= now &&
		    (int64_t)gnutls_x509_crt_get_expiration_time(certificate) - now >=
			    (int64_t)SELFSIGNED_RENEW_DAYS * DAY &&
		    has_names(certificate, names, names_length);
	gnutls_x509_crt_deinit(certificate);
	return is_usable;
}
