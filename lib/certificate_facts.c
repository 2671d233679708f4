/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "certificate_facts.h"
#include "certificate_plain.h"
#include "name.h"
#include <certbind/error.h>
#include <gnutls/x509-ext.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

bool certificate_parts_equal(const struct der *a, const struct certificate_part *a_part,
	const struct der *b, const struct certificate_part *b_part)
{
	return a_part->size == b_part->size &&
	       memcmp(a->data + a_part->at, b->data + b_part->at, a_part->size) == 0;
}

/* What is found before it is put into one block. */
struct pieces {
	struct certificate_facts facts;
	char *names; /* room for as many bytes as the certificate has */
	size_t names_size;
};

static bool has_feature(gnutls_x509_tlsfeatures_t features, unsigned int feature)
{
	unsigned int found;
	unsigned int i;

	for (i = 0; gnutls_x509_tlsfeatures_get(features, i, &found) >= 0; i++)
		if (found == feature)
			return true;
	return false;
}

static int read_must_staple(gnutls_x509_crt_t crt, bool *must_staple)
{
	enum { STATUS_REQUEST = 5 }; /* RFC 7633, 4.2.1: the TLS extension's number */
	gnutls_x509_tlsfeatures_t features;
	int status = gnutls_x509_tlsfeatures_init(&features);

	*must_staple = false;
	if (status < 0)
		return status;
	/* A malformed one demands nothing here; the check of the path looks at the form. */
	if (gnutls_x509_crt_get_tlsfeatures(crt, features, 0, NULL) >= 0)
		*must_staple = has_feature(features, STATUS_REQUEST);
	gnutls_x509_tlsfeatures_deinit(features);
	return 0;
}

/*
 * Folds every dNSName that can match something. A folded name with its NUL is never longer than
 * the encoding of the name, so `size` (of the certificate) is enough for all of them.
 */
static int read_names(gnutls_x509_crt_t crt, size_t size, struct pieces *pieces)
{
	char name[NAME_SIZE];
	char folded[NAME_SIZE];
	size_t length;
	unsigned int type;
	unsigned int i;
	int status;

	for (i = 0;; i++) {
		length = sizeof(name);
		type = 0;
		status = gnutls_x509_crt_get_subject_alt_name2(crt, i, name, &length, &type, NULL);
		/* What does not fit is no name of a host. */
		if (status == GNUTLS_E_SHORT_MEMORY_BUFFER)
			continue;
		if (status < 0)
			break;
		if (type != GNUTLS_SAN_DNSNAME ||
			name_fold_identifier(name, length, folded) != NAME_OK)
			continue;
		length = strlen(folded) + 1;
		if (length > size - pieces->names_size)
			break;
		memcpy(pieces->names + pieces->names_size, folded, length);
		pieces->names_size += length;
		pieces->facts.names_length++;
	}
	return status == GNUTLS_E_MEMORY_ERROR ? status : 0;
}

/* Where the certificate itself has these bytes, which are a copy of some of its own. */
static struct certificate_part locate(const struct der *der, const gnutls_datum_t *piece)
{
	struct certificate_part part = { 0, piece->size };

	while (part.at + part.size < der->size &&
		memcmp(der->data + part.at, piece->data, piece->size) != 0)
		part.at++;
	return part;
}

static int read_subject_and_issuer(
	gnutls_x509_crt_t crt, const struct der *der, struct certificate_facts *facts)
{
	gnutls_datum_t subject = { NULL, 0 };
	gnutls_datum_t issuer = { NULL, 0 };
	int status = gnutls_x509_crt_get_raw_dn(crt, &subject);

	if (status >= 0)
		status = gnutls_x509_crt_get_raw_issuer_dn(crt, &issuer);
	if (status >= 0) {
		facts->subject = locate(der, &subject);
		facts->issuer = locate(der, &issuer);
	}
	gnutls_free(subject.data);
	gnutls_free(issuer.data);
	return status;
}

static uint16_t read_key_usage(gnutls_x509_crt_t crt)
{
	unsigned int usage = 0;
	unsigned int is_critical;

	return gnutls_x509_crt_get_key_usage(crt, &usage, &is_critical) >= 0 ? (uint16_t)usage : 0;
}

static int read_pieces(gnutls_x509_crt_t crt, const struct der *der, struct pieces *pieces)
{
	struct certificate_facts *facts = &pieces->facts;
	int status;

	facts->not_before = gnutls_x509_crt_get_activation_time(crt);
	facts->not_after = gnutls_x509_crt_get_expiration_time(crt);
	if (facts->not_before == -1 || facts->not_after == -1)
		return GNUTLS_E_ASN1_DER_ERROR;
	facts->key_algorithm = (gnutls_pk_algorithm_t)gnutls_x509_crt_get_pk_algorithm(crt, NULL);
	facts->key_usage = read_key_usage(crt);
	status = public_id_of_certificate(crt, facts->key_id);
	if (status >= 0)
		status = read_subject_and_issuer(crt, der, facts);
	if (status >= 0)
		status = read_must_staple(crt, &facts->must_staple);
	if (status >= 0)
		status = read_names(crt, der->size, pieces);
	return status;
}

static int read_imported(const struct der *der, struct pieces *pieces)
{
	gnutls_datum_t data = der_peek(der);
	gnutls_x509_crt_t crt;
	int status = gnutls_x509_crt_init(&crt);

	if (status < 0)
		return status;
	memset(&pieces->facts, 0, sizeof(pieces->facts));
	pieces->names_size = 0;
	status = gnutls_x509_crt_import(crt, &data, GNUTLS_X509_FMT_DER);
	if (status >= 0)
		status = read_pieces(crt, der, pieces);
	gnutls_x509_crt_deinit(crt);
	return status;
}

static struct certificate_facts *join(const struct pieces *pieces)
{
	struct certificate_facts *facts = malloc(sizeof(*facts) + pieces->names_size);

	if (facts == NULL)
		return NULL;
	*facts = pieces->facts;
	memcpy(facts + 1, pieces->names, pieces->names_size);
	return facts;
}

static int read_facts(const struct der *der, asn1_node definitions,
	struct certificate_facts **facts, int *gnutls_status)
{
	struct pieces pieces = { 0 };
	int status = GNUTLS_E_CERTIFICATE_ERROR;

	*facts = NULL;
	if (der->size <= CERTIFICATE_DER_MAX) {
		pieces.names = malloc(der->size + 1);
		status = pieces.names != NULL ? 0 : GNUTLS_E_MEMORY_ERROR;
	}
	if (status >= 0 &&
		(definitions == NULL || !certificate_plain_read(der, definitions, &pieces.facts,
						pieces.names, &pieces.names_size)))
		status = read_imported(der, &pieces);
	if (status >= 0) {
		*facts = join(&pieces);
		status = *facts != NULL ? 0 : GNUTLS_E_MEMORY_ERROR;
	}
	free(pieces.names);
	if (status >= 0)
		return CERTBIND_OK;
	*gnutls_status = status;
	return status == GNUTLS_E_MEMORY_ERROR ? CERTBIND_E_MEMORY : CERTBIND_E_CERTIFICATE;
}

int certificate_facts_read(struct der *der, asn1_node definitions,
	const struct certificate_facts **facts, int *gnutls_status)
{
	struct certificate_facts *read = NULL;
	int status;

	*facts = der_note_peek(der);
	if (*facts != NULL)
		return CERTBIND_OK;
	status = read_facts(der, definitions, &read, gnutls_status);
	if (status == CERTBIND_OK)
		*facts = der_note_take(der, read);
	return status;
}

int certificate_facts(struct der *der, const struct certificate_facts **facts, int *gnutls_status)
{
	return certificate_facts_read(der, NULL, facts, gnutls_status);
}

void certificate_identifiers(const struct der *der, struct certificate_identifiers *identifiers)
{
	gnutls_datum_t data = der_peek(der);
	gnutls_x509_crt_t crt;

	identifiers->subject_size = sizeof(identifiers->subject);
	identifiers->authority_size = sizeof(identifiers->authority);
	if (gnutls_x509_crt_init(&crt) < 0)
		crt = NULL;
	if (crt == NULL || data.size > CERTIFICATE_DER_MAX ||
		gnutls_x509_crt_import(crt, &data, GNUTLS_X509_FMT_DER) < 0 ||
		gnutls_x509_crt_get_subject_key_id(
			crt, identifiers->subject, &identifiers->subject_size, NULL) < 0)
		identifiers->subject_size = 0;
	if (crt == NULL || gnutls_x509_crt_get_authority_key_id(crt, identifiers->authority,
				   &identifiers->authority_size, NULL) < 0)
		identifiers->authority_size = 0;
	gnutls_x509_crt_deinit(crt);
}
