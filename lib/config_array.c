/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config_reader.h"
#include "file.h"
#include "name.h"
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

struct array_item {
	const char *text;
	size_t index;
};

static int array_item_compare(const void *a, const void *b)
{
	const struct array_item *left = a;
	const struct array_item *right = b;
	int order = strcmp(left->text, right->text);

	if (order != 0)
		return order;
	return left->index < right->index ? -1 : 1;
}

/* Reports what a list has twice: `from` is the index of the setting's first element in it. */
static void array_check_unique(struct config_entry *entry, const config_setting_t *setting,
	const struct config_list *list, size_t from)
{
	size_t length = list->length;
	struct array_item *items;
	size_t i;

	if (length < 2)
		return;
	items = calloc(length, sizeof(*items));
	if (items == NULL) {
		entry->reader->is_out_of_memory = true;
		return;
	}
	for (i = 0; i < length; i++) {
		items[i].text = list->items[i];
		items[i].index = i;
	}
	qsort(items, length, sizeof(*items), array_item_compare);
	for (i = 1; i < length; i++)
		if (strcmp(items[i].text, items[i - 1].text) == 0 && items[i].index >= from)
			config_problem(entry,
				config_value_line(config_setting_get_elem(
					setting, (unsigned int)(items[i].index - from))),
				"\"%s\": \"%s\" is there twice", config_setting_name(setting),
				items[i].text);
	free(items);
}

static char *array_convert(
	struct config_entry *entry, const config_setting_t *element, config_convert_func *convert)
{
	const struct config_token *token = config_setting_get_hook(element);
	const char *text = config_value_peek(entry, element);

	if (text == NULL)
		return NULL;
	if (token != NULL && token->is_joined && config_setting_name(element) == NULL) {
		config_problem(entry, config_value_line(element),
			"\"%s\": two strings with nothing between them, which make one, \"%s\"; is "
			"a "
			"comma missing?",
			config_setting_name(config_setting_parent(element)), text);
		return NULL;
	}
	return convert(entry, element, text);
}

static void array_read_aggregate(struct config_entry *entry, const config_setting_t *setting,
	size_t length_max, config_convert_func *convert, struct config_list *list)
{
	unsigned int length = (unsigned int)config_setting_length(setting);
	size_t from = list->length;
	unsigned int i;

	if (length > length_max) {
		config_problem(entry, config_value_line(setting),
			"\"%s\": %u strings; expected at most %zu", config_setting_name(setting),
			length, length_max);
		return;
	}
	for (i = 0; i < length; i++)
		config_list_append_take(entry->reader, list,
			array_convert(entry, config_setting_get_elem(setting, i), convert));
	if (list->length == from + length)
		array_check_unique(entry, setting, list, from);
}

void config_array_read(struct config_entry *entry, const config_setting_t *setting,
	size_t length_max, config_convert_func *convert, struct config_list *list)
{
	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_STRING:
		config_list_append_take(
			entry->reader, list, array_convert(entry, setting, convert));
		break;
	case CONFIG_TYPE_ARRAY:
	case CONFIG_TYPE_LIST:
		array_read_aggregate(entry, setting, length_max, convert, list);
		break;
	default:
		config_problem(entry, config_value_line(setting),
			"\"%s\": no array of strings; expected %s = [ \"…\", \"…\" ];",
			config_setting_name(setting), config_setting_name(setting));
	}
}

static char *array_path(
	struct config_entry *entry, const config_setting_t *element, const char *text)
{
	char *path = file_resolve_dup(entry->source->file, text);

	(void)element;
	if (path == NULL)
		entry->reader->is_out_of_memory = true;
	return path;
}

static char *array_host(
	struct config_entry *entry, const config_setting_t *element, const char *text)
{
	char folded[NAME_SIZE];
	enum name_fault fault = name_fold(text, strlen(text), folded);

	if (fault == NAME_OK)
		return config_text_dup(entry->reader, folded);
	config_problem(entry, config_value_line(element), "\"%s\": \"%s\" is no host name: %s",
		config_setting_name(config_setting_name(element) != NULL
					    ? element
					    : config_setting_parent(element)),
		text, name_fault_text(fault));
	return NULL;
}

void config_array_paths(struct config_entry *entry, const config_setting_t *setting, void *target)
{
	config_array_read(entry, setting, CONFIG_LIST_MAX, array_path, target);
}

void config_array_chain(struct config_entry *entry, const config_setting_t *setting, void *target)
{
	config_array_read(entry, setting, CONFIG_CHAIN_MAX, array_path, target);
}

void config_array_hosts(struct config_entry *entry, const config_setting_t *setting, void *target)
{
	config_array_read(entry, setting, CONFIG_LIST_MAX, array_host, target);
}

bool config_array_is_groups(struct config_entry *entry, const config_setting_t *setting)
{
	if (config_setting_type(setting) == CONFIG_TYPE_LIST)
		return true;
	config_problem(entry, config_value_line(setting),
		"\"%s\": %s; expected a list of groups: ( { … }, … )", config_setting_name(setting),
		config_setting_type(setting) == CONFIG_TYPE_GROUP   ? "one group"
		: config_setting_type(setting) == CONFIG_TYPE_ARRAY ? "an array"
								    : "a single value");
	return false;
}
