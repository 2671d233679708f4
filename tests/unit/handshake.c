/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "handshake.h"
#include <gnutls/x509.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STEPS_MAX = 200 };

static void require(int holds)
{
	if (!holds)
		abort();
}

static int see_retry(gnutls_session_t session, unsigned int type, unsigned int when,
	unsigned int incoming, const gnutls_datum_t *message)
{
	struct handshake *handshake = gnutls_session_get_ptr(session);

	(void)type;
	(void)when;
	(void)message;
	if (incoming)
		handshake->is_retried = 1;
	return 0;
}

static void set_client_protocols(struct handshake *handshake, const struct handshake_client *client)
{
	gnutls_datum_t protocols[4] = { { NULL, 0 } };
	unsigned int length = 0;

	while (length < 4 && client->protocols[length] != NULL) {
		protocols[length].data = (unsigned char *)(uintptr_t)client->protocols[length];
		protocols[length].size = (unsigned int)strlen(client->protocols[length]);
		length++;
	}
	if (length > 0)
		require(gnutls_alpn_set_protocols(handshake->client, protocols, length, 0) >= 0);
}

void handshake_begin(struct handshake *handshake, struct certbind_context *context,
	const struct handshake_client *client)
{
	memset(handshake, 0, sizeof(*handshake));
	handshake->alert = -1;
	handshake->server_status = GNUTLS_E_AGAIN;
	handshake->client_status = GNUTLS_E_AGAIN;
	require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, handshake->sockets) == 0);
	require(certbind_context_session(context, GNUTLS_NONBLOCK | client->server_flags,
			&handshake->server, NULL) == 0);
	gnutls_transport_set_int(handshake->server, handshake->sockets[0]);
	/* One key share: a server that does not take its group asks for another. */
	require(gnutls_init(&handshake->client,
			GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_KEY_SHARE_TOP) >= 0);
	if (client->priority != NULL)
		require(gnutls_priority_set_direct(handshake->client, client->priority, NULL) >= 0);
	else
		require(gnutls_set_default_priority(handshake->client) >= 0);
	if (client->server_name != NULL)
		require(gnutls_server_name_set(handshake->client, GNUTLS_NAME_DNS,
				client->server_name, strlen(client->server_name)) >= 0);
	set_client_protocols(handshake, client);
	if (client->ticket.size > 0)
		require(gnutls_session_set_data(
				handshake->client, client->ticket.data, client->ticket.size) >= 0);
	require(gnutls_certificate_allocate_credentials(&handshake->trust) >= 0);
	require(gnutls_credentials_set(
			handshake->client, GNUTLS_CRD_CERTIFICATE, handshake->trust) >= 0);
	gnutls_session_set_ptr(handshake->client, handshake);
	gnutls_handshake_set_hook_function(handshake->client, GNUTLS_HANDSHAKE_HELLO_RETRY_REQUEST,
		GNUTLS_HOOK_POST, see_retry);
	gnutls_transport_set_int(handshake->client, handshake->sockets[1]);
}

static int is_done(int status)
{
	return status >= 0 || gnutls_error_is_fatal(status);
}

static void step_server(struct handshake *handshake)
{
	int status;

	if (is_done(handshake->server_status))
		return;
	status = gnutls_handshake(handshake->server);
	handshake->server_status = status;
	if (status < 0 && gnutls_error_is_fatal(status)) {
		/* certbind sends these two itself. */
		if (status != GNUTLS_E_UNRECOGNIZED_NAME &&
			status != GNUTLS_E_NO_APPLICATION_PROTOCOL)
			(void)gnutls_alert_send_appropriate(handshake->server, status);
		(void)shutdown(handshake->sockets[0], SHUT_WR);
	}
}

static void step_client(struct handshake *handshake)
{
	if (is_done(handshake->client_status))
		return;
	handshake->client_status = gnutls_handshake(handshake->client);
	if (handshake->client_status == GNUTLS_E_FATAL_ALERT_RECEIVED)
		handshake->alert = (int)gnutls_alert_get(handshake->client);
	if (handshake->client_status < 0 && gnutls_error_is_fatal(handshake->client_status))
		(void)shutdown(handshake->sockets[1], SHUT_WR);
}

static void read_certificate(struct handshake *handshake)
{
	unsigned int length = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(handshake->client, &length);
	size_t size = sizeof(handshake->subject);
	gnutls_x509_crt_t certificate;

	if (chain == NULL || length == 0)
		return;
	require(gnutls_x509_crt_init(&certificate) >= 0);
	require(gnutls_x509_crt_import(certificate, chain, GNUTLS_X509_FMT_DER) >= 0);
	if (gnutls_x509_crt_get_dn_by_oid(
		    certificate, GNUTLS_OID_X520_COMMON_NAME, 0, 0, handshake->subject, &size) < 0)
		handshake->subject[0] = '\0';
	gnutls_x509_crt_deinit(certificate);
}

void handshake_run(struct handshake *handshake)
{
	gnutls_datum_t protocol;
	int i;

	for (i = 0; i < STEPS_MAX; i++) {
		if (is_done(handshake->client_status) && is_done(handshake->server_status))
			break;
		step_client(handshake);
		step_server(handshake);
	}
	read_certificate(handshake);
	if (gnutls_alpn_get_selected_protocol(handshake->client, &protocol) >= 0)
		(void)snprintf(handshake->protocol, sizeof(handshake->protocol), "%.*s",
			(int)protocol.size, (const char *)protocol.data);
	require(certbind_session_selected(handshake->server, &handshake->selection) == 0);
	handshake->is_resumed = handshake->client_status == 0 &&
				gnutls_session_is_resumed(handshake->client) != 0 &&
				gnutls_session_is_resumed(handshake->server) != 0;
}

gnutls_datum_t handshake_ticket(struct handshake *handshake)
{
	gnutls_datum_t ticket = { NULL, 0 };
	char byte;

	/* Those of TLS 1.3 come after the handshake. */
	require(gnutls_record_recv(handshake->client, &byte, 1) == GNUTLS_E_AGAIN);
	require(gnutls_session_get_data2(handshake->client, &ticket) >= 0);
	return ticket;
}

void handshake_end(struct handshake *handshake)
{
	gnutls_deinit(handshake->client);
	gnutls_deinit(handshake->server);
	gnutls_certificate_free_credentials(handshake->trust);
	(void)close(handshake->sockets[0]);
	(void)close(handshake->sockets[1]);
}

void handshake_whole(struct handshake *handshake, struct certbind_context *context,
	const struct handshake_client *client)
{
	handshake_begin(handshake, context, client);
	handshake_run(handshake);
	handshake_end(handshake);
}
