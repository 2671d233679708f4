/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TALK_H
#define TALK_H

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Two GnuTLS sessions that act by scripts, with a relay between them that cuts what passes into
 * pieces. Randomness and clock are the same in every talk that runs in a thread of its own, so that
 * two talks with the same scripts put the same bytes on the wire. The server waits as an event loop
 * does: it goes on only when poll() or the transport says that it can; a talk in which both wait
 * for ever ends.
 *
 * A script is a list of words: h handshake · sN send N bytes · rN receive N bytes · k update the
 * keys, K and ask the peer for the same · c cork · u uncork · b say goodbye, B and wait for the
 * peer's · e receive the end · a receive anything until the end · n ask for a new handshake · t ten
 * seconds pass
 */

enum { TALK_ALL = 0, TALK_RANDOM = -1 };

/* What becomes of the calls on sockets that the transport makes. */
enum talk_fault { TALK_AGAIN = 1, TALK_INTERRUPTED, TALK_SHORT };

struct talk_plan {
	const char *server_script, *client_script;
	const char *server_priority, *client_priority;
	unsigned int server_flags; /* of gnutls_init() */
	bool is_buffered; /* the server's transport is certbind's */
	bool rules_out_early_start; /* what the transport is told */
	bool has_tickets;
	const gnutls_datum_t *ticket; /* the client's, to resume */
	int piece; /* how many bytes pass at once: a number, TALK_ALL, TALK_RANDOM */
	size_t cut; /* after so many bytes of the client's, the server sees the end; 0: never */
	bool is_torn; /* that end takes the other direction too */
	enum talk_fault fault; /* 0: none */
	unsigned int fault_at; /* the call that fails, from 1; 0: every other one */
	unsigned int handshake_timeout, record_timeout; /* milliseconds */
};

struct talk_result {
	unsigned char *bytes; /* what the server put on the wire */
	size_t bytes_length;
	size_t client_length; /* how many bytes the client did */
	char log[4096]; /* what came of each word of the server's script */
	char client_log[4096];
	unsigned int reads, writes; /* the transport's calls */
	gnutls_datum_t ticket; /* that the client has at the end */
	bool is_resumed;
};

/* The server's certificate and key, PEM files. */
void talk_begin(const char *chain_path, const char *key_path);
void talk_end(void);

/* Runs a talk in a thread of its own, to its end or until nobody can go on. */
void talk(const struct talk_plan *plan, struct talk_result *result);
void talk_result_free(struct talk_result *result);

#endif
