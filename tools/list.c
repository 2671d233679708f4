/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "command.h"
#include "grid.h"
#include "json.h"
#include "loading.h"
#include "memory.h"
#include "rfc3339.h"
#include "terminal.h"
#include <stdlib.h>
#include <string.h>

static const struct grid_column columns[] = { { "DOMAIN", true, false }, { "SERVICE", true, false },
	{ "HOSTS", true, false }, { "CERTIFICATE", true, false }, { "CHOSEN BY", false, false },
	{ "VALID UNTIL", false, false } };

struct list {
	const struct terminal *terminal;
	struct grid *grid; /* NULL: JSON */
	bool is_begun;
};

static char *join_dup(const char *const *hosts, size_t length)
{
	char *all = NULL;
	char *longer;
	size_t size = 1;
	size_t i;

	if (length == 0)
		return NULL;
	for (i = 0; i < length; i++)
		size += strlen(hosts[i]) + 1;
	all = memory_new(size);
	for (i = 0, longer = all; i < length; i++) {
		if (i > 0)
			*longer++ = ' ';
		size = strlen(hosts[i]);
		memcpy(longer, hosts[i], size);
		longer += size;
	}
	return all;
}

static void add_row(struct list *list, const struct certbind_binding *binding)
{
	char *hosts = join_dup(binding->hosts, binding->hosts_length);
	char date[RFC3339_SIZE];
	const char *cells[] = { terminal_domain(
					list->terminal, binding->domain, binding->domain_unicode),
		binding->service, hosts, binding->certificate, binding->chosen_by,
		rfc3339_date(date, binding->not_after) };

	grid_row(list->grid, PAINT_PLAIN, cells);
	free(hosts);
}

static int add_binding(void *data, const struct certbind_binding *binding)
{
	struct list *list = data;

	if (list->grid != NULL)
		add_row(list, binding);
	else
		json_binding(stdout, binding, !list->is_begun);
	list->is_begun = true;
	return 0;
}

static int print_bindings(
	struct certbind_store *store, const struct options *options, struct certbind_error *error)
{
	struct terminal terminal = terminal_look();
	struct list list = { .terminal = &terminal };
	int status;

	if (options->is_json)
		json_bindings_begin(stdout);
	else
		list.grid = grid_new(&terminal, columns, sizeof(columns) / sizeof(columns[0]));
	status = certbind_store_each_binding(store, NULL, add_binding, &list, error);
	if (options->is_json)
		json_bindings_end(stdout);
	else if (status == CERTBIND_OK)
		grid_print(list.grid, stdout);
	grid_free(list.grid);
	return status;
}

static int run(const struct options *options)
{
	return loading_show(options, print_bindings);
}

const struct command command_list = {
	.word = "list",
	.synopsis = "[-c FILE] [--json]",
	.purpose = "show every binding: domain, service, hosts, certificate, expiry",
	.text = "Exit status: 0 whenever the configuration loads, 2 otherwise.\n",
	.options = OPTION_CONFIG | OPTION_JSON,
	.run = run,
};
