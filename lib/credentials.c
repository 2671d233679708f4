/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "credentials.h"
#include "error.h"
#include "hot.h"
#include "secret.h"
#include "token.h"
#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

/*
 * GnuTLS makes a trust list of 127 buckets (6 kB) for all credentials; these verify nobody. They
 * can't share one list: credentials free theirs.
 */
enum { EMPTY_TRUST_LIST_BUCKETS = 1 };

HOT struct credentials *credentials_ref(struct credentials *credentials)
{
	atomic_fetch_add_explicit(&credentials->references, 1, memory_order_relaxed);
	return credentials;
}

HOT void credentials_unref(struct credentials *credentials)
{
	size_t i;

	if (credentials == NULL ||
		atomic_fetch_sub_explicit(&credentials->references, 1, memory_order_acq_rel) != 1)
		return;
	if (credentials->handle != NULL)
		gnutls_certificate_free_credentials(credentials->handle);
	for (i = 0; i < credentials->members_length; i++)
		certificate_unref(credentials->members[i]);
	free(credentials->staples);
	clock_source_unref(credentials->clock);
	free(credentials);
}

/* Called by GnuTLS in a handshake whose client asked for a staple. */
static int credentials_staple(gnutls_session_t session, void *data, gnutls_datum_t *response)
{
	const struct credentials_staple *source = data;
	const struct staple *staple = source->staple;
	int64_t now = (int64_t)clock_source_now(source->clock);

	(void)session;
	if (now < staple->from || now >= staple->until)
		return GNUTLS_E_NO_CERTIFICATE_STATUS;
	response->data = gnutls_malloc(staple->der->size);
	if (response->data == NULL)
		return GNUTLS_E_MEMORY_ERROR;
	memcpy(response->data, staple->der->data, staple->der->size);
	response->size = (unsigned int)staple->der->size;
	return 0;
}

/* Nearly all are PKCS#8, which GnuTLS would try last. */
static int import_key(gnutls_x509_privkey_t key, const gnutls_datum_t *der)
{
	int status = gnutls_x509_privkey_import_pkcs8(
		key, der, GNUTLS_X509_FMT_DER, NULL, GNUTLS_PKCS_PLAIN);

	if (status < 0)
		status = gnutls_x509_privkey_import(key, der, GNUTLS_X509_FMT_DER);
	secret_wipe_stack(gnutls_x509_privkey_get_pk_algorithm(key));
	return status;
}

static int pair_import_key(const struct pair *pair, gnutls_privkey_t *key)
{
	gnutls_x509_privkey_t x509_key = NULL;
	gnutls_datum_t der;
	int status;

	if (pair_more(pair)->token_key != NULL)
		return token_key_borrow(pair_more(pair)->token_key, key);
	der = der_peek(pair->key);
	status = gnutls_privkey_init(key);
	if (status >= 0)
		status = gnutls_x509_privkey_init(&x509_key);
	if (status >= 0)
		status = import_key(x509_key, &der);
	if (status >= 0)
		status = gnutls_privkey_import_x509(
			*key, x509_key, GNUTLS_PRIVKEY_IMPORT_AUTO_RELEASE);
	if (status >= 0)
		return 0;
	gnutls_x509_privkey_deinit(x509_key);
	gnutls_privkey_deinit(*key);
	*key = NULL;
	return status;
}

/* What the server sends: the path without the certificates that do not belong to it. */
static unsigned int pair_served_length(const struct pair *pair)
{
	return pair->chain_length - pair->chain_extra;
}

/*
 * A certificate that is only sent. GnuTLS asks for the public key of the first one of a chain
 * alone (gnutls_certificate_set_key(3)); for the others gnutls_pcert_import_x509_raw() would parse
 * what nobody reads, as long as all the rest takes.
 */
static int pcert_from_bytes(gnutls_pcert_st *pcert, const gnutls_datum_t *der)
{
	pcert->cert.data = gnutls_malloc(der->size);
	if (pcert->cert.data == NULL)
		return GNUTLS_E_MEMORY_ERROR;
	memcpy(pcert->cert.data, der->data, der->size);
	pcert->cert.size = der->size;
	pcert->type = GNUTLS_CRT_X509;
	return 0;
}

/*
 * The end-entity: of its own bytes GnuTLS has to parse the public key alone. It could be had from
 * the private one too, but gnutls_pubkey_import_privkey() leaves a copy of that in freed memory.
 */
static int pcert_of_pair(gnutls_pcert_st *pcert, const struct pair *pair)
{
	gnutls_datum_t der = der_peek(pair->chain[0]);
	const struct certificate_facts *facts = pair->facts;
	gnutls_datum_t key;
	int status;

	if (facts->key_size == 0)
		return gnutls_pcert_import_x509_raw(pcert, &der, GNUTLS_X509_FMT_DER, 0);
	key.data = der.data + facts->key_at;
	key.size = facts->key_size;
	status = gnutls_pubkey_init(&pcert->pubkey);
	if (status >= 0)
		status = gnutls_pubkey_import(pcert->pubkey, &key, GNUTLS_X509_FMT_DER);
	if (status >= 0)
		status = gnutls_pubkey_set_key_usage(pcert->pubkey, facts->key_usage);
	if (status >= 0)
		status = pcert_from_bytes(pcert, &der);
	if (status < 0)
		gnutls_pcert_deinit(pcert);
	return status;
}

static int pair_import_chain(const struct pair *pair, gnutls_pcert_st **chain)
{
	unsigned int length = pair_served_length(pair);
	unsigned int i;
	int status = 0;

	*chain = calloc(length, sizeof(**chain));
	if (*chain == NULL)
		return GNUTLS_E_MEMORY_ERROR;
	for (i = 0; i < length && status >= 0; i++) {
		gnutls_datum_t der = der_peek(pair->chain[i]);

		status = i == 0 ? pcert_of_pair(&(*chain)[i], pair)
				: pcert_from_bytes(&(*chain)[i], &der);
	}
	if (status >= 0)
		return 0;
	/* Of the one that failed nothing is left. */
	while (i-- > 1)
		gnutls_pcert_deinit(&(*chain)[i - 1]);
	free(*chain);
	*chain = NULL;
	return status;
}

static int credentials_add_pair(
	struct credentials *credentials, const struct pair *pair, struct credentials_staple *staple)
{
	/* Without names GnuTLS would parse the certificate again to find some; certbind selects. */
	const char *no_names[] = { NULL };
	gnutls_privkey_t key = NULL;
	gnutls_pcert_st *chain = NULL;
	unsigned int i;
	int status;

	status = pair_import_key(pair, &key);
	if (status < 0)
		return status;
	status = pair_import_chain(pair, &chain);
	if (status >= 0)
		status = gnutls_certificate_set_key(credentials->handle, no_names, 0, chain,
			(int)pair_served_length(pair), key);
	if (status < 0) { /* on failure both are still ours */
		for (i = 0; chain != NULL && i < pair_served_length(pair); i++)
			gnutls_pcert_deinit(&chain[i]);
		gnutls_privkey_deinit(key);
	} else if (pair_more(pair)->staple != NULL) {
		staple->staple = pair_more(pair)->staple;
		staple->clock = credentials->clock;
		status = gnutls_certificate_set_ocsp_status_request_function2(
			credentials->handle, (unsigned int)status, credentials_staple, staple);
	}
	free(chain);
	return status;
}

static int credentials_prepare(gnutls_certificate_credentials_t *handle)
{
	gnutls_x509_trust_list_t empty;
	int status;

	status = gnutls_certificate_allocate_credentials(handle);
	if (status < 0)
		return status;
	/* Key and certificate were compared by key id when they were read; GnuTLS' own way signs. */
	gnutls_certificate_set_flags(
		*handle, GNUTLS_CERTIFICATE_API_V2 | GNUTLS_CERTIFICATE_SKIP_KEY_CERT_MATCH);
	status = gnutls_x509_trust_list_init(&empty, EMPTY_TRUST_LIST_BUCKETS);
	if (status >= 0)
		gnutls_certificate_set_trust_list(*handle, empty, 0);
	return status;
}

static int credentials_fill(struct credentials *credentials)
{
	struct credentials_staple *staple = credentials->staples;
	int status = credentials_prepare(&credentials->handle);
	size_t i, j;

	for (i = 0; i < credentials->members_length && status >= 0; i++) {
		const struct certificate *member = credentials->members[i];

		for (j = 0; j < member->pairs_length && status >= 0; j++)
			status = credentials_add_pair(credentials, &member->pairs[j], staple++);
	}
	return status;
}

int credentials_make(struct certificate *const *members, size_t members_length,
	struct clock_source *clock, struct credentials **credentials, struct certbind_error *error)
{
	struct credentials *made =
		calloc(1, sizeof(*made) + members_length * sizeof(struct certificate *));
	size_t pairs_length = 0;
	size_t i;
	int status;

	*credentials = NULL;
	if (made == NULL)
		return error_memory(error);
	atomic_init(&made->references, 1);
	made->clock = clock_source_ref(clock);
	for (i = 0; i < members_length; i++)
		pairs_length += members[i]->pairs_length;
	made->staples = calloc(pairs_length + 1, sizeof(*made->staples));
	if (made->staples == NULL) {
		credentials_unref(made);
		return error_memory(error);
	}
	for (i = 0; i < members_length; i++)
		made->members[made->members_length++] = certificate_ref(members[i]);
	status = credentials_fill(made);
	if (status < 0) {
		credentials_unref(made);
		return error_set(error, CERTBIND_E_TLS, NULL, 0,
			"certificate \"%s\": GnuTLS can't use it: %s", members[0]->name,
			gnutls_strerror(status));
	}
	*credentials = made;
	return CERTBIND_OK;
}
