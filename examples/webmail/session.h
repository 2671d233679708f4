/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is logged in: a table of tokens, each bound to the host it was made on. Any thread. */
#ifndef EXAMPLES_WEBMAIL_SESSION_H
#define EXAMPLES_WEBMAIL_SESSION_H

#include "../common/users.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* 256 bits in hexadecimal digits, and the NUL. */
#define SESSION_TOKEN_SIZE 65
/* Half an hour, and half a day. */
#define SESSION_IDLE_SECONDS ((time_t)1800)
#define SESSION_SECONDS ((time_t)43200)
/* Who logs in once more loses the oldest session of that user. */
#define SESSION_PER_USER 8

struct sessions;

/* A table of at most `size` sessions. Returns NULL when memory is exhausted. */
struct sessions *sessions_new(size_t size);

void sessions_free(struct sessions *sessions);

/*
 * Makes a session. When the table is full the one that was idle longest goes.
 *
 * @param now  seconds of a clock that never goes back
 * Returns false when there are no random bytes or a name is too long.
 */
bool sessions_add(struct sessions *sessions, const char *user, const char *host, time_t now,
	char token[SESSION_TOKEN_SIZE]);

/*
 * Finds the user of a token that was made on this host and has not expired.
 *
 * @param user  receives the user's address
 */
bool sessions_find(struct sessions *sessions, const char *token, const char *host, time_t now,
	char user[USERS_ADDRESS_SIZE]);

void sessions_remove(struct sessions *sessions, const char *token, const char *host);

#endif
