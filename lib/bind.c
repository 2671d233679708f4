/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bind.h"
#include "candidate.h"
#include "config_rewrite.h"
#include "error.h"
#include "host.h"
#include "name.h"
#include <certbind/bind.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What one call has to do. */
struct binding_change {
	struct config *config;
	const struct config_service *service; /* NULL: all of them (unbind) */
	const char *value; /* a certificate's name, "auto" or "none"; NULL: the key goes */
	struct certificate *certificate; /* that `value` names; NULL: none */
	char domain[NAME_SIZE]; /* folded */
	bool is_forced;
	bool must_exist; /* the domain's file */
};

static const struct config_problem *find_problem(
	const struct config *config, enum config_scope scope, const char *name)
{
	size_t i;

	for (i = 0; i < config->problems_length; i++) {
		const struct config_problem *problem = &config->problems[i];

		if (problem->scope == scope &&
			(name == NULL ||
				(problem->name != NULL && strcmp(problem->name, name) == 0)))
			return problem;
	}
	return NULL;
}

static int change_load(
	struct binding_change *change, const char *config_path, struct certbind_error *error)
{
	const struct config_problem *problem;
	int status = config_load_outline(config_path, &change->config, error);

	if (status < 0)
		return status;
	problem = find_problem(change->config, CONFIG_SCOPE_LOAD, NULL);
	if (problem == NULL)
		return CERTBIND_OK;
	return error_set(error, CERTBIND_E_CONFIG, problem->place.file, problem->place.line, "%s",
		problem->message);
}

static int change_find_service(
	struct binding_change *change, const char *name, struct certbind_error *error)
{
	size_t i;

	for (i = 0; i < change->config->services_length; i++)
		if (strcmp(change->config->services[i].name, name) == 0) {
			change->service = &change->config->services[i];
			return CERTBIND_OK;
		}
	return error_set(error, CERTBIND_E_UNKNOWN_SERVICE, NULL, 0,
		"service \"%s\": not configured; expected \"webmail\", \"mail\" or one of "
		"`services`",
		name);
}

static int read_certificate(struct binding_change *change, const struct config_certificate *entry,
	struct certbind_error *error)
{
	struct certificate_options options = { .pool = der_pool_new(),
		.strict_key_permissions = change->config->strict_key_permissions,
		.now = (int64_t)time(NULL) };
	int status;

	if (options.pool == NULL)
		return error_memory(error);
	status = certificate_read(entry, &options, &change->certificate, error);
	/* What was read of it holds the pool. */
	der_pool_unref(options.pool);
	return status;
}

static int complain_unknown(
	const struct binding_change *change, const char *name, struct certbind_error *error)
{
	const struct config_problem *problem =
		find_problem(change->config, CONFIG_SCOPE_CERTIFICATE, name);

	if (problem != NULL)
		return error_set(error, CERTBIND_E_UNKNOWN_CERTIFICATE, problem->place.file,
			problem->place.line, "%s", problem->message);
	return error_set(error, CERTBIND_E_UNKNOWN_CERTIFICATE, NULL, 0,
		"certificate \"%s\": not configured; expected one of `certificates` or "
		"`certificate_dirs`, \"auto\" or \"none\"",
		name);
}

/* Only the one certificate is read, and only its name is looked for in the directories. */
static int change_find_certificate(
	struct binding_change *change, const char *name, struct certbind_error *error)
{
	const struct config *config = change->config;
	struct config_certificate *entries = NULL;
	size_t entries_length = 0;
	int status = CERTBIND_OK;
	size_t i;

	change->value = name;
	if (strcmp(name, "auto") == 0 || strcmp(name, "none") == 0)
		return CERTBIND_OK;
	if (config_certificate_name_fault(name) != NULL)
		return complain_unknown(change, name, error);
	for (i = 0; i < config->certificates_length; i++)
		if (strcmp(config->certificates[i].name, name) == 0)
			return read_certificate(change, &config->certificates[i], error);
	for (i = 0; i < config->certificate_dirs.length && status == CERTBIND_OK &&
		    change->certificate == NULL;
		i++) {
		status = certificate_dir_find(
			config->certificate_dirs.items[i], name, &entries, &entries_length, error);
		if (status == CERTBIND_OK && entries_length > 0)
			status = read_certificate(change, &entries[0], error);
		config_certificates_free(entries, entries_length);
		entries = NULL;
		entries_length = 0;
	}
	if (status == CERTBIND_OK && change->certificate == NULL)
		return complain_unknown(change, name, error);
	return status;
}

/* A domain of `domains` is the administrator's to change, also while its entry has a fault. */
static int check_not_listed(const struct binding_change *change, struct certbind_error *error)
{
	const struct config *config = change->config;
	const struct config_problem *problem =
		find_problem(config, CONFIG_SCOPE_DOMAIN, change->domain);
	const struct config_place *place = problem != NULL ? &problem->place : NULL;
	size_t i;

	for (i = 0; i < config->domains_length && place == NULL; i++)
		if (strcmp(config->domains[i]->name, change->domain) == 0)
			place = &config->domains[i]->place;
	if (place != NULL)
		return error_set(error, CERTBIND_E_REFUSED, place->file, place->line,
			"domain \"%s\": stands in `domains`; change it there, or move it to a file "
			"of its own in `domains_dir`",
			change->domain);
	if (config->domains_dir == NULL)
		return error_set(error, CERTBIND_E_REFUSED, NULL, 0,
			"domain \"%s\": the configuration has no `domains_dir`, where the files of "
			"domains are written; add one",
			change->domain);
	return CERTBIND_OK;
}

/* The first host that a usable pair of the certificate does not cover; NULL: none. Memory: < 0. */
static int find_uncovered(
	struct certificate *certificate, const struct config_list *hosts, const char **uncovered)
{
	struct candidate_index index;
	struct candidate candidate;
	int status = candidate_index_init(&index, 0);
	size_t i;

	*uncovered = NULL;
	candidate_init(&candidate, certificate);
	if (status == CERTBIND_OK && certificate->pairs_length > 0)
		status = candidate_index_add(&index, &candidate);
	for (i = 0; i < hosts->length && status == CERTBIND_OK && *uncovered == NULL; i++) {
		struct candidate_matches matches = candidate_index_match(&index, hosts->items[i]);

		if (matches.exact == NULL && matches.wildcard == NULL)
			*uncovered = hosts->items[i];
	}
	candidate_index_clear(&index);
	return status;
}

static int check_coverage(const struct binding_change *change, const struct bind_file *file,
	const struct config_list *hosts, struct certbind_error *error)
{
	const struct certificate *certificate = change->certificate;
	const char *uncovered;
	int status;

	if (certificate == NULL || change->is_forced)
		return CERTBIND_OK;
	status = find_uncovered(change->certificate, hosts, &uncovered);
	if (status < 0)
		return error_set(error, status, NULL, 0, "%s", certbind_strerror(status));
	if (uncovered == NULL)
		return CERTBIND_OK;
	if (certificate->pairs_length == 0 && certificate->faults_length > 0)
		return error_set(error, CERTBIND_E_REFUSED, NULL, 0,
			"domain \"%s\": certificate \"%s\" can't be used; --force would bind it "
			"all "
			"the same: %s",
			change->domain, certificate->name, certificate->faults[0].message);
	/* The command knows only domains that are configured. */
	if (!file->is_there)
		return error_set(error, CERTBIND_E_REFUSED, NULL, 0,
			"domain \"%s\": certificate \"%s\" does not cover %s; choose one that "
			"does, "
			"or \"auto\", or bind it all the same with --force",
			change->domain, certificate->name, uncovered);
	return error_set(error, CERTBIND_E_REFUSED, NULL, 0,
		"domain \"%s\": certificate \"%s\" does not cover %s; choose one that does "
		"(`certbind candidates %s %s` lists them), or bind it all the same with --force",
		change->domain, certificate->name, uncovered, change->domain,
		change->service->name);
}

static int check_is_own(const struct binding_change *change, const struct bind_file *file,
	struct certbind_error *error)
{
	if (!file->is_there)
		return change->must_exist ? error_set(error, CERTBIND_E_UNKNOWN_DOMAIN, NULL, 0,
						    "domain \"%s\": not configured", change->domain)
					  : CERTBIND_OK;
	if (file->is_own || change->is_forced)
		return CERTBIND_OK;
	if (!S_ISREG(file->status.st_mode))
		return error_set(error, CERTBIND_E_REFUSED, file->path, 0,
			"domain \"%s\": the file is a link, which certbind did not make; change "
			"what it leads to, or replace it with bind --force",
			change->domain);
	return error_set(error, CERTBIND_E_REFUSED, file->path, 0,
		"domain \"%s\": certbind did not write the file; change it by hand, or take it "
		"over "
		"with bind --force, which keeps its keys but not its comments",
		change->domain);
}

static int change_write(
	const struct binding_change *change, struct bind_file *file, struct certbind_error *error)
{
	const struct config_rewrite rewrite = { .config = change->config,
		.file = file->path,
		.domain = change->domain,
		.service = change->service,
		.value = change->value };
	struct config_list hosts;
	size_t size;
	char *text;
	int status = config_rewrite(&rewrite, &file->bytes, &text, &size, &hosts, error);

	if (status == CERTBIND_OK)
		status = check_coverage(change, file, &hosts, error);
	if (status == CERTBIND_OK && text != NULL)
		status = bind_file_write(file, text, size, error);
	host_list_clear(&hosts);
	free(text);
	return status;
}

/* From here on everything happens under the lock. */
static int change_apply(const struct binding_change *change, struct certbind_error *error)
{
	struct bind_file file;
	int status = check_not_listed(change, error);

	if (status < 0)
		return status;
	status = bind_file_open(&file, change->config->domains_dir, change->domain, error);
	if (status == CERTBIND_OK)
		status = check_is_own(change, &file, error);
	if (status == CERTBIND_OK)
		status = change->service != NULL ? change_write(change, &file, error)
						 : bind_file_remove(&file, error);
	bind_file_close(&file);
	return status;
}

static int change_fold(
	struct binding_change *change, const char *domain, struct certbind_error *error)
{
	enum name_fault fault = name_fold(domain, strlen(domain), change->domain);

	if (fault == NAME_OK)
		return CERTBIND_OK;
	return error_set(error, CERTBIND_E_INVALID, NULL, 0,
		"domain \"%s\": the name is no host name: %s", domain, name_fault_text(fault));
}

int certbind_bind(const char *config_path, const char *domain, const char *service,
	const char *certificate, unsigned int flags, struct certbind_error *error)
{
	struct binding_change change = { .is_forced = (flags & CERTBIND_FORCE) != 0 };
	int status;

	if (domain == NULL || service == NULL || certificate == NULL)
		return error_set(error, CERTBIND_E_INVALID, NULL, 0,
			"domain, service or certificate is NULL");
	if ((flags & ~(unsigned int)CERTBIND_FORCE) != 0)
		return error_set(error, CERTBIND_E_INVALID, NULL, 0, "unknown flags");
	status = change_load(&change, config_path, error);
	if (status == CERTBIND_OK)
		status = change_find_service(&change, service, error);
	if (status == CERTBIND_OK)
		status = change_find_certificate(&change, certificate, error);
	if (status == CERTBIND_OK)
		status = change_fold(&change, domain, error);
	if (status == CERTBIND_OK)
		status = change_apply(&change, error);
	certificate_unref(change.certificate);
	config_unref(change.config);
	return status;
}

int certbind_unbind(const char *config_path, const char *domain, const char *service,
	struct certbind_error *error)
{
	struct binding_change change = { .must_exist = true };
	int status;

	if (domain == NULL)
		return error_set(error, CERTBIND_E_INVALID, NULL, 0, "domain is NULL");
	status = change_load(&change, config_path, error);
	if (status == CERTBIND_OK && service != NULL)
		status = change_find_service(&change, service, error);
	if (status == CERTBIND_OK)
		status = change_fold(&change, domain, error);
	if (status == CERTBIND_OK)
		status = change_apply(&change, error);
	config_unref(change.config);
	return status;
}
