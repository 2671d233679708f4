/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "certificate_listing.h"
#include "certificate_read.h"
#include "pem.h"
#include "secret.h"
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

const char *key_password_peek(const struct reading *reading)
{
	return reading->password != NULL ? (const char *)reading->password->data : NULL;
}

/* The line break that editors put at the end is no part of a password. */
static size_t password_length(const struct file_bytes *bytes)
{
	size_t length = bytes->size;

	if (length > 0 && bytes->data[length - 1] == '\n')
		length--;
	if (length > 0 && bytes->data[length - 1] == '\r')
		length--;
	return length;
}

static int read_password_file(struct reading *reading, const char *path)
{
	struct certbind_error error;
	struct file_bytes bytes;
	int status = sources_read_secret(&reading->certificate->sources,
		der_pool_secrets(reading->options->pool), path, CERTIFICATE_PASSWORD_MAX, &bytes,
		&error);

	if (status != CERTBIND_OK)
		return fault_add_error(reading, FINDING_UNREADABLE, path, status, &error);
	status = fault_check_mode(reading, path, bytes.mode);
	if (status == CERTBIND_OK && strlen((char *)bytes.data) != bytes.size)
		status = fault_add(
			reading, FINDING_MALFORMED, path, "holds a NUL byte; expected a password");
	if (status == CERTBIND_OK) {
		bytes.data[password_length(&bytes)] = '\0';
		reading->password = der_new(
			reading->options->pool, bytes.data, strlen((char *)bytes.data) + 1, true);
		if (reading->password == NULL)
			status = CERTBIND_E_MEMORY;
	}
	file_bytes_wipe(&bytes);
	return status;
}

int key_read_password(struct reading *reading)
{
	const struct config_pair *entry = reading->entry;

	if (entry->key_password != NULL)
		reading->password = der_ref(entry->key_password);
	else if (entry->key_password_file != NULL)
		return read_password_file(reading, entry->key_password_file);
	return CERTBIND_OK;
}

/* Keeps the bytes of a key whose id is known. */
static int key_keep(struct reading *reading, struct key *key, const gnutls_datum_t *plain)
{
	key->der = der_new(reading->options->pool, plain->data, plain->size, true);
	if (key->der == NULL)
		return GNUTLS_E_MEMORY_ERROR;
	key->has_id = true;
	return 0;
}

int key_take(struct reading *reading, struct key *key, gnutls_x509_privkey_t private_key,
	const gnutls_datum_t *plain)
{
	gnutls_datum_t exported = { NULL, 0 };
	int status = public_id_of_x509_key(private_key, key->id);

	if (status < 0)
		return status;
	if (plain == NULL) {
		status = gnutls_x509_privkey_export2_pkcs8(
			private_key, GNUTLS_X509_FMT_DER, NULL, GNUTLS_PKCS_PLAIN, &exported);
		if (status < 0)
			return status;
		plain = &exported;
	}
	status = key_keep(reading, key, plain);
	pem_wipe(&exported);
	return status;
}

int key_fault_decrypt(struct reading *reading, const char *file, int gnutls_status)
{
	switch (gnutls_status) {
	case GNUTLS_E_MEMORY_ERROR:
		return CERTBIND_E_MEMORY;
	case GNUTLS_E_UNKNOWN_CIPHER_TYPE:
	case GNUTLS_E_UNKNOWN_HASH_ALGORITHM:
	case GNUTLS_E_UNKNOWN_ALGORITHM:
	case GNUTLS_E_UNIMPLEMENTED_FEATURE:
		return fault_add(reading, FINDING_MALFORMED, file,
			"is encrypted in a way that GnuTLS does not support (%s); encrypt it "
			"again, for instance with openssl pkcs8 -topk8 -v2 aes-256-cbc",
			gnutls_strerror(gnutls_status));
	default:
		return fault_add(reading, FINDING_MALFORMED, file,
			"can't be decrypted: the password in key_password or key_password_file "
			"is wrong, or the file is damaged (%s)",
			gnutls_strerror(gnutls_status));
	}
}

unsigned int key_iterations(const gnutls_datum_t *data)
{
	unsigned int iterations = 0;

	return gnutls_pkcs8_info(
		       data, GNUTLS_X509_FMT_DER, NULL, NULL, NULL, NULL, &iterations, NULL) >= 0
		       ? iterations
		       : 0;
}

int key_fault_costly(struct reading *reading, const char *file)
{
	return fault_add(reading, FINDING_MALFORMED, file,
		"is encrypted with more than %d iterations, which takes too long; encrypt it again "
		"with fewer",
		CERTIFICATE_ITERATIONS_MAX);
}

static int fault_no_password(struct reading *reading, const char *file)
{
	return fault_add(reading, FINDING_MALFORMED, file,
		"is encrypted and no password is configured; give key_password or "
		"key_password_file, or store the key without encryption");
}

static int fault_parse(struct reading *reading, const char *file, int gnutls_status)
{
	if (gnutls_status == GNUTLS_E_MEMORY_ERROR)
		return CERTBIND_E_MEMORY;
	return fault_add(reading, FINDING_MALFORMED, file,
		"holds a private key that can't be read (%s); put the complete key there, as "
		"PKCS#8, PKCS#1 or SEC1",
		gnutls_strerror(gnutls_status));
}

/* PKCS#8, encrypted. `data` is its DER. */
static int key_from_encrypted(struct reading *reading, const char *file, const gnutls_datum_t *data,
	gnutls_x509_privkey_t private_key, struct key *key)
{
	const char *password = key_password_peek(reading);
	int status;

	if (password == NULL)
		return fault_no_password(reading, file);
	/* Whoever made the file chose the number: it must not hold up the loading of all the others. */
	if (key_iterations(data) > CERTIFICATE_ITERATIONS_MAX)
		return key_fault_costly(reading, file);
	status = gnutls_x509_privkey_import_pkcs8(
		private_key, data, GNUTLS_X509_FMT_DER, password, 0);
	if (status >= 0)
		status = key_take(reading, key, private_key, NULL);
	return status < 0 ? key_fault_decrypt(reading, file, status) : CERTBIND_OK;
}

static int key_from_old_encryption(struct reading *reading, const char *file,
	const struct pem_block *block, gnutls_x509_privkey_t private_key, struct key *key)
{
	gnutls_datum_t text = { (unsigned char *)(uintptr_t)block->start,
		(unsigned int)block->size };
	const char *password = key_password_peek(reading);
	int status;

	if (password == NULL)
		return fault_no_password(reading, file);
	status = gnutls_x509_privkey_import_openssl(private_key, &text, password);
	if (status >= 0)
		status = key_take(reading, key, private_key, NULL);
	return status < 0 ? key_fault_decrypt(reading, file, status) : CERTBIND_OK;
}

static int key_from_plain(struct reading *reading, const char *file, const gnutls_datum_t *data,
	bool is_pkcs8, gnutls_x509_privkey_t private_key, struct key *key)
{
	int status;

	if (is_pkcs8 && reading->options->definitions != NULL &&
		key_plain_id(reading->options->definitions, data, key->id)) {
		key->is_plain = true;
		return key_keep(reading, key, data) < 0 ? CERTBIND_E_MEMORY : CERTBIND_OK;
	}
	status = is_pkcs8 ? gnutls_x509_privkey_import_pkcs8(
				    private_key, data, GNUTLS_X509_FMT_DER, NULL, GNUTLS_PKCS_PLAIN)
			  : gnutls_x509_privkey_import(private_key, data, GNUTLS_X509_FMT_DER);

	if (status >= 0)
		status = key_take(reading, key, private_key, data);
	return status < 0 ? fault_parse(reading, file, status) : CERTBIND_OK;
}

static int key_from_block(struct reading *reading, const char *file, const struct pem_block *block,
	gnutls_x509_privkey_t private_key, struct key *key)
{
	struct secret_arena *secrets = der_pool_secrets(reading->options->pool);
	gnutls_datum_t data;
	int status;

	if (pem_is_encrypted(block))
		return key_from_old_encryption(reading, file, block, private_key, key);
	status = pem_decode_secret(secrets, block, &data);
	if (status < 0)
		return fault_parse(reading, file, status);
	if (pem_has_label(block, "ENCRYPTED PRIVATE KEY"))
		status = key_from_encrypted(reading, file, &data, private_key, key);
	else
		status = key_from_plain(reading, file, &data, pem_has_label(block, "PRIVATE KEY"),
			private_key, key);
	pem_secret_free(secrets, block, &data);
	return status;
}

static bool is_key(const struct pem_block *block)
{
	static const char *const labels[] = { "PRIVATE KEY", "ENCRYPTED PRIVATE KEY",
		"RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY" };
	size_t i;

	for (i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (pem_has_label(block, labels[i]))
			return true;
	return false;
}

/* The first key counts; certificates, parameters and what else is there are passed over. */
static int key_from_text(struct reading *reading, const char *file, const char *text,
	gnutls_x509_privkey_t private_key, struct key *key)
{
	struct pem_block block;
	enum pem_result result;
	bool has_certificate = false;

	while ((result = pem_next(&text, &block)) == PEM_BLOCK) {
		if (is_key(&block))
			return key_from_block(reading, file, &block, private_key, key);
		if (pem_has_label(&block, "OPENSSH PRIVATE KEY"))
			return fault_add(reading, FINDING_MALFORMED, file,
				"holds a key in OpenSSH's own format; convert it to PKCS#8");
		has_certificate = has_certificate || pem_has_label(&block, "CERTIFICATE");
	}
	if (result == PEM_UNTERMINATED)
		return fault_add(reading, FINDING_MALFORMED, file,
			"holds a PEM block that does not end; put the complete file there");
	return fault_add(reading, FINDING_MALFORMED, file, "holds no private key%s",
		has_certificate ? ", only certificates; name the file of the key in `key`"
				: "; expected a PEM block such as PRIVATE KEY");
}

/* DER says nothing of what it holds: the cheap possibilities first. */
static int key_from_binary(struct reading *reading, const char *file, const gnutls_datum_t *data,
	gnutls_x509_privkey_t private_key, struct key *key)
{
	bool is_pkcs12;
	int status = gnutls_x509_privkey_import(private_key, data, GNUTLS_X509_FMT_DER);

	if (status >= 0)
		status = key_take(reading, key, private_key, data);
	if (status >= 0)
		return CERTBIND_OK;
	status = key_from_pkcs12(reading, file, data, &is_pkcs12, key);
	if (is_pkcs12 || status != CERTBIND_OK)
		return status;
	status = gnutls_pkcs8_info(data, GNUTLS_X509_FMT_DER, NULL, NULL, NULL, NULL, NULL, NULL);
	if (status >= 0 || status == GNUTLS_E_UNKNOWN_CIPHER_TYPE)
		return key_from_encrypted(reading, file, data, private_key, key);
	return fault_add(reading, FINDING_MALFORMED, file,
		"holds no private key that can be read; expected PEM, DER or PKCS#12");
}

int key_from_bytes(
	struct reading *reading, const char *file, const struct file_bytes *bytes, struct key *key)
{
	gnutls_datum_t data = { bytes->data, (unsigned int)bytes->size };
	gnutls_x509_privkey_t private_key;
	int algorithm;
	int status;

	if (gnutls_x509_privkey_init(&private_key) < 0)
		return CERTBIND_E_MEMORY;
	if (!pem_is_text((char *)bytes->data))
		status = key_from_binary(reading, file, &data, private_key, key);
	else if (strlen((char *)bytes->data) != bytes->size)
		status = fault_add(reading, FINDING_MALFORMED, file,
			"holds NUL bytes behind its text; put the complete file there");
	else
		status = key_from_text(reading, file, (const char *)bytes->data, private_key, key);
	algorithm = gnutls_x509_privkey_get_pk_algorithm(private_key);
	gnutls_x509_privkey_deinit(private_key);
	if (!key->is_plain)
		secret_wipe_stack(algorithm);
	return status;
}

int key_read(struct reading *reading, struct key *key)
{
	const char *name = reading->entry->key;
	const struct file_wish wish = {
		.path = name,
		.size_max = CERTIFICATE_FILE_MAX,
		.is_listed = reading->entry->is_listed,
		.is_secret = true,
		.secrets = der_pool_secrets(reading->options->pool),
	};
	struct certbind_error error;
	int status;

	if (key_is_token(name))
		return key_from_token(reading, name, key);
	status = sources_read_wish(
		&reading->certificate->sources, &wish, &reading->key_file, &error);
	if (status != CERTBIND_OK)
		return fault_add_error(reading, FINDING_UNREADABLE, name, status, &error);
	reading->has_key_file = true;
	if (reading->entry->may_be_foreign && !certificate_dir_has_both(&reading->key_file)) {
		reading->certificate->is_foreign = true;
		return CERTBIND_E_CERTIFICATE;
	}
	status = fault_check_mode(reading, name, reading->key_file.mode);
	return status != CERTBIND_OK ? status
				     : key_from_bytes(reading, name, &reading->key_file, key);
}

void key_clear(struct key *key)
{
	der_unref(key->der);
	gnutls_privkey_deinit(key->token);
	der_unref(key->token_pin);
	certificate_chain_free(key->chain, key->chain_length);
	gnutls_memset(key, 0, sizeof(*key));
}
