/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TICKET_RECENT_H
#define TICKET_RECENT_H

#include "ticket.h"
#include <stdatomic.h>

enum { TICKET_RECENT_SCOPE_SIZE = 78 /* most scopes; longer ones are derived each time */ };

/*
 * The key of the scope that the sessions of some certificates had last: the next one nearly always
 * has it too, and to derive it is the greater part of certbind's work in a handshake. It is kept
 * encrypted by the master key (AES-256, block by block, which hides what is random), and so is
 * good for nothing once that one is replaced and wiped. All of it 0: none is kept. Threads: any.
 */
struct ticket_recent {
	atomic_bool is_taken; /* by a thread that reads or writes it; no other one waits for that */
	unsigned char scope_size; /* 0: none is kept */
	char scope[TICKET_RECENT_SCOPE_SIZE];
	unsigned char master_id[TICKET_MASTER_ID_SIZE];
	unsigned char wrapped[TICKET_KEY_SIZE];
};

/* As ticket_derive(). The members of all scopes that are asked for must be the same. */
int ticket_recent_derive(struct ticket_recent *recent, const struct der *master,
	const struct ticket_scope *scope, unsigned char *key);

/* Lets a server's session issue and take the scope's tickets. Returns 0 or a GnuTLS error. */
int ticket_recent_enable(struct ticket_recent *recent, const struct der *master,
	const struct ticket_scope *scope, gnutls_session_t session);

#endif
