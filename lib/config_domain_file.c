/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config_reader.h"
#include "name.h"
#include "text.h"
#include <errno.h>
#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One file of domains_dir: its text, which any thread may read, and what that says. */

static const char suffix[] = ".conf";

bool config_domain_file_is(const char *name)
{
	size_t length = strlen(name);

	return name[0] != '.' && length > strlen(suffix) &&
	       strcmp(name + length - strlen(suffix), suffix) == 0;
}

static bool is_link(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0 && S_ISLNK(status.st_mode);
}

static void read_text(struct config_file_reading *reading, struct certbind_error *error)
{
	struct config_file *file = reading->file;
	struct source *source = config_file_source(file);

	reading->status = source_file_read(
		source, CONFIG_DOMAIN_FILE_SIZE_MAX, reading->is_listed, &reading->bytes, error);
	file->is_link = !reading->bytes.is_direct && is_link(source->path);
	reading->is_read = true;
}

void config_domain_file_begin(
	struct config_reader *reader, const char *directory, struct config_file_reading *reading)
{
	const char *name = reading->name;
	size_t length = strlen(name) - strlen(suffix);
	size_t size = strlen(directory) + strlen(name) + 2;
	char domain[NAME_MAX + 1];
	char *path;

	if (!text_is_plain(name) || length >= sizeof(domain))
		return;
	path = malloc(size);
	if (path == NULL) {
		reader->is_out_of_memory = true;
		return;
	}
	(void)snprintf(path, size, "%s/%s", directory, name);
	memcpy(domain, name, length);
	domain[length] = '\0';
	reading->file = config_file_new(reader, path, domain);
	free(path);
}

void config_domain_file_read(struct config_file_reading *reading)
{
	if (reading->file != NULL)
		read_text(reading, NULL);
}

void config_domain_file_clear(struct config_file_reading *reading)
{
	file_bytes_wipe(&reading->bytes);
	config_file_unref(reading->file);
	reading->file = NULL;
}

/* Checks that the file's name is a domain's as the loader would name it. */
static void name_check(struct config_entry *entry, const char *name, char *folded)
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

static void parse(
	struct config_entry *entry, struct config_file *file, const struct file_bytes *bytes)
{
	const char *fault = bytes->is_direct
				    ? NULL
				    : config_link_fault(config_file_source(file)->path, &bytes->id);
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

bool config_domain_file_append(struct config_reader *reader, struct config_file *file)
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

/* Its own place could not be written down: it is reported where the directory is named. */
static void refuse(struct config_reader *reader, const char *name)
{
	struct config_entry entry = {
		.reader = reader, .source = reader->domains_dir_source, .scope = CONFIG_SCOPE_DOMAIN
	};

	config_problem(&entry, config_value_line(reader->domains_dir),
		"\"domains_dir\": the file's name \"%s\" is no UTF-8, or has control characters",
		name);
}

/* What was begun. */
static void load(struct config_reader *reader, struct config_file_reading *reading)
{
	struct config_file *file = reading->file;
	const char *name = config_file_name(file);
	struct config_source outline = { .order = reader->orders++,
		.file = config_file_source(file)->path };
	struct config_entry entry = { .reader = reader,
		.source = &outline,
		.scope = CONFIG_SCOPE_DOMAIN,
		.kind = "domain",
		.label = name };
	char folded[NAME_SIZE];
	struct certbind_error error;

	/* What could not be read ahead is read again, to hear why. */
	if (!reading->is_read || reading->status == CERTBIND_E_FILE)
		read_text(reading, &error);
	if (reading->status == CERTBIND_E_MEMORY)
		reader->is_out_of_memory = true;
	if (reading->status == CERTBIND_E_MEMORY ||
		(reading->status < 0 && is_ignored(outline.file)))
		return;
	name_check(&entry, name, folded);
	if (!entry.is_bad)
		entry.name = name;
	if (reading->status < 0)
		config_problem(&entry, 0, "the file %s", error.message);
	reading->file = NULL;
	if (config_domain_file_append(reader, file) && reading->status == CERTBIND_OK)
		parse(&entry, file, &reading->bytes);
}

void config_domain_file_load(
	struct config_reader *reader, const char *directory, struct config_file_reading *reading)
{
	if (!text_is_plain(reading->name))
		refuse(reader, reading->name);
	else if (reading->file == NULL)
		config_domain_file_begin(reader, directory, reading);
	if (reading->file != NULL)
		load(reader, reading);
	config_domain_file_clear(reading);
}
