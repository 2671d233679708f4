/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CONTEXT_H
#define CONTEXT_H

#include "store.h"
#include <certbind/context.h>

enum { CONTEXT_PROTOCOLS_MAX = 8 };

/* The TLS side of one service. Reference counted: sessions hold it. */
struct certbind_context {
	atomic_uint references;
	struct certbind_store *store;
	char *service;
	/* No certificate in them: a session that never sees a ClientHello has nothing to serve. */
	gnutls_certificate_credentials_t base;
	gnutls_priority_t priority; /* the daemon's own; NULL: the configuration's */
	char *protocols[CONTEXT_PROTOCOLS_MAX]; /* what the daemon speaks */
	unsigned int protocols_length;
	bool has_tickets;
};

struct certbind_context *context_ref(struct certbind_context *context);
void context_unref(struct certbind_context *context); /* NULL does nothing */

/*
 * session.c: gives a session its state and its hook. `has_tickets`: whether it may issue and take
 * tickets, if the context does. Returns 0 or a GnuTLS error.
 */
int session_attach(gnutls_session_t session, struct certbind_context *context, bool has_tickets);
/* session.c: an attached session may have been made to take early data, and does not say. */
int session_refuse_early_data(gnutls_session_t session);
bool session_is_attached(gnutls_session_t session);
/* Says that the session was made without GNUTLS_ENABLE_EARLY_START, which GnuTLS does not tell. */
void session_rule_out_early_start(gnutls_session_t session);
bool session_may_start_early(gnutls_session_t session);
/* Where the session keeps its transport, which ends with it. NULL: not one of certbind's. */
struct transport **session_transport_peek(gnutls_session_t session);

#endif
