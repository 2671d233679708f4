/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _POSIX_C_SOURCE 200809L
#include "connection.h"
#include "crowd.h"
#include "webmail.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

struct connection {
	/* libmicrohttpd's; ended before MHD_CONNECTION_NOTIFY_CLOSED comes. */
	gnutls_session_t session;
	/* "ADDRESS PORT" */
	char peer[64];
	bool is_logged;
	struct crowd_member member;
};

/* NOLINTNEXTLINE(readability-function-size): the type is GnuTLS'. */
int connection_no_certificate(gnutls_session_t session, const gnutls_datum_t *authorities,
	int authorities_length, const gnutls_pk_algorithm_t *algorithms, int algorithms_length,
	gnutls_pcert_st **pcert, unsigned int *pcert_length, gnutls_privkey_t *key)
{
	(void)session;
	(void)authorities;
	(void)authorities_length;
	(void)algorithms;
	(void)algorithms_length;
	(void)pcert;
	(void)pcert_length;
	(void)key;
	return -1;
}

const struct sockaddr *connection_peer(struct MHD_Connection *http)
{
	return MHD_get_connection_info(http, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
}

static void name_peer(struct MHD_Connection *http, char *name, size_t size)
{
	const struct sockaddr *peer = connection_peer(http);
	socklen_t length = sizeof(struct sockaddr_in);
	char address[48], port[6];

	if (peer->sa_family == AF_INET6)
		length = sizeof(struct sockaddr_in6);
	if (getnameinfo(peer, length, address, sizeof(address), port, sizeof(port),
		    NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		(void)snprintf(name, size, "%s port %s", address, port);
}

time_t connection_clock(void)
{
	struct timespec time = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

static void start(struct webmail *webmail, struct MHD_Connection *http, void **socket_context)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	struct certbind_error error;

	*socket_context = connection;
	if (connection == NULL)
		return;
	crowd_add(webmail->crowd, &connection->member,
		MHD_get_connection_info(http, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd,
		connection_clock());
	name_peer(http, connection->peer, sizeof(connection->peer));
	connection->session =
		MHD_get_connection_info(http, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session;
	if (certbind_context_attach(webmail->context, connection->session, &error) < 0)
		(void)fprintf(stderr, "webmail: %s: %s\n", connection->peer, error.message);
}

void connection_notify(void *webmail, struct MHD_Connection *http, void **socket_context,
	enum MHD_ConnectionNotificationCode code)
{
	struct connection *connection = *socket_context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		start(webmail, http, socket_context);
		return;
	}
	/* A handshake that failed ends here too. What it asked for is gone with the session. */
	if (connection != NULL && !connection->is_logged)
		(void)fprintf(stderr, "webmail: %s: closed before a request\n", connection->peer);
	if (connection != NULL)
		crowd_remove(((struct webmail *)webmail)->crowd, &connection->member);
	free(connection);
	*socket_context = NULL;
}

static struct connection *of(struct MHD_Connection *http)
{
	return MHD_get_connection_info(http, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static const char *rule_name(int rule)
{
	switch ((enum certbind_rule)rule) {
	case CERTBIND_RULE_NONE:
		return "none";
	case CERTBIND_RULE_EXACT:
		return "exact";
	case CERTBIND_RULE_WILDCARD:
		return "wildcard";
	case CERTBIND_RULE_DEFAULT:
		return "default";
	case CERTBIND_RULE_REJECT:
		return "reject";
	}
	return "unknown";
}

static const char *or_none(const char *text)
{
	return *text != '\0' ? text : "-";
}

bool connection_selected(
	struct MHD_Connection *http, struct certbind_selection *selected, const char **protocol)
{
	struct connection *connection = of(http);

	if (connection == NULL || certbind_session_selected(connection->session, selected) < 0)
		return false;
	*protocol = gnutls_protocol_get_name(gnutls_protocol_get_version(connection->session));
	if (!connection->is_logged)
		(void)fprintf(stderr,
			"webmail: %s: sni=%s domain=%s certificate=%s rule=%s protocol=%s\n",
			connection->peer, or_none(selected->host), or_none(selected->domain),
			or_none(selected->certificate), rule_name(selected->rule),
			*protocol != NULL ? *protocol : "-");
	connection->is_logged = true;
	return true;
}

int connection_serves(struct MHD_Connection *http, const char *host)
{
	struct connection *connection = of(http);

	return connection == NULL ? CERTBIND_E_INVALID
				  : certbind_session_serves(connection->session, host);
}

void connection_heard(struct webmail *webmail, struct MHD_Connection *http, bool is_user)
{
	struct connection *connection = of(http);

	if (connection != NULL)
		crowd_heard(webmail->crowd, &connection->member, is_user, connection_clock());
}

void connection_log(struct MHD_Connection *http, const char *what)
{
	struct connection *connection = of(http);

	if (connection != NULL)
		(void)fprintf(stderr, "webmail: %s: %s\n", connection->peer, what);
}
