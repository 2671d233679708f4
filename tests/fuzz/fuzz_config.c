/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "config.h"
#include "config_keep.h"
#include "config_rewrite.h"
#include "error.h"
#include "host.h"
#include "source.h"
#include "text.h"
#include <dirent.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

/*
 * A configuration with all that it includes, read from memory: bytes 1 end one file and begin the
 * next, which is whatever is read next. Nothing on the disk is looked at, whatever paths and
 * patterns say; every directory has the same files.
 */
enum { PART_END = 1 };

static const unsigned char *rest;
static size_t rest_size;
static ino_t part_number;
static char directory[64];
static bool is_loading; /* else it is libFuzzer that opens a directory */

/* The linker puts these in the place of what reads the disk (--wrap). */
int __wrap_sources_read(struct sources **sources, const char *path, size_t size_max,
	struct file_bytes *bytes, struct certbind_error *error);
DIR *__wrap_opendir(const char *path);
DIR *__real_opendir(const char *path);
const char *__wrap_config_link_fault(const char *path, const struct file_id *id);
int __wrap_glob(
	const char *pattern, int flags, int (*failed)(const char *path, int number), glob_t *found);
int __real_glob(
	const char *pattern, int flags, int (*failed)(const char *path, int number), glob_t *found);

static void part_take(struct file_bytes *bytes)
{
	const unsigned char *end = memchr(rest, PART_END, rest_size);
	size_t size = end != NULL ? (size_t)(end - rest) : rest_size;

	memset(bytes, 0, sizeof(*bytes));
	bytes->data = fuzz_text_dup(rest, size);
	bytes->size = size;
	bytes->id.inode = ++part_number;
	rest = end != NULL ? end + 1 : NULL;
	rest_size = end != NULL ? rest_size - size - 1 : 0;
}

int __wrap_sources_read(struct sources **sources, const char *path, size_t size_max,
	struct file_bytes *bytes, struct certbind_error *error)
{
	if (sources_add(sources, path, NULL) != CERTBIND_OK)
		return CERTBIND_E_MEMORY;
	if (rest == NULL) {
		memset(bytes, 0, sizeof(*bytes));
		return error_set(error, CERTBIND_E_FILE, path, 0, "does not exist");
	}
	part_take(bytes);
	if (bytes->size <= size_max)
		return CERTBIND_OK;
	file_bytes_wipe(bytes);
	return error_set(error, CERTBIND_E_FILE, path, 0, "is too large");
}

const char *__wrap_config_link_fault(const char *path, const struct file_id *id)
{
	(void)path;
	(void)id;
	return NULL;
}

DIR *__wrap_opendir(const char *path)
{
	return __real_opendir(is_loading ? directory : path);
}

int __wrap_glob(
	const char *pattern, int flags, int (*failed)(const char *path, int number), glob_t *found)
{
	char inside[sizeof(directory) + 8];

	(void)pattern;
	(void)snprintf(inside, sizeof(inside), "%s/*", directory);
	return __real_glob(inside, flags, failed, found);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char *const names[] = { "a.example.conf", "b.example.conf",
		"xn--bcher-kva.example.conf", "B.Example.conf", "no_host.conf" };

	(void)argc;
	(void)argv;
	fuzz_directory_make(directory, sizeof(directory), names, sizeof(names) / sizeof(names[0]));
	return 0;
}

static void check_problems(const struct config *config)
{
	size_t i;

	for (i = 0; i < config->problems_length; i++) {
		const struct config_problem *problem = &config->problems[i];

		fuzz_require(problem->place.file != NULL && problem->place.line >= 0);
		fuzz_require(problem->message != NULL && text_is_plain(problem->message));
	}
	for (i = 1; i < config->domains_length; i++)
		fuzz_require(strcmp(config->domains[i - 1]->name, config->domains[i]->name) < 0);
}

/* What `bind` does with the file of a domain. */
static void rewrite(const struct config *config, const struct file_bytes *bytes)
{
	const struct config_rewrite change = { .config = config,
		.file = "domains.d/a.example.conf",
		.domain = "a.example",
		.service = &config->services[0],
		.value = "auto" };
	struct config_list hosts = { NULL, 0 };
	struct certbind_error error;
	char *text = NULL;
	size_t size;

	(void)config_rewrite_is_own(bytes);
	(void)config_rewrite(&change, bytes, &text, &size, &hosts, &error);
	host_list_clear(&hosts);
	free(text);
}

static struct config *load(const uint8_t *data, size_t size)
{
	struct config *config;

	rest = data;
	rest_size = size;
	part_number = 0;
	is_loading = true;
	(void)config_load("certbind.conf", &config, NULL);
	is_loading = false;
	return config;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *second = memchr(data, PART_END, size);
	struct file_bytes bytes = { .data = fuzz_text_dup(data, size), .size = size };
	struct config *config = load(data, size);
	struct config *later = NULL;

	if (config != NULL) {
		check_problems(config);
		rewrite(config, &bytes);
		if (second != NULL)
			later = load(second + 1, size - (size_t)(second + 1 - data));
	}
	if (later != NULL)
		fuzz_require(config_keep(later, config) == CERTBIND_OK);
	config_unref(later);
	config_unref(config);
	file_bytes_wipe(&bytes);
	return 0;
}
