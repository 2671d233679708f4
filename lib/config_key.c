/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config_reader.h"
#include <libconfig.h>
#include <string.h>

enum {
	GUESS_LENGTH_MAX = 80, /* longer words get no guess */
	GUESS_DISTANCE_MAX = 2
};

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t min = a < b ? a : b;

	return min < c ? min : c;
}

/* Levenshtein's distance; both at most GUESS_LENGTH_MAX bytes. */
static size_t distance(const char *a, const char *b)
{
	size_t row[GUESS_LENGTH_MAX + 1];
	size_t b_length = strlen(b);
	size_t i;
	size_t k;

	for (k = 0; k <= b_length; k++)
		row[k] = k;
	for (i = 0; a[i] != '\0'; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (k = 0; k < b_length; k++) {
			size_t above = row[k + 1];

			row[k + 1] = min3(above + 1, row[k] + 1, diagonal + (a[i] == b[k] ? 0 : 1));
			diagonal = above;
		}
	}
	return row[b_length];
}

void config_guess_try(struct config_guess *guess, const char *word, const char *candidate)
{
	size_t far;

	if (strnlen(word, GUESS_LENGTH_MAX + 1) > GUESS_LENGTH_MAX ||
		strnlen(candidate, GUESS_LENGTH_MAX + 1) > GUESS_LENGTH_MAX)
		return;
	far = distance(word, candidate);
	/* A guess that changes most of the word is none. */
	if (far > GUESS_DISTANCE_MAX || far >= strlen(word))
		return;
	if (guess->name == NULL || far < guess->distance) {
		guess->name = candidate;
		guess->distance = far;
	}
}

void config_key_unknown(struct config_entry *entry, const config_setting_t *member,
	const struct config_guess *guess, const char *hint)
{
	const char *key = config_setting_name(member);

	if (guess->name != NULL)
		config_problem(entry, config_value_line(member),
			"unknown key \"%.100s\"; did you mean \"%s\"?", key, guess->name);
	else
		config_problem(
			entry, config_value_line(member), "unknown key \"%.100s\"%s", key, hint);
}

static const struct config_key *key_find(struct config_entry *entry, const config_setting_t *member,
	const struct config_key *keys, size_t keys_length)
{
	struct config_guess guess = { NULL, 0 };
	size_t i;

	for (i = 0; i < keys_length; i++)
		if (strcmp(keys[i].name, config_setting_name(member)) == 0)
			return &keys[i];
	for (i = 0; i < keys_length; i++)
		config_guess_try(&guess, config_setting_name(member), keys[i].name);
	config_key_unknown(entry, member, &guess, "");
	return NULL;
}

void config_keys_read(struct config_entry *entry, const config_setting_t *group,
	const struct config_key *keys, size_t keys_length, void *target)
{
	unsigned int length = (unsigned int)config_setting_length(group);
	unsigned int i;

	for (i = 0; i < length; i++) {
		const config_setting_t *member = config_setting_get_elem(group, i);
		const struct config_key *key = key_find(entry, member, keys, keys_length);

		if (key != NULL && key->read != NULL)
			key->read(entry, member, (char *)target + key->offset);
	}
}

const char *config_key_name(struct config_entry *entry, const config_setting_t *group)
{
	const config_setting_t *member;

	if (config_setting_type(group) != CONFIG_TYPE_GROUP) {
		config_problem(
			entry, config_value_line(group), "no group; expected { name = \"…\"; … }");
		return NULL;
	}
	member = config_setting_get_member(group, "name");
	if (member == NULL) {
		config_problem(entry, config_value_line(group),
			"no \"name\"; expected { name = \"…\"; … }");
		return NULL;
	}
	return config_value_peek(entry, member);
}
