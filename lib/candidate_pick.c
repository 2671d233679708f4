/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "candidate.h"
#include <certbind/error.h>
#include <stdlib.h>
#include <string.h>

/* Which of the candidates serves a host. */

/* The key types that TLS servers have; pairs of any other are never picked by auto. */
enum key_type { KEY_RSA, KEY_ECDSA, KEY_EDDSA, KEY_OTHER, KEY_TYPES };

static enum key_type key_type(gnutls_pk_algorithm_t algorithm)
{
	if (algorithm == GNUTLS_PK_RSA || algorithm == GNUTLS_PK_RSA_PSS)
		return KEY_RSA;
	if (algorithm == GNUTLS_PK_ECDSA)
		return KEY_ECDSA;
	if (algorithm == GNUTLS_PK_EDDSA_ED25519 || algorithm == GNUTLS_PK_EDDSA_ED448)
		return KEY_EDDSA;
	return KEY_OTHER;
}

void candidate_judge_clear(struct candidate_judge *judge)
{
	path_checker_free(judge->checker);
	judge->checker = NULL;
}

static int candidate_judge_prepare(struct candidate_judge *judge)
{
	struct anchors *anchors;
	int status;

	if (judge->checker != NULL)
		return CERTBIND_OK;
	status = judge->anchors(judge->data, &anchors);
	if (status < 0)
		return status;
	status = path_checker_new(anchors, judge->now, &judge->checker);
	anchors_unref(anchors);
	return status;
}

bool candidate_is_trusted(struct candidate_judge *judge, struct candidate *candidate)
{
	bool is_trusted = true;
	size_t i;

	if (candidate->trust != CANDIDATE_NOT_JUDGED)
		return candidate->trust == CANDIDATE_TRUSTED;
	judge->status = candidate_judge_prepare(judge);
	for (i = 0; i < candidate->certificate->pairs_length && is_trusted; i++) {
		const struct pair *pair = &candidate->certificate->pairs[i];

		if (judge->status < 0)
			return false;
		judge->status = path_check(
			judge->checker, pair->chain, pair->chain_length, NULL, NULL, &is_trusted);
	}
	candidate->trust = is_trusted ? CANDIDATE_TRUSTED : CANDIDATE_UNTRUSTED;
	return is_trusted;
}

bool candidate_is_valid(const struct candidate_judge *judge, const struct candidate *candidate)
{
	return candidate->not_before <= judge->now && judge->now <= candidate->not_after;
}

/* The order of all that costs nothing to know, validity first; negative: a is better. */
static int standing_order(const struct candidate_standing *a, const struct candidate_standing *b)
{
	if (a->is_valid != b->is_valid)
		return a->is_valid ? -1 : 1;
	if (a->covers_all != b->covers_all)
		return a->covers_all ? -1 : 1;
	if (a->exact != b->exact)
		return a->exact > b->exact ? -1 : 1;
	if (a->candidate->not_after != b->candidate->not_after)
		return a->candidate->not_after > b->candidate->not_after ? -1 : 1;
	return strcmp(a->candidate->certificate->name, b->candidate->certificate->name);
}

bool candidate_is_better(struct candidate_judge *judge, const struct candidate_standing *a,
	const struct candidate_standing *b)
{
	bool a_is_trusted;

	if (a->is_valid != b->is_valid)
		return a->is_valid;
	a_is_trusted = candidate_is_trusted(judge, a->candidate);
	if (a_is_trusted != candidate_is_trusted(judge, b->candidate))
		return a_is_trusted;
	return standing_order(a, b) < 0;
}

static int compare_standings(const void *a, const void *b)
{
	return standing_order(a, b);
}

static size_t list_length(const struct candidate_list *list)
{
	return list != NULL ? list->length : 0;
}

static size_t standings_add(const struct candidate_judge *judge, const struct candidate_list *list,
	bool is_exact, size_t hosts_length, struct candidate_standing *standings)
{
	size_t i;

	for (i = 0; i < list_length(list); i++) {
		struct candidate *candidate = list->items[i];

		standings[i] = (struct candidate_standing){
			.candidate = candidate,
			.is_valid = candidate_is_valid(judge, candidate),
			.covers_all = candidate->marks == hosts_length,
			.exact = is_exact ? 1 : 0,
		};
	}
	return i;
}

static bool has_key_type(const struct candidate *candidate, enum key_type type)
{
	const struct certificate *certificate = candidate->certificate;
	size_t i;

	for (i = 0; i < certificate->pairs_length; i++)
		if (key_type(certificate->pairs[i].facts->key_algorithm) == type)
			return true;
	return false;
}

/*
 * The best one with a key of that type. Trust comes after validity and before all else, but costs a
 * signature: in the order of all else, the first that is trusted is the best. Of one alone it is
 * not asked.
 */
static struct candidate_standing standing_best(struct candidate_judge *judge,
	const struct candidate_standing *standings, size_t length, enum key_type type)
{
	struct candidate_standing best = { 0 };
	bool is_judged = false;
	size_t i;

	for (i = 0; i < length && judge->status == CERTBIND_OK; i++) {
		const struct candidate_standing *next = &standings[i];

		if (!has_key_type(next->candidate, type) || next->candidate == best.candidate)
			continue;
		if (best.candidate == NULL) {
			best = *next;
			continue;
		}
		if (next->is_valid != best.is_valid)
			break;
		if (!is_judged && candidate_is_trusted(judge, best.candidate))
			break;
		is_judged = true;
		if (candidate_is_trusted(judge, next->candidate))
			return *next;
	}
	return best;
}

/* Of each key type; a candidate of NULL: there is none. */
static void standings_best(struct candidate_judge *judge, const struct candidate_matches *matches,
	size_t hosts_length, struct candidate_standing *best)
{
	/* Nearly every host has one. */
	struct candidate_standing few[4];
	struct candidate_standing *standings = few;
	size_t length = list_length(matches->exact) + list_length(matches->wildcard);
	size_t exact;
	enum key_type type;

	if (length > sizeof(few) / sizeof(few[0]))
		standings = calloc(length, sizeof(*standings));
	if (standings == NULL) {
		judge->status = CERTBIND_E_MEMORY;
		return;
	}
	exact = standings_add(judge, matches->exact, true, hosts_length, standings);
	(void)standings_add(judge, matches->wildcard, false, hosts_length, standings + exact);
	if (length > 1)
		qsort(standings, length, sizeof(*standings), compare_standings);
	for (type = 0; type < KEY_TYPES; type++)
		best[type] = standing_best(judge, standings, length, type);
	if (standings != few)
		free(standings);
}

/* Takes the best of all key types out of `best`; its candidate is NULL when there is none left. */
static struct candidate_standing standing_take(
	struct candidate_judge *judge, struct candidate_standing *best)
{
	struct candidate_standing taken = { 0 };
	size_t i;

	for (i = 0; i < KEY_TYPES; i++)
		if (best[i].candidate != NULL &&
			(taken.candidate == NULL ||
				(best[i].candidate != taken.candidate &&
					candidate_is_better(judge, &best[i], &taken))))
			taken = best[i];
	/* It may be the best of several key types. */
	for (i = 0; i < KEY_TYPES; i++)
		if (best[i].candidate == taken.candidate)
			best[i].candidate = NULL;
	return taken;
}

size_t candidate_pick(struct candidate_judge *judge, const struct candidate_matches *matches,
	size_t hosts_length, struct certificate **picked)
{
	struct candidate_standing best[KEY_TYPES] = { { 0 } };
	struct candidate_standing first, next;
	size_t length = 0;

	standings_best(judge, matches, hosts_length, best);
	first = standing_take(judge, best);
	if (first.candidate == NULL)
		return 0;
	picked[length++] = first.candidate->certificate;
	while (next = standing_take(judge, best), next.candidate != NULL)
		if (next.is_valid == first.is_valid &&
			candidate_is_trusted(judge, next.candidate) ==
				candidate_is_trusted(judge, first.candidate))
			picked[length++] = next.candidate->certificate;
	return judge->status < 0 ? 0 : length;
}
