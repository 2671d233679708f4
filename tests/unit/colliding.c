/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "colliding.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STAGES = 17, BLOCK = 4, TRIES = 1 << 18 };

static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";

static uint32_t hash_more(enum colliding kind, uint32_t hash, const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		switch (kind) {
		case COLLIDING_DJB2:
			hash = hash * 33 + c;
			break;
		case COLLIDING_JAVA:
			hash = hash * 31 + c;
			break;
		case COLLIDING_FNV1A:
		case COLLIDING_KINDS:
			hash = (hash ^ c) * 16777619U;
			break;
		}
	}
	return hash;
}

static uint32_t hash_start(enum colliding kind)
{
	return kind == COLLIDING_FNV1A ? 2166136261U : kind == COLLIDING_DJB2 ? 5381 : 0;
}

uint32_t colliding_hash(enum colliding kind, const char *name)
{
	return hash_more(kind, hash_start(kind), name);
}

static void number_block(unsigned int number, char block[BLOCK + 1])
{
	int i;

	for (i = 0; i < BLOCK; i++, number /= 36)
		block[i] = letters[number % 36];
	block[BLOCK] = '\0';
}

/* Two blocks after which FNV-1a is in one state: 2^18 tries find some among 2^32 states. */
static uint32_t find_pair(uint32_t state, char pair[2][BLOCK + 1])
{
	unsigned int *seen = calloc(TRIES * 2, sizeof(*seen));
	unsigned int i;

	for (i = 1; seen != NULL && i < 36 * 36 * 36 * 36; i++) {
		uint32_t hash;
		unsigned int *place;

		number_block(i, pair[0]);
		hash = hash_more(COLLIDING_FNV1A, state, pair[0]);
		place = &seen[hash % (TRIES * 2)];
		number_block(*place, pair[1]);
		if (*place != 0 && hash_more(COLLIDING_FNV1A, state, pair[1]) == hash) {
			free(seen);
			return hash;
		}
		*place = i;
	}
	abort();
}

/* For each stage two blocks between which the hash does not tell: 2^17 names of one hash (Joux). */
static void make_pairs(enum colliding kind, char pairs[STAGES][2][BLOCK + 1])
{
	uint32_t state = hash_start(kind);
	int i;

	for (i = 0; i < STAGES; i++) {
		/* 'a' * 33 + 'r' = 'c' * 33 + '0'; 'a' * 31 + 'n' = 'c' * 31 + '0'. */
		(void)snprintf(pairs[i][0], sizeof(pairs[i][0]), "%s",
			kind == COLLIDING_DJB2 ? "ar" : "an");
		(void)snprintf(pairs[i][1], sizeof(pairs[i][1]), "c0");
		if (kind == COLLIDING_FNV1A) {
			if (i == 9)
				state = hash_more(kind, state, ".");
			state = find_pair(state, pairs[i]);
		}
	}
}

void colliding_make(enum colliding kind, int is_random, size_t count, char (*names)[COLLIDING_SIZE])
{
	char pairs[STAGES][2][BLOCK + 1];
	unsigned int random = 1;
	size_t i, j;

	make_pairs(kind, pairs);
	for (i = 0; i < count; i++) {
		names[i][0] = '\0';
		for (j = 0; j < STAGES; j++) {
			if (kind == COLLIDING_FNV1A && j == 9)
				(void)strcat(names[i], ".");
			(void)strcat(names[i], pairs[j][i >> j & 1]);
		}
		for (j = 0; is_random && names[i][j] != '\0'; j++) {
			random = random * 1103515245U + 12345U;
			if (names[i][j] != '.')
				names[i][j] = letters[(random >> 16) % 36];
		}
		(void)strcat(names[i], ".example");
	}
}
