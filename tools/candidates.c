/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "command.h"
#include "grid.h"
#include "json.h"
#include "loading.h"
#include "memory.h"
#include "terminal.h"
#include <certbind/bind.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct grid_column columns[] = { { "SERVICE", false, false },
	{ "CERTIFICATE", true, false }, { "WHY", true, false }, { "NOT COVERED", true, false } };

/* The domain's services that are offered. */
struct services {
	char *domain; /* A-labels */
	char **names;
	size_t length;
	size_t capacity;
};

struct showing {
	const char *service;
	struct grid *grid; /* NULL: JSON */
	FILE *json;
	bool is_begun;
	bool has_any;
};

static int add_service(void *data, const struct certbind_binding *binding)
{
	struct services *services = data;

	if (services->domain == NULL)
		services->domain = memory_string(binding->domain);
	if (strcmp(binding->chosen_by, "none") == 0)
		return 0;
	/* A binding that several certificates serve comes in parts. */
	if (services->length > 0 &&
		strcmp(services->names[services->length - 1], binding->service) == 0)
		return 0;
	services->names = memory_grow(
		services->names, &services->capacity, services->length, sizeof(*services->names));
	services->names[services->length++] = memory_string(binding->service);
	return 0;
}

static void services_clear(struct services *services)
{
	while (services->length > 0)
		free(services->names[--services->length]);
	free(services->names);
	free(services->domain);
}

static char *join_dup(const char *const *hosts, size_t length)
{
	char *all = NULL;
	char *longer;
	size_t i;

	for (i = 0; i < length; i++) {
		longer = all == NULL ? memory_string(hosts[i])
				     : memory_printf("%s %s", all, hosts[i]);
		free(all);
		all = longer;
	}
	return all;
}

static int show_candidate(void *data, const struct certbind_candidate *candidate)
{
	struct showing *showing = data;

	if (showing->grid != NULL) {
		char *missing = join_dup(candidate->missing, candidate->missing_length);
		const char *cells[] = { showing->service, candidate->certificate, candidate->reason,
			missing };

		grid_row(showing->grid, candidate->chosen ? PAINT_GOOD : PAINT_PLAIN, cells);
		free(missing);
	} else {
		json_candidate(showing->json, candidate, !showing->is_begun);
	}
	showing->is_begun = true;
	showing->has_any = true;
	return 0;
}

static int show_services(struct certbind_store *store, const struct services *services,
	bool is_only, struct showing *showing, struct certbind_error *error)
{
	int status = CERTBIND_OK;
	size_t i;

	if (showing->json != NULL)
		json_candidates_begin(showing->json, services->domain);
	for (i = 0; i < services->length && status == CERTBIND_OK; i++) {
		showing->service = services->names[i];
		showing->is_begun = false;
		if (showing->json != NULL)
			json_candidates_service(showing->json, showing->service, is_only, i == 0);
		status = certbind_candidates(
			store, services->domain, showing->service, show_candidate, showing, error);
		if (showing->json != NULL)
			json_candidates_service_end(showing->json, is_only);
	}
	if (showing->json != NULL)
		json_candidates_end(showing->json, is_only, services->length == 0);
	return status;
}

/* Nothing is printed unless all of it can be. */
static int show_json(struct certbind_store *store, const struct services *services, bool is_only,
	struct certbind_error *error)
{
	struct showing showing = { 0 };
	char *text = NULL;
	size_t size = 0;
	int status;

	showing.json = open_memstream(&text, &size);
	if (showing.json == NULL)
		memory_out();
	status = show_services(store, services, is_only, &showing, error);
	if (fclose(showing.json) != 0)
		memory_out();
	if (status == CERTBIND_OK)
		(void)fwrite(text, 1, size, stdout);
	free(text);
	return status;
}

static int show_table(
	struct certbind_store *store, const struct services *services, struct certbind_error *error)
{
	struct terminal terminal = terminal_look();
	struct showing showing = { .grid = grid_new(&terminal, columns,
					   sizeof(columns) / sizeof(*columns)) };
	int status = show_services(store, services, false, &showing, error);

	if (status == CERTBIND_OK && showing.has_any)
		grid_print(showing.grid, stdout);
	else if (status == CERTBIND_OK)
		(void)puts(
			services->length == 0
				? "The domain offers no service: each of them is \"none\" for it."
				: "There is no certificate that could be chosen; add one to "
				  "`certificates` or `certificate_dirs`.");
	grid_free(showing.grid);
	return status;
}

static int show(
	struct certbind_store *store, const struct options *options, struct certbind_error *error)
{
	const char *service = options->arguments_length > 1 ? options->arguments[1] : NULL;
	struct services services = { 0 };
	int status = certbind_store_each_binding(
		store, options->arguments[0], add_service, &services, error);

	if (status == CERTBIND_OK && service != NULL) {
		char *domain = services.domain;

		services.domain = NULL;
		services_clear(&services);
		services = (struct services){ .domain = domain };
		services.names = memory_grow(NULL, &services.capacity, 0, sizeof(*services.names));
		services.names[services.length++] = memory_string(service);
	}
	if (status == CERTBIND_OK)
		status = options->is_json ? show_json(store, &services, service != NULL, error)
					  : show_table(store, &services, error);
	services_clear(&services);
	return status;
}

static int run(const struct options *options)
{
	return loading_show(options, show);
}

const struct command command_candidates = {
	.word = "candidates",
	.synopsis = "[-c FILE] [--json] DOMAIN [SERVICE]",
	.purpose = "list the certificates that could be chosen, best first",
	.text = "In the order of auto, with its reasons; without SERVICE for every service that "
		"the\n"
		"domain offers.\n"
		"\n"
		"Exit status: 0 whenever the configuration loads and the names are known, 2 "
		"otherwise.\n",
	.options = OPTION_CONFIG | OPTION_JSON,
	.arguments_least = 1,
	.arguments_most = 2,
	.run = run,
};
