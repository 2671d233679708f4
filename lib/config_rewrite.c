/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config_rewrite.h"
#include "config_reader.h"
#include "error.h"
#include "host.h"
#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char mark[] = "# Written by certbind bind;";
static const char first_line[] =
	"# Written by certbind bind; other keys are kept, comments are not.\n";

bool config_rewrite_is_own(const struct file_bytes *bytes)
{
	return bytes->size > strlen(mark) && memcmp(bytes->data, mark, strlen(mark)) == 0;
}

/* A reader of one file: it knows the services and nothing else. */
struct rewriter {
	const struct config_rewrite *change;
	struct config outline;
	struct config_file file;
	struct config_reader reader;
	struct config_source place;
	struct config_entry entry;
};

static int rewriter_init(struct rewriter *rewriter, const struct config_rewrite *change)
{
	struct config_reader *reader = &rewriter->reader;
	size_t i;

	memset(rewriter, 0, sizeof(*rewriter));
	rewriter->change = change;
	rewriter->outline.services = change->config->services;
	rewriter->outline.services_length = change->config->services_length;
	reader->config = &rewriter->outline;
	if (table_init(&reader->services, 0) < 0 || table_init(&reader->domain_names.table, 0) < 0)
		return CERTBIND_E_MEMORY;
	for (i = 0; i < change->config->services_length; i++) {
		void **place = table_place(&reader->services, change->config->services[i].name);

		if (place == NULL)
			return CERTBIND_E_MEMORY;
		*place = (void *)(uintptr_t)(i + 1);
	}
	rewriter->place.file = change->file;
	rewriter->entry = (struct config_entry){ .reader = reader,
		.source = &rewriter->place,
		.scope = CONFIG_SCOPE_DOMAIN,
		.kind = "domain",
		.label = change->domain,
		.name = change->domain };
	return CERTBIND_OK;
}

static void rewriter_clear(struct rewriter *rewriter)
{
	config_domain_clear(&rewriter->file.domain);
	free(rewriter->outline.domains);
	config_problems_clear(&rewriter->reader);
	config_claims_clear(&rewriter->reader.domain_names);
	table_clear(&rewriter->reader.services);
}

static int refuse_problem(const struct rewriter *rewriter, struct certbind_error *error)
{
	const struct config_reader_problem *problem = rewriter->reader.last_problem;

	/* The first one: they are chained backwards. */
	while (problem != NULL && problem->next != NULL)
		problem = problem->next;
	if (rewriter->reader.is_out_of_memory || problem == NULL ||
		problem->problem.message == NULL)
		return error_memory(error);
	return error_set(error, CERTBIND_E_REFUSED, rewriter->change->file,
		problem->problem.place.line,
		"%s; mend that first, or remove the file with `certbind unbind %s` if certbind "
		"wrote it",
		problem->problem.message, rewriter->change->domain);
}

static struct config_source *rewriter_parse(
	struct rewriter *rewriter, const struct file_bytes *bytes)
{
	const char *text = bytes->data != NULL ? (const char *)bytes->data : "";

	return config_source_parse(&rewriter->entry, text, bytes->size);
}

/* Reads what the file says beside the key: the faults in that, and the hosts. */
static int rewriter_read_rest(struct rewriter *rewriter, const struct file_bytes *bytes,
	struct config_list *hosts, struct certbind_error *error)
{
	const struct config_rewrite *change = rewriter->change;
	size_t service = (size_t)(change->service - change->config->services);
	const struct config_choice_entry *entry = NULL;
	const struct config_domain *domain;
	struct config_source *source = rewriter_parse(rewriter, bytes);
	size_t i;

	if (source == NULL)
		return refuse_problem(rewriter, error);
	(void)config_setting_remove(config_root_setting(source->tree), change->service->name);
	rewriter->entry.source = source;
	config_domain_read(&rewriter->entry, config_root_setting(source->tree), &rewriter->file);
	rewriter->entry.source = &rewriter->place;
	config_source_free(source);
	if (rewriter->entry.is_bad || rewriter->outline.domains_length == 0)
		return refuse_problem(rewriter, error);
	domain = &rewriter->file.domain;
	for (i = 0; i < domain->choices_length; i++)
		if (domain->choices[i].service == service)
			entry = &domain->choices[i];
	return host_list_make(change->service, entry, change->domain, hosts) < 0
		       ? error_memory(error)
		       : CERTBIND_OK;
}

static bool is_set_already(const struct config_rewrite *change, const config_setting_t *member)
{
	if (change->value == NULL || member == NULL)
		return change->value == NULL && member == NULL;
	return config_setting_type(member) == CONFIG_TYPE_STRING &&
	       strcmp(config_setting_get_string(member), change->value) == 0;
}

/* Sets the key where it stands, or at the end; or takes it out. False: memory. */
static bool tree_set(const struct config_rewrite *change, config_setting_t *root)
{
	const char *key = change->service->name;
	config_setting_t *member = config_setting_get_member(root, key);

	if (member != NULL &&
		(change->value == NULL || config_setting_type(member) != CONFIG_TYPE_STRING)) {
		(void)config_setting_remove(root, key);
		member = NULL;
	}
	if (change->value == NULL)
		return true;
	if (member == NULL)
		member = config_setting_add(root, key, CONFIG_TYPE_STRING);
	return member != NULL && config_setting_set_string(member, change->value) == CONFIG_TRUE;
}

static char *tree_write_dup(const config_t *tree, size_t *size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, size);
	bool is_failed;

	if (out == NULL)
		return NULL;
	(void)fputs(first_line, out);
	config_write(tree, out);
	is_failed = ferror(out) != 0;
	if (fclose(out) != 0 || is_failed) {
		free(text);
		return NULL;
	}
	return text;
}

static int rewriter_make(struct rewriter *rewriter, const struct file_bytes *bytes, bool is_there,
	char **text, size_t *text_size, struct certbind_error *error)
{
	const struct config_rewrite *change = rewriter->change;
	struct config_source *source = rewriter_parse(rewriter, bytes);
	config_setting_t *root;

	if (source == NULL)
		return refuse_problem(rewriter, error);
	root = config_root_setting(source->tree);
	if (is_there &&
		is_set_already(change, config_setting_get_member(root, change->service->name))) {
		config_source_free(source);
		return CERTBIND_OK;
	}
	if (tree_set(change, root))
		*text = tree_write_dup(source->tree, text_size);
	config_source_free(source);
	if (*text == NULL)
		return error_memory(error);
	if (*text_size <= CONFIG_REWRITE_SIZE_MAX)
		return CERTBIND_OK;
	free(*text);
	*text = NULL;
	return error_set(error, CERTBIND_E_REFUSED, change->file, 0,
		"domain \"%s\": the file would have %zu bytes; expected at most %d", change->domain,
		*text_size, CONFIG_REWRITE_SIZE_MAX);
}

int config_rewrite(const struct config_rewrite *change, const struct file_bytes *bytes, char **text,
	size_t *text_size, struct config_list *hosts, struct certbind_error *error)
{
	struct rewriter rewriter;
	int status;

	*text = NULL;
	*text_size = 0;
	memset(hosts, 0, sizeof(*hosts));
	status = rewriter_init(&rewriter, change);
	if (status < 0)
		(void)error_memory(error);
	if (status == CERTBIND_OK)
		status = rewriter_read_rest(&rewriter, bytes, hosts, error);
	if (status == CERTBIND_OK)
		status = rewriter_make(
			&rewriter, bytes, bytes->data != NULL, text, text_size, error);
	rewriter_clear(&rewriter);
	return status;
}
