/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One TLS connection: made certbind's when it starts, told to the log once. */
#ifndef EXAMPLES_WEBMAIL_CONNECTION_H
#define EXAMPLES_WEBMAIL_CONNECTION_H

#include <certbind/certbind.h>
#include <gnutls/abstract.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct connection;
struct webmail;

/* For MHD_OPTION_NOTIFY_CONNECTION, with a struct webmail. */
void connection_notify(void *webmail, struct MHD_Connection *http, void **socket_context,
	enum MHD_ConnectionNotificationCode code);

/*
 * For MHD_OPTION_HTTPS_CERT_CALLBACK: libmicrohttpd starts only with a source of certificates, and
 * this one never has any, so that a session is served by certbind or not at all.
 */
int connection_no_certificate(gnutls_session_t session, const gnutls_datum_t *authorities,
	int authorities_length, const gnutls_pk_algorithm_t *algorithms, int algorithms_length,
	gnutls_pcert_st **pcert, unsigned int *pcert_length, gnutls_privkey_t *key);

/*
 * Tells what certbind selected for the connection of a request, and logs it the first time.
 *
 * @param protocol  receives the TLS version's name, which lives for ever
 * Returns false when the connection is none of certbind's.
 */
bool connection_selected(
	struct MHD_Connection *http, struct certbind_selection *selected, const char **protocol);

/* certbind_session_serves() for the connection of a request. */
int connection_serves(struct MHD_Connection *http, const char *host);

/* Seconds of the clock by which connections are too slow. */
time_t connection_clock(void);

/* A request of somebody, who is logged in or not, has been answered. */
void connection_heard(struct webmail *webmail, struct MHD_Connection *http, bool is_user);

/* Logs one line about the client of a request; `what` must not hold what the client sent. */
void connection_log(struct MHD_Connection *http, const char *what);

/* The client's address; lives as long as the connection. */
const struct sockaddr *connection_peer(struct MHD_Connection *http);

#endif
