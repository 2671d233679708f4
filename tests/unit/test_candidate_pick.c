/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <certbind/error.h>
#include "candidate.h"

enum { LENGTH = 12, NOW = 1000, ROUNDS = 20000 };

/* Candidates of one host, half of them by a wildcard. */
struct field {
	struct candidate candidates[LENGTH];
	struct certificate certificates[LENGTH];
	struct pair pairs[LENGTH][2];
	char names[LENGTH][8];
	struct candidate *items[LENGTH];
	struct candidate_list exact, wildcard;
	struct candidate_matches matches;
};

static const struct certificate_facts of_algorithm[] = { { .key_algorithm = GNUTLS_PK_RSA },
	{ .key_algorithm = GNUTLS_PK_ECDSA }, { .key_algorithm = GNUTLS_PK_EDDSA_ED25519 },
	{ .key_algorithm = GNUTLS_PK_DSA } };

static void field_init(struct field *field, size_t length)
{
	size_t i;

	memset(field, 0, sizeof(*field));
	for (i = 0; i < length; i++) {
		struct certificate *certificate = &field->certificates[i];
		struct candidate *candidate = &field->candidates[i];

		(void)snprintf(field->names[i], sizeof(field->names[i]), "%03zu",
			(size_t)(rand() % 8) * LENGTH + i);
		certificate->name = field->names[i];
		certificate->pairs = field->pairs[i];
		certificate->pairs_length = rand() % 4 == 0 ? 2 : 1;
		field->pairs[i][0].facts = &of_algorithm[rand() % 4];
		field->pairs[i][1].facts = &of_algorithm[rand() % 4];
		candidate->certificate = certificate;
		candidate->not_before = rand() % 4 == 0 ? NOW + 1 : 0;
		candidate->not_after = NOW - 1 + rand() % 3;
		candidate->trust = rand() % 2 == 0 ? CANDIDATE_TRUSTED : CANDIDATE_UNTRUSTED;
		candidate->marks = (size_t)(1 + rand() % 2);
		field->items[i] = candidate;
	}
	field->exact = (struct candidate_list){ .items = field->items, .length = length / 2 };
	field->wildcard = (struct candidate_list){ .items = field->items + length / 2,
		.length = length - length / 2 };
	field->matches = (struct candidate_matches){ &field->exact, &field->wildcard };
}

static int no_anchors(void *data, struct anchors **anchors)
{
	(void)data;
	(void)anchors;
	fail_msg("trust is asked for");
	return CERTBIND_E_MEMORY;
}

static bool has_type_of(const struct candidate *candidate, gnutls_pk_algorithm_t algorithm)
{
	size_t i;

	for (i = 0; i < candidate->certificate->pairs_length; i++)
		if (candidate->certificate->pairs[i].facts->key_algorithm == algorithm)
			return true;
	return false;
}

static struct candidate_standing standing_of(const struct field *field, size_t i)
{
	struct candidate_standing standing = { .candidate = field->items[i] };

	standing.is_valid = field->items[i]->not_before <= NOW && NOW <= field->items[i]->not_after;
	standing.covers_all = field->items[i]->marks == 2;
	standing.exact = i < field->exact.length ? 1 : 0;
	return standing;
}

/* Of all with that type of key, compared with each other. */
static struct candidate_standing best_of(
	struct candidate_judge *judge, const struct field *field, gnutls_pk_algorithm_t algorithm)
{
	struct candidate_standing best = { 0 };
	size_t i;

	for (i = 0; i < field->exact.length + field->wildcard.length; i++) {
		struct candidate_standing next = standing_of(field, i);

		if (has_type_of(next.candidate, algorithm) &&
			(best.candidate == NULL || candidate_is_better(judge, &next, &best)))
			best = next;
	}
	return best;
}

static void picks_the_best_of_each_type(void **state)
{
	static const gnutls_pk_algorithm_t algorithms[] = { GNUTLS_PK_RSA, GNUTLS_PK_ECDSA,
		GNUTLS_PK_EDDSA_ED25519, GNUTLS_PK_DSA };
	struct candidate_judge judge = { .now = NOW, .anchors = no_anchors };
	struct certificate *picked[CANDIDATE_PICK_MAX];
	struct field *field = malloc(sizeof(*field));
	int round;

	(void)state;
	assert_non_null(field);
	srand(1);
	for (round = 0; round < ROUNDS; round++) {
		size_t length, i, j;
		struct candidate_standing first = { 0 };

		field_init(field, (size_t)(1 + rand() % LENGTH));
		length = candidate_pick(&judge, &field->matches, 2, picked);
		assert_in_range(length, 1, CANDIDATE_PICK_MAX);
		for (i = 0; i < 4; i++) {
			struct candidate_standing best = best_of(&judge, field, algorithms[i]);

			if (best.candidate != NULL &&
				(first.candidate == NULL ||
					candidate_is_better(&judge, &best, &first)))
				first = best;
		}
		assert_ptr_equal(picked[0], first.candidate->certificate);
		for (i = 0; i < 4; i++) {
			struct candidate_standing best = best_of(&judge, field, algorithms[i]);
			bool is_as_good = best.candidate != NULL &&
					  best.is_valid == first.is_valid &&
					  best.candidate->trust == first.candidate->trust;

			for (j = 0; j < length; j++)
				if (best.candidate != NULL &&
					picked[j] == best.candidate->certificate)
					break;
			assert_int_equal(j < length, is_as_good);
		}
	}
	free(field);
}

/* A signature costs more than all the rest. */
static void asks_for_trust_from_the_best_down(void **state)
{
	struct candidate_judge judge = { .now = NOW, .anchors = no_anchors };
	struct certificate *picked[CANDIDATE_PICK_MAX];
	struct field *field = malloc(sizeof(*field));
	size_t i;

	(void)state;
	assert_non_null(field);
	field_init(field, LENGTH);
	for (i = 0; i < LENGTH; i++) {
		field->certificates[i].pairs_length = 1;
		field->pairs[i][0].facts = &of_algorithm[1];
		field->candidates[i].not_before = 0;
		field->candidates[i].not_after = NOW + (int64_t)i;
		field->candidates[i].marks = 2;
		field->candidates[i].trust = CANDIDATE_NOT_JUDGED;
	}
	field->candidates[LENGTH / 2 - 1].trust = CANDIDATE_UNTRUSTED;
	field->candidates[LENGTH / 2 - 2].trust = CANDIDATE_TRUSTED;
	assert_int_equal(candidate_pick(&judge, &field->matches, 2, picked), 1);
	assert_ptr_equal(picked[0], &field->certificates[LENGTH / 2 - 2]);
	/* One alone is the best, trusted or not. */
	field->matches.wildcard = NULL;
	field->exact.length = 1;
	assert_int_equal(candidate_pick(&judge, &field->matches, 2, picked), 1);
	assert_ptr_equal(picked[0], &field->certificates[0]);
	free(field);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(picks_the_best_of_each_type),
		cmocka_unit_test(asks_for_trust_from_the_best_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
