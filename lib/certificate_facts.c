/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "certificate_facts.h"
#include "name.h"
#include <certbind/error.h>
#include <gnutls/x509-ext.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

/* What GnuTLS hands out piece by piece before it is put into one block. */
struct pieces {
	struct certificate_facts facts;
	gnutls_datum_t subject, issuer; /* GnuTLS allocated them */
	char *names;
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

	pieces->names = malloc(size);
	if (pieces->names == NULL)
		return GNUTLS_E_MEMORY_ERROR;
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

static int read_pieces(gnutls_x509_crt_t crt, size_t size, struct pieces *pieces)
{
	struct certificate_facts *facts = &pieces->facts;
	int status;

	facts->not_before = gnutls_x509_crt_get_activation_time(crt);
	facts->not_after = gnutls_x509_crt_get_expiration_time(crt);
	if (facts->not_before == -1 || facts->not_after == -1)
		return GNUTLS_E_ASN1_DER_ERROR;
	facts->key_algorithm = (gnutls_pk_algorithm_t)gnutls_x509_crt_get_pk_algorithm(crt, NULL);
	status = public_id_of_certificate(crt, facts->key_id);
	if (status >= 0)
		status = gnutls_x509_crt_get_raw_dn(crt, &pieces->subject);
	if (status >= 0)
		status = gnutls_x509_crt_get_raw_issuer_dn(crt, &pieces->issuer);
	if (status >= 0)
		status = read_must_staple(crt, &facts->must_staple);
	if (status >= 0)
		status = read_names(crt, size, pieces);
	return status;
}

/* Where the certificate itself has these bytes, which are a copy of some of its own. */
static gnutls_datum_t locate(const struct der *der, const gnutls_datum_t *piece)
{
	gnutls_datum_t place = der_peek(der);

	while (place.size > piece->size && memcmp(place.data, piece->data, piece->size) != 0) {
		place.data++;
		place.size--;
	}
	place.size = piece->size;
	return place;
}

static struct certificate_facts *join(const struct der *der, const struct pieces *pieces)
{
	struct certificate_facts *facts = malloc(sizeof(*facts) + pieces->names_size);

	if (facts == NULL)
		return NULL;
	*facts = pieces->facts;
	facts->subject = locate(der, &pieces->subject);
	facts->issuer = locate(der, &pieces->issuer);
	facts->names = (char *)(facts + 1);
	memcpy(facts->names, pieces->names, pieces->names_size);
	return facts;
}

static int read_facts(const struct der *der, struct certificate_facts **facts, int *gnutls_status)
{
	gnutls_datum_t data = der_peek(der);
	struct pieces pieces = { 0 };
	gnutls_x509_crt_t crt = NULL;
	int status = GNUTLS_E_CERTIFICATE_ERROR;

	if (der->size <= CERTIFICATE_DER_MAX)
		status = gnutls_x509_crt_init(&crt);
	if (status >= 0)
		status = gnutls_x509_crt_import(crt, &data, GNUTLS_X509_FMT_DER);
	if (status >= 0)
		status = read_pieces(crt, der->size, &pieces);
	*facts = status >= 0 ? join(der, &pieces) : NULL;
	if (status >= 0 && *facts == NULL)
		status = GNUTLS_E_MEMORY_ERROR;
	gnutls_free(pieces.subject.data);
	gnutls_free(pieces.issuer.data);
	free(pieces.names);
	gnutls_x509_crt_deinit(crt);
	if (status >= 0)
		return CERTBIND_OK;
	*gnutls_status = status;
	return status == GNUTLS_E_MEMORY_ERROR ? CERTBIND_E_MEMORY : CERTBIND_E_CERTIFICATE;
}

int certificate_facts(struct der *der, const struct certificate_facts **facts, int *gnutls_status)
{
	struct certificate_facts *read = NULL;
	int status;

	*facts = der_note_peek(der);
	if (*facts != NULL)
		return CERTBIND_OK;
	status = read_facts(der, &read, gnutls_status);
	if (status == CERTBIND_OK)
		*facts = der_note_take(der, read);
	return status;
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
