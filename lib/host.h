/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HOST_H
#define HOST_H

#include "config.h"

/* The names that clients connect to, as configuration gives them. */

/* A service's template with the domain in it; the caller frees; NULL: memory. */
char *host_template_dup(const char *template, const char *domain);

/*
 * The hosts that a binding has by its configuration: its own list, or the service's templates.
 * `entry`: what the domain says of the service; NULL: nothing. `hosts` is to be cleared with
 * host_list_clear(), also on failure. CERTBIND_OK, CERTBIND_E_MEMORY.
 */
int host_list_make(const struct config_service *service, const struct config_choice_entry *entry,
	const char *domain, struct config_list *hosts);
/* The same of a service by its place among config->services. */
int host_list_make_of(const struct config *config, size_t service,
	const struct config_domain *domain, struct config_list *hosts);
void host_list_clear(struct config_list *hosts);

#endif
