/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CERTBIND_TRANSPORT_H
#define CERTBIND_TRANSPORT_H

#include <certbind/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Puts a session on a connected stream socket, with fewer system calls than GnuTLS makes by itself:
 * use it instead of gnutls_transport_set_int(), or do not use it; everything else works either way.
 * What comes is read ahead, so a daemon that polls asks certbind_session_pending() before it waits
 * to read; a handshake's first flight is sent as one, so it asks certbind_session_wants_write()
 * whether it waits to read or to write. The socket may block or not; SIGPIPE is never raised.
 *
 * Not for sessions whose transport something else has set (libmicrohttpd's). Afterwards neither
 * gnutls_transport_set_int() nor gnutls_transport_get_int() may be called on the session.
 *
 * @param session  one of certbind's, before its handshake begins
 * @param fd       stays the caller's, to be closed after the session's end; bytes that the caller
 *                 has read from it are lost to the session, and must be dropped after STARTTLS
 *                 (RFC 3207, 4.2)
 * @return CERTBIND_OK, CERTBIND_E_INVALID (not one of certbind's sessions, or a negative
 *         descriptor), CERTBIND_E_STATE (it has another descriptor, whose bytes wait in it),
 *         CERTBIND_E_MEMORY
 *
 * Threads: one thread per object. Since 0.1.
 */
CERTBIND_API int certbind_session_set_fd(
	gnutls_session_t session, int fd, struct certbind_error *error);

/**
 * Tells how many bytes have come that poll() no longer sees: decrypted ones, which
 * gnutls_record_check_pending() counts, and those that were read ahead. While there are some, read
 * on instead of waiting. It is 0 once a read has returned GNUTLS_E_AGAIN.
 *
 * @param session  any session; NULL has none
 * @return a number of bytes, of which a whole record may be missing the rest
 *
 * Threads: one thread per object. Since 0.1.
 */
CERTBIND_API size_t certbind_session_pending(gnutls_session_t session);

/**
 * Tells, after GNUTLS_E_AGAIN from any call, what to wait for. It is what
 * gnutls_record_get_direction() says, and that reading must send first what the socket did not
 * take.
 *
 * @param session  any session; NULL wants nothing
 * @return 1: wait until the socket takes bytes, 0: until bytes come; then repeat the call
 *
 * Threads: one thread per object. Since 0.1.
 */
CERTBIND_API int certbind_session_wants_write(gnutls_session_t session);

#ifdef __cplusplus
}
#endif
#endif
