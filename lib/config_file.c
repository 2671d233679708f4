/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config_reader.h"
#include <stdlib.h>
#include <string.h>

struct config_file *config_file_new(struct config_reader *reader, char *path)
{
	struct config_file *file = calloc(1, sizeof(*file));

	if (file == NULL) {
		reader->is_out_of_memory = true;
		free(path);
		return NULL;
	}
	atomic_init(&file->references, 1);
	file->source.path = path;
	return file;
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
	free(file->source.path);
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
		int order = strcmp(file->source.path + skipped, name);

		if (order == 0)
			return file;
		if (order < 0)
			first = middle + 1;
		else
			end = middle;
	}
	return NULL;
}
