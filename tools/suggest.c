/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "suggest.h"
#include <string.h>

#define LENGTH_MOST 32
#define DISTANCE_MOST 2

static size_t least_of(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* Levenshtein's distance, row by row; both at most LENGTH_MOST long. */
static size_t distance(const char *left, const char *right)
{
	size_t row[LENGTH_MOST + 1];
	size_t right_length = strlen(right);
	size_t diagonal;
	size_t above;
	size_t i;
	size_t k;

	for (k = 0; k <= right_length; k++)
		row[k] = k;
	for (i = 1; left[i - 1] != '\0'; i++) {
		diagonal = row[0];
		row[0] = i;
		for (k = 1; k <= right_length; k++) {
			above = row[k];
			row[k] = least_of(above + 1, row[k - 1] + 1,
				diagonal + (left[i - 1] == right[k - 1] ? 0 : 1));
			diagonal = above;
		}
	}
	return row[right_length];
}

const char *suggest_word(const char *word, const char *const *known, size_t length)
{
	const char *nearest = NULL;
	size_t least = DISTANCE_MOST + 1;
	size_t found;
	size_t i;

	if (strlen(word) > LENGTH_MOST)
		return NULL;
	for (i = 0; i < length; i++) {
		if (strlen(known[i]) > LENGTH_MOST)
			continue;
		found = distance(word, known[i]);
		/* A word of three letters, all of them changed, is no misspelling. */
		if (found < least && found < strlen(known[i])) {
			least = found;
			nearest = known[i];
		}
	}
	return nearest;
}
