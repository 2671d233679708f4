/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config_reader.h"
#include "parallel.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	FILES_AT_ONCE = 128, /* the texts of twice as many are in memory at most */
	FILE_THREAD_WORTH = 16 /* files: fewer are read before a thread has started */
};

/* What the directory has, sorted by name. */
struct directory_list {
	struct directory_item {
		char *name; /* NAME.conf */
		bool is_listed; /* see file_wish */
	} * items;
	size_t length;
};

static void list_add(
	struct config_reader *reader, struct directory_list *list, const char *name, bool is_listed)
{
	struct directory_item *items =
		config_grow_or_note(reader, list->items, list->length, sizeof(*items));

	if (items == NULL)
		return;
	list->items = items;
	items[list->length].is_listed = is_listed;
	items[list->length].name = config_text_dup(reader, name);
	if (items[list->length].name != NULL)
		list->length++;
}

static int item_compare(const void *a, const void *b)
{
	const struct directory_item *left = a;
	const struct directory_item *right = b;

	return strcmp(left->name, right->name);
}

static void list_sort(struct directory_list *list)
{
	if (list->length > 1)
		qsort(list->items, list->length, sizeof(*list->items), item_compare);
}

static void list_clear(struct directory_list *list)
{
	while (list->length > 0)
		free(list->items[--list->length].name);
	free(list->items);
}

/* Reads the names of a directory; false: errno says why. */
static bool directory_list(
	struct config_reader *reader, const char *path, struct directory_list *list)
{
	DIR *directory = opendir(path);
	const struct dirent *found;
	int number;

	if (directory == NULL)
		return false;
	for (;;) {
		errno = 0;
		/* cppcheck-suppress readdirCalled ; the stream is this call's own */
		found = readdir(directory);
		number = errno;
		if (found == NULL)
			break;
		if (config_domain_file_is(found->d_name))
			list_add(reader, list, found->d_name, found->d_type == DT_REG);
	}
	(void)closedir(directory);
	errno = number;
	return number == 0;
}

/* The unchanged file of that name in the former config, if its text means the same; else NULL. */
static struct config_file *directory_former(
	struct config_reader *reader, const char *directory, const char *name)
{
	const struct config *former = reader->former;
	size_t skipped = strlen(directory) + 1;

	/* Both lists are in one order. */
	for (; former != NULL && reader->former_files < former->domain_files_length;
		reader->former_files++) {
		struct config_file *file = former->domain_files[reader->former_files];
		int order = strcmp(config_file_source(file)->path + skipped, name);

		if (order > 0)
			break;
		if (order == 0)
			return file->domain.name == NULL ||
					       changes_have_domain_file(reader->changes, name)
				       ? NULL
				       : file;
	}
	return NULL;
}

static bool directory_take_over(struct config_reader *reader, struct config_file *file)
{
	if (file == NULL || config_claim_peek(&reader->domain_names, file->domain.name) != NULL)
		return false;
	if (config_domain_file_append(reader, config_file_ref(file)))
		(void)config_domain_append(reader, &file->domain);
	return true;
}

static void directory_file(
	struct config_reader *reader, const char *directory, struct config_file_reading *reading)
{
	if (directory_take_over(reader, directory_former(reader, directory, reading->name))) {
		reader->orders++;
		config_domain_file_clear(reading);
		return;
	}
	config_domain_file_load(reader, directory, reading);
}

static void directory_file_named(
	struct config_reader *reader, const char *directory, const char *name)
{
	struct config_file_reading reading = { .name = name };

	directory_file(reader, directory, &reading);
}

/* What a file says depends on the services that there are. */
static bool former_is_of_use(const struct config_reader *reader)
{
	const struct config *former = reader->former;
	const struct config *config = reader->config;
	size_t i;

	if (former == NULL || changes_are_all(reader->changes) || reader->is_incomplete ||
		former->domains_dir == NULL ||
		strcmp(former->domains_dir, config->domains_dir) != 0 ||
		former->services_length != config->services_length)
		return false;
	for (i = 0; i < config->services_length; i++)
		if (strcmp(former->services[i].name, config->services[i].name) != 0)
			return false;
	return true;
}

/* One that was not named as changed. */
static void directory_keep(
	struct config_reader *reader, const char *directory, struct config_file *file)
{
	if (file->domain.name != NULL && directory_take_over(reader, file)) {
		reader->orders++;
		return;
	}
	directory_file_named(
		reader, directory, config_file_source(file)->path + strlen(directory) + 1);
}

/* What may have changed is looked for by its name, in the order of all. */
static void directory_read_changes(struct config_reader *reader, const char *path)
{
	const struct config *former = reader->former;
	const struct changes_names *changed = &reader->changes->domain_files;
	struct directory_list list = { NULL, 0 };
	size_t skipped = strlen(path) + 1;
	size_t i, j = 0;

	for (i = 0; i < changed->length; i++)
		if (config_domain_file_is(changed->keys[i]))
			list_add(reader, &list, changed->keys[i], false);
	list_sort(&list);
	for (i = 0; i < former->domain_files_length; i++) {
		struct config_file *file = former->domain_files[i];
		int order = -1;

		while (j < list.length && order < 0) {
			order = strcmp(
				list.items[j].name, config_file_source(file)->path + skipped);
			if (order <= 0)
				directory_file_named(reader, path, list.items[j++].name);
		}
		if (order != 0)
			directory_keep(reader, path, file);
	}
	for (; j < list.length; j++)
		directory_file_named(reader, path, list.items[j].name);
	list_clear(&list);
}

/* Does the former config have all files but for those that may have changed? */
static bool directory_is_told(const struct config_reader *reader)
{
	return reader->former != NULL && reader->former->problems_length == 0 &&
	       !reader->changes->has_configuration &&
	       sources_equal(reader->former->sources, reader->config->sources);
}

static void read_one(void *data, size_t worker, size_t index)
{
	struct config_file_reading *readings = data;

	(void)worker;
	config_domain_file_read(&readings[index]);
}

/* Files that follow one another in the list, and are read together. */
struct directory_part {
	struct config_file_reading readings[FILES_AT_ONCE];
	size_t length;
	struct parallel job;
};

/* Where files of the former config may be taken over none is read ahead. */
static void part_begin(struct config_reader *reader, const char *path,
	const struct directory_list *list, size_t first, struct directory_part *part)
{
	bool is_ahead = reader->former == NULL;
	size_t i;

	part->length = list->length - first;
	if (part->length > FILES_AT_ONCE)
		part->length = FILES_AT_ONCE;
	memset(part->readings, 0, part->length * sizeof(part->readings[0]));
	for (i = 0; i < part->length; i++) {
		part->readings[i].name = list->items[first + i].name;
		part->readings[i].is_listed = list->items[first + i].is_listed;
		if (is_ahead)
			config_domain_file_begin(reader, path, &part->readings[i]);
	}
	parallel_begin(&part->job, is_ahead ? part->length : 0, FILE_THREAD_WORTH, read_one,
		part->readings);
}

/* While one part is parsed, the texts of the next are read. */
static void directory_read_all(
	struct config_reader *reader, const char *path, const struct directory_list *list)
{
	struct directory_part *parts, *part;
	size_t first = 0;
	size_t i;

	if (list->items == NULL)
		return;
	parts = malloc(2 * sizeof(*parts));
	if (parts == NULL) {
		reader->is_out_of_memory = true;
		return;
	}
	part = parts;
	part_begin(reader, path, list, 0, part);
	while (part->length > 0) {
		struct directory_part *next = part == parts ? parts + 1 : parts;

		first += part->length;
		parallel_end(&part->job);
		part_begin(reader, path, list, first, next);
		for (i = 0; i < part->length; i++)
			directory_file(reader, path, &part->readings[i]);
		part = next;
	}
	free(parts);
}

void config_directory_read(struct config_reader *reader)
{
	struct config_entry entry = {
		.reader = reader, .source = reader->domains_dir_source, .scope = CONFIG_SCOPE_LOAD
	};
	const char *path = reader->config->domains_dir;
	struct directory_list list = { NULL, 0 };
	char reason[128];

	if (path == NULL)
		return;
	if (!former_is_of_use(reader))
		reader->former = NULL;
	if (directory_is_told(reader)) {
		directory_read_changes(reader, path);
		return;
	}
	if (!directory_list(reader, path, &list)) {
		if (strerror_r(errno, reason, sizeof(reason)) != 0)
			reason[0] = '\0';
		config_problem(&entry, config_value_line(reader->domains_dir),
			"\"domains_dir\": %s can't be read: %s; expected a directory", path,
			reason);
	}
	list_sort(&list);
	directory_read_all(reader, path, &list);
	list_clear(&list);
}

/* Are all files of the directory known? One that has gone is not the same any more. */
static bool directory_is_known(const struct config *config)
{
	DIR *directory = opendir(config->domains_dir);
	const struct dirent *found;
	bool is_known = true;

	if (directory == NULL)
		return false;
	errno = 0;
	/* cppcheck-suppress readdirCalled ; the stream is this call's own */
	while (is_known && (found = readdir(directory)) != NULL)
		is_known = !config_domain_file_is(found->d_name) ||
			   config_file_peek(config, found->d_name) != NULL;
	is_known = is_known && errno == 0;
	(void)closedir(directory);
	return is_known;
}

bool config_directory_is_current(const struct config *config)
{
	size_t i;

	if (config->domains_dir == NULL)
		return true;
	for (i = 0; i < config->domain_files_length; i++) {
		const struct source *source = config_file_source(config->domain_files[i]);

		if (source->is_failed || !source_is_same(source))
			return false;
	}
	return directory_is_known(config);
}
