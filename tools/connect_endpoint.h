/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CONNECT_ENDPOINT_H
#define CONNECT_ENDPOINT_H

#include <netdb.h>
#include <stdbool.h>

/* How a protocol gets to TLS. */
enum start { START_TLS, START_SMTP, START_IMAP, START_POP3, START_SIEVE };

/* Where --connect looks. */
struct endpoint {
	char *shown; /* PROTOCOL://ADDRESS:PORT */
	char *service;
	enum start start;
	char *address;
	char *port;
	struct addrinfo *places; /* see endpoint_resolve(); NULL: none */
	char *fault; /* why there are none */
	bool has_answered; /* what is known of it by now: it served something */
	bool was_late; /* a time was over */
};

/*
 * Reads
 *
 *     endpoint = [ service "=" ] protocol "://" address ":" port
 *     service  = a name of certbind.conf(5): letter *( letter / digit / "-" ), in lower case
 *     protocol = "https" / "smtp" / … as in endpoint_protocols()
 *     address  = "[" IPv6 "]" / IPv4 / host name
 *     port     = 1 to 65535, digits only
 *
 * and nothing else: no user, path or query. False: it is no such thing, and nothing is to be freed.
 */
bool endpoint_read(const char *text, struct endpoint *endpoint);
void endpoint_clear(struct endpoint *endpoint);

/* The protocols there are, for messages; lives for ever. */
const char *endpoint_protocols(void);

/* Looks the address up; may take as long as the system's resolver lets it. */
void endpoint_resolve(struct endpoint *endpoint);

#endif
