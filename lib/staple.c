/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "staple.h"
#include "certificate.h"
#include "error.h"
#include "file.h"
#include "pem.h"
#include "public_key.h"
#include <gnutls/ocsp.h>
#include <gnutls/x509.h>
#include <string.h>

struct parsed {
	const struct staple_question *question;
	gnutls_ocsp_resp_t response;
	gnutls_x509_crt_t certificate, issuer;
};

static int refuse(struct certbind_error *error, const char *path, const char *predicate)
{
	return error_set(error, CERTBIND_E_CERTIFICATE, path, 0, "%s", predicate);
}

static int refuse_gnutls(
	struct certbind_error *error, const char *path, const char *predicate, int gnutls_status)
{
	if (gnutls_status == GNUTLS_E_MEMORY_ERROR)
		return error_memory(error);
	return error_set(error, CERTBIND_E_CERTIFICATE, path, 0, "%s (%s)", predicate,
		gnutls_strerror(gnutls_status));
}

static bool datum_equal(const gnutls_datum_t *a, const gnutls_datum_t *b)
{
	return a->size == b->size && a->size != 0 && memcmp(a->data, b->data, a->size) == 0;
}

/* Three datums of a CertID (RFC 6960, 4.1.1), which GnuTLS allocates. */
struct cert_id {
	gnutls_digest_algorithm_t digest;
	gnutls_datum_t name, key, serial;
};

static void cert_id_clear(struct cert_id *id)
{
	gnutls_free(id->name.data);
	gnutls_free(id->key.data);
	gnutls_free(id->serial.data);
	memset(id, 0, sizeof(*id));
}

/*
 * The CertID that a request for the certificate would hold. gnutls_ocsp_resp_check_crt() alone
 * does not compare the issuer's key.
 */
static int cert_id_make(const struct parsed *parsed, struct cert_id *id)
{
	gnutls_ocsp_req_t request;
	int status = gnutls_ocsp_req_init(&request);

	if (status < 0)
		return status;
	status = gnutls_ocsp_req_add_cert(request, id->digest, parsed->issuer, parsed->certificate);
	if (status >= 0)
		status = gnutls_ocsp_req_get_cert_id(
			request, 0, NULL, &id->name, &id->key, &id->serial);
	gnutls_ocsp_req_deinit(request);
	return status;
}

static int cert_id_matches(const struct parsed *parsed, const struct cert_id *found, bool *matches)
{
	struct cert_id wanted = { .digest = found->digest };
	int status = cert_id_make(parsed, &wanted);

	*matches = status >= 0 && datum_equal(&found->name, &wanted.name) &&
		   datum_equal(&found->key, &wanted.key) &&
		   datum_equal(&found->serial, &wanted.serial);
	cert_id_clear(&wanted);
	return status == GNUTLS_E_MEMORY_ERROR ? status : 0;
}

/* One of the response's answers. */
struct answer {
	unsigned int status; /* gnutls_ocsp_cert_status_t */
	time_t this_update, next_update; /* -1: not given */
};

/* GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE: none is about the certificate. */
static int find_answer(const struct parsed *parsed, struct answer *answer)
{
	unsigned int i;

	for (i = 0;; i++) {
		struct cert_id id = { 0 };
		bool matches = false;
		int status = gnutls_ocsp_resp_get_single(parsed->response, i, &id.digest, &id.name,
			&id.key, &id.serial, &answer->status, &answer->this_update,
			&answer->next_update, NULL, NULL);

		if (status >= 0)
			status = cert_id_matches(parsed, &id, &matches);
		cert_id_clear(&id);
		if (status < 0 || matches)
			return status;
	}
}

static int check_answer(
	const char *path, const struct answer *answer, int64_t now, struct certbind_error *error)
{
	if (answer->status == GNUTLS_OCSP_CERT_REVOKED)
		return refuse(error, path,
			"says that the certificate is revoked, and is not served; replace the "
			"certificate");
	if (answer->status != GNUTLS_OCSP_CERT_GOOD)
		return refuse(error, path,
			"does not say that the certificate is good, and is not served; fetch a new "
			"response");
	if (answer->this_update == -1 || answer->next_update == -1)
		return refuse(error, path,
			"does not say until when it is valid, and is not served; fetch one from a "
			"responder that gives nextUpdate");
	if (answer->next_update <= now)
		return refuse(error, path,
			"has expired, and is not served; fetch a new response, and do so "
			"regularly");
	if (answer->this_update >= answer->next_update)
		return refuse(error, path, "is never valid: its dates are reversed");
	return CERTBIND_OK;
}

/* Is `certificate` the one that the response names as its signer? */
static bool is_responder(const struct parsed *parsed, gnutls_x509_crt_t certificate)
{
	unsigned char key[64];
	size_t key_size = sizeof(key);
	gnutls_datum_t id = { NULL, 0 };
	gnutls_datum_t own = { NULL, 0 };
	bool is_it;

	if (gnutls_ocsp_resp_get_responder_raw_id(parsed->response, GNUTLS_OCSP_RESP_ID_DN, &id) >=
		0) {
		is_it = gnutls_x509_crt_get_raw_dn(certificate, &own) >= 0 &&
			datum_equal(&id, &own);
		gnutls_free(own.data);
	} else if (gnutls_ocsp_resp_get_responder_raw_id(
			   parsed->response, GNUTLS_OCSP_RESP_ID_KEY, &id) >= 0) {
		/* A certificate may name its key by another hash: then it is taken for the one. */
		is_it = gnutls_x509_crt_get_subject_key_id(certificate, key, &key_size, NULL) < 0 ||
			key_size != id.size || memcmp(key, id.data, key_size) == 0;
	} else {
		is_it = false;
	}
	gnutls_free(id.data);
	return is_it;
}

/* The response is worth no more than the certificate of whoever signed it. */
static int limit_dates(const struct parsed *parsed, struct staple *staple)
{
	gnutls_x509_crt_t *list = NULL;
	size_t length = 0;
	size_t i;
	int status = gnutls_ocsp_resp_get_certs(parsed->response, &list, &length);

	if (status < 0)
		return status;
	for (i = 0; i < length; i++) {
		int64_t from = gnutls_x509_crt_get_activation_time(list[i]);
		int64_t until = gnutls_x509_crt_get_expiration_time(list[i]);

		if (is_responder(parsed, list[i]) && from > staple->from)
			staple->from = from;
		if (is_responder(parsed, list[i]) && until < staple->until)
			staple->until = until;
		gnutls_x509_crt_deinit(list[i]);
	}
	gnutls_free(list);
	return 0;
}

static bool issuer_is_affordable(const struct parsed *parsed)
{
	gnutls_pubkey_t key;
	bool is_affordable;

	if (gnutls_pubkey_init(&key) < 0)
		return false;
	is_affordable = gnutls_pubkey_import_x509(key, parsed->issuer, 0) >= 0 &&
			public_key_is_affordable(key);
	gnutls_pubkey_deinit(key);
	return is_affordable;
}

/* Dates are compared here, with the caller's clock, not with GnuTLS' own. */
static int check_signature(const struct parsed *parsed, struct certbind_error *error)
{
	unsigned int verify = 0;
	int status = GNUTLS_E_UNSUPPORTED_SIGNATURE_ALGORITHM;

	if (issuer_is_affordable(parsed))
		status = gnutls_ocsp_resp_verify_direct(parsed->response, parsed->issuer, &verify,
			GNUTLS_VERIFY_DISABLE_TIME_CHECKS);
	if (status < 0)
		return refuse_gnutls(error, parsed->question->path,
			"has a signature that can't be verified; fetch a new response", status);
	if (verify != 0)
		return refuse(error, parsed->question->path,
			"is not signed by the issuer of the certificate nor by a responder that "
			"the "
			"issuer has delegated; fetch it from the responder that the certificate "
			"names");
	return CERTBIND_OK;
}

static int check(const struct parsed *parsed, struct staple *staple, struct certbind_error *error)
{
	int64_t now = parsed->question->now;
	struct answer answer;
	int status = gnutls_ocsp_resp_get_status(parsed->response);

	if (status != GNUTLS_OCSP_RESP_SUCCESSFUL)
		return refuse(error, parsed->question->path,
			"is the responder's refusal, not an answer; fetch a new response");
	status = find_answer(parsed, &answer);
	if (status == GNUTLS_E_MEMORY_ERROR)
		return error_memory(error);
	if (status < 0)
		return refuse(error, parsed->question->path,
			"is not about this certificate; fetch a new response after each renewal");
	status = check_signature(parsed, error);
	if (status == CERTBIND_OK)
		status = check_answer(parsed->question->path, &answer, now, error);
	if (status != CERTBIND_OK)
		return status;
	staple->from = answer.this_update;
	staple->until = answer.next_update;
	if (limit_dates(parsed, staple) == GNUTLS_E_MEMORY_ERROR)
		return error_memory(error);
	if (staple->until <= now)
		return refuse(error, parsed->question->path,
			"is signed by a responder whose certificate has expired; fetch a new "
			"response");
	return CERTBIND_OK;
}

static int import(struct parsed *parsed, const gnutls_datum_t *data)
{
	gnutls_datum_t certificate = der_peek(parsed->question->certificate);
	gnutls_datum_t issuer = der_peek(parsed->question->issuer);
	int status = gnutls_ocsp_resp_init(&parsed->response);

	if (status >= 0)
		status = gnutls_x509_crt_init(&parsed->certificate);
	if (status >= 0)
		status = gnutls_x509_crt_init(&parsed->issuer);
	if (status >= 0)
		status = gnutls_x509_crt_import(
			parsed->certificate, &certificate, GNUTLS_X509_FMT_DER);
	if (status >= 0)
		status = gnutls_x509_crt_import(parsed->issuer, &issuer, GNUTLS_X509_FMT_DER);
	return status < 0 ? status
			  : gnutls_ocsp_resp_import2(parsed->response, data, GNUTLS_X509_FMT_DER);
}

static int staple_from_der(const struct staple_question *question, const gnutls_datum_t *data,
	struct staple *staple, struct certbind_error *error)
{
	struct parsed parsed = { .question = question };
	int status = import(&parsed, data);

	if (status < 0)
		status = refuse_gnutls(error, question->path,
			"holds no OCSP response that can be read; expected DER or PEM", status);
	else
		status = check(&parsed, staple, error);
	if (status == CERTBIND_OK) {
		staple->der = der_new(NULL, data->data, data->size, false);
		if (staple->der == NULL)
			status = error_memory(error);
	}
	if (status != CERTBIND_OK)
		memset(staple, 0, sizeof(*staple));
	gnutls_x509_crt_deinit(parsed.certificate);
	gnutls_x509_crt_deinit(parsed.issuer);
	gnutls_ocsp_resp_deinit(parsed.response);
	return status;
}

int staple_from_bytes(const struct staple_question *question, const unsigned char *data,
	size_t size, struct staple *staple, struct certbind_error *error)
{
	gnutls_datum_t der = { (unsigned char *)(uintptr_t)data, (unsigned int)size };
	gnutls_datum_t decoded = { NULL, 0 };
	const char *text = (const char *)data;
	struct pem_block block;
	int status;

	memset(staple, 0, sizeof(*staple));
	if (question->issuer == NULL)
		return refuse(error, question->path,
			"can't be verified: the chain lacks the certificate's issuer; add it to "
			"the "
			"chain");
	if (pem_is_text(text)) {
		if (pem_next(&text, &block) != PEM_BLOCK || pem_decode(&block, &decoded) < 0)
			return refuse(error, question->path,
				"holds a PEM block that is damaged or does not end; put the "
				"complete file there");
		der = decoded;
	}
	status = staple_from_der(question, &der, staple, error);
	gnutls_free(decoded.data);
	return status;
}

int staple_read(
	const struct staple_question *question, struct staple *staple, struct certbind_error *error)
{
	struct file_bytes bytes;
	int status = sources_read(
		question->sources, question->path, CERTIFICATE_STAPLE_MAX, &bytes, error);

	memset(staple, 0, sizeof(*staple));
	if (status == CERTBIND_OK)
		status = staple_from_bytes(question, bytes.data, bytes.size, staple, error);
	file_bytes_wipe(&bytes);
	return status;
}
