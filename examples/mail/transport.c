/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _POSIX_C_SOURCE 200809L
#include "transport.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

bool transport_secure(
	struct transport *transport, struct certbind_context *context, struct certbind_error *error)
{
	unsigned int flags = GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL;

	if (certbind_context_session(context, flags, &transport->tls, error) < 0)
		return false;
	if (transport->is_buffered)
		return certbind_session_set_fd(transport->tls, transport->fd, error) == 0;
	gnutls_transport_set_int(transport->tls, transport->fd);
	return true;
}

/* GnuTLS leaves alerts to its caller; certbind has sent those of its own two refusals already. */
static void send_alert(gnutls_session_t tls, int status)
{
	if (status != GNUTLS_E_UNRECOGNIZED_NAME && status != GNUTLS_E_NO_APPLICATION_PROTOCOL)
		(void)gnutls_alert_send_appropriate(tls, status);
}

int transport_handshake(struct transport *transport)
{
	int status;

	do {
		status = gnutls_handshake(transport->tls);
	} while (status == GNUTLS_E_INTERRUPTED || status == GNUTLS_E_WARNING_ALERT_RECEIVED);
	if (status == GNUTLS_E_AGAIN)
		return TRANSPORT_AGAIN;
	transport->status = status;
	if (status < 0) {
		send_alert(transport->tls, status);
		return TRANSPORT_FAILED;
	}
	transport->is_secure = true;
	return 0;
}

const char *transport_reason(const struct transport *transport)
{
	const char *alert = NULL;

	if (transport->status == GNUTLS_E_FATAL_ALERT_RECEIVED)
		alert = gnutls_alert_get_name(gnutls_alert_get(transport->tls));
	return alert ? alert : gnutls_strerror(transport->status);
}

static ssize_t plain_result(ssize_t result)
{
	if (result >= 0)
		return result;
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
		return TRANSPORT_AGAIN;
	return TRANSPORT_FAILED;
}

/* A renegotiation (GNUTLS_E_REHANDSHAKE) is not served: it ends the connection. */
static ssize_t tls_result(struct transport *transport, ssize_t result)
{
	if (result >= 0)
		return result;
	if (result == GNUTLS_E_AGAIN)
		return TRANSPORT_AGAIN;
	transport->status = (int)result;
	return TRANSPORT_FAILED;
}

ssize_t transport_receive(struct transport *transport, char *bytes, size_t size)
{
	ssize_t result;

	if (!transport->is_secure)
		return plain_result(recv(transport->fd, bytes, size, 0));
	do {
		result = gnutls_record_recv(transport->tls, bytes, size);
	} while (result == GNUTLS_E_INTERRUPTED || result == GNUTLS_E_WARNING_ALERT_RECEIVED);
	return tls_result(transport, result);
}

ssize_t transport_send(struct transport *transport, const char *bytes, size_t length)
{
	ssize_t result;

	if (!transport->is_secure)
		return plain_result(send(transport->fd, bytes, length, MSG_NOSIGNAL));
	/* The bytes of a half sent record are GnuTLS' own by now, and ours may have moved. */
	do {
		result = gnutls_record_send(transport->tls, transport->is_sending ? NULL : bytes,
			transport->is_sending ? 0 : length);
		transport->is_sending = result == GNUTLS_E_AGAIN || result == GNUTLS_E_INTERRUPTED;
	} while (result == GNUTLS_E_INTERRUPTED);
	return tls_result(transport, result);
}

bool transport_wants_write(const struct transport *transport)
{
	return certbind_session_wants_write(transport->tls) == 1;
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

static const char *or_dash(const char *text)
{
	return text[0] ? text : "-";
}

void transport_describe(const struct transport *transport, char *text, size_t size)
{
	struct certbind_selection selection = { .rule = CERTBIND_RULE_NONE };
	const char *version = NULL;

	if (!transport->tls) {
		(void)snprintf(text, size, "no TLS");
		return;
	}
	(void)certbind_session_selected(transport->tls, &selection);
	if (transport->is_secure)
		version = gnutls_protocol_get_name(gnutls_protocol_get_version(transport->tls));
	(void)snprintf(text, size, "%s host=%s domain=%s certificate=%s rule=%s",
		version ? version : "TLS", or_dash(selection.host), or_dash(selection.domain),
		or_dash(selection.certificate), rule_name(selection.rule));
}

/* A socket that is closed with unread bytes is reset, and the last answer or alert may be lost. */
static void drain(int fd)
{
	char scratch[4096];

	(void)shutdown(fd, SHUT_WR);
	for (int i = 0; i < 16 && recv(fd, scratch, sizeof(scratch), 0) > 0; i++)
		continue;
}

void transport_close(struct transport *transport)
{
	if (transport->is_secure && transport->status == 0)
		(void)gnutls_bye(transport->tls, GNUTLS_SHUT_WR);
	if (transport->tls)
		gnutls_deinit(transport->tls);
	drain(transport->fd);
	(void)close(transport->fd);
	*transport = (struct transport){ .fd = -1 };
}
