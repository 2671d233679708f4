/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config_reader.h"
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

static const struct config_token *token_next(
	const struct config_scan *scan, size_t *used, bool is_string)
{
	const struct config_token *token;

	if (*used >= scan->tokens_length)
		return NULL;
	token = &scan->tokens[*used];
	if (token->is_string != is_string)
		return NULL;
	(*used)++;
	return token;
}

/*
 * Gives each string and number of the tree its token; false when they do not pair off. The depth
 * is bounded by CONFIG_NESTING_MAX.
 */
static bool tokens_attach(config_setting_t *setting, struct config_scan *scan, size_t *used)
{
	const struct config_token *token;
	unsigned int length;
	unsigned int i;

	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_GROUP:
	case CONFIG_TYPE_LIST:
	case CONFIG_TYPE_ARRAY:
		length = (unsigned int)config_setting_length(setting);
		for (i = 0; i < length; i++)
			if (!tokens_attach(config_setting_get_elem(setting, i), scan, used))
				return false;
		return true;
	case CONFIG_TYPE_BOOL:
		return true;
	default:
		token = token_next(scan, used, config_setting_type(setting) == CONFIG_TYPE_STRING);
		if (token != NULL)
			config_setting_set_hook(setting, &scan->tokens[*used - 1]);
		return token != NULL;
	}
}

/* libconfig's words change between versions; these do not. */
static const char *parse_error_text(const config_t *tree)
{
	const char *text = config_error_text(tree);

	if (text != NULL && strstr(text, "duplicate") != NULL)
		return "a key that the same group has already; expected each key once";
	if (text != NULL && strstr(text, "mismatch") != NULL)
		return "values of different types in one array; expected one type";
	return CONFIG_SYNTAX_ERROR;
}

/* libconfig 1.5 takes a comment that no newline ends for a syntax error: it gets one. */
static int text_parse(struct config_reader *reader, config_t *tree, const char *text, size_t size)
{
	char *ended;
	int result;

	if (size == 0 || text[size - 1] == '\n')
		return config_read_string(tree, text);
	ended = malloc(size + 2);
	if (ended == NULL) {
		reader->is_out_of_memory = true;
		return CONFIG_FALSE;
	}
	memcpy(ended, text, size);
	memcpy(ended + size, "\n", 2);
	result = config_read_string(tree, ended);
	explicit_bzero(ended, size);
	free(ended);
	return result;
}

static bool source_parse(
	struct config_entry *entry, struct config_source *source, const char *text, size_t size)
{
	size_t used = 0;

	if (!config_scan_text(text, size, &source->scan)) {
		entry->reader->is_out_of_memory = true;
		return false;
	}
	if (source->scan.error_line > 0) {
		config_problem(entry, source->scan.error_line, "%s", source->scan.error_text);
		return false;
	}
	source->tree = calloc(1, sizeof(*source->tree));
	if (source->tree == NULL) {
		entry->reader->is_out_of_memory = true;
		return false;
	}
	config_init(source->tree);
	if (text_parse(entry->reader, source->tree, text, size) != CONFIG_TRUE) {
		config_problem(entry, config_error_line(source->tree), "%s",
			parse_error_text(source->tree));
		return false;
	}
	if (!tokens_attach(config_root_setting(source->tree), &source->scan, &used) ||
		used != source->scan.tokens_length) {
		config_problem(entry, 1, "strings or numbers that can't be told apart");
		return false;
	}
	return true;
}

struct config_source *config_source_parse(struct config_entry *entry, const char *text, size_t size)
{
	struct config_source *source = calloc(1, sizeof(*source));

	if (source == NULL) {
		entry->reader->is_out_of_memory = true;
		return NULL;
	}
	source->file = entry->source->file;
	source->order = entry->source->order;
	source->parent = entry->source->parent;
	if (source_parse(entry, source, text, size))
		return source;
	config_source_free(source);
	return NULL;
}

void config_source_free(struct config_source *source)
{
	if (source == NULL)
		return;
	if (source->tree != NULL)
		config_destroy(source->tree);
	free(source->tree);
	free(source->scan.tokens);
	free(source->identity);
	free(source);
}
