/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config_reader.h"
#include "text.h"
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool has_suffix(const char *text, const char *suffix)
{
	size_t length = strlen(text);
	size_t suffix_length = strlen(suffix);

	return length >= suffix_length && strcasecmp(text + length - suffix_length, suffix) == 0;
}

static bool is_token(const char *key)
{
	return strncmp(key, "pkcs11:", 7) == 0;
}

/* A PKCS#12 file may hold the chain as well. */
static bool may_hold_chain(const char *key)
{
	return !is_token(key) && (has_suffix(key, ".p12") || has_suffix(key, ".pfx"));
}

const char *config_certificate_name_fault(const char *name)
{
	if (strcmp(name, "auto") == 0 || strcmp(name, "none") == 0)
		return "the words \"auto\" and \"none\" have a meaning of their own";
	if (strlen(name) > CONFIG_NAME_MAX)
		return "it has more than 255 bytes";
	if (!text_is_plain(name))
		return "it is not UTF-8, or has control characters";
	return NULL;
}

static void pair_key(struct config_entry *entry, const config_setting_t *setting, void *target)
{
	const char *text = config_value_peek(entry, setting);

	if (text != NULL && is_token(text))
		config_value_text(entry, setting, target);
	else if (text != NULL)
		config_value_path(entry, setting, target);
}

/* What one entry gives. */
struct certificate_entry {
	struct config_pair pair; /* first: the keys of a pair are keys of an entry too */
	const config_setting_t *pairs;
};

static void certificate_pairs(
	struct config_entry *entry, const config_setting_t *setting, void *target)
{
	const config_setting_t **pairs = target;

	(void)entry;
	*pairs = setting;
}

enum { PAIR_KEYS = 5 }; /* the first ones */

static const struct config_key certificate_keys[] = {
	{ "chain", config_array_chain, offsetof(struct certificate_entry, pair.chain) },
	{ "key", pair_key, offsetof(struct certificate_entry, pair.key) },
	{ "key_password", config_value_secret,
		offsetof(struct certificate_entry, pair.key_password) },
	{ "key_password_file", config_value_path,
		offsetof(struct certificate_entry, pair.key_password_file) },
	{ "staple", config_value_path, offsetof(struct certificate_entry, pair.staple) },
	{ "name", NULL, 0 },
	{ "pairs", certificate_pairs, offsetof(struct certificate_entry, pairs) },
};

/* Checks that a pair is complete; what is wrong with a value has been said already. */
static void pair_check(
	struct config_entry *entry, const config_setting_t *group, const struct config_pair *pair)
{
	const config_setting_t *chain = config_setting_get_member(group, "chain");
	const config_setting_t *key = config_setting_get_member(group, "key");
	const config_setting_t *file = config_setting_get_member(group, "key_password_file");

	if (key == NULL)
		config_problem(entry, config_value_line(group),
			"no \"key\"; expected a file or a pkcs11: URI");
	if (chain == NULL && (key == NULL || (pair->key != NULL && !may_hold_chain(pair->key))))
		config_problem(entry, config_value_line(group),
			"no \"chain\"; expected a file or several (only a .p12 or .pfx as \"key\" "
			"may "
			"stand for both)");
	if (chain != NULL && config_setting_is_aggregate(chain) &&
		config_setting_length(chain) == 0)
		config_problem(entry, config_value_line(chain),
			"\"chain\": an empty array; expected a file or several");
	if (file != NULL && config_setting_get_member(group, "key_password") != NULL)
		config_problem(entry, config_value_line(file),
			"\"key_password_file\" beside \"key_password\"; expected one of them");
}

static void pair_clear(struct config_pair *pair)
{
	config_list_clear(&pair->chain);
	free(pair->key);
	der_unref(pair->key_password);
	free(pair->key_password_file);
	free(pair->staple);
	memset(pair, 0, sizeof(*pair));
}

void config_certificate_clear(struct config_certificate *certificate)
{
	size_t i;

	for (i = 0; i < certificate->pairs_length; i++)
		pair_clear(&certificate->pairs[i]);
	free(certificate->pairs);
	free(certificate->name);
	memset(certificate, 0, sizeof(*certificate));
}

/* Appends the pair, whose contents go with it. */
static void pair_add_take(struct config_entry *entry, struct config_certificate *certificate,
	struct config_pair *pair, int line)
{
	struct config_pair *pairs = config_grow_or_note(
		entry->reader, certificate->pairs, certificate->pairs_length, sizeof(*pairs));

	pair->place.file = entry->source->file;
	pair->place.line = line;
	if (pairs == NULL) {
		pair_clear(pair);
		return;
	}
	certificate->pairs = pairs;
	certificate->pairs[certificate->pairs_length++] = *pair;
	memset(pair, 0, sizeof(*pair));
}

static void pair_read(struct config_entry *entry, const config_setting_t *group,
	struct config_certificate *certificate)
{
	struct config_pair pair;

	memset(&pair, 0, sizeof(pair));
	if (config_setting_type(group) != CONFIG_TYPE_GROUP) {
		config_problem(entry, config_value_line(group),
			"\"pairs\": no group; expected { chain = \"…\"; key = \"…\"; }");
		return;
	}
	config_keys_read(entry, group, certificate_keys, PAIR_KEYS, &pair);
	pair_check(entry, group, &pair);
	pair_add_take(entry, certificate, &pair, config_value_line(group));
}

static void pairs_read(struct config_entry *entry, const config_setting_t *group,
	const config_setting_t *pairs, struct config_certificate *certificate)
{
	unsigned int length;
	unsigned int i;

	for (i = 0; i < PAIR_KEYS; i++) {
		const config_setting_t *member =
			config_setting_get_member(group, certificate_keys[i].name);

		if (member != NULL)
			config_problem(entry, config_value_line(member),
				"\"%s\" beside \"pairs\"; expected it inside the pairs",
				certificate_keys[i].name);
	}
	if (!config_array_is_groups(entry, pairs))
		return;
	length = (unsigned int)config_setting_length(pairs);
	if (length < 1 || length > CONFIG_PAIRS_MAX) {
		config_problem(entry, config_value_line(pairs),
			"\"pairs\": %u pairs; expected 1 to %d", length, CONFIG_PAIRS_MAX);
		return;
	}
	for (i = 0; i < length; i++)
		pair_read(entry, config_setting_get_elem(pairs, i), certificate);
}

static void certificate_keep_take(
	struct config_reader *reader, struct config_certificate *certificate)
{
	struct config *config = reader->config;
	struct config_certificate *certificates = config_grow_or_note(
		reader, config->certificates, config->certificates_length, sizeof(*certificates));

	if (certificates == NULL) {
		config_certificate_clear(certificate);
		return;
	}
	config->certificates = certificates;
	certificates[config->certificates_length++] = *certificate;
}

/* A name is taken even by an entry that has another fault: mending that must not change the others. */
static void certificate_claim(
	struct config_entry *entry, const char *name, struct config_certificate *certificate)
{
	const char *fault = config_certificate_name_fault(name);
	const struct config_place *before;

	if (fault != NULL) {
		config_problem(
			entry, certificate->place.line, "no name for a certificate: %s", fault);
		return;
	}
	entry->name = name;
	certificate->name = config_text_dup(entry->reader, name);
	before = config_claim(
		entry->reader, &entry->reader->certificate_names, name, certificate->place);
	if (before != NULL)
		config_problem(entry, certificate->place.line,
			"configured already at %s:%d; expected one entry a certificate",
			before->file, before->line);
}

static void certificate_read(struct config_entry *top, const config_setting_t *group)
{
	struct config_entry entry = *top;
	struct config_certificate certificate;
	struct certificate_entry given;

	memset(&certificate, 0, sizeof(certificate));
	memset(&given, 0, sizeof(given));
	certificate.place.file = top->source->file;
	certificate.place.line = config_value_line(group);
	entry.scope = CONFIG_SCOPE_CERTIFICATE;
	entry.kind = "certificate";
	entry.is_bad = false;
	entry.label = config_key_name(&entry, group);
	if (config_setting_type(group) != CONFIG_TYPE_GROUP)
		return;
	if (entry.label != NULL)
		certificate_claim(&entry, entry.label, &certificate);
	config_keys_read(&entry, group, certificate_keys,
		sizeof(certificate_keys) / sizeof(certificate_keys[0]), &given);
	if (given.pairs != NULL) {
		pairs_read(&entry, group, given.pairs, &certificate);
		pair_clear(&given.pair);
	} else {
		pair_check(&entry, group, &given.pair);
		pair_add_take(&entry, &certificate, &given.pair, certificate.place.line);
	}
	if (entry.is_bad)
		config_certificate_clear(&certificate);
	else
		certificate_keep_take(top->reader, &certificate);
}

void config_certificates_read(struct config_entry *top, const config_setting_t *setting)
{
	unsigned int length;
	unsigned int i;

	if (!config_array_is_groups(top, setting))
		return;
	length = (unsigned int)config_setting_length(setting);
	for (i = 0; i < length; i++)
		certificate_read(top, config_setting_get_elem(setting, i));
}
