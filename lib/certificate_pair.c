/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "certificate_read.h"
#include <stdlib.h>
#include <string.h>

/* A staple that is at fault costs the staple, not the pair. */
static int read_staple(struct reading *reading, const struct pair *pair, struct staple **read)
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
		*read = staple;
		return CERTBIND_OK;
	}
	free(staple);
	status = fault_add_error(reading, FINDING_STAPLE_INVALID, path, status, &error);
	return status == CERTBIND_E_MEMORY ? status : CERTBIND_OK;
}

static void staple_free(struct staple *staple)
{
	if (staple != NULL)
		der_unref(staple->der);
	free(staple);
}

/* What the key has of it is the pair's from then on, on success. */
static int make_more(struct reading *reading, const struct key *key, struct pair *pair)
{
	struct pair_more more = { .token_key = key->token, .token_pin = key->token_pin };
	int status = read_staple(reading, pair, &more.staple);

	if (status != CERTBIND_OK || (more.token_key == NULL && more.staple == NULL))
		return status;
	pair->more = malloc(sizeof(*pair->more));
	if (pair->more == NULL) {
		staple_free(more.staple);
		return CERTBIND_E_MEMORY;
	}
	*pair->more = more;
	return CERTBIND_OK;
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
	status = make_more(reading, key, &made);
	if (status != CERTBIND_OK)
		return status;
	made.key = key->der;
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

void pair_release(struct pair *pair)
{
	unsigned int i;

	for (i = 0; i < pair->chain_length; i++)
		der_unref(pair->chain[i]);
	der_unref(pair->key);
	gnutls_privkey_deinit(pair_more(pair)->token_key);
	der_unref(pair_more(pair)->token_pin);
	staple_free(pair_more(pair)->staple);
	free(pair->more);
}

void pair_clear(struct pair *pair)
{
	pair_release(pair);
	free(pair->chain);
	memset(pair, 0, sizeof(*pair));
}

struct pair *pairs_join(struct pair *pairs, size_t length)
{
	size_t size = length * sizeof(*pairs);
	struct pair *joined;
	struct der **chain;
	unsigned int j;
	size_t i;

	for (i = 0; i < length; i++)
		size += pairs[i].chain_length * sizeof(*chain);
	joined = malloc(size);
	if (joined == NULL)
		return NULL;
	chain = (struct der **)(void *)(joined + length);
	for (i = 0; i < length; i++) {
		joined[i] = pairs[i];
		joined[i].chain = chain;
		for (j = 0; j < pairs[i].chain_length; j++)
			*chain++ = pairs[i].chain[j];
		free(pairs[i].chain);
	}
	memset(pairs, 0, length * sizeof(*pairs));
	return joined;
}
