/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HOSTILE_H
#define HOSTILE_H

#include "wire.h"

#define HOSTILE_HOST "webmail.good.example"

enum hostile_kind { HOSTILE_TLS12, HOSTILE_TLS13, HOSTILE_RETRY, HOSTILE_KINDS };

/* What the tests with hostile hellos share; for cmocka's set-up and tear-down of a group. */
struct hostile {
	struct certbind_store *store;
	struct certbind_context *strict; /* refuses unknown names; speaks http/1.1 */
	struct certbind_context *lenient; /* serves its default to unknown names */
	gnutls_datum_t bound, fallback; /* certificates: the binding's, the service's default */
	struct wire first[HOSTILE_KINDS]; /* hellos of a real client, from this very run */
	struct wire second; /* of HOSTILE_RETRY, after the HelloRetryRequest */
};

int hostile_set_up(void **state);
int hostile_tear_down(void **state);

/*
 * Sends records to a server, after `before` (NULL: nothing), closes, and fails the test where that
 * ends neither in an alert nor in a ServerHello of what selection gives for the name that was sent.
 */
struct wire_answer hostile_send(const struct hostile *hostile, struct certbind_context *context,
	const struct wire *before, const struct wire *records, size_t at_once);

/* The same for one message. */
struct wire_answer hostile_send_message(const struct hostile *hostile,
	struct certbind_context *context, const struct wire *before, const struct wire *message);

#endif
