/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "certificate_read.h"
#include <gnutls/pkcs12.h>
#include <gnutls/x509.h>
#include <string.h>

/* What gnutls_pkcs12_simple_parse() hands out. */
struct contents {
	gnutls_x509_privkey_t private_key;
	gnutls_x509_crt_t *chain;
	unsigned int chain_length;
	gnutls_x509_crt_t *extra;
	unsigned int extra_length;
};

static void free_list(gnutls_x509_crt_t *list, unsigned int length)
{
	unsigned int i;

	for (i = 0; i < length; i++)
		gnutls_x509_crt_deinit(list[i]);
	gnutls_free(list);
}

static void contents_clear(struct contents *contents)
{
	gnutls_x509_privkey_deinit(contents->private_key);
	free_list(contents->chain, contents->chain_length);
	free_list(contents->extra, contents->extra_length);
}

static int add_list(struct chain *chain, gnutls_x509_crt_t *list, unsigned int length)
{
	gnutls_datum_t data;
	unsigned int i;

	for (i = 0; i < length; i++) {
		int status = gnutls_x509_crt_export2(list[i], GNUTLS_X509_FMT_DER, &data);

		if (status < 0)
			return status;
		status = chain_add(chain, NULL, data.data, data.size);
		gnutls_free(data.data);
		if (status != CERTBIND_OK)
			return GNUTLS_E_MEMORY_ERROR;
	}
	return 0;
}

static int take_contents(struct reading *reading, const struct contents *contents, struct key *key)
{
	struct chain chain = { 0 };
	int status = key_take(reading, key, contents->private_key, NULL);

	if (status >= 0)
		status = add_list(&chain, contents->chain, contents->chain_length);
	if (status >= 0)
		status = add_list(&chain, contents->extra, contents->extra_length);
	key->chain = chain.items;
	key->chain_length = chain.length;
	return status;
}

/*
 * A file without a password is made with none by some programs and with an empty one by others,
 * which is not the same (RFC 7292, appendix B.1). GnuTLS checks no MAC when it parses.
 */
static int find_password(
	gnutls_pkcs12_t pkcs12, const struct reading *reading, const char **password)
{
	int status;

	*password = key_password_peek(reading);
	status = gnutls_pkcs12_verify_mac(pkcs12, *password);
	if (status != GNUTLS_E_MAC_VERIFY_FAILED || *password != NULL)
		return status;
	*password = "";
	return gnutls_pkcs12_verify_mac(pkcs12, *password);
}

/* Of an encrypted bag, and of the encrypted keys in an open one. */
static uint64_t bag_iterations(gnutls_pkcs12_bag_t bag)
{
	unsigned int iterations = 0;
	uint64_t sum = 0;
	int count = gnutls_pkcs12_bag_get_count(bag);
	unsigned int i;

	if (gnutls_pkcs12_bag_enc_info(bag, NULL, NULL, NULL, NULL, &iterations, NULL) >= 0)
		sum += iterations;
	for (i = 0; count > 0 && i < (unsigned int)count; i++) {
		gnutls_datum_t data;

		if (gnutls_pkcs12_bag_get_type(bag, i) == GNUTLS_BAG_PKCS8_ENCRYPTED_KEY &&
			gnutls_pkcs12_bag_get_data(bag, i, &data) >= 0)
			sum += key_iterations(&data);
	}
	return sum;
}

/* Each part has a number of its own, and there may be any number of parts: their sum counts. */
static bool is_costly(gnutls_pkcs12_t pkcs12)
{
	unsigned int iterations = 0;
	uint64_t sum = 0;
	/* Not wanted: but GnuTLS 3.7.9 leaks the name of an unknown algorithm that it can't hand out. */
	char *oid = NULL;
	int i;

	if (gnutls_pkcs12_mac_info(pkcs12, NULL, NULL, NULL, &iterations, &oid) >= 0)
		sum += iterations;
	gnutls_free(oid);
	for (i = 0; sum <= CERTIFICATE_ITERATIONS_MAX; i++) {
		gnutls_pkcs12_bag_t bag;

		if (gnutls_pkcs12_bag_init(&bag) < 0)
			return false;
		if (gnutls_pkcs12_get_bag(pkcs12, i, bag) < 0) {
			gnutls_pkcs12_bag_deinit(bag);
			return false;
		}
		sum += bag_iterations(bag);
		gnutls_pkcs12_bag_deinit(bag);
	}
	return true;
}

static bool bag_has_oversized(gnutls_pkcs12_bag_t bag, const char *password)
{
	int count;
	unsigned int i;

	if (gnutls_pkcs12_bag_get_type(bag, 0) == GNUTLS_BAG_ENCRYPTED &&
		gnutls_pkcs12_bag_decrypt(bag, password) < 0)
		return false;
	count = gnutls_pkcs12_bag_get_count(bag);
	for (i = 0; count > 0 && i < (unsigned int)count; i++) {
		gnutls_datum_t data;

		if (gnutls_pkcs12_bag_get_type(bag, i) == GNUTLS_BAG_CERTIFICATE &&
			gnutls_pkcs12_bag_get_data(bag, i, &data) >= 0 &&
			data.size > CERTIFICATE_DER_MAX)
			return true;
	}
	return false;
}

/*
 * Is there a certificate that is not to be imported? gnutls_pkcs12_simple_parse() imports all. A
 * file that is no larger than one may be needs no look, and so is not decrypted twice.
 */
static bool has_oversized(gnutls_pkcs12_t pkcs12, const char *password, size_t file_size)
{
	bool is_found = false;
	bool is_end = file_size <= CERTIFICATE_DER_MAX;
	int i;

	for (i = 0; !is_end && !is_found; i++) {
		gnutls_pkcs12_bag_t bag;

		if (gnutls_pkcs12_bag_init(&bag) < 0)
			return false;
		is_end = gnutls_pkcs12_get_bag(pkcs12, i, bag) < 0;
		is_found = !is_end && bag_has_oversized(bag, password);
		gnutls_pkcs12_bag_deinit(bag);
	}
	return is_found;
}

static int parse(struct reading *reading, const char *file, const gnutls_datum_t *data,
	gnutls_pkcs12_t pkcs12, struct key *key)
{
	struct contents contents = { 0 };
	const char *password;
	int status;

	if (is_costly(pkcs12))
		return key_fault_costly(reading, file);
	status = find_password(pkcs12, reading, &password);
	if (status == GNUTLS_E_MAC_VERIFY_FAILED && key_password_peek(reading) == NULL)
		return fault_add(reading, FINDING_MALFORMED, file,
			"is encrypted and no password is configured; give key_password or "
			"key_password_file");
	/* A file without a MAC can be read all the same: its parts are encrypted, or are not. */
	if (status == GNUTLS_E_MAC_VERIFY_FAILED)
		return key_fault_decrypt(reading, file, status);
	if (has_oversized(pkcs12, password, data->size))
		return fault_add(reading, FINDING_MALFORMED, file,
			"holds a certificate of more than %d bytes, and clients take no more; get "
			"one with fewer names",
			CERTIFICATE_DER_MAX);
	status = gnutls_pkcs12_simple_parse(pkcs12, password, &contents.private_key,
		&contents.chain, &contents.chain_length, &contents.extra, &contents.extra_length,
		NULL, GNUTLS_PKCS12_SP_INCLUDE_SELF_SIGNED);
	if (status < 0 && status != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
		return key_fault_decrypt(reading, file, status);
	if (contents.private_key == NULL)
		status = fault_add(reading, FINDING_MALFORMED, file,
			"holds no private key; export it again with key and chain");
	else if (take_contents(reading, &contents, key) < 0)
		status = CERTBIND_E_MEMORY;
	contents_clear(&contents);
	return status;
}

int key_from_pkcs12(struct reading *reading, const char *file, const gnutls_datum_t *data,
	bool *is_pkcs12, struct key *key)
{
	gnutls_pkcs12_t pkcs12;
	int status;

	*is_pkcs12 = false;
	if (gnutls_pkcs12_init(&pkcs12) < 0)
		return CERTBIND_E_MEMORY;
	*is_pkcs12 = gnutls_pkcs12_import(pkcs12, data, GNUTLS_X509_FMT_DER, 0) >= 0;
	key->is_bundle = *is_pkcs12;
	status = *is_pkcs12 ? parse(reading, file, data, pkcs12, key) : CERTBIND_OK;
	gnutls_pkcs12_deinit(pkcs12);
	return status;
}
