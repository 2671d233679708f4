/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "certificate_read.h"
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

/* A chain while it is put in order. */
struct order {
	struct der **from; /* as the files have it; NULL: taken */
	const struct certificate_facts **facts; /* of each of `from` */
	size_t length;
	struct der **to;
	size_t to_length;
	bool is_moved; /* something does not stand where it stood */
	size_t duplicates;
};

/* How well the key identifiers of `issuer` fit those of one that has its name as issuer. */
static int identifier_fit(
	const struct certificate_identifiers *own, const struct certificate_identifiers *issuer)
{
	if (own->authority_size == 0 || issuer->subject_size == 0)
		return 2;
	if (own->authority_size == issuer->subject_size &&
		memcmp(own->authority, issuer->subject, own->authority_size) == 0)
		return 3;
	return 1;
}

static void take(struct order *order, size_t i)
{
	if (order->to_length != i)
		order->is_moved = true;
	order->to[order->to_length++] = order->from[i];
	order->from[i] = NULL;
}

/* Of the one taken last, whose facts are given. */
static bool has_issuers_name(
	const struct order *order, size_t i, const struct certificate_facts *facts)
{
	return order->from[i] != NULL &&
	       certificate_parts_equal(order->to[order->to_length - 1], &facts->issuer,
		       order->from[i], &order->facts[i]->subject);
}

/* By name. */
static bool is_own_issuer(const struct order *order, const struct certificate_facts *facts)
{
	const struct der *der = order->to[order->to_length - 1];

	return certificate_parts_equal(der, &facts->issuer, der, &facts->subject);
}

/* The one that fits best, the first of several; order->length when none does. */
static size_t find_best(const struct order *order, const struct certificate_facts *facts)
{
	struct certificate_identifiers own, issuer;
	size_t best = order->length;
	int best_fit = 0;
	size_t i;

	certificate_identifiers(order->to[order->to_length - 1], &own);
	/* Its own issuer by name and by key: nobody stands above it. */
	if (is_own_issuer(order, facts) && identifier_fit(&own, &own) > 1)
		return order->length;
	for (i = 0; i < order->length; i++) {
		int fit;

		if (!has_issuers_name(order, i, facts))
			continue;
		certificate_identifiers(order->from[i], &issuer);
		fit = identifier_fit(&own, &issuer);
		if (fit > best_fit) {
			best = i;
			best_fit = fit;
		}
	}
	return best;
}

/* The issuer of the one taken last, whose facts are given. Names are enough where they tell. */
static size_t find_issuer(const struct order *order, const struct certificate_facts *facts)
{
	size_t first = order->length;
	size_t count = 0;
	size_t i;

	for (i = 0; i < order->length; i++) {
		if (!has_issuers_name(order, i, facts))
			continue;
		if (count++ == 0)
			first = i;
	}
	if (count > 1 || (count == 1 && is_own_issuer(order, facts)))
		return find_best(order, facts);
	return first;
}

static void drop_duplicates(struct order *order)
{
	size_t i, j;

	for (i = 0; i < order->length; i++) {
		for (j = 0; j < i && order->from[i] != NULL; j++) {
			if (order->from[j] == NULL || !der_equal(order->from[i], order->from[j]))
				continue;
			der_unref(order->from[i]);
			order->from[i] = NULL;
			order->duplicates++;
		}
	}
}

static void sort(struct order *order, size_t end_entity, unsigned int *extra)
{
	const struct certificate_facts *facts = order->facts[end_entity];
	size_t path_length;
	size_t i;

	take(order, end_entity);
	while ((i = find_issuer(order, facts)) < order->length) {
		facts = order->facts[i];
		take(order, i);
	}
	path_length = order->to_length;
	for (i = 0; i < order->length; i++)
		if (order->from[i] != NULL)
			take(order, i);
	*extra = (unsigned int)(order->to_length - path_length);
}

/* One finding a chain: the first of these that holds. */
static int fault_order(struct reading *reading, const struct order *order, unsigned int extra)
{
	const struct config_list *files = &reading->entry->chain;
	const char *file = files->length > 0 ? files->items[0] : reading->entry->key;
	int status = CERTBIND_E_CERTIFICATE;

	if (order->duplicates > 0)
		status = fault_add(reading, FINDING_CHAIN_ORDER, file,
			"holds a certificate more than once; it is served once. Remove the copies");
	else if (extra > 0)
		status = fault_add(reading, FINDING_CHAIN_ORDER, file,
			"holds %u certificate%s that no other one needs as its issuer; remove %s, "
			"or "
			"put the intermediate certificate there that is missing between",
			extra, extra == 1 ? "" : "s", extra == 1 ? "it" : "them");
	else if (order->is_moved)
		status = fault_add(reading, FINDING_CHAIN_ORDER, file,
			"holds its certificates in the wrong order; they are served sorted. Put "
			"the "
			"server's own certificate first, then each one's issuer");
	return status == CERTBIND_E_MEMORY ? status : CERTBIND_OK;
}

static int fault_mismatch(struct reading *reading, const struct order *order)
{
	const struct config_list *files = &reading->entry->chain;
	const char *file = files->length > 0 ? files->items[0] : reading->entry->key;

	return fault_add(reading, FINDING_KEY_MISMATCH, reading->entry->key,
		"is not the private key of %s in %s; put the key and the certificate there that "
		"were made together",
		order->length == 1 ? "the certificate" : "any certificate", file);
}

static int read_facts(struct reading *reading, struct order *order)
{
	const struct config_list *files = &reading->entry->chain;
	const char *file = files->length > 0 ? files->items[0] : reading->entry->key;
	size_t i;

	for (i = 0; i < order->length; i++) {
		int gnutls_status = 0;
		int status;

		if (order->from[i]->size > CERTIFICATE_DER_MAX)
			return fault_add(reading, FINDING_MALFORMED, file,
				"holds a certificate (number %zu) of %u bytes, and clients "
				"take no more than %d; get one with fewer names",
				i + 1, der_peek(order->from[i]).size, CERTIFICATE_DER_MAX);
		status = certificate_facts_read(order->from[i], reading->options->definitions,
			&order->facts[i], &gnutls_status);
		if (status == CERTBIND_E_CERTIFICATE)
			return fault_add(reading, FINDING_MALFORMED, file,
				"holds a certificate (number %zu) that can't be read (%s); put the "
				"complete and unaltered file there",
				i + 1, gnutls_strerror(gnutls_status));
		if (status != CERTBIND_OK)
			return status;
	}
	return CERTBIND_OK;
}

static bool is_end_entity(const struct order *order, const struct key *key, size_t i)
{
	if (order->facts[i] == NULL)
		return false;
	if (!key->has_id)
		return key_token_fits(key, order->from[i], order->facts[i]);
	return memcmp(order->facts[i]->key_id, key->id, PUBLIC_ID_SIZE) == 0;
}

static int order_chain(
	struct reading *reading, const struct key *key, struct order *order, unsigned int *extra)
{
	size_t end_entity = 0;
	int status = read_facts(reading, order);

	if (status != CERTBIND_OK)
		return status;
	while (end_entity < order->length && !is_end_entity(order, key, end_entity))
		end_entity++;
	if (end_entity == order->length)
		return fault_mismatch(reading, order);
	drop_duplicates(order);
	sort(order, end_entity, extra);
	return fault_order(reading, order, *extra);
}

int chain_sort(
	struct reading *reading, const struct key *key, struct chain *chain, unsigned int *extra)
{
	struct order order = { .from = chain->items, .length = chain->length };
	int status = CERTBIND_E_MEMORY;

	*extra = 0;
	order.facts = calloc(chain->length, sizeof(const struct certificate_facts *));
	order.to = calloc(chain->length, sizeof(struct der *));
	if (order.facts != NULL && order.to != NULL)
		status = order_chain(reading, key, &order, extra);
	/* Once it has begun to take, everything is taken, or dropped. */
	if (order.to_length > 0) {
		free(chain->items);
		chain->items = order.to;
		chain->length = order.to_length;
	} else {
		free(order.to);
	}
	free(order.facts);
	return status;
}
