/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SNAPSHOT_INTERNAL_H
#define SNAPSHOT_INTERNAL_H

#include "candidate.h"
#include "parallel.h"
#include "snapshot.h"

/* The steps of a build, in their order; only snapshot*.c include this. */

/* The domains whose bindings go on as the former snapshot has them. */
struct snapshot_kept {
	const struct snapshot_domain **domains; /* as config->domains; NULL, or in it: none */
	struct table new_names; /* of certificates that did not have them before */
};

struct snapshot_build {
	struct snapshot *snapshot;
	const struct snapshot_options *options;
	struct candidate *candidates; /* as snapshot->certificates */
	struct candidate_index
		index; /* of usable pairs, by names that domains to be bound may ask for */
	struct snapshot_kept kept;
	struct candidate_judge judge;
	struct certbind_error *error;
};

/* snapshot_read.c: the certificates, on several threads where there are many. */
int snapshot_read_certificates(struct snapshot_build *build);

/* snapshot_take.c: one certificate, as its files and what served before allow. */
struct snapshot_taking {
	const struct config_certificate *entry;
	bool is_from_directory;
	struct certificate *certificate; /* receives a reference; NULL: its file is foreign */
	struct snapshot_state state;
};
int snapshot_take(const struct snapshot_options *build, const struct certificate_options *options,
	struct snapshot_taking *taking);
/* The same for one of the former snapshot that is in no directory any more; nothing in
 * taking->certificate: it has been gone for long enough. `is_excused`: nobody can tell. The
 * caller sets taking->state.file. */
int snapshot_take_gone(const struct snapshot *former, size_t index, bool is_excused, int64_t now,
	struct snapshot_taking *taking);
void snapshot_state_clear(struct snapshot_state *state);

/* What several threads read together. */
struct read_job {
	struct snapshot_taking *takings;
	size_t length;
	const struct snapshot_options *build;
	const struct certificate_options *options;
	struct certificate_recent recents[PARALLEL_WORKERS_MAX]; /* of each worker */
	atomic_bool is_out_of_memory;
};

/* The entries of the certificate directories, each list with its own end. */
struct read_directories {
	struct config_certificate **entries;
	size_t *entries_length;
	size_t length;
};

/* Free what they have; may run twice. */
void snapshot_read_job_clear(struct read_job *job);
void snapshot_read_directories_clear(struct read_directories *directories);

/*
 * snapshot_known.c: fills the job with what the former snapshot has and with what may have changed
 * since, which alone is looked for. Leaves it without takings where that does not tell all.
 */
int snapshot_read_known(
	struct snapshot_build *build, struct read_directories *directories, struct read_job *job);

/* snapshot_ticket.c: the master key of session tickets. */
int snapshot_read_ticket_key(struct snapshot_build *build);
void snapshot_ticket_clear(struct snapshot_ticket *ticket);

/* snapshot_plan.c: an empty one, on the ground of another one; NULL: on one of its own. */
int snapshot_plan_new(struct snapshot *snapshot, struct snapshot_ground *ground);
/* How many more changes may go by what the former snapshot decided. */
size_t snapshot_plan_room(const struct snapshot *former);
enum {
	PLAN_HAS_RIVALS = 1, /* others cover a host, or have a name, that the certificate has */
	PLAN_IS_HELD = 2 /* its names in the plan are in one of the holders */
};
/* Sets the service's tables, which are the plan's, by its index. */
void snapshot_plan_give_tables(const struct snapshot_plan *plan, struct snapshot_service *service);
/* These cover the same host, or have the same name. NULL does nothing. */
void snapshot_plan_note_rivals(struct snapshot *snapshot, const struct candidate_list *list);
void snapshot_plan_unref(struct snapshot_plan *plan); /* NULL does nothing */

/*
 * snapshot_share.c: takes over what the former snapshot decided, if nothing has changed of what it
 * was decided by; then build->snapshot->plan is set.
 */
int snapshot_plan_share(struct snapshot_build *build);
/* Where several certificates cover a host, dates and trust have a part in it: are they as before? */
bool snapshot_rivals_stay(const struct snapshot *snapshot, const struct snapshot *former);
int snapshot_share_bundles(struct snapshot *snapshot, const struct snapshot *former);
int snapshot_share_services(struct snapshot *snapshot, const struct snapshot *former);

/* snapshot_extend.c: the same where domains have been added, and nothing else. */
int snapshot_plan_extend(struct snapshot_build *build);

/* snapshot.c: gives back what a plan has begun with; may be called without one. */
void snapshot_plan_drop(struct snapshot_build *build);

/* snapshot_totals.c: counts what the certificates, which are complete, come to. */
void snapshot_count(struct snapshot *snapshot);

/* snapshot_index.c: the certificates in their places, then the candidates by what they cover. */
int snapshot_index_names(struct snapshot_build *build);
int snapshot_index_candidates(struct snapshot_build *build);

/* snapshot_kept.c: finds the domains for which nothing has changed that decides their bindings. */
int snapshot_keep(struct snapshot_build *build);
/* The former one of config->domains[index]; NULL: it is bound anew. */
const struct snapshot_domain *snapshot_kept_peek(const struct snapshot_build *build, size_t index);
int snapshot_take_over(struct snapshot_build *build, const struct snapshot_domain *former,
	struct snapshot_domain *domain);
void snapshot_kept_clear(struct snapshot_kept *kept); /* may run twice */

/* snapshot_claim.c: sets what a host is to its binding; and enters the claims of a binding. */
void snapshot_host_set_binding(
	struct snapshot_build *build, struct snapshot_host *host, struct snapshot_binding *binding);
int snapshot_binding_claim(struct snapshot_build *build, struct snapshot_binding *binding);

/* snapshot_bind.c: services, domains, bindings, whose a host is, and the names of what is bound. */
int snapshot_bind_services(struct snapshot_build *build);
int snapshot_bind_domains(struct snapshot_build *build);
int snapshot_domain_room(struct snapshot_build *build, struct snapshot_domain *domain);
int snapshot_domain_bind(struct snapshot_build *build, struct snapshot_domain *domain);
int snapshot_bind_names(struct snapshot_build *build);
/*
 * The same for a binding that was added: its hosts are no such names any more, those of what serves
 * them are. `has_rivals` becomes true when others have such a name; then it is not done.
 */
int snapshot_names_add(
	struct snapshot_build *build, const struct snapshot_binding *binding, bool *has_rivals);

/* snapshot_bundle.c: the one bundle of these certificates; the snapshot holds it. 0: memory. */
uint32_t snapshot_bundle(
	struct snapshot *snapshot, struct certificate *const *members, size_t members_length);

/* snapshot_bundle.c: what was made of the very same certificate stays made. */
void snapshot_single_take_over(struct snapshot *snapshot, size_t place,
	const struct snapshot *former, size_t former_place);

/* snapshot.c: a copy of a string that lives as long as the snapshot. NULL: memory. */
char *snapshot_string_dup(struct snapshot *snapshot, const char *string);

#endif
