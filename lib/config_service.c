/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config_reader.h"
#include "name.h"
#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What one entry gives. */
struct service_entry {
	struct config_service value;
	bool has_hosts;
};

/* What would be a key's or a value's own word in a domain. */
static bool is_reserved(const char *name)
{
	return strcmp(name, "name") == 0 || strcmp(name, "true") == 0 || strcmp(name, "false") == 0;
}

static bool is_service_name(const char *name)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return name[0] >= 'a' && name[0] <= 'z' && name[length] == '\0' &&
	       length <= CONFIG_SERVICE_NAME_MAX && !is_reserved(name);
}

/* Checks a template by what it makes of a domain; it is kept as it is. */
static char *service_template(
	struct config_entry *entry, const config_setting_t *element, const char *text)
{
	static const char example[] = "example.org";
	const char *place = strstr(text, "%d");
	char host[CONFIG_STRING_MAX + sizeof(example)];
	char folded[NAME_SIZE];
	enum name_fault fault;

	if (place == NULL || strstr(place + 2, "%d") != NULL) {
		config_problem(entry, config_value_line(element),
			"\"hosts\": \"%s\" has not exactly one %%d; expected a template like "
			"\"webmail.%%d\", with %%d for the domain",
			text);
		return NULL;
	}
	(void)snprintf(
		host, sizeof(host), "%.*s%s%s", (int)(place - text), text, example, place + 2);
	fault = name_fold(host, strlen(host), folded);
	if (fault == NAME_OK)
		return config_text_dup(entry->reader, text);
	config_problem(entry, config_value_line(element),
		"\"hosts\": \"%s\" makes \"%s\" of example.org, which is no host name: %s", text,
		host, name_fault_text(fault));
	return NULL;
}

static void service_hosts(struct config_entry *entry, const config_setting_t *setting, void *target)
{
	struct service_entry *service = target;

	service->has_hosts = true;
	config_array_read(entry, setting, CONFIG_LIST_MAX, service_template, &service->value.hosts);
}

static void service_default(
	struct config_entry *entry, const config_setting_t *setting, void *target)
{
	struct config_service *service = target;
	const char *text = config_value_peek(entry, setting);
	const char *fault;

	if (text == NULL)
		return;
	service->default_place.file = entry->source->file;
	service->default_place.line = config_value_line(setting);
	fault = strcmp(text, "auto") == 0 ? NULL : config_certificate_name_fault(text);
	if (fault != NULL)
		config_problem(entry, config_value_line(setting),
			"\"default\": \"%s\" is no certificate's name: %s; leave \"default\" out "
			"for "
			"the self-signed certificate",
			text, fault);
	else
		service->default_certificate = config_text_dup(entry->reader, text);
}

static void service_unknown_sni(
	struct config_entry *entry, const config_setting_t *setting, void *target)
{
	static const char *const words[] = { "default", "reject", NULL };
	struct config_service *service = target;

	service->rejects_unknown =
		config_value_word(entry, setting, words, "\"default\" or \"reject\"") == 1;
}

static char *service_protocol(
	struct config_entry *entry, const config_setting_t *element, const char *text)
{
	if (strlen(text) <= CONFIG_ALPN_LENGTH_MAX)
		return config_text_dup(entry->reader, text);
	config_problem(entry, config_value_line(element),
		"\"alpn\": a protocol of %zu bytes; expected at most %d (RFC 7301)", strlen(text),
		CONFIG_ALPN_LENGTH_MAX);
	return NULL;
}

static void service_alpn(struct config_entry *entry, const config_setting_t *setting, void *target)
{
	struct config_service *service = target;

	service->has_alpn = true;
	config_array_read(entry, setting, CONFIG_ALPN_MAX, service_protocol, &service->alpn);
}

static void service_priority(
	struct config_entry *entry, const config_setting_t *setting, void *target)
{
	struct config_service *service = target;

	service->priority_place.file = entry->source->file;
	service->priority_place.line = config_value_line(setting);
	config_value_text(entry, setting, &service->priority);
}

static const struct config_key service_keys[] = {
	{ "name", NULL, 0 },
	{ "hosts", service_hosts, 0 },
	{ "default", service_default, offsetof(struct service_entry, value) },
	{ "shared_hosts", config_array_hosts, offsetof(struct service_entry, value.shared_hosts) },
	{ "unknown_sni", service_unknown_sni, offsetof(struct service_entry, value) },
	{ "alpn", service_alpn, offsetof(struct service_entry, value) },
	{ "priority", service_priority, offsetof(struct service_entry, value) },
};

void config_service_clear(struct config_service *service)
{
	free(service->name);
	config_list_clear(&service->hosts);
	free(service->default_certificate);
	config_list_clear(&service->shared_hosts);
	config_list_clear(&service->alpn);
	free(service->priority);
	memset(service, 0, sizeof(*service));
}

/* A new service of that name at the end; NULL: memory. */
static struct config_service *service_add(struct config_reader *reader, const char *name)
{
	struct config *config = reader->config;
	struct config_service *services = config_grow_or_note(
		reader, config->services, config->services_length, sizeof(*services));
	struct config_service *service;
	void **place;

	if (services == NULL)
		return NULL;
	config->services = services;
	service = &services[config->services_length];
	memset(service, 0, sizeof(*service));
	service->name = config_text_dup(reader, name);
	if (service->name == NULL)
		return NULL;
	config->services_length++;
	place = table_place(&reader->services, service->name);
	if (place == NULL)
		reader->is_out_of_memory = true;
	else
		*place = (void *)(uintptr_t)config->services_length;
	return service;
}

bool config_services_default(struct config_reader *reader)
{
	static const char *const names[] = { "webmail", "mail" };
	char template[16];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct config_service *service = service_add(reader, names[i]);

		if (service == NULL)
			return false;
		(void)snprintf(template, sizeof(template), "%s.%%d", names[i]);
		config_list_append_take(reader, &service->hosts, config_text_dup(reader, template));
	}
	return !reader->is_out_of_memory;
}

static struct config_service *service_find_or_add(struct config_reader *reader, const char *name)
{
	size_t index = (size_t)(uintptr_t)table_get(&reader->services, name);

	return index > 0 ? &reader->config->services[index - 1] : service_add(reader, name);
}

/* Moves what an entry gives to its service; each name is given once, so nothing is lost. */
static void service_apply(struct config_reader *reader, const char *name,
	struct service_entry *given, struct config_place place)
{
	struct config_service *service = service_find_or_add(reader, name);

	if (service == NULL)
		return;
	if (given->has_hosts)
		config_list_clear(&service->hosts);
	else
		given->value.hosts = service->hosts;
	given->value.name = service->name;
	given->value.place = place;
	*service = given->value;
	memset(&given->value, 0, sizeof(given->value));
}

static void service_keep(
	struct config_entry *entry, struct service_entry *given, struct config_place place)
{
	struct config_reader *reader = entry->reader;
	const struct config_place *before;

	if (!is_service_name(entry->label)) {
		config_problem(entry, place.line,
			"no name for a service; expected [a-z][a-z0-9-]*, at most %d characters, "
			"and "
			"not \"name\", \"true\" or \"false\"",
			CONFIG_SERVICE_NAME_MAX);
		return;
	}
	before = config_claim(reader, &reader->service_names, entry->label, place);
	if (before != NULL) {
		config_problem(entry, place.line,
			"configured already at %s:%d; expected one entry a service", before->file,
			before->line);
		return;
	}
	if (!given->has_hosts && table_get(&reader->services, entry->label) == NULL)
		config_problem(entry, place.line,
			"no \"hosts\"; expected templates like hosts = [ \"%s.%%d\" ];",
			entry->label);
	service_apply(reader, entry->label, given, place);
}

static void service_read(struct config_entry *top, const config_setting_t *group)
{
	struct config_entry entry = *top;
	struct config_place place = { top->source->file, config_value_line(group) };
	struct service_entry given;

	memset(&given, 0, sizeof(given));
	entry.kind = "service";
	entry.is_bad = false;
	entry.label = config_key_name(&entry, group);
	if (config_setting_type(group) != CONFIG_TYPE_GROUP)
		return;
	config_keys_read(&entry, group, service_keys,
		sizeof(service_keys) / sizeof(service_keys[0]), &given);
	if (entry.label != NULL)
		service_keep(&entry, &given, place);
	config_service_clear(&given.value);
}
void config_services_read(struct config_entry *entry, const config_setting_t *setting)
{
	unsigned int length;
	unsigned int i;

	if (!config_array_is_groups(entry, setting))
		return;
	length = (unsigned int)config_setting_length(setting);
	for (i = 0; i < length; i++)
		service_read(entry, config_setting_get_elem(setting, i));
}
