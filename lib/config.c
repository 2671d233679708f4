/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "config_reader.h"
#include "error.h"
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

static const char default_path[] = CERTBIND_SYSCONFDIR "/certbind/certbind.conf";
static const char default_state_dir[] = CERTBIND_LOCALSTATEDIR "/lib/certbind";

/* What is no list may be said once in all files. */
static bool top_claim(struct config_entry *entry, const config_setting_t *setting)
{
	struct config_place place = { entry->source->file, config_value_line(setting) };
	const struct config_place *before = config_claim(
		entry->reader, &entry->reader->scalars, config_setting_name(setting), place);

	if (before == NULL)
		return true;
	config_problem(entry, place.line, "\"%s\": given already at %s:%d; expected it once",
		config_setting_name(setting), before->file, before->line);
	return false;
}

static void top_path(struct config_entry *entry, const config_setting_t *setting, void *target)
{
	char **value = target;
	char *path = NULL;

	if (!top_claim(entry, setting))
		return;
	config_value_path(entry, setting, &path);
	if (path != NULL) {
		free(*value);
		*value = path;
	}
}

static void top_domains_dir(
	struct config_entry *entry, const config_setting_t *setting, void *target)
{
	struct config_reader *reader = entry->reader;

	top_path(entry, setting, target);
	if (reader->domains_dir == NULL) {
		reader->domains_dir = setting;
		reader->domains_dir_source = entry->source;
	}
}

static void top_bool(struct config_entry *entry, const config_setting_t *setting, void *target)
{
	if (top_claim(entry, setting))
		config_value_bool(entry, setting, target);
}

static void top_cache_size(
	struct config_entry *entry, const config_setting_t *setting, void *target)
{
	if (top_claim(entry, setting))
		(void)config_value_integer(entry, setting, 1, 10000000, target);
}

static void top_expiry_warning_days(
	struct config_entry *entry, const config_setting_t *setting, void *target)
{
	if (top_claim(entry, setting))
		(void)config_value_integer(entry, setting, 0, 3650, target);
}

static void top_poll_interval(
	struct config_entry *entry, const config_setting_t *setting, void *target)
{
	if (top_claim(entry, setting))
		(void)config_value_integer(entry, setting, 1, 86400, target);
}

static void top_services(struct config_entry *entry, const config_setting_t *setting, void *target)
{
	(void)target;
	config_services_read(entry, setting);
}

/* `include` is read with the file; certificates and domains when every service is known. */
static const struct config_key top_keys[] = {
	{ "state_dir", top_path, offsetof(struct config, state_dir) },
	{ "trust_file", top_path, offsetof(struct config, trust_file) },
	{ "ticket_key_file", top_path, offsetof(struct config, ticket_key_file) },
	{ "include", NULL, 0 },
	{ "services", top_services, 0 },
	{ "certificates", NULL, 0 },
	{ "certificate_dirs", config_array_paths, offsetof(struct config, certificate_dirs) },
	{ "domains", NULL, 0 },
	{ "domains_dir", top_domains_dir, offsetof(struct config, domains_dir) },
	{ "cache_size", top_cache_size, offsetof(struct config, cache_size) },
	{ "expiry_warning_days", top_expiry_warning_days,
		offsetof(struct config, expiry_warning_days) },
	{ "poll_interval", top_poll_interval, offsetof(struct config, poll_interval) },
	{ "strict_key_permissions", top_bool, offsetof(struct config, strict_key_permissions) },
};

static void top_read(struct config_entry *entry, const config_setting_t *root)
{
	config_keys_read(entry, root, top_keys, sizeof(top_keys) / sizeof(top_keys[0]),
		entry->reader->config);
}

static void entries_read(struct config_entry *entry, const config_setting_t *root)
{
	const config_setting_t *certificates = config_setting_get_member(root, "certificates");
	const config_setting_t *domains = config_setting_get_member(root, "domains");

	if (certificates != NULL)
		config_certificates_read(entry, certificates);
	if (domains != NULL)
		config_domains_read(entry, domains);
}

static void config_sources_read(struct config_reader *reader,
	void (*read)(struct config_entry *entry, const config_setting_t *root))
{
	size_t i;

	for (i = 0; i < reader->sources_length; i++) {
		struct config_source *source = reader->sources[i];
		struct config_entry entry = {
			.reader = reader, .source = source, .scope = CONFIG_SCOPE_LOAD
		};

		read(&entry, config_root_setting(source->tree));
	}
}

static int reader_init(struct config_reader *reader)
{
	struct table *tables[] = { &reader->files.table, &reader->scalars.table,
		&reader->service_names.table, &reader->certificate_names.table,
		&reader->domain_names.table, &reader->services };
	size_t i;
	int status;

	for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		status = table_init(tables[i], 0);
		if (status < 0)
			return status;
	}
	reader->config = calloc(1, sizeof(*reader->config));
	if (reader->config == NULL)
		return CERTBIND_E_MEMORY;
	atomic_init(&reader->config->references, 1);
	reader->config->sources = sources_new();
	if (reader->config->sources == NULL)
		return CERTBIND_E_MEMORY;
	reader->config->pool = der_pool_new();
	if (reader->config->pool == NULL)
		return CERTBIND_E_MEMORY;
	reader->config->state_dir = config_text_dup(reader, default_state_dir);
	reader->config->cache_size = 10000;
	reader->config->expiry_warning_days = 14;
	reader->config->poll_interval = 60;
	return config_services_default(reader) ? CERTBIND_OK : CERTBIND_E_MEMORY;
}

static void reader_clear(struct config_reader *reader)
{
	size_t i;

	for (i = 0; i < reader->sources_length; i++)
		config_source_free(reader->sources[i]);
	free(reader->sources);
	config_problems_clear(reader);
	config_claims_clear(&reader->files);
	config_claims_clear(&reader->scalars);
	config_claims_clear(&reader->service_names);
	config_claims_clear(&reader->certificate_names);
	config_claims_clear(&reader->domain_names);
	table_clear(&reader->services);
	config_unref(reader->config);
}

static int reader_run(struct config_reader *reader, const char *path, struct certbind_error *error)
{
	int status = reader_init(reader);

	if (status == CERTBIND_E_SYSTEM)
		return error_set(error, status, NULL, 0, "no random bytes to be had");
	if (status < 0)
		return error_memory(error);
	status = config_include_main(reader, path, error);
	if (status < 0)
		return status;
	config_sources_read(reader, top_read);
	config_sources_read(reader, entries_read);
	if (reader->config->trust_file != NULL &&
		sources_note(&reader->config->sources, reader->config->trust_file) < 0)
		reader->is_out_of_memory = true;
	if (!reader->is_outline)
		config_directory_read(reader);
	config_domains_sort(reader->config);
	config_problems_finish(reader);
	return reader->is_out_of_memory ? error_memory(error) : CERTBIND_OK;
}

static int load(struct config_reader *reader, const char *path, struct config **config,
	struct certbind_error *error)
{
	int status = reader_run(reader, path != NULL ? path : default_path, error);

	*config = NULL;
	if (status == CERTBIND_OK) {
		*config = reader->config;
		reader->config = NULL;
	}
	reader_clear(reader);
	return status;
}

int config_load(const char *path, struct config **config, struct certbind_error *error)
{
	struct config_reader reader = { 0 };

	return load(&reader, path, config, error);
}

int config_load_changes(const char *path, struct config *former, const struct changes *changes,
	struct config **config, struct certbind_error *error)
{
	struct config_reader reader = { .former = former, .changes = changes };

	if (former == NULL || changes_are_all(changes) || changes->has_configuration ||
		changes->domain_files.length > 0)
		return load(&reader, path, config, error);
	*config = config_ref(former);
	return CERTBIND_OK;
}

int config_load_outline(const char *path, struct config **config, struct certbind_error *error)
{
	struct config_reader reader = { .is_outline = true };

	return load(&reader, path, config, error);
}

/* What a pattern of `include` finds, only reading tells. */
static bool includes_are_current(const struct config *config, const char *path)
{
	struct config *outline;
	bool is_current;

	if (config->include_dirs.length == 0)
		return true;
	(void)config_load_outline(path, &outline, NULL);
	if (outline == NULL)
		return false;
	is_current = sources_equal(outline->sources, config->sources);
	config_unref(outline);
	return is_current;
}

bool config_is_current(const struct config *config, const char *path)
{
	return config->problems_length == 0 && sources_are_current(config->sources) &&
	       includes_are_current(config, path) && config_directory_is_current(config);
}

void config_certificates_free(struct config_certificate *entries, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		config_certificate_clear(&entries[i]);
	free(entries);
}

void config_problems_free(struct config_problem *problems, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++) {
		free(problems[i].name);
		free(problems[i].message);
	}
	free(problems);
}

struct config *config_ref(struct config *config)
{
	atomic_fetch_add_explicit(&config->references, 1, memory_order_relaxed);
	return config;
}

static void config_domains_free(struct config *config)
{
	size_t i;

	for (i = 0; i < config->domains_length; i++) {
		if (config->domains[i]->is_in_file) /* which has it */
			continue;
		config_domain_clear(config->domains[i]);
		free(config->domains[i]);
	}
	free(config->domains);
	for (i = 0; i < config->domain_files_length; i++)
		config_file_unref(config->domain_files[i]);
	free(config->domain_files);
}

void config_unref(struct config *config)
{
	size_t i;

	if (config == NULL ||
		atomic_fetch_sub_explicit(&config->references, 1, memory_order_acq_rel) != 1)
		return;
	sources_unref(config->sources);
	free(config->state_dir);
	free(config->trust_file);
	free(config->ticket_key_file);
	config_list_clear(&config->certificate_dirs);
	config_list_clear(&config->include_dirs);
	free(config->domains_dir);
	for (i = 0; i < config->services_length; i++)
		config_service_clear(&config->services[i]);
	free(config->services);
	config_certificates_free(config->certificates, config->certificates_length);
	config_domains_free(config);
	config_problems_free(config->problems, config->problems_length);
	for (i = 0; i < config->files_length; i++)
		free(config->files[i]);
	free(config->files);
	der_pool_unref(config->pool);
	free(config);
}
