/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "certificate_listing.h"
#include "error.h"
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `name` may be NULL: the directory itself. */
static void add_problem(
	struct listing *listing, const char *name, const char *what, const char *detail)
{
	/* Bounded; and a file's name may hold anything. */
	struct certbind_error text;
	char *copy = NULL;

	if (name != NULL)
		(void)error_set(&text, CERTBIND_E_CONFIG, NULL, 0, "certificate \"%s\": %s%s", name,
			what, detail);
	else
		(void)error_set(&text, CERTBIND_E_CONFIG, NULL, 0, "%s%s", what, detail);
	if (name != NULL)
		copy = strdup(name);
	if (name != NULL && copy == NULL)
		listing->is_out_of_memory = true;
	listing_problem_take(listing, copy, strdup(text.message));
}

/* NULL: memory, and that is noted. */
static char *path_dup(struct listing *listing, const char *name, const char *suffix)
{
	size_t size = strlen(listing->directory) + strlen(name) + strlen(suffix) + 2;
	char *path = malloc(size);

	if (path == NULL)
		listing->is_out_of_memory = true;
	else
		(void)snprintf(path, size, "%s/%s%s", listing->directory, name, suffix);
	return path;
}

/* Whatever can't be told counts as there: reading it will say why it can't be read. */
static bool is_there(const char *path, struct stat *status)
{
	if (stat(path, status) == 0)
		return true;
	memset(status, 0, sizeof(*status));
	return errno != ENOENT && errno != ENOTDIR;
}

/* Two files that are both there, or nothing. */
static void add_files(struct listing *listing, const char *name, const char *stem,
	const char *chain_suffix, const char *key_suffix)
{
	char *chain = path_dup(listing, stem, chain_suffix);
	char *key = path_dup(listing, stem, key_suffix);
	struct stat status;

	if (chain != NULL && key != NULL && is_there(chain, &status) && is_there(key, &status)) {
		listing_entry_take(listing, name, chain, key);
		return;
	}
	free(chain);
	free(key);
}

bool certificate_dir_has_both(const struct file_bytes *bytes)
{
	const char *text = (const char *)bytes->data;

	return strstr(text, "CERTIFICATE-----") != NULL && strstr(text, "PRIVATE KEY-----") != NULL;
}

/* What can't be read is listed, and will be told. */
static bool is_combined(const char *path)
{
	struct file_bytes bytes;
	bool is_it = true;

	if (file_read_secret(NULL, path, CERTIFICATE_FILE_MAX, &bytes, NULL) == CERTBIND_OK)
		is_it = certificate_dir_has_both(&bytes);
	file_bytes_wipe(&bytes);
	return is_it;
}

static void add_combined(
	struct listing *listing, const char *name, const char *file, bool is_listed)
{
	char *chain = path_dup(listing, file, "");
	char *key = path_dup(listing, file, "");
	size_t length = listing->entries_length;

	if (chain == NULL || key == NULL) {
		free(chain);
		free(key);
		return;
	}
	listing_entry_take(listing, name, chain, key);
	if (listing->entries_length > length) {
		listing->entries[length].pairs[0].may_be_foreign = true;
		listing->entries[length].pairs[0].is_listed = is_listed;
	}
}

static bool has_suffix(const char *text, const char *suffix)
{
	size_t length = strlen(text);
	size_t suffix_length = strlen(suffix);

	return length > suffix_length && strcmp(text + length - suffix_length, suffix) == 0;
}

/*
 * A file of lego's or a combined one: NAME is what stands before the suffix of four bytes.
 * `is_listed`: readdir() has said that it is a regular file.
 */
static void add_file(struct listing *listing, const char *file, bool is_listed)
{
	char *name;

	if (!has_suffix(file, ".pem") && !has_suffix(file, ".crt"))
		return;
	if (has_suffix(file, ".issuer.crt"))
		return;
	name = strndup(file, strlen(file) - 4);
	if (name == NULL)
		listing->is_out_of_memory = true;
	else if (has_suffix(file, ".crt"))
		add_files(listing, name, name, ".crt", ".key");
	else
		add_combined(listing, name, file, is_listed);
	free(name);
}

/* `type` as readdir() tells it: of most files nothing more has to be asked. */
static void consider(struct listing *listing, const char *file, unsigned char type)
{
	struct stat status;
	char *path;

	if (file[0] == '.' || strcmp(file, "README") == 0)
		return;
	if (type == DT_REG) {
		add_file(listing, file, true);
		return;
	}
	path = path_dup(listing, file, "");
	if (path == NULL)
		return;
	if (is_there(path, &status)) {
		if (S_ISDIR(status.st_mode))
			add_files(listing, file, file, "/fullchain.pem", "/privkey.pem");
		else
			add_file(listing, file, false);
	}
	free(path);
}

static void read_directory(struct listing *listing)
{
	DIR *directory = opendir(listing->directory);
	struct dirent *item;
	char text[256];
	int number = errno;

	if (directory != NULL) {
		errno = 0;
		/* One thread per stream is all that readdir() asks. */
		/* cppcheck-suppress readdirCalled ; nobody else reads this stream */
		while ((item = readdir(directory)) != NULL) {
			consider(listing, item->d_name, item->d_type);
			errno = 0;
		}
		number = errno;
		(void)closedir(directory);
		if (number == 0)
			return;
	}
	if (strerror_r(number, text, sizeof(text)) != 0)
		text[0] = '\0';
	add_problem(listing, NULL, "certificate directory can't be read: ", text);
}

static int compare(const void *a, const void *b)
{
	const struct config_certificate *left = a;
	const struct config_certificate *right = b;

	int order = strcmp(left->name, right->name);

	/* Messages must not depend on the order of the directory. */
	return order != 0 ? order
			  : strcmp(left->pairs[0].chain.items[0], right->pairs[0].chain.items[0]);
}

static void twice(struct listing *listing, size_t i)
{
	char detail[512];

	(void)snprintf(detail, sizeof(detail), "%.200s and %.200s; keep one of them",
		listing->entries[i].pairs[0].chain.items[0],
		listing->entries[i + 1].pairs[0].chain.items[0]);
	add_problem(listing, listing->entries[i].name, "is there more than once: ", detail);
}

/* Which of two with one name is meant nobody can know: neither is kept. */
static size_t same_names(const struct listing *listing, size_t i)
{
	size_t end = i + 1;

	while (end < listing->entries_length &&
		strcmp(listing->entries[i].name, listing->entries[end].name) == 0)
		end++;
	return end - i;
}

bool certificate_dir_is_foreign(const struct config_certificate *entry)
{
	return entry->pairs[0].may_be_foreign && !is_combined(entry->pairs[0].key);
}

/* Moves what is foreign among `count` of one name behind the others; returns how many those are. */
static size_t prove(struct listing *listing, size_t i, size_t count)
{
	struct config_certificate *entries = listing->entries + i;
	size_t proved = 0;
	size_t j;

	for (j = 0; j < count; j++) {
		struct config_certificate entry = entries[j];

		if (certificate_dir_is_foreign(&entry))
			continue;
		entry.pairs[0].may_be_foreign = false;
		entries[j] = entries[proved];
		entries[proved++] = entry;
	}
	return proved;
}

static void keep(struct listing *listing, struct config_certificate *kept, size_t *kept_length)
{
	size_t i;
	size_t count, proved;

	for (i = 0; i < listing->entries_length; i += count) {
		const char *fault = config_certificate_name_fault(listing->entries[i].name);

		count = same_names(listing, i);
		proved = count;
		if (fault != NULL || count > 1 || listing->is_proving)
			proved = prove(listing, i, count);
		if (proved == 0)
			continue;
		if (fault != NULL) {
			add_problem(listing, listing->entries[i].name,
				"no name for a certificate: ", fault);
		} else if (proved > 1) {
			twice(listing, i);
		} else {
			kept[(*kept_length)++] = listing->entries[i];
			/* Moved: what stays behind is freed with the rest. */
			memset(&listing->entries[i], 0, sizeof(listing->entries[i]));
		}
	}
}

static int finish(
	struct listing *listing, struct config_certificate **entries, size_t *entries_length)
{
	struct config_certificate *kept =
		calloc(listing->entries_length + 1, sizeof(struct config_certificate));
	size_t kept_length = 0;

	if (kept == NULL)
		return CERTBIND_E_MEMORY;
	if (listing->entries_length > 0) {
		qsort(listing->entries, listing->entries_length, sizeof(*listing->entries),
			compare);
		keep(listing, kept, &kept_length);
	}
	*entries = kept;
	*entries_length = kept_length;
	return CERTBIND_OK;
}

/* What a NAME of the directory can be called there. */
static void find(struct listing *listing, const char *name)
{
	static const char *const suffixes[] = { "", ".crt", ".pem" };
	char file[NAME_MAX + 1];
	size_t i;

	if (strchr(name, '/') != NULL)
		return;
	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (snprintf(file, sizeof(file), "%s%s", name, suffixes[i]) < (int)sizeof(file))
			consider(listing, file, DT_UNKNOWN);
}

/* Makes what was found to the lists that are given out. */
static int give(struct listing *listing, struct config_certificate **entries,
	size_t *entries_length, struct config_problem **problems, size_t *problems_length)
{
	int status = CERTBIND_OK;

	*entries = NULL;
	*entries_length = 0;
	*problems = NULL;
	*problems_length = 0;
	if (!listing->is_out_of_memory)
		status = finish(listing, entries, entries_length);
	config_certificates_free(listing->entries, listing->entries_length);
	if (listing->is_out_of_memory || status != CERTBIND_OK) {
		config_certificates_free(*entries, *entries_length);
		*entries = NULL;
		*entries_length = 0;
		config_problems_free(listing->problems, listing->problems_length);
		return CERTBIND_E_MEMORY;
	}
	*problems = listing->problems;
	*problems_length = listing->problems_length;
	return CERTBIND_OK;
}

int certificate_dir_list(const char *directory, struct config_certificate **entries,
	size_t *entries_length, struct config_problem **problems, size_t *problems_length,
	struct certbind_error *error)
{
	struct listing listing = { .directory = directory };

	read_directory(&listing);
	return give(&listing, entries, entries_length, problems, problems_length) < 0
		       ? error_memory(error)
		       : CERTBIND_OK;
}

int certificate_dir_list_name(const char *directory, const char *name,
	struct config_certificate **entries, size_t *entries_length,
	struct config_problem **problems, size_t *problems_length)
{
	struct listing listing = { .directory = directory };

	find(&listing, name);
	return give(&listing, entries, entries_length, problems, problems_length);
}

int certificate_dir_find(const char *directory, const char *name,
	struct config_certificate **entries, size_t *entries_length, struct certbind_error *error)
{
	struct listing listing = { .directory = directory, .is_proving = true };
	int status = CERTBIND_OK;

	*entries = NULL;
	*entries_length = 0;
	find(&listing, name);
	if (!listing.is_out_of_memory)
		status = finish(&listing, entries, entries_length);
	if (listing.is_out_of_memory && status == CERTBIND_OK) {
		config_certificates_free(*entries, *entries_length);
		*entries = NULL;
		*entries_length = 0;
		status = CERTBIND_E_MEMORY;
	}
	config_problems_free(listing.problems, listing.problems_length);
	config_certificates_free(listing.entries, listing.entries_length);
	return status < 0 ? error_memory(error) : CERTBIND_OK;
}
