/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who may log in, and whose mail is taken. */
#ifndef MAIL_ACCOUNTS_H
#define MAIL_ACCOUNTS_H

#include "server.h"

/* Wrong passwords after which a connection ends. */
#define ACCOUNTS_TRIES 3

/*
 * Checks a name and a password. Returns the user's address, which lives as long as the server, or
 * NULL. The caller wipes the password.
 */
const char *accounts_check(const struct server *server, const char *name, const char *password);

/* The same for an answer of SASL's mechanism PLAIN (RFC 4616), in base64, which it wipes. */
const char *accounts_check_plain(const struct server *server, char *base64);

/* Finds who gets mail for an address. Returns the user's address, or NULL. */
const char *accounts_find(const struct server *server, const char *address);

/* Tells whether an address's domain is one of those that certbind is configured for. */
bool accounts_has_domain(const struct server *server, const char *address);

#endif
