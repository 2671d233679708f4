/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "certificate_read.h"
#include <stdlib.h>
#include <string.h>

/* A staple that is at fault costs the staple, not the pair. */
static int read_staple(struct reading *reading, struct pair *pair)
{
	const char *path = reading->entry->staple;
	struct certbind_error error;
	struct staple *staple;
	struct staple_question question = {
		.path = path,
		.certificate = pair->chain[0],
		.now = reading->options->now,
		.sources = &reading->certificate->sources,
	};
	int status;

	if (path == NULL)
		return CERTBIND_OK;
	if (pair->chain_length - pair->chain_extra > 1)
		question.issuer = pair->chain[1];
	staple = malloc(sizeof(*staple));
	if (staple == NULL)
		return CERTBIND_E_MEMORY;
	status = staple_read(&question, staple, &error);
	if (status == CERTBIND_OK) {
		pair->staple = staple;
		return CERTBIND_OK;
	}
	free(staple);
	status = fault_add_error(reading, FINDING_STAPLE_INVALID, path, status, &error);
	return status == CERTBIND_E_MEMORY ? status : CERTBIND_OK;
}

int pair_make(struct reading *reading, struct key *key, struct chain *chain, struct pair *pair)
{
	struct pair made = { 0 };
	int gnutls_status;
	int status = chain_sort(reading, key, chain, &made.chain_extra);

	if (status != CERTBIND_OK)
		return status;
	status = certificate_facts(chain->items[0], &made.facts, &gnutls_status);
	if (status != CERTBIND_OK)
		return status;
	made.chain = chain->items;
	made.chain_length = (unsigned int)chain->length;
	status = read_staple(reading, &made);
	if (status != CERTBIND_OK)
		return status;
	made.key = key->der;
	made.token_key = key->token;
	made.token_pin = key->token_pin;
	memset(chain, 0, sizeof(*chain));
	key->der = NULL;
	key->token = NULL;
	key->token_pin = NULL;
	*pair = made;
	return CERTBIND_OK;
}

/* Both are read even when one is at fault: the administrator shall hear of everything at once. */
int pair_read(struct reading *reading, struct pair *pair)
{
	struct chain chain = { 0 };
	struct key key = { 0 };
	int key_status = key_read_password(reading);
	int status;

	if (key_status == CERTBIND_OK)
		key_status = key_read(reading, &key);
	status = key_status == CERTBIND_E_MEMORY || reading->certificate->is_foreign
			 ? key_status
			 : chain_read(reading, &key, &chain);
	if (status == CERTBIND_OK)
		status = key_status;
	if (status == CERTBIND_OK)
		status = pair_make(reading, &key, &chain, pair);
	key_clear(&key);
	chain_clear(&chain);
	file_bytes_wipe(&reading->key_file);
	der_unref(reading->password);
	reading->password = NULL;
	return status;
}

void pair_clear(struct pair *pair)
{
	certificate_chain_free(pair->chain, pair->chain_length);
	der_unref(pair->key);
	gnutls_privkey_deinit(pair->token_key);
	der_unref(pair->token_pin);
	if (pair->staple != NULL)
		der_unref(pair->staple->der);
	free(pair->staple);
	memset(pair, 0, sizeof(*pair));
}
