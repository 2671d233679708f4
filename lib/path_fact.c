/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path_fact.h"
#include "array.h"
#include "certificate_facts.h"
#include "path_dn.h"
#include "path_extension.h"
#include "public_key.h"
#include "text.h"
#include <certbind/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_DER_MAX = 16 * 1024 };

static atomic_uint_least64_t numbers;

void names_clear(struct fact_names *names)
{
	for (size_t i = 0; i < names->length; i++)
		free(names->items[i].data);
	free(names->items);
	memset(names, 0, sizeof(*names));
}

bool names_add(struct fact_names *names, enum fact_name_type type, const void *data, size_t size)
{
	unsigned char *copy;

	if (!array_grow(&names->items, names->length, sizeof(names->items[0])))
		return false;
	copy = malloc(size + 1);
	if (copy == NULL)
		return false;
	memcpy(copy, data, size);
	copy[size] = '\0';
	names->items[names->length].type = type;
	names->items[names->length].data = copy;
	names->items[names->length++].size = size;
	return true;
}

static void fact_free(struct fact *fact)
{
	der_unref(fact->der);
	gnutls_x509_crt_deinit(fact->import->certificate);
	gnutls_pubkey_deinit(fact->import->key);
	gnutls_free(fact->signature.data);
	free(fact->subject);
	free(fact->issuer);
	gnutls_free(fact->subject_key_id.data);
	gnutls_free(fact->authority_key_id.data);
	names_clear(&fact->names);
	names_clear(&fact->common_names);
	names_clear(&fact->permitted);
	names_clear(&fact->excluded);
	names_clear(&fact->policies);
	names_clear(&fact->mapped_from);
	names_clear(&fact->mapped_to);
	free(fact);
}

struct fact *fact_ref(struct fact *fact)
{
	atomic_fetch_add(&fact->references, 1);
	return fact;
}

void fact_unref(struct fact *fact)
{
	if (fact != NULL && atomic_fetch_sub(&fact->references, 1) == 1)
		fact_free(fact);
}

/* The bytes that the issuer signed, by libtasn1: GnuTLS does not hand them out. */
static void read_signed_part(struct fact *fact, asn1_node definitions)
{
	asn1_node parts = NULL;
	int size = (int)fact->der->size;
	int begin = 0;
	int end = 0;
	size_t signature_size = 0;

	if (asn1_create_element(definitions, "CertbindPKIX.Certificate", &parts) != ASN1_SUCCESS)
		return;
	if (asn1_der_decoding2(&parts, fact->der->data, &size, 0, NULL) == ASN1_SUCCESS &&
		asn1_der_decoding_startEnd(parts, fact->der->data, (int)fact->der->size,
			"tbsCertificate", &begin, &end) == ASN1_SUCCESS) {
		fact->signed_part.data = fact->der->data + begin;
		fact->signed_part.size = (unsigned int)(end - begin + 1);
	}
	(void)asn1_delete_structure(&parts);
	(void)gnutls_x509_crt_get_signature(fact->import->certificate, NULL, &signature_size);
	if (signature_size == 0)
		return;
	fact->signature.data = gnutls_malloc(signature_size);
	if (fact->signature.data == NULL)
		return;
	fact->signature.size = (unsigned int)signature_size;
	if (gnutls_x509_crt_get_signature(
		    fact->import->certificate, (char *)fact->signature.data, &signature_size) != 0)
		fact->signature.size = 0;
}

/* Returns whether signatures can be verified with it. */
static bool import_key(struct fact_import *import)
{
	if (gnutls_pubkey_init(&import->key) != 0)
		return false;
	if (gnutls_pubkey_import_x509(import->key, import->certificate, 0) == 0)
		return public_key_is_affordable(import->key);
	gnutls_pubkey_deinit(import->key);
	import->key = NULL;
	return false;
}

static void read_key(struct fact *fact)
{
	struct fact_import *import = fact->import;
	int algorithm;

	fact->signature_algorithm =
		(gnutls_sign_algorithm_t)gnutls_x509_crt_get_signature_algorithm(
			import->certificate);
	fact->has_key = import_key(import);
	if (import->key == NULL)
		return;
	algorithm = gnutls_pubkey_get_pk_algorithm(import->key, &fact->key_bits);
	if (algorithm >= 0)
		fact->key_algorithm = (gnutls_pk_algorithm_t)algorithm;
	if (!fact->has_key) {
		gnutls_pubkey_deinit(import->key);
		import->key = NULL;
	}
}

void label_copy(char label[FACT_LABEL_SIZE], const gnutls_datum_t *text)
{
	size_t length = text->size < FACT_LABEL_SIZE ? text->size : FACT_LABEL_SIZE - 1;

	while (length < text->size && length > 0 && (text->data[length] & 0xc0) == 0x80)
		length--;
	memcpy(label, text->data, length);
	label[length] = '\0';
	text_make_plain(label);
}

/* libtasn1 takes time that grows with the square of a name's length; a long one counts as empty. */
static char *subject_or_issuer_fold(struct fact *fact, bool is_subject)
{
	gnutls_datum_t der = { NULL, 0 };
	gnutls_x509_dn_t dn;
	char *folded = NULL;
	gnutls_x509_crt_t certificate = fact->import->certificate;
	int status = is_subject ? gnutls_x509_crt_get_raw_dn(certificate, &der)
				: gnutls_x509_crt_get_raw_issuer_dn(certificate, &der);

	gnutls_free(der.data);
	if (status != 0 || der.size > NAME_DER_MAX) {
		(void)snprintf(fact->malformed, sizeof(fact->malformed),
			"its subject or its issuer is too long");
		return calloc(1, 1);
	}
	status = is_subject ? gnutls_x509_crt_get_subject(certificate, &dn)
			    : gnutls_x509_crt_get_issuer(certificate, &dn);
	if (status == 0)
		folded = dn_fold_dup(dn);
	return folded;
}

static void import_label(struct fact_import *import)
{
	gnutls_datum_t text = { NULL, 0 };

	if (gnutls_x509_crt_get_dn3(import->certificate, &text, 0) == 0)
		label_copy(import->label, &text);
	gnutls_free(text.data);
}

static int read_common_names(struct fact *fact)
{
	char value[FACT_COMMON_NAME_SIZE];

	for (unsigned int i = 0; i < FACT_COMMON_NAMES_MAX; i++) {
		size_t size = sizeof(value);
		int status = gnutls_x509_crt_get_dn_by_oid(
			fact->import->certificate, GNUTLS_OID_X520_COMMON_NAME, i, 0, value, &size);

		fact->has_strange_common_name =
			status != 0 && status != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE;
		if (status != 0)
			break;
		if (!names_add(&fact->common_names, FACT_NAME_DNS, value, strlen(value)))
			return CERTBIND_E_MEMORY;
	}
	return CERTBIND_OK;
}

static int read_names(struct fact *fact)
{
	fact->subject = subject_or_issuer_fold(fact, true);
	fact->issuer = subject_or_issuer_fold(fact, false);
	if (fact->subject == NULL || fact->issuer == NULL)
		return CERTBIND_E_MEMORY;
	if (fact->malformed[0] == '\0')
		import_label(fact->import);
	return read_common_names(fact);
}

enum fact_serial fact_serial_of(const unsigned char *serial, size_t size)
{
	enum { SIZE_MAX_OF_RFC = 20 };
	size_t zeros = 0;

	while (zeros < size && serial[zeros] == 0)
		zeros++;
	if (size > SIZE_MAX_OF_RFC)
		return FACT_SERIAL_LONG;
	if (zeros == size)
		return FACT_SERIAL_ZERO;
	return (serial[0] & 0x80) != 0 ? FACT_SERIAL_NEGATIVE : FACT_SERIAL_FINE;
}

static enum fact_serial read_serial(gnutls_x509_crt_t certificate)
{
	unsigned char serial[128];
	size_t size = sizeof(serial);
	int status = gnutls_x509_crt_get_serial(certificate, serial, &size);

	if (status == GNUTLS_E_SHORT_MEMORY_BUFFER)
		return FACT_SERIAL_LONG;
	return status == 0 ? fact_serial_of(serial, size) : FACT_SERIAL_FINE;
}

static int fact_fill(struct fact *fact, asn1_node definitions)
{
	gnutls_x509_crt_t certificate = fact->import->certificate;
	size_t size = sizeof(fact->key_id);
	int status = read_names(fact);

	if (status != CERTBIND_OK)
		return status;
	read_key(fact);
	fact->serial = read_serial(certificate);
	fact->not_before = gnutls_x509_crt_get_activation_time(certificate);
	fact->not_after = gnutls_x509_crt_get_expiration_time(certificate);
	fact->version = gnutls_x509_crt_get_version(certificate);
	status = extensions_read(fact, definitions);
	if (fact->is_ca)
		(void)gnutls_x509_crt_get_key_id(
			certificate, GNUTLS_KEYID_USE_SHA256, fact->key_id, &size);
	return status;
}

static struct fact *fact_alloc(void)
{
	struct fact *made = calloc(1, sizeof(*made) + sizeof(struct fact_import));

	if (made == NULL)
		return NULL;
	atomic_init(&made->references, 1);
	made->number = atomic_fetch_add(&numbers, 1) + 1;
	made->import = (struct fact_import *)(made + 1);
	made->path_length = -1;
	made->require_policy = FACT_SKIP_NEVER;
	made->inhibit_mapping = FACT_SKIP_NEVER;
	made->inhibit_any = FACT_SKIP_NEVER;
	return made;
}

int fact_new_anchor(asn1_node definitions, gnutls_x509_crt_t certificate, struct fact **fact)
{
	struct fact *made = fact_alloc();
	int status;

	*fact = NULL;
	if (made == NULL) {
		gnutls_x509_crt_deinit(certificate);
		return CERTBIND_E_MEMORY;
	}
	made->import->certificate = certificate;
	made->import->is_done = true;
	status = fact_fill(made, definitions);
	if (status == CERTBIND_OK)
		*fact = made;
	else
		fact_free(made);
	return status;
}

static int import_certificate(const struct der *der, gnutls_x509_crt_t *certificate)
{
	gnutls_datum_t datum = der_peek(der);
	int status = gnutls_x509_crt_init(certificate);

	if (status == 0)
		status = gnutls_x509_crt_import(*certificate, &datum, GNUTLS_X509_FMT_DER);
	if (status != 0) {
		gnutls_x509_crt_deinit(*certificate);
		*certificate = NULL;
	}
	return status;
}

int fact_new_imported(asn1_node definitions, struct der *der, struct fact **fact)
{
	gnutls_x509_crt_t certificate;
	int status = import_certificate(der, &certificate);

	*fact = NULL;
	if (status != 0)
		return status == GNUTLS_E_MEMORY_ERROR ? CERTBIND_E_MEMORY : CERTBIND_OK;
	status = fact_new_anchor(definitions, certificate, fact);
	if (status != CERTBIND_OK)
		return status;
	(*fact)->der = der_ref(der);
	read_signed_part(*fact, definitions);
	return CERTBIND_OK;
}

int fact_new(asn1_node definitions, struct der *der, struct fact **fact)
{
	*fact = NULL;
	if (der->size > CERTIFICATE_DER_MAX)
		return CERTBIND_OK;
	*fact = fact_alloc();
	if (*fact == NULL)
		return CERTBIND_E_MEMORY;
	(*fact)->der = der_ref(der);
	if (fact_plain_fill(*fact, definitions))
		return CERTBIND_OK;
	fact_free(*fact);
	return fact_new_imported(definitions, der, fact);
}

/* What the facts of a plain certificate were read without. */
static const struct fact_import *import_peek(const struct fact *fact)
{
	struct fact_import *import = fact->import;

	if (import->is_done)
		return import;
	import->is_done = true;
	if (import_certificate(fact->der, &import->certificate) == 0) {
		(void)import_key(import);
		import_label(import);
	}
	return import;
}

gnutls_x509_crt_t fact_certificate(const struct fact *fact)
{
	return import_peek(fact)->certificate;
}

gnutls_pubkey_t fact_key(const struct fact *fact)
{
	return fact->has_key ? import_peek(fact)->key : NULL;
}

const char *fact_label(const struct fact *fact)
{
	return import_peek(fact)->label;
}

bool fact_has(const struct fact *fact, enum fact_extension extension)
{
	return (fact->extensions & (uint32_t)extension) != 0;
}

bool fact_has_critical(const struct fact *fact, enum fact_extension extension)
{
	return (fact->critical & (uint32_t)extension) != 0;
}

bool fact_is_self_issued(const struct fact *fact)
{
	return strcmp(fact->subject, fact->issuer) == 0;
}

bool fact_equals(const struct fact *fact, const struct fact *anchor)
{
	gnutls_datum_t der = der_peek(fact->der);

	return gnutls_x509_crt_equals2(fact_certificate(anchor), &der) != 0;
}
