/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A non-blocking socket, in plain text first, under TLS later. */
#ifndef MAIL_TRANSPORT_H
#define MAIL_TRANSPORT_H

#include <certbind/certbind.h>
#include <stdbool.h>
#include <sys/types.h>

/* The socket can't go on now: wait for transport_wants_write() ? writable : readable. */
#define TRANSPORT_AGAIN (-1)
#define TRANSPORT_FAILED (-2)

struct transport {
	int fd;
	/* TLS reads ahead and joins what it writes: certbind_session_set_fd(). */
	bool is_buffered;
	/* NULL while in plain text. */
	gnutls_session_t tls;
	/* The handshake is done. */
	bool is_secure;
	/* A record is half sent: GnuTLS wants to be called again before it takes another. */
	bool is_sending;
	/* What GnuTLS said when something failed. */
	int status;
};

/* Makes a TLS session on the socket; its handshake is still to be done. */
bool transport_secure(struct transport *transport, struct certbind_context *context,
	struct certbind_error *error);

/* Goes on with the handshake. Returns 0 when it is done, or one of TRANSPORT_… */
int transport_handshake(struct transport *transport);

/* Why the handshake failed. */
const char *transport_reason(const struct transport *transport);

/* Both return a number of bytes, or one of TRANSPORT_…; receiving 0 bytes is the end. */
ssize_t transport_receive(struct transport *transport, char *bytes, size_t size);
ssize_t transport_send(struct transport *transport, const char *bytes, size_t length);

/* After TRANSPORT_AGAIN from a handshake or a receive. */
bool transport_wants_write(const struct transport *transport);

/* "TLS1.3 host=… domain=… certificate=… rule=…": what was chosen for the client, or "no TLS". */
void transport_describe(const struct transport *transport, char *text, size_t size);

/* Says goodbye, as far as that does not block, and closes. */
void transport_close(struct transport *transport);

#endif
