/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "certificate_read.h"
#include "path.h"
#include "pkix.h"
#include "staple.h"
#include <stdlib.h>
#include <string.h>

/*
 * The files of certificates: the first byte says what the rest is. The certificates that these
 * refer to, and what the seeds are made of, are those of the unit tests (pki.sh).
 */
enum kind { KIND_PAIR, KIND_CHAIN, KIND_KEY, KIND_STAPLE, KINDS };

static const int64_t now = INT64_C(1900000000); /* 2030 */

static asn1_node definitions;
static struct anchors *anchors;
static struct der **chain_good;
static size_t chain_good_length;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct certbind_error error;

	(void)argc;
	(void)argv;
	fuzz_require(pkix_definitions(&definitions) == CERTBIND_OK);
	fuzz_require(anchors_read(PKI_DIRECTORY "/root.crt", &anchors, &error) == CERTBIND_OK);
	fuzz_require(certificate_chain_read(PKI_DIRECTORY "/san.pem", NULL, &chain_good,
			     &chain_good_length, &error) == CERTBIND_OK);
	fuzz_require(chain_good_length == 2);
	return 0;
}

/* Key and chain in one PEM text. */
static void run_pair(const struct file_bytes *bytes)
{
	const struct certificate_options options = { .now = now, .definitions = definitions };
	struct certificate *certificate;
	struct certbind_error error;

	if (certificate_from_pem("fuzz", bytes->data, bytes->size, &options, &certificate,
		    &error) == CERTBIND_OK)
		fuzz_require(certificate->pairs_length == 1);
	certificate_unref(certificate);
}

static void note(void *data, enum finding_code code, const char *detail)
{
	unsigned int *seen = data;

	/* Each code once, with a sentence. */
	fuzz_require((*seen & 1U << code) == 0);
	fuzz_require(detail[0] != '\0');
	*seen |= 1U << code;
}

static void run_path(const struct chain *chain)
{
	struct path_checker *checker;
	unsigned int seen = 0;
	bool is_trusted;

	fuzz_require(path_checker_new(anchors, now, &checker) == CERTBIND_OK);
	fuzz_require(path_check(checker, chain->items, chain->length, note, &seen, &is_trusted) ==
		     CERTBIND_OK);
	path_checker_free(checker);
}

static void run_chain(const struct file_bytes *bytes)
{
	const struct certificate_options options = { .now = now };
	struct certbind_error error;
	struct chain chain = { 0 };
	char *names = NULL;
	size_t names_length;
	bool covers;

	if (chain_from_bytes(&chain, &options, "fuzz", bytes, &error) == CERTBIND_OK) {
		run_path(&chain);
		if (certificate_names(chain.items[0], &names, &names_length) == CERTBIND_OK)
			free(names);
		fuzz_require(certificate_covers(chain.items[0], "webmail.example.net", &covers) ==
			     CERTBIND_OK);
	}
	chain_clear(&chain);
}

/* A key with a password, or a .p12, and whether it belongs to the good certificate. */
static void run_key(const struct file_bytes *bytes)
{
	const struct certificate_options options = { .now = now, .definitions = definitions };
	char path[] = "fuzz";
	struct config_pair entry = { .key = path };
	struct certificate certificate = { .name = path };
	struct reading reading = {
		.certificate = &certificate, .options = &options, .entry = &entry
	};
	struct chain chain = { 0 };
	struct key key = { 0 };
	struct pair pair = { 0 };
	size_t i;

	reading.password = der_new(NULL, "secret", sizeof("secret"), true);
	fuzz_require(reading.password != NULL);
	if (key_from_bytes(&reading, path, bytes, &key) == CERTBIND_OK) {
		for (i = 0; i < chain_good_length; i++)
			fuzz_require(chain_add(&chain, NULL, chain_good[i]->data,
					     chain_good[i]->size) == CERTBIND_OK);
		if (pair_make(&reading, &key, &chain, &pair) == CERTBIND_OK)
			pair_clear(&pair);
	}
	chain_clear(&chain);
	key_clear(&key);
	der_unref(reading.password);
	for (i = 0; i < certificate.faults_length; i++) {
		free(certificate.faults[i].file);
		free(certificate.faults[i].message);
	}
	free(certificate.faults);
}

static void run_staple(const struct file_bytes *bytes)
{
	const struct staple_question question = {
		.path = "fuzz", .certificate = chain_good[0], .issuer = chain_good[1], .now = now
	};
	struct certbind_error error;
	struct staple staple;

	if (staple_from_bytes(&question, bytes->data, bytes->size, &staple, &error) == CERTBIND_OK)
		fuzz_require(staple.from < staple.until && staple.until > now);
	der_unref(staple.der);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const runs[KINDS])(const struct file_bytes *bytes) = {
		[KIND_PAIR] = run_pair,
		[KIND_CHAIN] = run_chain,
		[KIND_KEY] = run_key,
		[KIND_STAPLE] = run_staple,
	};
	struct file_bytes bytes = { 0 };

	if (size == 0)
		return 0;
	bytes.data = fuzz_text_dup(data + 1, size - 1);
	bytes.size = size - 1;
	runs[data[0] % KINDS](&bytes);
	file_bytes_wipe(&bytes);
	return 0;
}
