/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "error.h"
#include "host.h"
#include "name.h"
#include "snapshot_internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What certbind does without a priority string; the system's policy stays the base of it. */
static const char priority_default[] = "-VERS-TLS1.0:-VERS-TLS1.1:-RSA";

int snapshot_priority_make(
	const char *priority, gnutls_priority_t *made, const char **error_position)
{
	bool is_appended;

	if (priority == NULL)
		priority = priority_default;
	is_appended = priority[0] == '+' || priority[0] == '-';
	return gnutls_priority_init2(
		made, priority, error_position, is_appended ? GNUTLS_PRIORITY_INIT_DEF_APPEND : 0);
}

static int bind_priority(struct snapshot_build *build, struct snapshot_service *service)
{
	const struct config_service *config = service->config;
	const char *position = NULL;
	int status = snapshot_priority_make(config->priority, &service->priority, &position);

	if (status == GNUTLS_E_MEMORY_ERROR)
		return CERTBIND_E_MEMORY;
	if (status < 0)
		return error_set(build->error, CERTBIND_E_CONFIG, config->priority_place.file,
			config->priority_place.line,
			"service \"%s\": GnuTLS does not understand the priority string at "
			"\"%s\"; expected one as gnutls_priority_init2(3) takes it",
			config->name, position != NULL ? position : "");
	return CERTBIND_OK;
}

/* What auto finds for one of the marked hosts; 0 in *bundle when nothing covers it. */
static int auto_bundle(struct snapshot_build *build, const struct candidate_matches *matches,
	size_t hosts_length, uint32_t *bundle)
{
	struct certificate *picked[CANDIDATE_PICK_MAX];
	size_t length = candidate_pick(&build->judge, matches, hosts_length, picked);

	*bundle = 0;
	if (build->judge.status < 0)
		return build->judge.status;
	if (length == 0)
		return CERTBIND_OK;
	*bundle = snapshot_bundle(build->snapshot, picked, length);
	return *bundle != 0 ? CERTBIND_OK : CERTBIND_E_MEMORY;
}

static size_t matches_count(const struct candidate_matches *matches)
{
	return (matches->exact != NULL ? matches->exact->length : 0) +
	       (matches->wildcard != NULL ? matches->wildcard->length : 0);
}

/* `has_rivals` becomes true when several certificates cover one of the hosts. */
static int auto_bundles(struct snapshot_build *build, char *const *names, size_t length,
	uint32_t *bundles, bool *has_rivals)
{
	struct candidate_matches *matches = calloc(length + 1, sizeof(*matches));
	size_t i;
	int status = CERTBIND_OK;

	if (matches == NULL)
		return CERTBIND_E_MEMORY;
	for (i = 0; i < length; i++)
		matches[i] = candidate_index_match(&build->index, names[i]);
	for (i = 0; i < length; i++) {
		if (matches_count(&matches[i]) < 2)
			continue;
		*has_rivals = true;
		snapshot_plan_note_rivals(build->snapshot, matches[i].exact);
		snapshot_plan_note_rivals(build->snapshot, matches[i].wildcard);
	}
	candidate_mark(matches, length);
	for (i = 0; i < length && status == CERTBIND_OK; i++)
		status = auto_bundle(build, &matches[i], length, &bundles[i]);
	candidate_unmark(matches, length);
	free(matches);
	return status;
}

/* Hosts and behind them their names, zeroed else, in one piece. NULL: memory. */
static struct snapshot_host *hosts_make(
	struct snapshot_build *build, char *const *names, size_t length)
{
	size_t size = length * sizeof(struct snapshot_host);
	struct snapshot_host *hosts;
	size_t i;
	char *to;

	for (i = 0; i < length; i++)
		size += strlen(names[i]) + 1;
	hosts = block_pool_take(&build->snapshot->plan->ground->pool, size);
	if (hosts == NULL)
		return NULL;
	to = (char *)(hosts + length);
	for (i = 0; i < length; i++) {
		size = strlen(names[i]) + 1;
		hosts[i].name = memcpy(to, names[i], size);
		to += size;
	}
	return hosts;
}

/* The service's shared hosts, each with the certificate that `default` gives it. */
static int bind_shared_hosts(struct snapshot_build *build, struct snapshot_service *service)
{
	const struct config_list *names = &service->config->shared_hosts;
	const char *chosen = service->config->default_certificate;
	uint32_t *bundles = calloc(names->length + 1, sizeof(*bundles));
	bool has_rivals = false;
	size_t i;
	int status = CERTBIND_OK;

	service->shared_hosts = hosts_make(build, names->items, names->length);
	if (bundles == NULL || service->shared_hosts == NULL)
		status = CERTBIND_E_MEMORY;
	else if (chosen != NULL && strcmp(chosen, "auto") == 0)
		status = auto_bundles(build, names->items, names->length, bundles, &has_rivals);
	for (i = 0; i < names->length && status == CERTBIND_OK; i++) {
		struct snapshot_host *host = &service->shared_hosts[i];
		void **place = table_place(service->hosts, host->name);

		if (place == NULL) {
			status = CERTBIND_E_MEMORY;
			break;
		}
		host->bundle = bundles[i];
		*place = host;
		/* Auto: clients without SNI get what the first shared host gets. */
		if (service->default_at == 0)
			service->default_at = bundles[i];
	}
	free(bundles);
	return status;
}

static int bind_default(struct snapshot_build *build, struct snapshot_service *service)
{
	struct snapshot *snapshot = build->snapshot;
	const char *name = service->config->default_certificate;
	size_t place;

	if (name == NULL || strcmp(name, "auto") == 0)
		return CERTBIND_OK;
	place = snapshot_certificate_index(snapshot, name);
	if (place == snapshot->certificates_length)
		return CERTBIND_OK;
	service->default_certificate = snapshot->certificates[place];
	if (service->default_certificate->pairs_length == 0)
		return CERTBIND_OK;
	service->default_at = snapshot_bundle(snapshot, &service->default_certificate, 1);
	return service->default_at != 0 ? CERTBIND_OK : CERTBIND_E_MEMORY;
}

int snapshot_bind_services(struct snapshot_build *build)
{
	struct snapshot *snapshot = build->snapshot;
	const struct config *config = snapshot->config;
	size_t i;
	int status = CERTBIND_OK;

	snapshot->services = calloc(config->services_length, sizeof(*snapshot->services));
	if (snapshot->services == NULL)
		return CERTBIND_E_MEMORY;
	for (i = 0; i < config->services_length; i++) {
		snapshot->services[i].config = &config->services[i];
		snapshot->services[i].snapshot = snapshot;
		snapshot->services[i].index = i;
	}
	for (i = 0; i < config->services_length && status == CERTBIND_OK; i++) {
		struct snapshot_service *service = &snapshot->services[i];

		snapshot_plan_give_tables(snapshot->plan, service);
		status = table_init(service->hosts, config->domains_length);
		if (status == CERTBIND_OK)
			status = table_init(service->names, 0);
		if (status == CERTBIND_OK)
			status = bind_priority(build, service);
		snapshot->plan->ground->priorities[i] = service->priority;
		if (status == CERTBIND_OK)
			status = bind_default(build, service);
		if (status == CERTBIND_OK)
			status = bind_shared_hosts(build, service);
	}
	return status;
}

/* The binding's hosts as configured: its own list, or the service's templates. */
static int binding_hosts(struct snapshot_build *build, struct snapshot_binding *binding)
{
	struct config_list names;
	int status = host_list_make_of(
		build->snapshot->config, binding->service, binding->domain, &names);
	size_t i;

	if (status == CERTBIND_OK && names.length > 0) {
		binding->hosts = hosts_make(build, names.items, names.length);
		if (binding->hosts == NULL)
			status = CERTBIND_E_MEMORY;
		else
			binding->hosts_length = (uint32_t)names.length;
	}
	for (i = 0; binding->hosts != NULL && i < binding->hosts_length; i++)
		snapshot_host_set_binding(build, &binding->hosts[i], binding);
	host_list_clear(&names);
	return status;
}

static int binding_auto(struct snapshot_build *build, struct snapshot_binding *binding)
{
	uint32_t *bundles = calloc(binding->hosts_length + 1, sizeof(*bundles));
	char **names = calloc(binding->hosts_length + 1, sizeof(char *));
	size_t i;
	int status = CERTBIND_E_MEMORY;

	if (bundles != NULL && names != NULL) {
		for (i = 0; i < binding->hosts_length; i++)
			names[i] = binding->hosts[i].name;
		status = auto_bundles(
			build, names, binding->hosts_length, bundles, &binding->has_rivals);
		for (i = 0; i < binding->hosts_length; i++)
			binding->hosts[i].bundle = bundles[i];
	}
	free(bundles);
	free(names);
	return status;
}

static int binding_explicit(
	struct snapshot_build *build, struct snapshot_binding *binding, const char *name)
{
	const struct snapshot *snapshot = build->snapshot;
	size_t place = snapshot_certificate_index(snapshot, name);
	struct certificate *named;
	uint32_t bundle;
	size_t i;

	binding->certificate = place < snapshot->certificates_length ? (uint32_t)place + 1 : 0;
	named = snapshot_binding_certificate(snapshot, binding);
	if (named == NULL || named->pairs_length == 0)
		return CERTBIND_OK;
	bundle = snapshot_bundle(build->snapshot, &named, 1);
	if (bundle == 0)
		return CERTBIND_E_MEMORY;
	for (i = 0; i < binding->hosts_length; i++)
		binding->hosts[i].bundle = bundle;
	return CERTBIND_OK;
}

/* Drops the hosts that nothing covers: the shared host serves the domain in their place. */
static void binding_prefer_shared(
	const struct snapshot_build *build, struct snapshot_binding *binding)
{
	const struct config_service *service = &build->snapshot->config->services[binding->service];
	uint32_t kept = 0;
	size_t i;

	if (snapshot_binding_entry(binding) != NULL || service->shared_hosts.length == 0)
		return;
	for (i = 0; i < binding->hosts_length; i++)
		if (binding->hosts[i].bundle != 0)
			binding->hosts[kept++] = binding->hosts[i];
	binding->hosts_length = kept;
	if (kept == 0)
		binding->choice = SNAPSHOT_SHARED_HOST;
}

static int binding_choose(struct snapshot_build *build, struct snapshot_binding *binding)
{
	const struct config_choice_entry *entry = snapshot_binding_entry(binding);
	int status = binding_hosts(build, binding);
	size_t i;

	if (status < 0)
		return status;
	if (entry != NULL && entry->names_service && entry->choice == CONFIG_NONE) {
		binding->choice = SNAPSHOT_NONE;
		for (i = 0; i < binding->hosts_length; i++)
			binding->hosts[i].is_none = true;
		return CERTBIND_OK;
	}
	if (binding->hosts_length == 0) {
		binding->choice = SNAPSHOT_SHARED_HOST;
		return CERTBIND_OK;
	}
	if (entry != NULL && entry->names_service && entry->choice == CONFIG_NAMED) {
		binding->choice = SNAPSHOT_EXPLICIT;
		return binding_explicit(build, binding, entry->certificate);
	}
	binding->choice = SNAPSHOT_AUTO;
	status = binding_auto(build, binding);
	if (status == CERTBIND_OK)
		binding_prefer_shared(build, binding);
	return status;
}

int snapshot_domain_room(struct snapshot_build *build, struct snapshot_domain *domain)
{
	size_t length = build->snapshot->config->services_length;

	domain->bindings = block_pool_take(
		&build->snapshot->plan->ground->pool, length * sizeof(struct snapshot_binding));
	return domain->bindings != NULL ? CERTBIND_OK : CERTBIND_E_MEMORY;
}

int snapshot_domain_bind(struct snapshot_build *build, struct snapshot_domain *domain)
{
	const struct config *config = build->snapshot->config;
	size_t i;
	int status = snapshot_domain_room(build, domain);

	if (status < 0)
		return status;
	for (i = 0; i < config->services_length; i++) {
		domain->bindings[i].domain = domain->config;
		domain->bindings[i].service = (uint32_t)i;
	}
	for (i = 0; i < config->services_length && status == CERTBIND_OK; i++) {
		status = binding_choose(build, &domain->bindings[i]);
		if (status == CERTBIND_OK)
			status = snapshot_binding_claim(build, &domain->bindings[i]);
	}
	return status;
}

int snapshot_bind_domains(struct snapshot_build *build)
{
	struct snapshot *snapshot = build->snapshot;
	const struct config *config = snapshot->config;
	size_t i;
	int status = CERTBIND_OK;

	snapshot->plan->domains = calloc(config->domains_length + 1, sizeof(*snapshot->domains));
	snapshot->domains = snapshot->plan->domains;
	if (snapshot->domains == NULL)
		return CERTBIND_E_MEMORY;
	for (i = 0; i < config->domains_length && status == CERTBIND_OK; i++) {
		const struct snapshot_domain *former;

		snapshot->domains[i].config = config->domains[i];
		former = snapshot_kept_peek(build, i);
		status = former != NULL ? snapshot_take_over(build, former, &snapshot->domains[i])
					: snapshot_domain_bind(build, &snapshot->domains[i]);
	}
	return status;
}
