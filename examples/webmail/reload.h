/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Renewed certificates and changed configurations, without a restart. */
#ifndef EXAMPLES_RELOAD_H
#define EXAMPLES_RELOAD_H

#include "webmail.h"
#include <signal.h>

/*
 * Waits for SIGTERM or SIGINT; until then, takes what has changed into service, on SIGHUP too.
 *
 * signals: those, blocked in every thread. Returns 0, or -1 when the system has no means; that has
 * been told.
 */
int reload_until_end(const struct webmail *webmail, const sigset_t *signals);

#endif
