/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CONFIG_KEEP_H
#define CONFIG_KEEP_H

#include "config.h"

/*
 * Puts back what a mistake took away: an entry of `former` that `config` lacks while it has a
 * problem of that name. What was taken out of the files stays out. CERTBIND_OK or CERTBIND_E_MEMORY.
 */
int config_keep(struct config *config, const struct config *former);

#endif
