/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config_reader.h"
#include <stdlib.h>
#include <string.h>

struct config_file *config_file_new(
	struct config_reader *reader, const char *path, const char *name)
{
	size_t before = sizeof(struct config_file) + source_size(path);
	size_t size = strlen(name) + 1;
	struct config_file *file = calloc(1, before + size);

	if (file == NULL) {
		reader->is_out_of_memory = true;
		return NULL;
	}
	atomic_init(&file->references, 1);
	source_init(config_file_source(file), path);
	memcpy((char *)file + before, name, size);
	return file;
}

const char *config_file_name(const struct config_file *file)
{
	const struct source *source = config_file_source(file);

	return (const char *)source + source->size;
}

struct config_file *config_file_ref(struct config_file *file)
{
	atomic_fetch_add_explicit(&file->references, 1, memory_order_relaxed);
	return file;
}

void config_file_unref(struct config_file *file)
{
	if (file == NULL ||
		atomic_fetch_sub_explicit(&file->references, 1, memory_order_acq_rel) != 1)
		return;
	config_domain_clear(&file->domain);
	free(file);
}

const struct config_file *config_file_peek(const struct config *config, const char *name)
{
	size_t skipped = config->domains_dir != NULL ? strlen(config->domains_dir) + 1 : 0;
	size_t first = 0;
	size_t end = config->domain_files_length;

	while (first < end) {
		size_t middle = first + (end - first) / 2;
		const struct config_file *file = config->domain_files[middle];
		int order = strcmp(config_file_source(file)->path + skipped, name);

		if (order == 0)
			return file;
		if (order < 0)
			first = middle + 1;
		else
			end = middle;
	}
	return NULL;
}
