/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the daemon has: made once at its start, then used by every thread of libmicrohttpd. */
#ifndef EXAMPLES_WEBMAIL_H
#define EXAMPLES_WEBMAIL_H

#include <certbind/certbind.h>

struct crowd;
struct sessions;
struct throttle;
struct users;

struct webmail {
	/* Who may log in; an empty list without --users. */
	struct users *users;
	/* Where the Maildirs are; NULL without --spool. */
	const char *spool;
	/* The domains and their certificates. */
	struct certbind_store *store;
	/* Makes a TLS session of libmicrohttpd one that picks its certificate by name. */
	struct certbind_context *context;
	struct sessions *sessions;
	struct throttle *throttle;
	struct crowd *crowd;
};

#endif
