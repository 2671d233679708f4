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

/* Some tokens keep no public key beside the private one: then nothing can be compared. */
static int read_id(gnutls_privkey_t token, struct key *key)
{
	size_t id_size = sizeof(key->id);
	gnutls_pubkey_t public_key;
	int status = gnutls_pubkey_init(&public_key);

	if (status < 0)
		return status;
	status = gnutls_pubkey_import_privkey(public_key, token, 0, 0);
	if (status >= 0)
		status = gnutls_pubkey_get_key_id(
			public_key, GNUTLS_KEYID_USE_SHA256, key->id, &id_size);
	gnutls_pubkey_deinit(public_key);
	return status;
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
	status = read_id(key->token, key);
	if (status == GNUTLS_E_MEMORY_ERROR)
		return CERTBIND_E_MEMORY;
	if (status < 0)
		return fault_add(reading, FINDING_UNREADABLE, uri,
			"can't be compared with the certificate: the token has no public key for "
			"it (%s); store the public key in the token too, with the same id",
			gnutls_strerror(status));
	key->has_id = true;
	return CERTBIND_OK;
}
