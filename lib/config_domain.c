/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config_reader.h"
#include "name.h"
#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char hosts_suffix[] = "_hosts";

void config_domain_clear(struct config_domain *domain)
{
	size_t i;

	for (i = 0; i < domain->choices_length; i++) {
		free(domain->choices[i].certificate);
		config_list_clear(&domain->choices[i].hosts);
	}
	free(domain->choices);
	memset(domain, 0, sizeof(*domain));
}

/* The service that a key speaks of (SERVICE or SERVICE_hosts); false: none. */
static bool key_service(
	const struct config_reader *reader, const char *key, size_t *service, bool *is_hosts)
{
	char name[CONFIG_SERVICE_NAME_MAX + 1];
	size_t length = strlen(key);
	size_t index;

	*is_hosts = length > strlen(hosts_suffix) &&
		    strcmp(key + length - strlen(hosts_suffix), hosts_suffix) == 0;
	if (*is_hosts)
		length -= strlen(hosts_suffix);
	if (length >= sizeof(name))
		return false;
	memcpy(name, key, length);
	name[length] = '\0';
	index = (size_t)(uintptr_t)table_get(&reader->services, name);
	*service = index - 1;
	return index > 0;
}

static void domain_key_unknown(
	struct config_entry *entry, const config_setting_t *member, bool has_own_file)
{
	const struct config *config = entry->reader->config;
	const char *key = config_setting_name(member);
	struct config_guess guess = { NULL, 0 };
	char hosts[CONFIG_SERVICE_NAME_MAX + sizeof(hosts_suffix)];
	char best[sizeof(hosts)];
	size_t i;

	if (has_own_file && strcmp(key, "name") == 0) {
		config_problem(entry, config_value_line(member),
			"unknown key \"name\"; the file's name is the domain's");
		return;
	}
	/* It may be a service that the unreadable file configures. */
	if (entry->reader->is_incomplete)
		return;
	if (!has_own_file)
		config_guess_try(&guess, key, "name");
	for (i = 0; i < config->services_length; i++) {
		config_guess_try(&guess, key, config->services[i].name);
		(void)snprintf(
			hosts, sizeof(hosts), "%s%s", config->services[i].name, hosts_suffix);
		config_guess_try(&guess, key, hosts);
		if (guess.name == hosts) {
			(void)snprintf(best, sizeof(best), "%s", hosts);
			guess.name = best;
		}
	}
	config_key_unknown(entry, member, &guess,
		"; expected a service's name, or one with \"_hosts\" behind it");
}

/* The place for what is said of a service, by service index; made when it is not there. */
static struct config_choice_entry *domain_choice(
	struct config_entry *entry, struct config_domain *domain, size_t service)
{
	struct config_choice_entry *choices;
	size_t at = domain->choices_length;

	while (at > 0 && domain->choices[at - 1].service > service)
		at--;
	if (at > 0 && domain->choices[at - 1].service == service)
		return &domain->choices[at - 1];
	choices = config_grow_or_note(
		entry->reader, domain->choices, domain->choices_length, sizeof(*choices));
	if (choices == NULL)
		return NULL;
	domain->choices = choices;
	memmove(&choices[at + 1], &choices[at], (domain->choices_length - at) * sizeof(*choices));
	memset(&choices[at], 0, sizeof(*choices));
	choices[at].service = service;
	domain->choices_length++;
	return &choices[at];
}

static void choice_read(struct config_entry *entry, const config_setting_t *setting,
	struct config_choice_entry *choice)
{
	const char *text = config_value_peek(entry, setting);
	const char *fault;

	choice->names_service = true;
	if (text == NULL)
		return;
	if (strcmp(text, "auto") == 0) {
		choice->choice = CONFIG_AUTO;
		return;
	}
	if (strcmp(text, "none") == 0) {
		choice->choice = CONFIG_NONE;
		return;
	}
	fault = config_certificate_name_fault(text);
	if (fault != NULL)
		config_problem(entry, config_value_line(setting),
			"\"%s\": no certificate's name: %s", config_setting_name(setting), fault);
	choice->choice = CONFIG_NAMED;
	choice->certificate = config_text_dup(entry->reader, text);
}

static void domain_member_read(struct config_entry *entry, const config_setting_t *member,
	bool has_own_file, struct config_domain *domain)
{
	struct config_choice_entry *choice;
	size_t service;
	bool is_hosts;

	if (!has_own_file && strcmp(config_setting_name(member), "name") == 0)
		return;
	if (!key_service(entry->reader, config_setting_name(member), &service, &is_hosts)) {
		domain_key_unknown(entry, member, has_own_file);
		return;
	}
	choice = domain_choice(entry, domain, service);
	if (choice == NULL)
		return;
	if (choice->place.file == NULL || !is_hosts) {
		choice->place.file = entry->source->file;
		choice->place.line = config_value_line(member);
	}
	if (is_hosts) {
		choice->has_hosts = true;
		config_array_hosts(entry, member, &choice->hosts);
	} else {
		choice_read(entry, member, choice);
	}
}

bool config_domain_append(struct config_reader *reader, struct config_domain *domain)
{
	struct config *config = reader->config;
	struct config_domain **domains = config_grow_or_note(
		reader, config->domains, config->domains_length, sizeof(*domains));

	if (domains == NULL)
		return false;
	config->domains = domains;
	domains[config->domains_length++] = domain;
	return true;
}

struct config_domain *config_domain_new(const char *name)
{
	size_t size = strlen(name) + 1;
	struct config_domain *domain = calloc(1, sizeof(*domain) + size);

	if (domain != NULL)
		domain->name = memcpy(domain + 1, name, size);
	return domain;
}

/* Moves it to where it lives on: into its file, or to a place of its own. */
static void domain_keep_take(
	struct config_reader *reader, struct config_domain *domain, struct config_file *file)
{
	struct config_domain *kept = file != NULL ? &file->domain : config_domain_new(domain->name);
	const char *name;

	if (kept == NULL) {
		reader->is_out_of_memory = true;
		config_domain_clear(domain);
		return;
	}
	name = file != NULL ? domain->name : kept->name;
	*kept = *domain;
	kept->name = name;
	kept->is_in_file = file != NULL;
	if (!config_domain_append(reader, kept) && file == NULL) {
		config_domain_clear(kept);
		free(kept);
	}
}

/*
 * A name is taken even by an entry that has another fault: mending that must not change the others.
 * Files, which come last, are called by it: they can't take each other's.
 */
static void domain_claim(struct config_entry *entry, struct config_place place, bool has_own_file)
{
	struct config_claims *names = &entry->reader->domain_names;
	const struct config_place *before =
		has_own_file ? config_claim_peek(names, entry->name)
			     : config_claim(entry->reader, names, entry->name, place);

	if (before == NULL)
		return;
	config_problem(entry, place.line,
		"configured already at %s:%d; expected one entry a domain", before->file,
		before->line);
}

void config_domain_read(
	struct config_entry *entry, const config_setting_t *group, struct config_file *file)
{
	bool has_own_file = file != NULL;
	unsigned int length = (unsigned int)config_setting_length(group);
	struct config_domain domain;
	unsigned int i;

	memset(&domain, 0, sizeof(domain));
	domain.has_own_file = has_own_file;
	domain.place.file = entry->source->file;
	domain.place.line = has_own_file ? 1 : config_value_line(group);
	if (entry->name != NULL) {
		/* A file that has the wrong name must not take the right one's place. */
		if (!entry->is_bad)
			domain_claim(entry, domain.place, has_own_file);
		domain.name = entry->name;
	}
	for (i = 0; i < length; i++)
		domain_member_read(entry, config_setting_get_elem(group, i), has_own_file, &domain);
	if (entry->is_bad || domain.name == NULL)
		config_domain_clear(&domain);
	else
		domain_keep_take(entry->reader, &domain, file);
}

static void domain_entry_read(struct config_entry *top, const config_setting_t *group)
{
	struct config_entry entry = *top;
	char folded[NAME_SIZE];
	enum name_fault fault;

	entry.scope = CONFIG_SCOPE_DOMAIN;
	entry.kind = "domain";
	entry.is_bad = false;
	entry.label = config_key_name(&entry, group);
	if (config_setting_type(group) != CONFIG_TYPE_GROUP)
		return;
	if (entry.label != NULL) {
		fault = name_fold(entry.label, strlen(entry.label), folded);
		if (fault == NAME_OK)
			entry.name = folded;
		else
			config_problem(&entry,
				config_value_line(config_setting_get_member(group, "name")),
				"the name is no host name: %s", name_fault_text(fault));
	}
	config_domain_read(&entry, group, NULL);
}

void config_domains_read(struct config_entry *top, const config_setting_t *setting)
{
	unsigned int length;
	unsigned int i;

	if (!config_array_is_groups(top, setting))
		return;
	length = (unsigned int)config_setting_length(setting);
	for (i = 0; i < length; i++)
		domain_entry_read(top, config_setting_get_elem(setting, i));
}

static int domain_compare(const void *a, const void *b)
{
	const struct config_domain *const *left = a;
	const struct config_domain *const *right = b;

	return strcmp((*left)->name, (*right)->name);
}

void config_domains_sort(struct config *config)
{
	size_t i = 1;

	while (i < config->domains_length &&
		domain_compare(&config->domains[i - 1], &config->domains[i]) <= 0)
		i++;
	if (i < config->domains_length)
		qsort(config->domains, config->domains_length, sizeof(*config->domains),
			domain_compare);
}

const struct config_choice_entry *config_domain_choice(
	const struct config_domain *domain, size_t service)
{
	size_t i;

	for (i = 0; i < domain->choices_length; i++)
		if (domain->choices[i].service == service)
			return &domain->choices[i];
	return NULL;
}

size_t config_domain_index(const struct config *config, const char *name)
{
	const struct config_domain wanted = { .name = name };
	const struct config_domain *key = &wanted;
	struct config_domain *const *found =
		config->domains_length > 0 ? bsearch(&key, config->domains, config->domains_length,
						     sizeof(*config->domains), domain_compare)
					   : NULL;

	return found != NULL ? (size_t)(found - config->domains) : config->domains_length;
}
