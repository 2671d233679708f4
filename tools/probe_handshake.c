/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "memory.h"
#include "probe.h"
#include <poll.h>
#include <string.h>

static void take_chain(gnutls_session_t session, struct probe_result *result)
{
	const gnutls_datum_t *peers;
	unsigned int length = 0;
	unsigned int i;

	if (gnutls_certificate_type_get(session) != GNUTLS_CRT_X509)
		return;
	peers = gnutls_certificate_get_peers(session, &length);
	if (peers == NULL || length == 0)
		return;
	result->chain = memory_new(length * sizeof(*result->chain));
	for (i = 0; i < length; i++) {
		result->chain[i].data = memory_new(peers[i].size);
		memcpy(result->chain[i].data, peers[i].data, peers[i].size);
		result->chain[i].size = peers[i].size;
	}
	result->chain_length = length;
}

/* What gnutls_handshake() ended with, for people. */
static bool explain(struct probe *probe, gnutls_session_t session, int result)
{
	const char *alert;

	if (result != GNUTLS_E_FATAL_ALERT_RECEIVED)
		return probe_fail(probe, "the handshake failed: %s", gnutls_strerror(result));
	alert = gnutls_alert_get_name(gnutls_alert_get(session));
	return probe_fail(
		probe, "it refused the handshake: %s", alert == NULL ? "an unknown alert" : alert);
}

static bool shake_hands(struct probe *probe, gnutls_session_t session)
{
	int result;

	for (;;) {
		result = gnutls_handshake(session);
		if (result == GNUTLS_E_SUCCESS)
			return true;
		if (gnutls_error_is_fatal(result) != 0)
			return explain(probe, session, result);
		/* A warning was read: there may be more of what came with it. */
		if (result != GNUTLS_E_AGAIN && result != GNUTLS_E_INTERRUPTED)
			continue;
		if (!probe_wait(
			    probe, gnutls_record_get_direction(session) == 0 ? POLLIN : POLLOUT))
			return false;
	}
}

static int prepare(gnutls_session_t session, const char *host,
	gnutls_certificate_credentials_t credentials, int descriptor)
{
	int result = gnutls_set_default_priority(session);

	if (result == 0)
		result = gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials);
	if (result == 0)
		result = gnutls_server_name_set(session, GNUTLS_NAME_DNS, host, strlen(host));
	gnutls_transport_set_int(session, descriptor);
	return result;
}

bool probe_handshake(struct probe *probe, const char *host, struct probe_result *result)
{
	gnutls_certificate_credentials_t credentials = NULL;
	gnutls_session_t session = NULL;
	bool is_done = false;
	int status = gnutls_certificate_allocate_credentials(&credentials);

	if (status == 0)
		status = gnutls_init(&session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
	if (status == 0)
		status = prepare(session, host, credentials, probe->descriptor);
	if (status == 0)
		is_done = shake_hands(probe, session);
	else
		(void)probe_fail(probe, "TLS can't be started: %s", gnutls_strerror(status));
	if (is_done) {
		take_chain(session, result);
		/* So that it does not look like an attack in the daemon's log. */
		(void)gnutls_bye(session, GNUTLS_SHUT_WR);
	}
	if (is_done && result->chain_length == 0)
		is_done = probe_fail(probe, "it served no certificate");
	if (session != NULL)
		gnutls_deinit(session);
	gnutls_certificate_free_credentials(credentials);
	return is_done;
}
