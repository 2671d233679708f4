/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "certificate_facts.h"
#include "path_fact.h"
#include "served.h"
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Certificates in words. */

enum {
	SERIAL_MAX = 64, /* bytes; RFC 5280, 4.1.2.2 allows 20 */
	SERIAL_TEXT_SIZE = 2 * SERIAL_MAX + 1,
	DESCRIPTION_SIZE = FACT_LABEL_SIZE + SERIAL_TEXT_SIZE + 128,
	TIME_SIZE = 32,
	NAMED_SIZE = 320,
	SENTENCE_SIZE = 256
};

static void format_time(int64_t at, char text[TIME_SIZE])
{
	time_t time = (time_t)at;
	struct tm parts;

	if (gmtime_r(&time, &parts) == NULL ||
		strftime(text, TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
		(void)snprintf(text, TIME_SIZE, "an unknown time");
}

static void format_serial(gnutls_x509_crt_t certificate, char text[SERIAL_TEXT_SIZE])
{
	unsigned char serial[SERIAL_MAX];
	size_t size = sizeof(serial);
	size_t i;

	text[0] = '\0';
	if (gnutls_x509_crt_get_serial(certificate, serial, &size) != 0)
		return;
	for (i = 0; i < size; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", serial[i]);
}

static void format_subject(gnutls_x509_crt_t certificate, char label[FACT_LABEL_SIZE])
{
	gnutls_datum_t text = { NULL, 0 };

	label[0] = '\0';
	if (gnutls_x509_crt_get_dn3(certificate, &text, 0) == 0)
		label_copy(label, &text);
	gnutls_free(text.data);
}

/* `"CN=…" (serial 0x…, valid from … until …)`. */
static void describe(const struct der *der, char text[DESCRIPTION_SIZE])
{
	gnutls_datum_t datum = der_peek(der);
	gnutls_x509_crt_t certificate;
	char subject[FACT_LABEL_SIZE];
	char serial[SERIAL_TEXT_SIZE];
	char from[TIME_SIZE], until[TIME_SIZE];

	(void)snprintf(text, DESCRIPTION_SIZE, "that can't be read");
	if (gnutls_x509_crt_init(&certificate) != 0)
		return;
	if (datum.size <= CERTIFICATE_DER_MAX &&
		gnutls_x509_crt_import(certificate, &datum, GNUTLS_X509_FMT_DER) == 0) {
		format_subject(certificate, subject);
		format_serial(certificate, serial);
		format_time(gnutls_x509_crt_get_activation_time(certificate), from);
		format_time(gnutls_x509_crt_get_expiration_time(certificate), until);
		(void)snprintf(text, DESCRIPTION_SIZE,
			"\"%s\" (serial 0x%s, valid from %s until %s)", subject, serial, from,
			until);
	}
	gnutls_x509_crt_deinit(certificate);
}

const struct certificate *served_certificate_peek(
	const struct snapshot *snapshot, const struct der *der)
{
	size_t i, j;

	for (i = 0; i < snapshot->certificates_length; i++)
		for (j = 0; j < snapshot->certificates[i]->pairs_length; j++)
			if (der_equal(snapshot->certificates[i]->pairs[j].chain[0], der))
				return snapshot->certificates[i];
	return NULL;
}

/* Of the pairs that would be right, the one of the same kind of key, else the first. */
static const struct pair *nearest_pair(const struct served *served,
	const struct certificate_facts *facts, const struct certificate **owner)
{
	const struct bundle_members *expected = &served->expected;
	const struct pair *first = NULL;
	size_t i, j;

	for (i = 0; i < expected->length; i++)
		for (j = 0; j < expected->items[i]->pairs_length; j++) {
			const struct pair *pair = &expected->items[i]->pairs[j];
			bool is_same_kind =
				facts != NULL && pair->facts->key_algorithm == facts->key_algorithm;

			if (first != NULL && !is_same_kind)
				continue;
			first = pair;
			*owner = expected->items[i];
			if (is_same_kind)
				return pair;
		}
	return first;
}

/* When the files of a certificate changed last; 0: it is not from files. */
static int64_t changed_at(const struct certificate *certificate)
{
	const struct source *source;
	int64_t last = 0;

	for (source = sources_first(certificate->sources); source != NULL;
		source = sources_next(certificate->sources, source))
		if (source->id.changed > last)
			last = source->id.changed;
	return last / 1000000000;
}

/* What to do about it. */
static void advise(const struct certificate *owner, bool is_newer, char *text, size_t size)
{
	int64_t changed = changed_at(owner);
	char time[TIME_SIZE];

	format_time(changed, time);
	if (changed == 0)
		(void)snprintf(text, size, "Reload or restart the daemon.");
	else if (is_newer)
		(void)snprintf(text, size,
			"That is newer, its files changed last at %s, and the daemon does not know "
			"it yet: reload or restart it.",
			time);
	else
		(void)snprintf(text, size,
			"Its files changed last at %s. Give the daemon this certificate; if it is "
			"configured so, reload or restart it.",
			time);
}

static void name_certificate(const struct certificate *certificate, char text[NAMED_SIZE])
{
	if (certificate->name == NULL || certificate->name[0] == '\0')
		(void)snprintf(text, NAMED_SIZE, "certbind's own self-signed certificate");
	else
		(void)snprintf(text, NAMED_SIZE, "certificate \"%s\"", certificate->name);
}

const struct certificate *served_text_differs(
	const struct served *served, char text[SERVED_TEXT_SIZE])
{
	const struct certificate *other =
		served_certificate_peek(served->snapshot, served->chain[0]);
	const struct certificate *owner = served->expected.items[0];
	const struct certificate_facts *facts = NULL;
	const struct pair *right;
	char has[DESCRIPTION_SIZE], wants[DESCRIPTION_SIZE] = "none that is usable";
	char name[NAMED_SIZE], other_name[NAMED_SIZE] = "", advice[SENTENCE_SIZE];
	int ignored;

	if (certificate_facts(served->chain[0], &facts, &ignored) < 0)
		facts = NULL;
	right = nearest_pair(served, facts, &owner);
	describe(served->chain[0], has);
	if (right != NULL)
		describe(right->chain[0], wants);
	name_certificate(owner, name);
	if (other != NULL)
		name_certificate(other, other_name);
	advise(owner,
		right != NULL && facts != NULL && right->facts->not_before > facts->not_before,
		advice, sizeof(advice));
	(void)snprintf(text, SERVED_TEXT_SIZE,
		"%s serves %s for %s: %s; it should serve %s: %s. %s", served->endpoint,
		other == NULL ? "another certificate" : other_name, served->host, has, name, wants,
		advice);
	return owner;
}
