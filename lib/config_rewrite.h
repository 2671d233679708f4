/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CONFIG_REWRITE_H
#define CONFIG_REWRITE_H

#include "config.h"
#include "file.h"

enum { CONFIG_REWRITE_SIZE_MAX = 64 * 1024 }; /* of a file of domains_dir */

/* A change of one key in a domain's own file. */
struct config_rewrite {
	const struct config *config;
	const char *file; /* its path */
	const char *domain; /* folded */
	const struct config_service *service; /* of config->services: whose key */
	const char *value; /* NULL: the key goes */
};

/* Did certbind write the file? Its first line says so. */
bool config_rewrite_is_own(const struct file_bytes *bytes);

/*
 * Makes the file's new text: its other keys as they are, its comments gone. `bytes`: the file as it
 * is, all zero when there is none. *text (the caller frees it) is NULL when the key has that value
 * already. `hosts`, to be cleared with host_list_clear(), receives the hosts that the service's
 * binding then has. Nothing is written.
 * CERTBIND_OK, CERTBIND_E_REFUSED (what else the file says has a fault: error->line), CERTBIND_E_MEMORY.
 */
int config_rewrite(const struct config_rewrite *change, const struct file_bytes *bytes, char **text,
	size_t *text_size, struct config_list *hosts, struct certbind_error *error);

#endif
