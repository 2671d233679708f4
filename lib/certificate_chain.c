/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "array.h"
#include "certificate_read.h"
#include "error.h"
#include "pem.h"
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

/* Takes it, always; NULL: memory. */
static int chain_append(struct chain *chain, struct der *der)
{
	if (der == NULL || !array_grow(&chain->items, chain->length, sizeof(struct der *))) {
		der_unref(der);
		return CERTBIND_E_MEMORY;
	}
	chain->items[chain->length++] = der;
	return CERTBIND_OK;
}

/* An end-entity is nobody else's: only what may be shared goes to the pool. */
int chain_add(struct chain *chain, struct der_pool *pool, const void *data, size_t size)
{
	return chain_append(chain, der_new(chain->length == 0 ? NULL : pool, data, size, false));
}

void certificate_chain_free(struct der **chain, size_t chain_length)
{
	size_t i;

	for (i = 0; i < chain_length; i++)
		der_unref(chain[i]);
	free(chain);
}

void chain_clear(struct chain *chain)
{
	certificate_chain_free(chain->items, chain->length);
	memset(chain, 0, sizeof(*chain));
}

static int refuse(struct certbind_error *error, const char *file, const char *predicate)
{
	return error_set(error, CERTBIND_E_CERTIFICATE, file, 0, "%s", predicate);
}

enum { RECENT_TEXT_MAX = 8 * 1024 };

void certificate_recent_clear(struct certificate_recent *recent)
{
	free(recent->text);
	der_unref(recent->der);
	memset(recent, 0, sizeof(*recent));
}

/* An end-entity comes once, an issuer with each certificate that it signed. */
static struct der *recent_peek(
	const struct certificate_recent *recent, const struct pem_block *block)
{
	return recent != NULL && recent->text != NULL && recent->size == block->size &&
			       memcmp(recent->text, block->start, block->size) == 0
		       ? recent->der
		       : NULL;
}

/* Where memory fails none is known. */
static void recent_keep(
	struct certificate_recent *recent, const struct pem_block *block, struct der *der)
{
	if (recent == NULL || block->size > RECENT_TEXT_MAX)
		return;
	certificate_recent_clear(recent);
	recent->text = malloc(block->size);
	if (recent->text == NULL)
		return;
	memcpy(recent->text, block->start, block->size);
	recent->size = block->size;
	recent->der = der_ref(der);
}

static int add_block(struct chain *chain, const struct certificate_options *options,
	const char *file, const struct pem_block *block, struct certbind_error *error)
{
	struct certificate_recent *recent = chain->length > 0 ? options->recent : NULL;
	struct der *known = recent_peek(recent, block);
	gnutls_datum_t data;
	int status;

	if (known != NULL)
		return chain_append(chain, der_ref(known)) == CERTBIND_OK ? CERTBIND_OK
									  : error_memory(error);
	status = pem_decode(block, &data);
	if (status == GNUTLS_E_MEMORY_ERROR)
		return error_memory(error);
	if (status < 0)
		return error_set(error, CERTBIND_E_CERTIFICATE, file, 0,
			"holds a certificate (number %zu) that is no proper PEM; put the complete "
			"file there",
			chain->length + 1);
	status = chain_add(chain, options->pool, data.data, data.size);
	gnutls_free(data.data);
	if (status != CERTBIND_OK)
		return error_memory(error);
	recent_keep(recent, block, chain->items[chain->length - 1]);
	return CERTBIND_OK;
}

static int chain_from_text(struct chain *chain, const struct certificate_options *options,
	const char *file, const char *text, struct certbind_error *error)
{
	size_t before = chain->length;
	struct pem_block block;
	enum pem_result result;
	bool has_key = false;
	int status;

	while ((result = pem_next(&text, &block)) == PEM_BLOCK) {
		has_key = has_key || pem_has_label(&block, "PRIVATE KEY");
		if (!pem_has_label(&block, "CERTIFICATE") &&
			!pem_has_label(&block, "X509 CERTIFICATE"))
			continue;
		status = add_block(chain, options, file, &block, error);
		if (status != CERTBIND_OK)
			return status;
	}
	if (result == PEM_UNTERMINATED)
		return refuse(error, file,
			"holds a PEM block that does not end; put the complete file there");
	if (chain->length > before)
		return CERTBIND_OK;
	return refuse(error, file,
		has_key ? "holds a private key and no certificate; expected the certificate chain"
			: "holds no certificate; expected PEM blocks CERTIFICATE");
}

static int chain_from_binary(struct chain *chain, struct der_pool *pool, const char *file,
	const struct file_bytes *bytes, struct certbind_error *error)
{
	gnutls_datum_t data = { bytes->data, (unsigned int)bytes->size };
	gnutls_x509_crt_t crt;
	int status;

	if (bytes->size > CERTIFICATE_DER_MAX)
		return refuse(error, file,
			"is larger than one certificate may be (100 KiB); expected PEM, or "
			"one certificate in DER");
	if (gnutls_x509_crt_init(&crt) < 0)
		return error_memory(error);
	status = gnutls_x509_crt_import(crt, &data, GNUTLS_X509_FMT_DER);
	gnutls_x509_crt_deinit(crt);
	if (status == GNUTLS_E_MEMORY_ERROR)
		return error_memory(error);
	if (status < 0)
		return refuse(error, file,
			bytes->size == 0 ? "is empty; expected the certificate chain"
					 : "holds no certificate; expected PEM, or one certificate "
					   "in DER");
	status = chain_add(chain, pool, bytes->data, bytes->size);
	return status == CERTBIND_OK ? status : error_memory(error);
}

int chain_from_bytes(struct chain *chain, const struct certificate_options *options,
	const char *file, const struct file_bytes *bytes, struct certbind_error *error)
{
	const char *text = (const char *)bytes->data;

	if (!pem_is_text(text))
		return chain_from_binary(chain, options->pool, file, bytes, error);
	if (strlen(text) != bytes->size)
		return refuse(error, file,
			"holds NUL bytes behind its text; put the complete file there");
	return chain_from_text(chain, options, file, text, error);
}

int certificate_chain_read(const char *path, struct der_pool *pool, struct der ***chain,
	size_t *chain_length, struct certbind_error *error)
{
	const struct certificate_options options = { .pool = pool };
	struct chain read = { 0 };
	struct file_bytes bytes;
	int status = file_read(path, CERTIFICATE_FILE_MAX, &bytes, error);

	*chain = NULL;
	*chain_length = 0;
	if (status == CERTBIND_OK)
		status = chain_from_bytes(&read, &options, path, &bytes, error);
	file_bytes_wipe(&bytes);
	if (status != CERTBIND_OK) {
		chain_clear(&read);
		return status;
	}
	*chain = read.items;
	*chain_length = read.length;
	return CERTBIND_OK;
}

static int add_bundle(struct chain *chain, struct der_pool *pool, const struct key *key)
{
	size_t i;
	int status = CERTBIND_OK;

	for (i = 0; i < key->chain_length && status == CERTBIND_OK; i++)
		status = chain_add(chain, pool, key->chain[i]->data, key->chain[i]->size);
	return status;
}

static int read_file(
	struct reading *reading, const struct key *key, const char *path, struct chain *chain)
{
	bool is_key_file = reading->has_key_file && strcmp(path, reading->entry->key) == 0;
	struct certbind_error error;
	struct file_bytes bytes = { 0 };
	int status;

	if (is_key_file && key->is_bundle)
		return add_bundle(chain, reading->options->pool, key);
	if (!is_key_file) {
		status = sources_read(
			&reading->certificate->sources, path, CERTIFICATE_FILE_MAX, &bytes, &error);
		if (status != CERTBIND_OK)
			return fault_add_error(reading, FINDING_UNREADABLE, path, status, &error);
	}
	status = chain_from_bytes(
		chain, reading->options, path, is_key_file ? &reading->key_file : &bytes, &error);
	file_bytes_wipe(&bytes);
	return status == CERTBIND_OK
		       ? status
		       : fault_add_error(reading, FINDING_MALFORMED, path, status, &error);
}

/* No chain is configured: the key's file has to hold it. */
static int read_with_key(struct reading *reading, const struct key *key, struct chain *chain)
{
	if (key_is_token(reading->entry->key))
		return fault_add(reading, FINDING_MALFORMED, reading->entry->key,
			"is a key in a token; the certificate chain has to be given with `chain`");
	/* The fault of that file has been told. */
	if (!reading->has_key_file)
		return CERTBIND_E_CERTIFICATE;
	if (!key->is_bundle && !pem_is_text((const char *)reading->key_file.data)) {
		if (!key->has_id)
			return CERTBIND_E_CERTIFICATE;
		return fault_add(reading, FINDING_MALFORMED, reading->entry->key,
			"holds a key and no certificate; give the certificate chain with `chain`");
	}
	return read_file(reading, key, reading->entry->key, chain);
}

int chain_read(struct reading *reading, const struct key *key, struct chain *chain)
{
	const struct config_list *files = &reading->entry->chain;
	int result = CERTBIND_OK;
	size_t i;

	if (files->length == 0)
		result = read_with_key(reading, key, chain);
	for (i = 0; i < files->length; i++) {
		int status = read_file(reading, key, files->items[i], chain);

		if (status == CERTBIND_E_MEMORY)
			return status;
		if (status != CERTBIND_OK)
			result = status;
	}
	if (result == CERTBIND_OK && chain->length > CERTIFICATE_CHAIN_MAX)
		result = fault_add(reading, FINDING_MALFORMED,
			files->length > 0 ? files->items[0] : reading->entry->key,
			"holds a chain of %zu certificates; expected at most %d", chain->length,
			CERTIFICATE_CHAIN_MAX);
	return result;
}
