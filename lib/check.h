/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHECK_H
#define CHECK_H

#include "advice.h"
#include "parallel.h"
#include "store.h"
#include "verdict.h"
#include <certbind/check.h>

/* What a check knows of one certificate. */
struct check_slot {
	struct verdict *verdict; /* NULL: not made so far, or freed after its last use */
	uint32_t uses; /* by services, and by domains that are still to come */
	bool is_wanted; /* by what is being made */
};

/* One check of what is in service, on its way; only check*.c include this. */
struct check {
	struct snapshot *snapshot;
	struct anchors *anchors;
	struct path_checker
		*checkers[PARALLEL_WORKERS_MAX]; /* of each worker; NULL: not needed so far */
	struct verdict_options options; /* but for the checker */
	struct check_slot *slots; /* as snapshot->certificates */
	size_t *wanted; /* indexes of slots whose verdicts are being made */
	size_t wanted_length;
	struct parallel making; /* of these */
	bool is_making;
	struct store_refusal *refusal; /* of the last reload; NULL: it was not refused */
	certbind_finding_func *func;
	void *data;
	struct check_lack *lack; /* what is advised where the host at hand lacks cover */
};

/* The advice to get a certificate, and for what; starts as zero but for that. */
struct check_lack {
	const struct snapshot_domain
		*domain; /* for all its hosts that lack cover; NULL: for `host` */
	const char *host;
	bool is_known;
	char advice[ADVICE_SIZE];
};

/* What is told of one host; the rest of a finding follows from it. */
struct check_subject {
	const struct snapshot_domain *domain; /* NULL: none */
	const char *domain_unicode; /* of it */
	const char *service; /* NULL: none */
	const char *host; /* NULL: none */
	const char *certificate; /* its name; NULL: none */
	int64_t not_after; /* -1: none */
	struct config_place place; /* line 0 and file NULL: none */
};

/* check_emit.c: tells one finding; severity -1: as the code has it. Returns what `func` does. */
int check_emit(const struct check *check, const struct check_subject *subject,
	enum finding_code code, int severity, const char *advice);

/* check_emit.c: tells what a certificate's verdict says. */
int check_emit_verdict(const struct check *check, const struct check_subject *subject,
	const struct verdict *verdict);

/* check_lack.c: the advice of check->lack, which lives as long as that. */
int check_lack_advice(struct check *check, const char **advice);

/* check_verdict.c: the verdict of a certificate of the snapshot, made now if it was not before. */
int check_verdict(
	struct check *check, struct certificate *certificate, const struct verdict **verdict);

/*
 * check_verdict.c: makes, on several cores, the verdicts that these domains will ask for, while the
 * caller goes on to tell of those before them; and waits for them.
 */
int check_verdicts_begin(struct check *check, const struct snapshot_domain *domains, size_t length);
void check_verdicts_end(struct check *check);

/* check_verdict.c: counts the uses of all certificates, so that they can be taken back. */
void check_count_uses(struct check *check);

/* check_verdict.c: takes back a domain's uses, and frees the verdicts that were for it alone. */
void check_verdicts_release(struct check *check, const struct snapshot_domain *domain);

void check_verdicts_clear(struct check *check);

/* check_host.c: one host and what serves it. *is_fine: a strict client accepts it. */
struct check_served {
	struct bundle_members members; /* none: nothing usable */
	const struct certificate
		*named; /* what the configuration names, usable or not; NULL: nothing */
	const char *unknown; /* the name of a certificate that there is none of; NULL */
	struct config_place place; /* where it is named */
};
int check_host(struct check *check, const struct check_subject *subject,
	const struct check_served *served, enum finding_code fine, bool *is_fine);

/* check_host.c: what a service's default serves a shared host (NULL: a client without SNI). */
struct check_served check_served_default(
	const struct snapshot_service *service, const struct snapshot_host *shared);

/* check_host.c: do all members cover the host? One that clients refuse does if `takes_refused`. */
int check_members_cover(struct check *check, struct bundle_members members, const char *host,
	bool takes_refused, bool *cover);

/* check_host.c: does the certificate that clients without SNI get cover the host? */
int check_default_covers(struct check *check, const struct snapshot_service *service,
	const char *host, bool *covers);

/* check_domain.c: all bindings of a domain. */
int check_domain(struct check *check, const struct snapshot_domain *domain);

/* check_default.c: the services' default certificates, the key of tickets, and certificates that nothing uses. */
int check_defaults(struct check *check);

#endif
