/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CERTBIND_CONTEXT_H
#define CERTBIND_CONTEXT_H

#include <certbind/store.h>
#include <gnutls/gnutls.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The TLS side of one service: what a daemon makes its sessions from. */
struct certbind_context;

/**
 * Makes the context of a service. When the service needs certbind's own self-signed certificate,
 * this is where it is made, and kept in the configuration's state_dir; where that can't be written,
 * it lives in memory and the log says so.
 *
 * @param context  receives the context, to be freed with certbind_context_free(); NULL on failure
 * @param store    must be loaded; the context holds it, so that either may be freed first
 * @param service  the service's name, for example "webmail"
 * @return CERTBIND_OK, CERTBIND_E_INVALID, CERTBIND_E_STATE (nothing is loaded),
 *         CERTBIND_E_UNKNOWN_SERVICE, CERTBIND_E_TLS, CERTBIND_E_MEMORY, CERTBIND_E_SYSTEM
 *
 * Threads: any thread. Since 0.1.
 */
CERTBIND_API int certbind_context_new(struct certbind_context **context,
	struct certbind_store *store, const char *service, struct certbind_error *error);

/**
 * Says which protocols the daemon speaks on the context's sockets, in the words of IANA's ALPN
 * registry (RFC 7301): "http/1.1", "imap", "pop3", "managesieve"; the best one first. The
 * configuration may narrow the list. A client that offers only others is refused with
 * no_application_protocol; one that offers none is served.
 *
 * @param protocols         copied; each 1 to 255 bytes, and no longer than GnuTLS takes (32)
 * @param protocols_length  how many, at most 8; 0 goes back to offering none
 * @return CERTBIND_OK, CERTBIND_E_INVALID, CERTBIND_E_MEMORY
 *
 * Threads: start-up only, before the context has sessions. Since 0.1.
 */
CERTBIND_API int certbind_context_set_alpn(struct certbind_context *context,
	const char *const *protocols, unsigned int protocols_length, struct certbind_error *error);

/**
 * Replaces the context's GnuTLS priority string, for a daemon that has a setting of its own. The
 * configuration's `priority` for the service no longer counts then.
 *
 * @param priority  as gnutls_priority_init2(3); one that starts with + or - is appended to the
 *                  system's default; NULL goes back to the configuration's
 * @return CERTBIND_OK, CERTBIND_E_INVALID (with GnuTLS' position of the error), CERTBIND_E_MEMORY
 *
 * Threads: start-up only, before the context has sessions. Since 0.1.
 */
CERTBIND_API int certbind_context_set_priority(
	struct certbind_context *context, const char *priority, struct certbind_error *error);

/**
 * Switches session tickets off, or on again: they are on when a context is made. A ticket resumes a
 * session of the same scope only: of the same service, and of a binding's hosts with the same
 * certificate. A session made with GNUTLS_NO_TICKETS has none either way.
 *
 * @param enabled  0: new sessions issue no tickets and take none
 * @return CERTBIND_OK, CERTBIND_E_INVALID
 *
 * Threads: start-up only, before the context has sessions. Since 0.1.
 */
CERTBIND_API int certbind_context_set_tickets(struct certbind_context *context, int enabled);

/**
 * Writes a new random key for session tickets, 64 bytes, into a file that only its owner can read
 * (0600); one that is there is replaced, and its owner kept where that is allowed. Whoever opens it
 * gets the old file or the new one, whole, also after a crash at any moment. Stores whose
 * configuration names the file (`ticket_key_file`) take it with their next reload, and several
 * hosts may have copies of it.
 *
 * @param path  the file; a symbolic link is replaced, not followed
 * @return CERTBIND_OK, CERTBIND_E_INVALID (no file's name), CERTBIND_E_FILE (it can't be written;
 *         then it is what it was), CERTBIND_E_MEMORY, CERTBIND_E_SYSTEM (no random bytes)
 *
 * Threads: any thread; waits for others that write to the same directory. Since 0.1.
 */
CERTBIND_API int certbind_ticket_key_write(const char *path, struct certbind_error *error);

/**
 * Makes a TLS server session that picks its certificate by the client's server name. It is a plain
 * GnuTLS session: set its transport, call gnutls_handshake(), end it with gnutls_deinit().
 *
 * @param gnutls_init_flags  for gnutls_init(3), for example GNUTLS_NONBLOCK; GNUTLS_SERVER may be
 *                           left out
 * @param session            receives the session, the caller's to deinit; NULL on failure
 * @return CERTBIND_OK, CERTBIND_E_INVALID (flags for a client, or for datagrams), CERTBIND_E_TLS,
 *         CERTBIND_E_MEMORY
 *
 * Threads: any thread. Since 0.1.
 */
CERTBIND_API int certbind_context_session(struct certbind_context *context,
	unsigned int gnutls_init_flags, gnutls_session_t *session, struct certbind_error *error);

/**
 * Makes a session that something else created (libmicrohttpd, say) like one of
 * certbind_context_session(). Call it before the session's handshake begins. certbind takes the
 * session's certificate credentials, its priorities and its ClientHello hook; its user pointer
 * stays the daemon's. Client certificates are out of scope.
 *
 * @param session  a TLS server session; any number of reloads, and the end of the context and the
 *                 store, may happen while it lives
 * @return CERTBIND_OK, CERTBIND_E_INVALID (no session of a TLS server over a stream),
 *         CERTBIND_E_STATE (it is attached already), CERTBIND_E_TLS, CERTBIND_E_MEMORY
 *
 * Threads: any thread. Since 0.1.
 */
CERTBIND_API int certbind_context_attach(
	struct certbind_context *context, gnutls_session_t session, struct certbind_error *error);

/**
 * Gives a context back. Its sessions go on.
 *
 * @param context  NULL does nothing
 *
 * Threads: one thread per object. Since 0.1.
 */
CERTBIND_API void certbind_context_free(struct certbind_context *context);

/**
 * Tells which certificate a session was given, and why.
 *
 * @param session    one of certbind's
 * @param selection  is filled on success; before the client's hello has come, its rule is
 *                   CERTBIND_RULE_NONE
 * @return CERTBIND_OK, CERTBIND_E_INVALID (not one of certbind's)
 *
 * Threads: one thread per object. Since 0.1.
 */
CERTBIND_API int certbind_session_selected(
	gnutls_session_t session, struct certbind_selection *selection);

/**
 * Tells whether a host, such as HTTP's Host header names, belongs to the binding that the session
 * was made for. A web daemon answers 421 (RFC 9110, 15.5.20) when it does not.
 *
 * @param host  a host name without a port; A-labels or U-labels, any case
 * @return 1 when it belongs, 0 when it does not or is no host name; CERTBIND_E_INVALID (not one of
 *         certbind's sessions), CERTBIND_E_STATE (its hello has not come)
 *
 * Threads: one thread per object. Since 0.1.
 */
CERTBIND_API int certbind_session_serves(gnutls_session_t session, const char *host);

#ifdef __cplusplus
}
#endif
#endif
