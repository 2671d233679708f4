/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host.h"
#include <stdlib.h>
#include <string.h>

char *host_template_dup(const char *template, const char *domain)
{
	const char *mark = strstr(template, "%d");
	size_t before = (size_t)(mark - template);
	char *host = malloc(strlen(template) + strlen(domain) + 1);

	if (host == NULL)
		return NULL;
	memcpy(host, template, before);
	(void)stpcpy(stpcpy(host + before, domain), mark + 2);
	return host;
}

int host_list_make(const struct config_service *service, const struct config_choice_entry *entry,
	const char *domain, struct config_list *hosts)
{
	bool is_own = entry != NULL && entry->has_hosts;
	const struct config_list *list = is_own ? &entry->hosts : &service->hosts;
	size_t i;

	memset(hosts, 0, sizeof(*hosts));
	hosts->items = calloc(list->length + 1, sizeof(char *));
	if (hosts->items == NULL)
		return CERTBIND_E_MEMORY;
	for (i = 0; i < list->length; i++) {
		hosts->items[i] =
			is_own ? strdup(list->items[i]) : host_template_dup(list->items[i], domain);
		if (hosts->items[i] == NULL)
			return CERTBIND_E_MEMORY;
		hosts->length++;
	}
	return CERTBIND_OK;
}

int host_list_make_of(const struct config *config, size_t service,
	const struct config_domain *domain, struct config_list *hosts)
{
	return host_list_make(&config->services[service], config_domain_choice(domain, service),
		domain->name, hosts);
}

void host_list_clear(struct config_list *hosts)
{
	size_t i;

	for (i = 0; i < hosts->length; i++)
		free(hosts->items[i]);
	free(hosts->items);
	memset(hosts, 0, sizeof(*hosts));
}
