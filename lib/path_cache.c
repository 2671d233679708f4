/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path_cache.h"
#include "path_rule.h"
#include <certbind/error.h>
#include <string.h>

int cache_fact(struct path_cache *cache, asn1_node definitions, struct der *der, struct fact **fact)
{
	/* Addresses are multiples of 16. */
	struct fact **set = cache->facts[((uintptr_t)der >> 4) % CACHE_SETS];
	struct fact *made;
	int status;

	for (int way = 0; way < CACHE_WAYS; way++) {
		if (set[way] != NULL && set[way]->der == der) {
			*fact = fact_ref(set[way]);
			return CERTBIND_OK;
		}
	}
	status = fact_new(definitions, der, &made);
	*fact = made;
	if (status != CERTBIND_OK || made == NULL)
		return status;
	fact_unref(set[CACHE_WAYS - 1]);
	for (int way = CACHE_WAYS - 1; way > 0; way--)
		set[way] = set[way - 1];
	set[0] = fact_ref(made);
	return CERTBIND_OK;
}

static bool key_ids_differ(const struct fact *subject, const struct fact *issuer)
{
	const gnutls_datum_t *wanted = &subject->authority_key_id;
	const gnutls_datum_t *found = &issuer->subject_key_id;

	return wanted->size != 0 && found->size != 0 &&
	       (wanted->size != found->size || memcmp(wanted->data, found->data, found->size) != 0);
}

static bool signature_verify(const struct fact *subject, const struct fact *issuer)
{
	gnutls_pubkey_t key = fact_key(issuer);
	int status;

	if (key == NULL || subject->signature.size == 0 || subject->signed_part.size == 0)
		return false;
	status = gnutls_pubkey_verify_data2(key, subject->signature_algorithm,
		GNUTLS_VERIFY_ALLOW_BROKEN, &subject->signed_part, &subject->signature);
	if (status >= 0)
		return true;
	if (status == GNUTLS_E_PK_SIG_VERIFY_FAILED ||
		!rule_is_weak_signature(subject->signature_algorithm))
		return false;
	return !key_ids_differ(subject, issuer);
}

bool cache_signature_holds(
	struct path_cache *cache, const struct fact *subject, const struct fact *issuer)
{
	/* Numbers are given in turn; two odd factors spread pairs of them. */
	uint64_t spread =
		subject->number * 0x9e3779b97f4a7c15U + issuer->number * 0xc2b2ae3d27d4eb4fU;
	size_t slot = (size_t)(spread >> 40) % CACHE_SIGNATURES;

	if (cache->signatures[slot].subject != subject->number ||
		cache->signatures[slot].issuer != issuer->number) {
		cache->signatures[slot].subject = subject->number;
		cache->signatures[slot].issuer = issuer->number;
		cache->signatures[slot].holds = signature_verify(subject, issuer);
	}
	return cache->signatures[slot].holds;
}

void cache_clear(struct path_cache *cache)
{
	for (int set = 0; set < CACHE_SETS; set++) {
		for (int way = 0; way < CACHE_WAYS; way++)
			fact_unref(cache->facts[set][way]);
	}
}
