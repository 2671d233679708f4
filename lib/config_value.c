/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config_reader.h"
#include "file.h"
#include "text.h"
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

static const char *type_text(const config_setting_t *setting)
{
	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_GROUP:
		return "a group";
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
	case CONFIG_TYPE_FLOAT:
		return "a number";
	case CONFIG_TYPE_STRING:
		return "a string";
	case CONFIG_TYPE_BOOL:
		return "a boolean";
	case CONFIG_TYPE_ARRAY:
		return "an array";
	default:
		return "a list";
	}
}

/* The key that a value or an element of one belongs to. */
static const char *key_text(const config_setting_t *setting)
{
	while (config_setting_name(setting) == NULL && config_setting_parent(setting) != NULL)
		setting = config_setting_parent(setting);
	return config_setting_name(setting) != NULL ? config_setting_name(setting) : "";
}

int config_value_line(const config_setting_t *setting)
{
	const struct config_token *token = config_setting_get_hook(setting);

	/* libconfig gives an element the line of the token after it. */
	if (config_setting_name(setting) == NULL && token != NULL)
		return token->line;
	return (int)config_setting_source_line(setting);
}

/* A string without a look at its characters. */
static const char *string_peek(struct config_entry *entry, const config_setting_t *setting)
{
	const char *text;

	if (config_setting_type(setting) != CONFIG_TYPE_STRING) {
		config_problem(entry, config_value_line(setting), "\"%s\": %s; expected a string",
			key_text(setting), type_text(setting));
		return NULL;
	}
	text = config_setting_get_string(setting);
	if (text[0] == '\0')
		config_problem(entry, config_value_line(setting),
			"\"%s\": an empty string; expected at least one character",
			key_text(setting));
	else if (strnlen(text, CONFIG_STRING_MAX + 1) > CONFIG_STRING_MAX)
		config_problem(entry, config_value_line(setting),
			"\"%s\": a string of more than %d bytes", key_text(setting),
			CONFIG_STRING_MAX);
	else if (!text_is_utf8(text))
		config_problem(entry, config_value_line(setting),
			"\"%s\": a string that is no UTF-8", key_text(setting));
	else
		return text;
	return NULL;
}

const char *config_value_peek(struct config_entry *entry, const config_setting_t *setting)
{
	const char *text = string_peek(entry, setting);

	if (text != NULL && text_has_control(text)) {
		config_problem(entry, config_value_line(setting),
			"\"%s\": a control character in a string; is a quote missing?",
			key_text(setting));
		return NULL;
	}
	return text;
}

int config_value_word(struct config_entry *entry, const config_setting_t *setting,
	const char *const *words, const char *expected)
{
	const char *text = config_value_peek(entry, setting);
	int i;

	if (text == NULL)
		return -1;
	for (i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], text) == 0)
			return i;
	config_problem(entry, config_value_line(setting), "\"%s\": \"%s\" is unknown; expected %s",
		key_text(setting), text, expected);
	return -1;
}

void config_value_text(struct config_entry *entry, const config_setting_t *setting, void *target)
{
	char **value = target;
	const char *text = config_value_peek(entry, setting);

	if (text != NULL)
		*value = config_text_dup(entry->reader, text);
}

void config_value_path(struct config_entry *entry, const config_setting_t *setting, void *target)
{
	char **value = target;
	const char *text = config_value_peek(entry, setting);

	if (text == NULL)
		return;
	*value = file_resolve_dup(entry->source->file, text);
	if (*value == NULL)
		entry->reader->is_out_of_memory = true;
}

/* Leaves nothing of it in libconfig's tree. */
void config_value_secret(struct config_entry *entry, const config_setting_t *setting, void *target)
{
	struct der **value = target;
	const char *text = string_peek(entry, setting);

	if (text != NULL) {
		*value = der_new(entry->reader->config->pool, text, strlen(text) + 1, true);
		if (*value == NULL)
			entry->reader->is_out_of_memory = true;
	}
	if (config_setting_type(setting) == CONFIG_TYPE_STRING)
		explicit_bzero(setting->value.sval, strlen(setting->value.sval));
}

void config_value_bool(struct config_entry *entry, const config_setting_t *setting, void *target)
{
	bool *value = target;

	if (config_setting_type(setting) == CONFIG_TYPE_BOOL)
		*value = config_setting_get_bool(setting) == CONFIG_TRUE;
	else
		config_problem(entry, config_value_line(setting),
			"\"%s\": %s; expected true or false, without quotes", key_text(setting),
			type_text(setting));
}

bool config_value_integer(struct config_entry *entry, const config_setting_t *setting, uint32_t min,
	uint32_t max, uint32_t *value)
{
	const struct config_token *token = config_setting_get_hook(setting);

	if (token == NULL || token->is_string || !token->is_integer) {
		config_problem(entry, config_value_line(setting),
			"\"%s\": %s; expected a whole number from %u to %u, without quotes",
			key_text(setting),
			config_setting_type(setting) == CONFIG_TYPE_FLOAT ? "a fraction"
									  : type_text(setting),
			min, max);
		return false;
	}
	/* The token's number: libconfig's own has wrapped when it was too large. */
	if (token->number < (long long)min || token->number > (long long)max) {
		config_problem(entry, config_value_line(setting),
			"\"%s\": out of range; expected a whole number from %u to %u",
			key_text(setting), min, max);
		return false;
	}
	*value = (uint32_t)token->number;
	return true;
}
