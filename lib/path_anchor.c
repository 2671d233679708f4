/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path_anchor.h"
#include "error.h"
#include "file.h"
#include "pkix.h"
#include "table.h"
#include <stdlib.h>

enum { ANCHORS_SIZE_MAX = 16 * 1024 * 1024 };

struct anchors {
	atomic_uint references;
	asn1_node definitions;
	struct anchor *items; /* those of one subject are linked */
	size_t length;
	struct table subjects; /* folded subject to struct anchor */
};

static void anchors_free(struct anchors *anchors)
{
	for (size_t i = 0; anchors->items != NULL && i < anchors->length; i++)
		fact_unref(anchors->items[i].fact);
	free(anchors->items);
	table_clear(&anchors->subjects);
	(void)asn1_delete_structure(&anchors->definitions);
	free(anchors);
}

struct anchors *anchors_ref(struct anchors *anchors)
{
	atomic_fetch_add(&anchors->references, 1);
	return anchors;
}

void anchors_unref(struct anchors *anchors)
{
	if (anchors != NULL && atomic_fetch_sub(&anchors->references, 1) == 1)
		anchors_free(anchors);
}

/* Room for `expected` anchors; what follows never moves them. */
static int anchors_new(size_t expected, struct anchors **anchors)
{
	struct anchors *made = calloc(1, sizeof(*made));
	int status;

	if (made == NULL)
		return CERTBIND_E_MEMORY;
	atomic_init(&made->references, 1);
	made->items = calloc(expected + 1, sizeof(struct anchor));
	status = made->items == NULL ? CERTBIND_E_MEMORY : CERTBIND_OK;
	if (status == CERTBIND_OK)
		status = table_init(&made->subjects, expected);
	if (status == CERTBIND_OK)
		status = pkix_definitions(&made->definitions);
	if (status == CERTBIND_OK)
		*anchors = made;
	else
		anchors_free(made);
	return status;
}

/* Adds one; `certificate` is taken, always. A certificate that is there twice is kept once. */
static int anchors_add(struct anchors *anchors, gnutls_x509_crt_t certificate)
{
	struct anchor *anchor = &anchors->items[anchors->length];
	void **place;
	int status = fact_new_anchor(anchors->definitions, certificate, &anchor->fact);

	if (status != CERTBIND_OK)
		return status;
	for (struct anchor *other = table_get(&anchors->subjects, anchor->fact->subject);
		other != NULL; other = other->next) {
		if (gnutls_x509_crt_equals(
			    fact_certificate(other->fact), fact_certificate(anchor->fact)) != 0) {
			fact_unref(anchor->fact);
			anchor->fact = NULL;
			return CERTBIND_OK;
		}
	}
	place = table_place(&anchors->subjects, anchor->fact->subject);
	if (place == NULL) {
		fact_unref(anchor->fact);
		anchor->fact = NULL;
		return CERTBIND_E_MEMORY;
	}
	/* The table borrows its key from the first anchor of a subject, so the first stays first. */
	if (*place == NULL) {
		*place = anchor;
	} else {
		struct anchor *first = *place;

		anchor->next = first->next;
		first->next = anchor;
	}
	anchors->length++;
	return CERTBIND_OK;
}

/* Takes all of `certificates`, and frees what is not needed. */
static int anchors_take(gnutls_x509_crt_t *certificates, unsigned int length,
	struct anchors **anchors, struct certbind_error *error)
{
	struct anchors *made = NULL;
	int status = anchors_new(length, &made);

	for (unsigned int i = 0; i < length; i++) {
		if (status == CERTBIND_OK)
			status = anchors_add(made, certificates[i]);
		else
			gnutls_x509_crt_deinit(certificates[i]);
	}
	if (status != CERTBIND_OK) {
		anchors_unref(made);
		return error_memory(error);
	}
	*anchors = made;
	return CERTBIND_OK;
}

static int anchors_read_file(
	const char *path, struct anchors **anchors, struct certbind_error *error)
{
	struct file_bytes bytes;
	gnutls_datum_t pem;
	gnutls_x509_crt_t *certificates = NULL;
	unsigned int length = 0;
	int status = file_read(path, ANCHORS_SIZE_MAX, &bytes, error);

	if (status != CERTBIND_OK)
		return status;
	pem.data = bytes.data;
	pem.size = (unsigned int)bytes.size;
	status = gnutls_x509_crt_list_import2(&certificates, &length, &pem, GNUTLS_X509_FMT_PEM, 0);
	file_bytes_wipe(&bytes);
	if (status == GNUTLS_E_MEMORY_ERROR)
		return error_memory(error);
	if (status < 0)
		return error_set(error, CERTBIND_E_CERTIFICATE, path, 0,
			"its certificates can't be read: %s; expected trust anchors in PEM form",
			gnutls_strerror(status));
	status = anchors_take(certificates, length, anchors, error);
	gnutls_free(certificates);
	return status;
}

/* GnuTLS knows where the system keeps them: a file, a directory or a token. */
static int anchors_read_system(struct anchors **anchors, struct certbind_error *error)
{
	gnutls_x509_trust_list_t list = NULL;
	gnutls_x509_trust_list_iter_t iterator = NULL;
	gnutls_x509_crt_t certificate;
	gnutls_x509_crt_t *certificates = NULL;
	unsigned int length = 0;
	int expected;
	int status = CERTBIND_OK;

	if (gnutls_x509_trust_list_init(&list, 0) != 0)
		return error_memory(error);
	expected = gnutls_x509_trust_list_add_system_trust(list, 0, 0);
	if (expected < 0)
		expected = 0;
	certificates = calloc((size_t)expected + 1, sizeof(gnutls_x509_crt_t));
	if (certificates == NULL) {
		status = error_memory(error);
		goto out;
	}
	while (length < (unsigned int)expected &&
		gnutls_x509_trust_list_iter_get_ca(list, &iterator, &certificate) == 0)
		certificates[length++] = certificate;
	status = anchors_take(certificates, length, anchors, error);
out:
	gnutls_x509_trust_list_iter_deinit(iterator);
	gnutls_x509_trust_list_deinit(list, 1);
	free(certificates);
	return status;
}

int anchors_read(const char *path, struct anchors **anchors, struct certbind_error *error)
{
	*anchors = NULL;
	if (path == NULL)
		return anchors_read_system(anchors, error);
	return anchors_read_file(path, anchors, error);
}

const struct anchor *anchors_peek(const struct anchors *anchors, const char *subject)
{
	return table_get(&anchors->subjects, subject);
}

asn1_node anchors_definitions_peek(const struct anchors *anchors)
{
	return anchors->definitions;
}
