/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CERTBIND_STORE_H
#define CERTBIND_STORE_H

#include <certbind/error.h>
#include <stddef.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A loaded configuration with its certificates and keys. Everything else hangs off one. */
struct certbind_store;

/** Levels of the log, as syslog(3) numbers them. */
enum certbind_level {
	CERTBIND_LEVEL_ERROR = 3,
	CERTBIND_LEVEL_WARNING = 4,
	CERTBIND_LEVEL_NOTICE = 5,
	CERTBIND_LEVEL_DEBUG = 7
};

/**
 * Is told what happens: each configuration error is one event, at load and reload.
 *
 * @param data   what certbind_store_set_log() was given
 * @param level  an enum certbind_level
 * @param event  lives until the function returns
 *
 * It may be called from any thread that calls into the store and from those of the library (see
 * certbind_store_fd()), one at a time; it must not call back into the store.
 */
typedef void certbind_log_func(void *data, int level, const struct certbind_error *event);

/** Gives the time, in seconds since the epoch. Called from any thread, several at a time. */
typedef time_t certbind_clock_func(void *data);

/** How a certificate was found for a name. */
enum certbind_rule {
	/** Nothing was selected. */
	CERTBIND_RULE_NONE = 0,
	/** The name is a host of a binding (then `domain` is set), or an exact name of a bound certificate. */
	CERTBIND_RULE_EXACT = 1,
	/** A bound certificate has a wildcard that matches the name. */
	CERTBIND_RULE_WILDCARD = 2,
	/** The service's default certificate: no SNI, an unknown one, or a binding that has no usable certificate. */
	CERTBIND_RULE_DEFAULT = 3,
	/** The service refuses unknown names: the client gets the alert unrecognized_name. */
	CERTBIND_RULE_REJECT = 4
};

/**
 * What a client with a name gets. Caller-owned, nothing to free; the layout is frozen, `reserved`
 * is zero. Names are lower-case A-labels (RFC 5890); an empty string means none.
 */
struct certbind_selection {
	/** An enum certbind_rule. */
	int rule;
	/** The domain whose binding it is; empty when no binding has that host. */
	char domain[256];
	/** The service's name. */
	char service[64];
	/** The name asked for, folded; empty when the client sent none, or one that is no host name. */
	char host[256];
	/** The certificate's name; empty for certbind's own self-signed certificate, and when refused. */
	char certificate[256];
	void *reserved[4];
};

/** One binding, or the part of it that one certificate serves; mirrors `certbind list --json`. Grows at its end. */
struct certbind_binding {
	/** The domain, A-labels. */
	const char *domain;
	/** The domain as people write it, UTF-8. */
	const char *domain_unicode;
	/** The service's name. */
	const char *service;
	/** The names that clients connect to, A-labels. */
	const char *const *hosts;
	/** How many `hosts` has; 0 when the shared host serves the domain, or nothing. */
	size_t hosts_length;
	/** The certificate's name; NULL when there is none of the domain's own. */
	const char *certificate;
	/** "explicit", "auto", "default" (auto found nothing), "shared-host" or "none" (not offered). */
	const char *chosen_by;
	/** When the certificate ends (the first of its pairs), seconds since the epoch; -1 when unknown. */
	time_t not_after;
};

/**
 * Is given one binding; `binding` and its strings live until it returns.
 *
 * @return 0 to go on; anything else ends the walk and is what certbind_store_each_binding() returns
 */
typedef int certbind_binding_func(void *data, const struct certbind_binding *binding);

/**
 * Makes an empty store, to be given a log and a clock before it loads.
 *
 * @param store  receives the store, to be closed with certbind_store_close(); NULL on failure
 * @return CERTBIND_OK, CERTBIND_E_INVALID, CERTBIND_E_MEMORY, CERTBIND_E_SYSTEM
 *
 * Threads: any thread. Since 0.1.
 */
CERTBIND_API int certbind_store_new(struct certbind_store **store);

/**
 * Sets who is told of events. Without one nothing is printed anywhere.
 *
 * @param log   NULL for none
 * @param data  handed to `log`; must live as long as the store
 *
 * Threads: start-up only, before the store loads. Since 0.1.
 */
CERTBIND_API void certbind_store_set_log(
	struct certbind_store *store, certbind_log_func *log, void *data);

/**
 * Replaces the clock, for tests and for looking at another day.
 *
 * @param clock  NULL for time(2)
 *
 * Threads: start-up only, before the store loads. Since 0.1.
 */
CERTBIND_API void certbind_store_set_clock(
	struct certbind_store *store, certbind_clock_func *clock, void *data);

/**
 * Reads a configuration and every certificate and key it names. It writes nothing. A daemon may
 * chroot and drop its privileges right after. One wrong entry costs that entry and is told to the
 * log and by certbind_check(); an error outside the entries refuses the whole.
 *
 * @param config_path  the file's name; NULL for the one in the system's configuration directory
 * @param error        receives the first error; the log is given all of them
 * @return CERTBIND_OK, CERTBIND_E_INVALID, CERTBIND_E_STATE (it is loaded already),
 *         CERTBIND_E_FILE (config_path can't be read), CERTBIND_E_CONFIG, CERTBIND_E_MEMORY,
 *         CERTBIND_E_SYSTEM
 *
 * Threads: one thread per object. Since 0.1.
 */
CERTBIND_API int certbind_store_load(
	struct certbind_store *store, const char *config_path, struct certbind_error *error);

/**
 * certbind_store_new() and certbind_store_load() in one, for a program that needs no log.
 *
 * @param store  receives the store; NULL on failure
 * @return as those two
 *
 * Threads: any thread. Since 0.1.
 */
CERTBIND_API int certbind_store_open(
	struct certbind_store **store, const char *config_path, struct certbind_error *error);

/**
 * Walks over the bindings, by domain in the order of their names, then by service as configured.
 *
 * @param domain  A-labels or U-labels; NULL for every domain
 * @return CERTBIND_OK, CERTBIND_E_INVALID, CERTBIND_E_STATE (nothing is loaded),
 *         CERTBIND_E_UNKNOWN_DOMAIN, CERTBIND_E_MEMORY, or what `func` ended the walk with
 *
 * Threads: any thread. Since 0.1.
 */
CERTBIND_API int certbind_store_each_binding(struct certbind_store *store, const char *domain,
	certbind_binding_func *func, void *data, struct certbind_error *error);

/**
 * Tells what a client that sends `host` as its server name gets, by the very code that handshakes
 * use.
 *
 * @param service    the service's name
 * @param host       as the client sends it; NULL: it sends none. No host name: as an unknown one.
 * @param selection  is filled on success
 * @return CERTBIND_OK, CERTBIND_E_INVALID, CERTBIND_E_STATE (nothing is loaded),
 *         CERTBIND_E_UNKNOWN_SERVICE
 *
 * Threads: any thread; does not block. Since 0.1.
 */
CERTBIND_API int certbind_store_select(struct certbind_store *store, const char *service,
	const char *host, struct certbind_selection *selection, struct certbind_error *error);

/**
 * Reads the configuration and the files that have changed, and takes the result into service for
 * new sessions; those under way keep what they have. Whatever worked stays: an entry that is wrong
 * now keeps its last good version, a certificate that can't be read, does not fit its key, or is
 * outside its dates is not taken, and an error outside the entries refuses the whole. For programs
 * that have no event loop, and for SIGHUP; one that has a loop uses certbind_store_fd().
 *
 * @param error  receives why the reload was refused; the log is given everything, once
 * @return CERTBIND_OK, CERTBIND_E_INVALID, CERTBIND_E_STATE (nothing is loaded), CERTBIND_E_FILE
 *         (the configuration can't be read any more), CERTBIND_E_CONFIG, CERTBIND_E_MEMORY,
 *         CERTBIND_E_SYSTEM; after an error the former configuration is in service
 *
 * Threads: any thread; reads files. Since 0.1.
 */
CERTBIND_API int certbind_store_reload(struct certbind_store *store, struct certbind_error *error);

/**
 * Gives a descriptor that is readable when there is something to do for
 * certbind_store_dispatch(): it is for poll(2), select(2), epoll(7) and their like, not to be read.
 * From the first call on every file the configuration was read from is watched (inotify(7); where
 * that can't be had it is looked at every poll_interval seconds). What has changed is read by a
 * thread that this call and certbind_store_dispatch() start, and that ends when it has had nothing
 * to do for a fifth of a second. After fork(2) the child asks for a descriptor of its own.
 *
 * @return the descriptor, the store's: it is closed with the store; CERTBIND_E_INVALID,
 *         CERTBIND_E_STATE (nothing is loaded), CERTBIND_E_MEMORY, CERTBIND_E_SYSTEM (no
 *         descriptor or thread to be had)
 *
 * Threads: one thread per object. Since 0.1.
 */
CERTBIND_API int certbind_store_fd(struct certbind_store *store);

/**
 * Does the next step of a change: has a thread read it, and, once that is done and the descriptor is
 * readable again, takes it into service for new sessions. Call it whenever the descriptor is
 * readable; it may be called at any time.
 *
 * @param error  receives why the last change was refused
 * @return CERTBIND_OK (also when there was nothing to do), CERTBIND_E_INVALID, CERTBIND_E_SYSTEM
 *         (also when no thread can be had; the descriptor is readable again a second later), else
 *         as certbind_store_reload()
 *
 * Threads: any thread; short, and never waits for files but those of the self-signed certificate
 * in state_dir when that is made or renewed. Since 0.1.
 */
CERTBIND_API int certbind_store_dispatch(
	struct certbind_store *store, struct certbind_error *error);

/**
 * Gives a store back. Contexts hold it until they are freed themselves, so that the two may end
 * in either order. Keys are wiped with the last of them.
 *
 * @param store  NULL does nothing
 *
 * Threads: one thread per object. Since 0.1.
 */
CERTBIND_API void certbind_store_close(struct certbind_store *store);

#ifdef __cplusplus
}
#endif
#endif
