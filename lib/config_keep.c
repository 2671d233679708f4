/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config_keep.h"
#include "array.h"
#include "table.h"
#include <stdlib.h>
#include <string.h>

/* Copies that fail leave what is freed with the config. */
static int string_copy(char **to, const char *from)
{
	*to = from != NULL ? strdup(from) : NULL;
	return from != NULL && *to == NULL ? CERTBIND_E_MEMORY : CERTBIND_OK;
}

static int list_copy(struct config_list *to, const struct config_list *from)
{
	int status = CERTBIND_OK;

	to->items = calloc(from->length + 1, sizeof(char *));
	to->length = 0;
	if (to->items == NULL)
		return CERTBIND_E_MEMORY;
	while (to->length < from->length && status == CERTBIND_OK) {
		status = string_copy(&to->items[to->length], from->items[to->length]);
		if (status == CERTBIND_OK)
			to->length++;
	}
	return status;
}

/* Places point into names of files that their config owns. */
static int place_copy(
	struct config *config, struct config_place *to, const struct config_place *from)
{
	to->line = from->line;
	to->file = NULL;
	if (from->file == NULL)
		return CERTBIND_OK;
	if (!array_grow(&config->files, config->files_length, sizeof(char *)) ||
		string_copy(&config->files[config->files_length], from->file) < 0)
		return CERTBIND_E_MEMORY;
	to->file = config->files[config->files_length++];
	return CERTBIND_OK;
}

static int pair_copy(struct config *config, struct config_pair *to, const struct config_pair *from)
{
	int status = list_copy(&to->chain, &from->chain);

	if (status == CERTBIND_OK)
		status = string_copy(&to->key, from->key);
	if (from->key_password != NULL)
		to->key_password = der_ref(from->key_password);
	if (status == CERTBIND_OK)
		status = string_copy(&to->key_password_file, from->key_password_file);
	if (status == CERTBIND_OK)
		status = string_copy(&to->staple, from->staple);
	if (status == CERTBIND_OK)
		status = place_copy(config, &to->place, &from->place);
	return status;
}

static int certificate_keep(struct config *config, const struct config_certificate *former)
{
	struct config_certificate *grown =
		realloc(config->certificates, (config->certificates_length + 1) * sizeof(*grown));
	struct config_certificate *copy;
	int status;

	if (grown == NULL)
		return CERTBIND_E_MEMORY;
	config->certificates = grown;
	copy = &grown[config->certificates_length++];
	memset(copy, 0, sizeof(*copy));
	status = string_copy(&copy->name, former->name);
	if (status == CERTBIND_OK)
		status = place_copy(config, &copy->place, &former->place);
	copy->pairs = calloc(former->pairs_length, sizeof(*copy->pairs));
	if (copy->pairs == NULL)
		return CERTBIND_E_MEMORY;
	while (copy->pairs_length < former->pairs_length && status == CERTBIND_OK) {
		size_t i = copy->pairs_length++;

		status = pair_copy(config, &copy->pairs[i], &former->pairs[i]);
	}
	return status;
}

/* The service of that name in the new config; its length when there is none. */
static size_t service_find(const struct config *config, const char *name)
{
	size_t i;

	for (i = 0; i < config->services_length; i++)
		if (strcmp(config->services[i].name, name) == 0)
			break;
	return i;
}

static int choice_copy(struct config *config, const struct config *former_config,
	struct config_domain *domain, const struct config_choice_entry *former)
{
	size_t service = service_find(config, former_config->services[former->service].name);
	struct config_choice_entry *copy = &domain->choices[domain->choices_length];
	int status;

	if (service == config->services_length)
		return CERTBIND_OK; /* the service is gone */
	domain->choices_length++;
	copy->service = service;
	copy->names_service = former->names_service;
	copy->choice = former->choice;
	copy->has_hosts = former->has_hosts;
	status = string_copy(&copy->certificate, former->certificate);
	if (status == CERTBIND_OK)
		status = list_copy(&copy->hosts, &former->hosts);
	if (status == CERTBIND_OK)
		status = place_copy(config, &copy->place, &former->place);
	return status;
}

static int domain_keep(struct config *config, const struct config *former_config,
	const struct config_domain *former)
{
	struct config_domain **grown = realloc(
		config->domains, (config->domains_length + 1) * sizeof(struct config_domain *));
	struct config_domain *copy = config_domain_new(former->name);
	size_t i;
	int status;

	if (grown != NULL)
		config->domains = grown;
	if (grown == NULL || copy == NULL) {
		free(copy);
		return CERTBIND_E_MEMORY;
	}
	grown[config->domains_length++] = copy;
	copy->has_own_file = former->has_own_file;
	status = place_copy(config, &copy->place, &former->place);
	copy->choices = calloc((size_t)former->choices_length + 1, sizeof(*copy->choices));
	if (copy->choices == NULL)
		return CERTBIND_E_MEMORY;
	for (i = 0; i < former->choices_length && status == CERTBIND_OK; i++)
		status = choice_copy(config, former_config, copy, &former->choices[i]);
	return status;
}

static int certificates_keep(
	struct config *config, const struct table *formers, struct table *present, const char *name)
{
	const struct config_certificate *entry = table_get(formers, name);
	void **place;

	if (entry == NULL || table_get(present, name) != NULL)
		return CERTBIND_OK;
	place = table_place(present, entry->name);
	if (place == NULL)
		return CERTBIND_E_MEMORY;
	*place = present;
	return certificate_keep(config, entry);
}

static int tables_fill(const struct config *config, struct table *table)
{
	size_t i;
	int status = table_init(table, config->certificates_length);

	for (i = 0; i < config->certificates_length && status == CERTBIND_OK; i++) {
		void **place = table_place(table, config->certificates[i].name);

		if (place == NULL)
			return CERTBIND_E_MEMORY;
		*place = &config->certificates[i];
	}
	return status;
}

/* One domain of a problem; `kept` has those that were put back. */
static int domain_keep_once(struct config *config, size_t sorted, const struct config *former,
	struct table *kept, const char *name)
{
	size_t index = config_domain_index(former, name);
	struct config fresh = *config;
	const struct config_domain *entry;
	void **place;
	int status;

	fresh.domains_length = sorted; /* those behind are not in order yet */
	if (index == former->domains_length || config_domain_index(&fresh, name) < sorted ||
		table_get(kept, name) != NULL)
		return CERTBIND_OK;
	entry = former->domains[index];
	status = domain_keep(config, former, entry);
	place = status == CERTBIND_OK ? table_place(kept, entry->name) : NULL;
	if (place == NULL)
		return CERTBIND_E_MEMORY;
	*place = kept;
	return CERTBIND_OK;
}

static int domains_keep(struct config *config, const struct config *former)
{
	size_t sorted = config->domains_length;
	struct table kept;
	size_t i;
	int status = table_init(&kept, 0);

	for (i = 0; i < config->problems_length && status == CERTBIND_OK; i++)
		if (config->problems[i].scope == CONFIG_SCOPE_DOMAIN &&
			config->problems[i].name != NULL)
			status = domain_keep_once(
				config, sorted, former, &kept, config->problems[i].name);
	table_clear(&kept);
	config_domains_sort(config);
	return status;
}

int config_keep(struct config *config, const struct config *former)
{
	struct table formers = { 0 };
	struct table present = { 0 };
	size_t i;
	int status = tables_fill(former, &formers);

	if (status == CERTBIND_OK)
		status = tables_fill(config, &present);
	for (i = 0; i < config->problems_length && status == CERTBIND_OK; i++)
		if (config->problems[i].scope == CONFIG_SCOPE_CERTIFICATE &&
			config->problems[i].name != NULL)
			status = certificates_keep(
				config, &formers, &present, config->problems[i].name);
	table_clear(&formers);
	table_clear(&present);
	return status == CERTBIND_OK ? domains_keep(config, former) : status;
}
