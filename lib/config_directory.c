/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config_reader.h"
#include "file.h"
#include "name.h"
#include "text.h"
#include <dirent.h>
#include <errno.h>
#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char suffix[] = ".conf";

static bool is_domain_file(const char *name)
{
	size_t length = strlen(name);

	return name[0] != '.' && length > strlen(suffix) &&
	       strcmp(name + length - strlen(suffix), suffix) == 0;
}

/* Reads the names of a directory; false: errno says why. */
static bool directory_list(
	struct config_reader *reader, const char *path, struct config_list *names)
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
		if (is_domain_file(found->d_name))
			config_list_append_take(
				reader, names, config_text_dup(reader, found->d_name));
	}
	(void)closedir(directory);
	errno = number;
	return number == 0;
}

/* Checks that the file's name is a domain's as the loader would name it. */
static void file_name_check(struct config_entry *entry, const char *name, char *folded)
{
	enum name_fault fault = name_fold(name, strlen(name), folded);

	if (fault != NAME_OK) {
		config_problem(
			entry, 0, "the file's name is no host name: %s", name_fault_text(fault));
		return;
	}
	entry->name = folded;
	if (strcmp(name, folded) != 0)
		config_problem(entry, 0,
			"the file's name is not in the form that is looked for; "
			"expected %s%s",
			folded, suffix);
}

/* A sub directory is none of ours; what has gone since the directory was read never was. */
static bool is_ignored(const char *path)
{
	struct stat status;

	if (stat(path, &status) == 0)
		return S_ISDIR(status.st_mode);
	return lstat(path, &status) < 0 && errno == ENOENT;
}

static void file_parse(
	struct config_entry *entry, struct config_file *file, const struct file_bytes *bytes)
{
	const char *fault = config_link_fault(config_file_source(file)->path, &bytes->id);
	struct config_source *source;

	if (fault != NULL) {
		config_problem(entry, 0, "the file %s", fault);
		return;
	}
	source = config_source_parse(entry, (const char *)bytes->data, bytes->size);
	if (source == NULL)
		return;
	entry->source = source;
	config_domain_read(entry, config_root_setting(source->tree), file);
	config_source_free(source);
}

/* Adds it to the config, which has it then. False: memory, noted. */
static bool file_append_take(struct config_reader *reader, struct config_file *file)
{
	struct config *config = reader->config;
	struct config_file **files = config_grow_or_note(reader, config->domain_files,
		config->domain_files_length, sizeof(struct config_file *));

	if (files == NULL) {
		config_file_unref(file);
		return false;
	}
	config->domain_files = files;
	files[config->domain_files_length++] = file;
	if (config_file_source(file)->is_failed)
		config->domain_files_failed++;
	return true;
}

static bool is_link(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0 && S_ISLNK(status.st_mode);
}

/* `path` is that of NAME.conf. */
static void file_load(struct config_reader *reader, const char *path, const char *name)
{
	struct config_source outline = { .order = reader->orders++ };
	struct config_entry entry = { .reader = reader,
		.source = &outline,
		.scope = CONFIG_SCOPE_DOMAIN,
		.kind = "domain",
		.label = name };
	struct config_file *file = config_file_new(reader, path, name);
	char folded[NAME_SIZE];
	struct certbind_error error;
	struct file_bytes bytes;
	int status;

	if (file == NULL)
		return;
	outline.file = config_file_source(file)->path;
	status = source_file_read(
		config_file_source(file), CONFIG_DOMAIN_FILE_SIZE_MAX, &bytes, &error);
	if (status == CERTBIND_E_MEMORY)
		reader->is_out_of_memory = true;
	if (status == CERTBIND_E_MEMORY || (status < 0 && is_ignored(path))) {
		config_file_unref(file);
		return;
	}
	file->is_link = is_link(path);
	file_name_check(&entry, name, folded);
	if (!entry.is_bad)
		entry.name = config_file_name(file);
	if (status < 0)
		config_problem(&entry, 0, "the file %s", error.message);
	if (file_append_take(reader, file) && status == CERTBIND_OK)
		file_parse(&entry, file, &bytes);
	file_bytes_wipe(&bytes);
}

/* Its own place could not be written down: it is reported where the directory is named. */
static void file_refuse(struct config_reader *reader, const char *name)
{
	struct config_entry entry = {
		.reader = reader, .source = reader->domains_dir_source, .scope = CONFIG_SCOPE_DOMAIN
	};

	config_problem(&entry, config_value_line(reader->domains_dir),
		"\"domains_dir\": the file's name \"%s\" is no UTF-8, or has control characters",
		name);
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
	if (file_append_take(reader, config_file_ref(file)))
		(void)config_domain_append(reader, &file->domain);
	return true;
}

/* `name` is NAME.conf; it is cut. */
static void directory_file(struct config_reader *reader, const char *directory, char *name)
{
	size_t size = strlen(directory) + strlen(name) + 2;
	char *path;

	if (directory_take_over(reader, directory_former(reader, directory, name))) {
		reader->orders++;
		return;
	}
	if (!text_is_plain(name)) {
		file_refuse(reader, name);
		return;
	}
	path = malloc(size);
	if (path == NULL) {
		reader->is_out_of_memory = true;
		return;
	}
	(void)snprintf(path, size, "%s/%s", directory, name);
	name[strlen(name) - strlen(suffix)] = '\0';
	file_load(reader, path, name);
	free(path);
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

static int name_compare(const void *a, const void *b)
{
	const char *const *left = a;
	const char *const *right = b;

	return strcmp(*left, *right);
}

/* One that was not named as changed. */
static void directory_keep(
	struct config_reader *reader, const char *directory, struct config_file *file)
{
	char *name;

	if (file->domain.name != NULL && directory_take_over(reader, file)) {
		reader->orders++;
		return;
	}
	name = config_text_dup(reader, config_file_source(file)->path + strlen(directory) + 1);
	if (name != NULL)
		directory_file(reader, directory, name);
	free(name);
}

static void names_sort(struct config_list *names)
{
	if (names->length > 1)
		qsort(names->items, names->length, sizeof(*names->items), name_compare);
}

/* What may have changed is looked for by its name, in the order of all. */
static void directory_read_changes(struct config_reader *reader, const char *path)
{
	const struct config *former = reader->former;
	const struct changes_names *changed = &reader->changes->domain_files;
	struct config_list names = { NULL, 0 };
	size_t skipped = strlen(path) + 1;
	size_t i, j = 0;

	for (i = 0; i < changed->length; i++)
		if (is_domain_file(changed->keys[i]))
			config_list_append_take(
				reader, &names, config_text_dup(reader, changed->keys[i]));
	names_sort(&names);
	for (i = 0; i < former->domain_files_length; i++) {
		struct config_file *file = former->domain_files[i];
		int order = -1;

		while (j < names.length && order < 0) {
			order = strcmp(names.items[j], config_file_source(file)->path + skipped);
			if (order <= 0)
				directory_file(reader, path, names.items[j++]);
		}
		if (order != 0)
			directory_keep(reader, path, file);
	}
	for (; j < names.length; j++)
		directory_file(reader, path, names.items[j]);
	config_list_clear(&names);
}

/* Does the former config have all files but for those that may have changed? */
static bool directory_is_told(const struct config_reader *reader)
{
	return reader->former != NULL && reader->former->problems_length == 0 &&
	       !reader->changes->has_configuration &&
	       sources_equal(reader->former->sources, reader->config->sources);
}

void config_directory_read(struct config_reader *reader)
{
	struct config_entry entry = {
		.reader = reader, .source = reader->domains_dir_source, .scope = CONFIG_SCOPE_LOAD
	};
	const char *path = reader->config->domains_dir;
	struct config_list names = { NULL, 0 };
	char reason[128];
	size_t i;

	if (path == NULL)
		return;
	if (!former_is_of_use(reader))
		reader->former = NULL;
	if (directory_is_told(reader)) {
		directory_read_changes(reader, path);
		return;
	}
	if (!directory_list(reader, path, &names)) {
		if (strerror_r(errno, reason, sizeof(reason)) != 0)
			reason[0] = '\0';
		config_problem(&entry, config_value_line(reader->domains_dir),
			"\"domains_dir\": %s can't be read: %s; expected a directory", path,
			reason);
	}
	names_sort(&names);
	for (i = 0; i < names.length; i++)
		directory_file(reader, path, names.items[i]);
	config_list_clear(&names);
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
		is_known = !is_domain_file(found->d_name) ||
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
