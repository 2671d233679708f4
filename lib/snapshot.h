/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include "block.h"
#include "bundle.h"
#include "config.h"
#include "path.h"
#include "table.h"
#include <certbind/store.h>
#include <pthread.h>

/*
 * Everything that one load of the configuration produced. Immutable, reference counted, replaced
 * whole. Threads: any.
 */

struct snapshot_domain;
struct snapshot_service;

/* How the certificate of a binding's hosts came to be chosen. */
enum snapshot_choice {
	SNAPSHOT_EXPLICIT, /* the domain names the certificate */
	SNAPSHOT_AUTO, /* auto found a certificate for each host, or none for some */
	SNAPSHOT_SHARED_HOST, /* the domain has no host of its own: the shared host serves it */
	SNAPSHOT_NONE /* not offered */
};

/*
 * A name that clients connect to. All that a handshake reads of it stands in one piece of memory,
 * mostly in one cache line: among a million of them each further one is waited for.
 */
struct snapshot_host {
	char *name; /* folded; behind the binding's hosts */
	struct snapshot_binding *binding; /* NULL: a shared host of the service */
	uint32_t bundle; /* for snapshot_bundle_peek(); 0: the service's default certificate */
	unsigned char domain_at; /* where in `name` the binding's domain begins, if it is in it */
	bool is_in_domain;
	bool is_none; /* of SNAPSHOT_NONE */
	bool is_foreign; /* in a configured domain that its claimant, of domains_dir, has no part in */
	bool is_contested; /* another domain, or the service's shared hosts, claim or own it too */
	bool is_lost; /* and it is not this one's */
};

/* There is one a domain and service: half a cache line. */
struct snapshot_binding {
	const struct config_domain *domain;
	struct snapshot_host
		*hosts; /* empty with SNAPSHOT_SHARED_HOST; their names are behind them */
	uint32_t hosts_length;
	uint32_t certificate; /* of SNAPSHOT_EXPLICIT: its place, from 1; 0: no such certificate */
	uint32_t service; /* index into snapshot->services */
	unsigned char choice; /* enum snapshot_choice */
	bool has_rivals; /* several certificates cover one of the hosts: dates and trust decide */
};

/* What the domain says of the service; NULL: nothing. */
static inline const struct config_choice_entry *snapshot_binding_entry(
	const struct snapshot_binding *binding)
{
	return config_domain_choice(binding->domain, binding->service);
}

struct snapshot_domain {
	const struct config_domain *config;
	struct snapshot_binding *bindings; /* one a service, in the order of the services */
};

struct snapshot_service {
	const struct config_service *config;
	const struct snapshot *snapshot;
	size_t index;
	/* What clients without SNI get, for snapshot_bundle_peek(); 0: certbind's own self-signed one. */
	uint32_t default_at;
	struct certificate
		*default_certificate; /* that the configuration names; NULL: none, or unknown */
	struct snapshot_host *shared_hosts; /* as the configuration lists them */
	gnutls_priority_t priority;
	struct table *hosts; /* name -> struct snapshot_host: whose it is */
	struct table *
		names; /* identifier of a bound certificate, "*.…" too -> for snapshot_bundle_peek() */
};

/* What is known of a certificate beside itself: it may outlive several of these. */
struct snapshot_state {
	struct sources
		*sources; /* the files as they were last read; NULL: gone from its directory */
	const char *
		file; /* where it is configured; for one of certificate_dirs the directory; the snapshot has it */
	struct snapshot_trouble *trouble; /* see snapshot_trouble(); NULL: none */
	int line;
	bool is_from_directory;
};

/* Where the files of a certificate are not what serves. */
struct snapshot_trouble {
	/* When its files stopped being good: the certificate is the last good one; 0: they are. */
	int64_t stale_since;
	char *stale_file; /* the one to blame */
	char *stale_message; /* why it was not taken */
	int64_t missing_since; /* when its files were first missing; 0: they are not */
};

/* All zero where there is none. */
static inline const struct snapshot_trouble *snapshot_trouble(const struct snapshot_state *state)
{
	static const struct snapshot_trouble none = { 0, NULL, NULL, 0 };

	return state->trouble != NULL ? state->trouble : &none;
}

/* The master key of session tickets, and what is to be said of its file. */
struct snapshot_ticket {
	struct der *key; /* secret; NULL: nothing gave one, no tickets */
	bool is_from_file; /* else the store's random one */
	struct sources *sources; /* the file as it was last read; NULL: none is configured */
	enum finding_code code; /* UNREADABLE, MALFORMED, KEY_PERMISSIONS: of `message` */
	char *message; /* what is wrong with the file and what to do; NULL: nothing */
	bool is_refused; /* so its bytes are not used */
	int64_t stale_since; /* since when the key is the last good one; 0: it is not */
};

/*
 * Where plans that follow from one another have their pieces. It only grows, and only builds look at
 * what is in it by other ways than a plan's: a store has one build at a time.
 */
struct snapshot_ground {
	atomic_uint references;
	struct block_pool pool; /* bindings, hosts with their names */
	gnutls_priority_t *priorities; /* as the services */
	size_t priorities_length;
	struct table
		groups_by_members; /* key: their names, joined; -> for snapshot_bundle_peek() */
	struct der *
		*holders; /* what certificates had that are renewed: names of plans are in them */
	size_t holders_length;
	size_t weight; /* in changes since it was made: what is of no use any more is bounded by it */
};

/*
 * What the configuration and the names of the certificates decide: which certificate serves which
 * host. A renewal changes none of it, so that snapshots have it in common. It speaks of certificates
 * and bundles by their places.
 */
struct snapshot_plan {
	atomic_uint references;
	struct snapshot_ground *ground;
	struct snapshot_domain *domains;
	struct table *tables; /* of each service: its hosts, and its names */
	size_t tables_length;
	/* Only builds look at the rest. */
	bool has_rivals; /* any of the certificates */
	bool has_outsiders; /* hosts that are not in the domain that claims them */
	unsigned char *marks; /* as the certificates */
};

/* What decides when to look again, and whether a build is worse than what it replaces. */
struct snapshot_totals {
	int64_t due; /* the first date of a certificate after built_at, s since the epoch */
	size_t faulty; /* certificates that are stale, or have no good version */
	size_t missing; /* those whose files are missing */
	size_t failed; /* those of whose files one was there and could not be read */
};

struct snapshot {
	atomic_uint references;
	int64_t built_at; /* s since the epoch */
	struct config *config;
	bool owns_config; /* else the builder has it */
	struct bundle_cache *cache; /* borrowed: the store's */
	const struct snapshot *former; /* borrowed, while this one is built */
	struct certificate **certificates; /* sorted by name */
	struct snapshot_state *states; /* as certificates */
	size_t certificates_length;
	struct snapshot_totals totals;
	/* As certificates: the bundle of that one alone; NULL: no handshake has asked for it yet. */
	_Atomic(struct bundle *) *singles;
	struct bundle **groups; /* bundles of several */
	size_t groups_length;
	struct config_problem
		*problems; /* of the certificate directories; the rest is in `config` */
	size_t problems_length;
	struct snapshot_service *services; /* as config->services; their tables are the plan's */
	struct snapshot_plan *plan;
	struct snapshot_domain *domains; /* as config->domains: by name; the plan's */
	char **strings; /* of states */
	size_t strings_length;
	struct snapshot_ticket ticket;
	pthread_mutex_t anchors_lock;
	struct anchors *anchors; /* read when first asked for */
	struct snapshot *next_retired; /* the watcher's; see store_watcher_retire() */
};

/* What building needs beside the configuration. */
struct snapshot_options {
	struct bundle_cache *cache;
	struct der_pool *pool;
	struct der *ticket_key; /* for tickets where no file gives one; NULL: no tickets then */
	int64_t now;
	struct snapshot
		*former; /* what it replaces: what did not change is shared; NULL: nothing */
	const struct changes *changes; /* since `former` was read; NULL: everything is looked at */
};

/*
 * Reads every file that a configuration names and builds the snapshot. Takes `config` over, on
 * success only. CERTBIND_E_CONFIG (a priority string, the trust file), CERTBIND_E_MEMORY,
 * CERTBIND_E_SYSTEM.
 */
int snapshot_build(struct config *config, const struct snapshot_options *options,
	struct snapshot **snapshot, struct certbind_error *error);
struct snapshot *snapshot_ref(struct snapshot *snapshot);
void snapshot_unref(struct snapshot *snapshot); /* NULL does nothing */

/*
 * snapshot_current.c: does nothing seem to have changed since it was built, neither a file nor what
 * the directories have? False also where something was at fault. One stat(2) a file. Threads: any.
 */
bool snapshot_is_current(const struct snapshot *snapshot, const char *config_path);

/* The trust anchors, with a reference for the caller; read at the first call. */
int snapshot_anchors(
	struct snapshot *snapshot, struct anchors **anchors, struct certbind_error *error);

/* The place of a certificate among snapshot->certificates; snapshot->certificates_length: nowhere. */
size_t snapshot_certificate_index(const struct snapshot *snapshot, const char *name);

/* Where a certificate of its name is configured, file and line; NULL: nowhere, or there is none. */
const struct snapshot_state *snapshot_configured_peek(
	const struct snapshot *snapshot, const struct certificate *certificate);

/*
 * The same of that very object. Each remembers its place in the latest build: in other snapshots it
 * is mostly the same, and looked for where it is not.
 */
size_t snapshot_certificate_place(
	const struct snapshot *snapshot, const struct certificate *certificate);

/* The first date of a certificate after `from`, at which another one may be the better. */
int64_t snapshot_due(const struct snapshot *snapshot, int64_t from);

/* What a place stands for: of struct snapshot_host, service names, …; 0: nothing. */
struct bundle_members snapshot_members_peek(const struct snapshot *snapshot, uint32_t place);
/* The same for a handshake: its bundle, made now if it was not before. NULL: 0, or memory. */
struct bundle *snapshot_bundle_peek(const struct snapshot *snapshot, uint32_t place);
/* That the domain names; NULL: none, or there is no such certificate. */
struct certificate *snapshot_binding_certificate(
	const struct snapshot *snapshot, const struct snapshot_binding *binding);

/* NULL when there is none of that name. */
struct snapshot_service *snapshot_service_peek(const struct snapshot *snapshot, const char *name);
struct snapshot_domain *snapshot_domain_peek(const struct snapshot *snapshot, const char *name);

/*
 * A priority string as the configuration and certbind_context_set_priority() take it; NULL: what
 * certbind does without one. Returns 0 or a GnuTLS error.
 */
int snapshot_priority_make(
	const char *priority, gnutls_priority_t *made, const char **error_position);

/* What a client gets. */
struct snapshot_result {
	int rule; /* enum certbind_rule */
	struct snapshot_binding *binding; /* NULL: of no binding */
	const char *domain; /* the binding's; empty: of no binding */
	uint32_t
		bundle; /* for snapshot_bundle_peek(); 0: certbind's own self-signed one, or refused */
	char host[256]; /* folded; empty: none, or no host name */
};

/* Selects, in the order of design rule 6. `host` as the client sent it, of `length` bytes; NULL: no SNI. */
void snapshot_select(const struct snapshot_service *service, const char *host, size_t length,
	struct snapshot_result *result);

/* How a binding's certificate was chosen, for people and programs: "explicit", "auto", … */
const char *snapshot_chosen_by(
	const struct snapshot_binding *binding, const struct snapshot_host *host);

#endif
