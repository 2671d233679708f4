/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "certificate_read.h"
#include <gnutls/pkcs11.h>
#include <stdlib.h>
#include <string.h>

static const char scheme[] = "pkcs11:";

bool key_is_token(const char *name)
{
	return strncmp(name, scheme, sizeof(scheme) - 1) == 0;
}

/* The PIN may stand in the query component (RFC 7512, 2.4: pin-value). */
char *key_uri_dup(const char *uri)
{
	return strndup(uri, strcspn(uri, "?"));
}

/* NOLINTBEGIN(readability-function-size): GnuTLS says which parameters there are */
/*
 * Called by GnuTLS when the token wants a login, at open and again when its session was lost.
 * `data` is the struct der of the password. It is offered once: tokens lock themselves.
 */
static int give_pin(void *data, int attempt, const char *token_url, const char *token_label,
	unsigned int flags, char *pin, size_t pin_max)
{
	const struct der *password = data;

	(void)attempt;
	(void)token_url;
	(void)token_label;
	if (password == NULL || password->size > pin_max || (flags & GNUTLS_PIN_WRONG) != 0)
		return GNUTLS_E_PKCS11_PIN_ERROR;
	memcpy(pin, password->data, password->size);
	return 0;
}
/* NOLINTEND(readability-function-size) */

static int fault_token(struct reading *reading, const char *uri, int gnutls_status)
{
	switch (gnutls_status) {
	case GNUTLS_E_MEMORY_ERROR:
		return CERTBIND_E_MEMORY;
	case GNUTLS_E_PARSING_ERROR:
		return fault_add(reading, FINDING_MALFORMED, uri,
			"is no pkcs11: URI (RFC 7512); p11tool --list-all --login shows those of a "
			"token");
	case GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE:
	case GNUTLS_E_PKCS11_REQUESTED_OBJECT_NOT_AVAILBLE:
		return fault_add(reading, FINDING_UNREADABLE, uri,
			"is not there: no token, or no private key in it, matches the URI, or its "
			"PKCS#11 module is not registered with p11-kit");
	case GNUTLS_E_PKCS11_PIN_ERROR:
	case GNUTLS_E_PKCS11_PIN_EXPIRED:
	case GNUTLS_E_PKCS11_PIN_LOCKED:
	case GNUTLS_E_PKCS11_USER_ERROR:
		return fault_add(reading, FINDING_UNREADABLE, uri,
			"can't be used: the token refuses the login (%s); give its PIN with "
			"key_password or key_password_file",
			gnutls_strerror(gnutls_status));
	default:
		return fault_add(reading, FINDING_UNREADABLE, uri,
			"can't be used: the token says %s", gnutls_strerror(gnutls_status));
	}
}

static int import_uri(gnutls_privkey_t token, struct der *pin, const char *uri)
{
	gnutls_privkey_set_pin_function(token, give_pin, pin);
	return gnutls_privkey_import_url(token, uri, 0);
}

int key_from_token(struct reading *reading, const char *uri, struct key *key)
{
	int status;

	if (gnutls_privkey_init(&key->token) < 0)
		return CERTBIND_E_MEMORY;
	if (reading->password != NULL)
		key->token_pin = der_ref(reading->password);
	status = import_uri(key->token, key->token_pin, uri);
	if (status < 0)
		return fault_token(reading, uri, status);
	/* Many tokens keep no public key beside an ECDSA key: then there is no id. */
	status = public_id_of_key(key->token, key->id);
	if (status == GNUTLS_E_MEMORY_ERROR)
		return CERTBIND_E_MEMORY;
	key->has_id = status >= 0;
	return CERTBIND_OK;
}

/* Signs something, and looks whether the certificate's key verifies it. */
static int try_signature(gnutls_privkey_t token, gnutls_pubkey_t public_key)
{
	static unsigned char text[] = "certbind compares a key with a certificate";
	const gnutls_datum_t data = { text, sizeof(text) };
	gnutls_datum_t signature = { NULL, 0 };
	gnutls_digest_algorithm_t hash;
	gnutls_sign_algorithm_t algorithm;
	int status = gnutls_pubkey_get_preferred_hash_algorithm(public_key, &hash, NULL);

	if (status < 0)
		return status;
	algorithm = gnutls_pk_to_sign(
		(gnutls_pk_algorithm_t)gnutls_pubkey_get_pk_algorithm(public_key, NULL), hash);
	status = gnutls_privkey_sign_data2(token, algorithm, 0, &data, &signature);
	if (status >= 0)
		status = gnutls_pubkey_verify_data2(public_key, algorithm, 0, &data, &signature);
	gnutls_free(signature.data);
	return status;
}

bool key_token_fits(
	const struct key *key, const struct der *der, const struct certificate_facts *facts)
{
	gnutls_datum_t data = der_peek(der);
	gnutls_pubkey_t public_key = NULL;
	gnutls_x509_crt_t crt = NULL;
	int status;

	if (gnutls_privkey_get_pk_algorithm(key->token, NULL) != (int)facts->key_algorithm)
		return false;
	status = gnutls_pubkey_init(&public_key);
	if (status >= 0)
		status = gnutls_x509_crt_init(&crt);
	if (status >= 0)
		status = gnutls_x509_crt_import(crt, &data, GNUTLS_X509_FMT_DER);
	if (status >= 0)
		status = gnutls_pubkey_import_x509(public_key, crt, 0);
	if (status >= 0)
		status = try_signature(key->token, public_key);
	gnutls_x509_crt_deinit(crt);
	gnutls_pubkey_deinit(public_key);
	return status >= 0;
}
