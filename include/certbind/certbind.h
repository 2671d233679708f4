/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * certbind binds TLS certificates to mail and webmail services.
 *
 *     struct certbind_error error;
 *     struct certbind_store *store;
 *     struct certbind_context *context;
 *     gnutls_session_t session;
 *
 *     if (certbind_store_open(&store, NULL, &error) < 0 ||
 *             certbind_context_new(&context, store, "webmail", &error) < 0)
 *             errx(1, "%s", error.message);
 *     …
 *     certbind_context_session(context, 0, &session, &error);   // one a connection
 *     gnutls_transport_set_int(session, fd);   // or certbind_session_set_fd()
 *     gnutls_handshake(session);
 *
 * Threads: each function says which threads may call it. "Any thread" means at any time, also on
 * the same object. "One thread per object" means that the caller sees to it that no two threads use
 * that object at once. "Start-up only" means before the object is shared.
 *
 * Process: the library has no state of its own beside its objects, prints nothing, installs no
 * signal handlers and never ends the process. Threads that a call starts for its own work have all
 * signals blocked and have ended when the call returns; the one that reads changes is told of at
 * certbind_store_fd(). fork(2) is supported while the process has no other thread.
 *
 * Memory: what a function hands out says who frees it. Strings that are returned say until when
 * they live. Every function that frees accepts NULL.
 *
 * Compatibility: the library keeps its functions, their meaning, and the layout of the structs that
 * callers own. Structs that are handed out by pointer grow at their end. Enums get new values.
 */
#ifndef CERTBIND_CERTBIND_H
#define CERTBIND_CERTBIND_H

#include <certbind/error.h>
#include <certbind/store.h>
#include <certbind/bind.h>
#include <certbind/check.h>
#include <certbind/context.h>
#include <certbind/transport.h>

#define CERTBIND_VERSION_MAJOR 0
#define CERTBIND_VERSION_MINOR 1
#define CERTBIND_VERSION_PATCH 0
#define CERTBIND_VERSION "0.1.0"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Gives the version of the library that runs, which may be newer than CERTBIND_VERSION of the
 * header a program was compiled with.
 *
 * @return a string that lives for ever
 *
 * Threads: any thread. Since 0.1.
 */
CERTBIND_API const char *certbind_version(void);

#ifdef __cplusplus
}
#endif
#endif
