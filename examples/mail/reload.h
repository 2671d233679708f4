/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Renewed certificates and changed configurations, without a restart. */
#ifndef MAIL_RELOAD_H
#define MAIL_RELOAD_H

#include "server.h"

struct reload {
	/* Readable when the store has noticed that files have changed. */
	struct ev_io changes;
	struct ev_signal hangup;
};

/* Follows changes of the loaded store from the event loop; false when the system has no means. */
bool reload_start(struct reload *reload, struct server *server);

/* Before the store is closed; after a failed start too. */
void reload_stop(struct reload *reload, struct server *server);

#endif
