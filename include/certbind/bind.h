/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CERTBIND_BIND_H
#define CERTBIND_BIND_H

#include <certbind/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Flags of certbind_bind(). */
enum certbind_bind_flag {
	/** Bind what does not cover the hosts, and take over a file that certbind did not write. */
	CERTBIND_FORCE = 1
};

/**
 * One certificate that could be chosen for a binding; mirrors `certbind candidates --json`. Handed
 * out by pointer only; grows at its end. Strings are UTF-8.
 */
struct certbind_candidate {
	/** The certificate's name. */
	const char *certificate;
	/** The hosts of the binding that it covers, A-labels. */
	const char *const *covers;
	/** How many `covers` has. */
	size_t covers_length;
	/** The hosts of the binding that it does not cover. */
	const char *const *missing;
	/** How many `missing` has. */
	size_t missing_length;
	/** When it ends (the first of its pairs), seconds since the epoch; -1: it has no usable pair. */
	time_t not_after;
	/** Why it stands where it stands, and by what it was chosen: a few words for people. */
	const char *reason;
	/** 1 when the binding is served with it now, 0 otherwise. */
	int chosen;
};

/**
 * Is given one candidate; it and its strings live until the function returns.
 *
 * @return 0 to go on; anything else ends the walk and is what certbind_candidates() returns
 */
typedef int certbind_candidate_func(void *data, const struct certbind_candidate *candidate);

/**
 * Binds a certificate to a domain's service: writes the domain's file in `domains_dir`, which is
 * made when the domain is not configured yet. Other keys of a file that certbind wrote are kept.
 * After a crash at any moment the file is the old one or the new one; any number of processes may
 * bind at once. Nothing is written when nothing changes.
 *
 * @param config_path  the configuration's file; NULL for the system's
 * @param domain       A-labels or U-labels
 * @param service      the service's name
 * @param certificate  a certificate's name, "auto" or "none"
 * @param flags        0 or CERTBIND_FORCE
 * @return CERTBIND_OK; CERTBIND_E_UNKNOWN_SERVICE and CERTBIND_E_UNKNOWN_CERTIFICATE, looked at
 *         first; CERTBIND_E_REFUSED: the certificate does not cover a host that the binding would
 *         have, or certbind did not write the domain's file (both unless CERTBIND_FORCE is given),
 *         or the file has a fault, or the domain stands in `domains`, or there is no `domains_dir`;
 *         CERTBIND_E_INVALID, CERTBIND_E_CONFIG, CERTBIND_E_FILE, CERTBIND_E_MEMORY,
 *         CERTBIND_E_SYSTEM
 *
 * Threads: any thread; waits for other processes that bind. Since 0.1.
 */
CERTBIND_API int certbind_bind(const char *config_path, const char *domain, const char *service,
	const char *certificate, unsigned int flags, struct certbind_error *error);

/**
 * Takes a domain's service back to "auto" by removing its key from the domain's file; or removes
 * the file, and with it the domain. As safe as certbind_bind(). A file that certbind did not write
 * is refused.
 *
 * @param config_path  the configuration's file; NULL for the system's
 * @param domain       A-labels or U-labels
 * @param service      the service's name; NULL: the file goes
 * @return as certbind_bind(), and CERTBIND_E_UNKNOWN_DOMAIN: there is no file to change
 *
 * Threads: any thread; waits for other processes that bind. Since 0.1.
 */
CERTBIND_API int certbind_unbind(const char *config_path, const char *domain, const char *service,
	struct certbind_error *error);

/**
 * Walks over all certificates for one binding, best first, in the order that "auto" has: those that
 * cover a host of it by certbind.conf(5), then those that cover none.
 *
 * @param domain   A-labels or U-labels
 * @param service  the service's name
 * @param data     handed to `func`
 * @return CERTBIND_OK, CERTBIND_E_INVALID, CERTBIND_E_STATE (nothing is loaded),
 *         CERTBIND_E_UNKNOWN_DOMAIN, CERTBIND_E_UNKNOWN_SERVICE, CERTBIND_E_FILE or
 *         CERTBIND_E_CERTIFICATE (the trust file), CERTBIND_E_MEMORY, CERTBIND_E_SYSTEM, or what
 *         `func` ended the walk with
 *
 * Threads: any thread. Since 0.1.
 */
CERTBIND_API int certbind_candidates(struct certbind_store *store, const char *domain,
	const char *service, certbind_candidate_func *func, void *data,
	struct certbind_error *error);

#ifdef __cplusplus
}
#endif
#endif
