/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CERTBIND_CHECK_H
#define CERTBIND_CHECK_H

#include <certbind/store.h>
#include <gnutls/gnutls.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The findings of one check, in memory. */
struct certbind_report;

/** How bad a finding is, best first. */
enum certbind_severity {
	CERTBIND_SEVERITY_OK = 0,
	CERTBIND_SEVERITY_NOTE = 1,
	CERTBIND_SEVERITY_WARNING = 2,
	CERTBIND_SEVERITY_ERROR = 3
};

/**
 * One thing the check has to say; mirrors a finding of `certbind check --json`. Handed out by
 * pointer only; grows at its end. Strings are UTF-8; NULL where there is nothing to name.
 */
struct certbind_finding {
	/** The domain, A-labels; NULL for a service's default certificate and for what belongs to no domain. */
	const char *domain;
	/** The domain as people write it. */
	const char *domain_unicode;
	const char *service;
	/** The name a client connects to, A-labels. */
	const char *host;
	/** The certificate's name; NULL for certbind's own self-signed one, and where there is none. */
	const char *certificate;
	/** One of the codes of certbind(1), FINDINGS: "covered", "not-covered", "expired", … */
	const char *code;
	/** An enum certbind_severity. */
	int severity;
	/** When the certificate ends, seconds since the epoch; -1 where that says nothing. */
	time_t not_after;
	/** What is wrong and what to do about it, for an administrator; empty only where severity is CERTBIND_SEVERITY_OK. */
	const char *advice;
	/** The file to blame; NULL where none is. */
	const char *file;
	/** The line in it, from 1; 0 where none is. */
	int line;
};

/**
 * Is given one finding; it and its strings live until the function returns.
 *
 * @return 0 to go on; anything else ends the check and is what certbind_check_each() returns
 */
typedef int certbind_finding_func(void *data, const struct certbind_finding *finding);

/**
 * Is told how far a check is, at most a hundred times and at its end.
 *
 * @param done   how many domains were looked at
 * @param total  of how many
 * @return 0 to go on; anything else ends the check and is what certbind_check_each() returns
 */
typedef int certbind_progress_func(void *data, size_t done, size_t total);

/**
 * Checks every link of a domain, or of all: is each host covered by a certificate that a strict
 * client accepts? It looks at what the store has in memory, makes no connection and writes
 * nothing.
 *
 * @param domain  A-labels or U-labels; NULL for all, and for the services' default certificates
 * @param at      the time to check for, seconds since the epoch; 0: now, by the store's clock
 * @param report  receives the findings, to be freed with certbind_report_free(); NULL on failure
 * @return CERTBIND_OK (whatever was found), CERTBIND_E_INVALID, CERTBIND_E_STATE (nothing is
 *         loaded), CERTBIND_E_UNKNOWN_DOMAIN, CERTBIND_E_FILE or CERTBIND_E_CERTIFICATE (the trust
 *         file), CERTBIND_E_MEMORY
 *
 * Threads: any thread. Since 0.1.
 */
CERTBIND_API int certbind_check(struct certbind_store *store, const char *domain, time_t at,
	struct certbind_report **report, struct certbind_error *error);

/**
 * Does what certbind_check() does, one finding at a time, in bounded memory.
 *
 * @param func      is given each finding: those of no domain first, then by domain in the order of
 *                  their names, by service as configured, by host
 * @param progress  is told how far it is; may be NULL
 * @param data      handed to both
 * @return as certbind_check(), or what `func` or `progress` ended the check with
 *
 * Threads: any thread. Since 0.1.
 */
CERTBIND_API int certbind_check_each(struct certbind_store *store, const char *domain, time_t at,
	certbind_finding_func *func, certbind_progress_func *progress, void *data,
	struct certbind_error *error);

/**
 * What a live endpoint served to a client that asked for a host. Caller-owned, nothing to free; the
 * layout is frozen, `reserved` is zero.
 */
struct certbind_served {
	/** How the findings call the endpoint, for example "https://192.0.2.1:443". */
	const char *endpoint;
	/** The service that the endpoint belongs to. */
	const char *service;
	/** The server name that the client sent, A-labels or U-labels. */
	const char *host;
	/** What gnutls_certificate_get_peers() gave: the end-entity certificate first, DER. */
	const gnutls_datum_t *chain;
	/** How many `chain` has, 1 to 64. */
	unsigned int chain_length;
	void *reserved[4];
};

/**
 * Tells whether an endpoint served what the configuration wants it to: "served-differs" when the
 * end-entity is none of the certificates that a daemon started now would serve for the host, and
 * "served-invalid" when a strict client would refuse what was served. The connection is the
 * caller's; this makes none. Where certbind's own self-signed certificate would be served, and is
 * not in memory, only the second is told.
 *
 * @param at    the time to check for, seconds since the epoch; 0: now, by the store's clock
 * @param func  is given each finding; none when all is well
 * @param data  handed to `func`
 * @return CERTBIND_OK (whatever was found), CERTBIND_E_INVALID, CERTBIND_E_STATE (nothing is
 *         loaded), CERTBIND_E_UNKNOWN_SERVICE, CERTBIND_E_FILE or CERTBIND_E_CERTIFICATE (the
 *         trust file), CERTBIND_E_MEMORY, or what `func` ended it with
 *
 * Threads: any thread. Since 0.1.
 */
CERTBIND_API int certbind_check_served(struct certbind_store *store,
	const struct certbind_served *served, time_t at, certbind_finding_func *func, void *data,
	struct certbind_error *error);

/**
 * Tells whether a strict client that connects to `host` would accept a chain of certificates.
 *
 * @param chain_path  a PEM file: the end-entity certificate, then its intermediates
 * @param trust_path  a PEM file of trust anchors, the only ones; NULL for the system's
 * @param host        A-labels or U-labels
 * @param at          seconds since the epoch; 0: now
 * @param report      receives the findings, to be freed with certbind_report_free(); NULL on
 *                    failure
 * @return CERTBIND_OK (whatever was found), CERTBIND_E_INVALID, CERTBIND_E_FILE,
 *         CERTBIND_E_CERTIFICATE (a file holds no certificate), CERTBIND_E_MEMORY
 *
 * Threads: any thread. Since 0.1.
 */
CERTBIND_API int certbind_verify(const char *chain_path, const char *trust_path, const char *host,
	time_t at, struct certbind_report **report, struct certbind_error *error);

/**
 * Tells whether a certificate presents an identifier that matches a host, by the rules of
 * RFC 9525. It looks at nothing else: not at dates, not at trust.
 *
 * @param chain_path  a PEM file whose first certificate is the one
 * @param host        A-labels or U-labels; what is no host name (an IP address, say) is not covered
 * @param covered     receives 1 or 0
 * @return CERTBIND_OK, CERTBIND_E_INVALID, CERTBIND_E_FILE, CERTBIND_E_CERTIFICATE,
 *         CERTBIND_E_MEMORY
 *
 * Threads: any thread. Since 0.1.
 */
CERTBIND_API int certbind_covers(
	const char *chain_path, const char *host, int *covered, struct certbind_error *error);

/** Counts the findings of a report; 0 for NULL. Threads: any thread. Since 0.1. */
CERTBIND_API size_t certbind_report_count(const struct certbind_report *report);

/**
 * Gives one finding, which lives as long as its report.
 *
 * @param index  from 0
 * @return NULL when there is no such finding
 *
 * Threads: any thread. Since 0.1.
 */
CERTBIND_API const struct certbind_finding *certbind_report_get(
	const struct certbind_report *report, size_t index);

/** Frees a report and all its findings; NULL does nothing. Threads: one thread per object. Since 0.1. */
CERTBIND_API void certbind_report_free(struct certbind_report *report);

#ifdef __cplusplus
}
#endif
#endif
