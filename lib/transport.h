/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TRANSPORT_H
#define TRANSPORT_H

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * A socket under a GnuTLS session that costs fewer system calls: what comes is read ahead, and the
 * server's first flight of TLS 1.3 goes out as one. Knows nothing of certificates.
 */
struct transport;

/*
 * Puts `session` on the socket. `may_start_early`: GNUTLS_ENABLE_EARLY_START may be among the
 * session's flags. NULL: no memory. The transport must live until the session's end.
 */
struct transport *transport_new(gnutls_session_t session, int fd, bool may_start_early);
void transport_free(struct transport *transport); /* NULL does nothing; closes nothing */

/* Goes on with another socket; false while bytes of the one before wait. */
bool transport_set_fd(struct transport *transport, int fd);

/* How many bytes were read ahead and have not been asked for. */
size_t transport_pending(const struct transport *transport);

/* Do bytes wait that the socket did not take when GnuTLS wanted to read? */
bool transport_wants_write(const struct transport *transport);

#endif
