/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "candidate.h"
#include "date.h"
#include "error.h"
#include "host.h"
#include "name.h"
#include "parallel.h"
#include "store.h"
#include <certbind/bind.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The walk over everything that could be chosen for a binding. */

struct listing;

/* One certificate in the list; listing->candidates has the same order until rows are sorted. */
struct row {
	struct listing *listing; /* what qsort() does not hand on */
	struct candidate_standing standing;
};

struct listing {
	struct snapshot *snapshot;
	const struct snapshot_binding *binding;
	struct config_list hosts;
	struct candidate *candidates;
	struct candidate_index index; /* of those with a usable pair */
	struct candidate **covering; /* those that cover a host; room for all */
	struct candidate_judge judges[PARALLEL_WORKERS_MAX]; /* of each worker */
	struct anchors *anchors; /* NULL: none is asked for */
	struct row *rows;
	size_t length; /* of candidates and rows */
	const char **covers; /* room for all hosts each */
	const char **missing;
	struct certbind_error *error;
};

enum { TRUST_THREAD_WORTH = 8 }; /* chains: fewer are verified before a thread has started */

static int listing_anchors(void *data, struct anchors **anchors)
{
	struct listing *listing = data;

	*anchors = anchors_ref(listing->anchors);
	return CERTBIND_OK;
}

/* Counts in each candidate how many of the hosts it covers. */
static int listing_mark(struct listing *listing)
{
	struct candidate_matches *matches = calloc(listing->hosts.length + 1, sizeof(*matches));
	size_t i;

	if (matches == NULL)
		return CERTBIND_E_MEMORY;
	for (i = 0; i < listing->hosts.length; i++)
		matches[i] = candidate_index_match(&listing->index, listing->hosts.items[i]);
	candidate_mark(matches, listing->hosts.length);
	free(matches);
	return CERTBIND_OK;
}

static int listing_index(struct listing *listing)
{
	const struct snapshot *snapshot = listing->snapshot;
	size_t i;
	int status = candidate_index_init(&listing->index, listing->length);

	for (i = 0; i < listing->length && status == CERTBIND_OK; i++) {
		struct certificate *certificate = snapshot->certificates[i];

		candidate_init(&listing->candidates[i], certificate);
		if (certificate->pairs_length > 0)
			status = candidate_index_add(&listing->index, &listing->candidates[i]);
	}
	return status == CERTBIND_OK ? listing_mark(listing) : status;
}

static void judge_one(void *data, size_t worker, size_t index)
{
	struct listing *listing = data;

	/* The first failure of a worker is the one that is told. */
	if (listing->judges[worker].status == CERTBIND_OK)
		(void)candidate_is_trusted(&listing->judges[worker], listing->covering[index]);
}

/* Trust costs a signature or more a certificate; auto asks for it only among those that cover something. */
static int listing_judge(struct listing *listing)
{
	size_t length = 0;
	size_t i;
	int status;

	for (i = 0; i < listing->length; i++)
		if (listing->candidates[i].marks > 0)
			listing->covering[length++] = &listing->candidates[i];
	if (length == 0)
		return CERTBIND_OK;
	status = snapshot_anchors(listing->snapshot, &listing->anchors, listing->error);
	if (status < 0)
		return status;
	parallel_run(length, TRUST_THREAD_WORTH, judge_one, listing);
	for (i = 0; i < PARALLEL_WORKERS_MAX && status == CERTBIND_OK; i++)
		status = listing->judges[i].status;
	return status;
}

static void listing_rows(struct listing *listing)
{
	size_t i;

	for (i = 0; i < listing->length; i++) {
		struct candidate *candidate = &listing->candidates[i];
		struct candidate_standing *standing = &listing->rows[i].standing;

		listing->rows[i].listing = listing;
		standing->candidate = candidate;
		standing->is_valid = candidate->certificate->pairs_length > 0 &&
				     candidate_is_valid(&listing->judges[0], candidate);
		standing->covers_all = candidate->marks == listing->hosts.length;
		standing->exact = candidate->exact;
	}
}
/* Those that cover no host at all are none of auto's; usable ones first, then by date and name. */
static bool row_is_better(struct row *a, struct row *b)
{
	const struct candidate *left = a->standing.candidate;
	const struct candidate *right = b->standing.candidate;

	if ((left->marks > 0) != (right->marks > 0))
		return left->marks > 0;
	if (left->marks > 0)
		return candidate_is_better(&a->listing->judges[0], &a->standing, &b->standing);
	if (a->standing.is_valid != b->standing.is_valid)
		return a->standing.is_valid;
	if (left->not_after != right->not_after)
		return left->not_after > right->not_after;
	return strcmp(left->certificate->name, right->certificate->name) < 0;
}

static int row_compare(const void *a, const void *b)
{
	struct row left = *(const struct row *)a;
	struct row right = *(const struct row *)b;

	if (row_is_better(&left, &right))
		return -1;
	return row_is_better(&right, &left) ? 1 : 0;
}

/* Is it one of those that a place stands for? */
static bool place_has(
	const struct listing *listing, uint32_t place, const struct certificate *certificate)
{
	const struct bundle_members members = snapshot_members_peek(listing->snapshot, place);
	size_t i;

	for (i = 0; i < members.length; i++)
		if (members.items[i] == certificate)
			return true;
	return false;
}

static bool is_chosen(const struct listing *listing, const struct certificate *certificate)
{
	const struct snapshot_binding *binding = listing->binding;
	size_t i;

	if (binding->choice == SNAPSHOT_NONE)
		return false;
	for (i = 0; i < binding->hosts_length; i++)
		if (place_has(listing, binding->hosts[i].bundle, certificate))
			return true;
	return false;
}

/* By what it was chosen; or what it serves here although nobody chose it. */
static const char *role_text(
	const struct listing *listing, const struct certificate *certificate, bool chosen)
{
	const struct snapshot_binding *binding = listing->binding;
	size_t i;

	if (chosen)
		return binding->choice == SNAPSHOT_EXPLICIT ? "chosen: the domain names it"
							    : "chosen by auto";
	if (binding->choice == SNAPSHOT_EXPLICIT &&
		snapshot_binding_certificate(listing->snapshot, binding) == certificate)
		return "the domain names it, but it can't be served";
	if (binding->choice == SNAPSHOT_NONE ||
		!place_has(listing, listing->snapshot->services[binding->service].default_at,
			certificate))
		return NULL;
	if (binding->choice == SNAPSHOT_SHARED_HOST)
		return "the service's default, which serves the shared host";
	for (i = 0; i < binding->hosts_length; i++)
		if (binding->hosts[i].bundle == 0)
			return "served now, as the service's default";
	return NULL;
}

static const char *coverage_text(const struct listing *listing, const struct row *row)
{
	size_t marks = row->standing.candidate->marks;

	if (listing->hosts.length == 0)
		return "the binding has no host of its own";
	if (marks == 0)
		return "covers none of the hosts";
	if (marks < listing->hosts.length)
		return "covers some of the hosts";
	if (row->standing.exact == marks)
		return marks == 1 ? "covers the host by its exact name"
				  : "covers all hosts by their exact names";
	return row->standing.exact == 0 ? "covers all hosts by a wildcard"
					: "covers all hosts, some by a wildcard";
}

static void date_text(const struct listing *listing, const struct row *row, char *text, size_t size)
{
	const struct candidate *candidate = row->standing.candidate;
	bool is_early = candidate->not_before > listing->judges[0].now;
	char day[DATE_SIZE];

	date_format(is_early ? candidate->not_before : candidate->not_after, day);
	(void)snprintf(text, size, "%s %s",
		is_early                 ? "not valid before"
		: row->standing.is_valid ? "valid until"
					 : "expired on",
		day);
}

static const char *trust_text(const struct candidate *candidate)
{
	switch (candidate->trust) {
	case CANDIDATE_TRUSTED:
		return "; trusted";
	case CANDIDATE_UNTRUSTED:
		return "; clients do not trust its chain";
	case CANDIDATE_NOT_JUDGED:
		return "";
	}
	return "";
}

static void reason_text(
	const struct listing *listing, const struct row *row, bool chosen, char *text, size_t size)
{
	const struct certificate *certificate = row->standing.candidate->certificate;
	const char *role = role_text(listing, certificate, chosen);
	char dates[DATE_SIZE + 32];

	if (certificate->pairs_length == 0) {
		const struct certificate_fault *fault =
			certificate->faults_length > 0 ? certificate->faults : NULL;

		(void)snprintf(text, size, "%s%scan't be used: %s", role != NULL ? role : "",
			role != NULL ? "; " : "",
			fault != NULL ? fault->message : "it has no usable pair");
		return;
	}
	date_text(listing, row, dates, sizeof(dates));
	(void)snprintf(text, size, "%s%s%s; %s%s", role != NULL ? role : "",
		role != NULL ? "; " : "", coverage_text(listing, row), dates,
		trust_text(row->standing.candidate));
}

static int listing_tell(const struct listing *listing, const struct row *row,
	certbind_candidate_func *func, void *data)
{
	const struct candidate *candidate = row->standing.candidate;
	const struct certificate *certificate = candidate->certificate;
	bool is_usable = certificate->pairs_length > 0;
	struct certbind_candidate told = {
		.certificate = certificate->name,
		.covers = listing->covers,
		.missing = listing->missing,
		.not_after = is_usable ? (time_t)candidate->not_after : -1,
		.chosen = is_chosen(listing, certificate) ? 1 : 0,
	};
	char reason[1024];
	size_t i;

	for (i = 0; i < listing->hosts.length; i++) {
		const char *host = listing->hosts.items[i];

		if (candidate->marks > 0 && candidate_covers(candidate, host))
			listing->covers[told.covers_length++] = host;
		else
			listing->missing[told.missing_length++] = host;
	}
	reason_text(listing, row, told.chosen != 0, reason, sizeof(reason));
	told.reason = reason;
	return func(data, &told);
}

static int listing_make(struct listing *listing)
{
	const struct snapshot_binding *binding = listing->binding;
	int status = host_list_make_of(
		listing->snapshot->config, binding->service, binding->domain, &listing->hosts);

	if (status < 0)
		return status;
	listing->length = listing->snapshot->certificates_length;
	listing->candidates = calloc(listing->length + 1, sizeof(*listing->candidates));
	listing->covering = calloc(listing->length + 1, sizeof(struct candidate *));
	listing->rows = calloc(listing->length + 1, sizeof(*listing->rows));
	listing->covers = calloc(listing->hosts.length + 1, sizeof(char *));
	listing->missing = calloc(listing->hosts.length + 1, sizeof(char *));
	if (listing->candidates == NULL || listing->covering == NULL || listing->rows == NULL ||
		listing->covers == NULL || listing->missing == NULL)
		return CERTBIND_E_MEMORY;
	status = listing_index(listing);
	if (status == CERTBIND_OK)
		status = listing_judge(listing);
	if (status < 0)
		return status;
	listing_rows(listing);
	qsort(listing->rows, listing->length, sizeof(*listing->rows), row_compare);
	return CERTBIND_OK;
}

static int listing_run(struct listing *listing, certbind_candidate_func *func, void *data)
{
	size_t i;
	int status = listing_make(listing);

	if (status == CERTBIND_E_MEMORY || status == CERTBIND_E_SYSTEM)
		(void)error_set(listing->error, status, NULL, 0, "%s", certbind_strerror(status));
	for (i = 0; i < listing->length && status == CERTBIND_OK; i++)
		status = listing_tell(listing, &listing->rows[i], func, data);
	return status;
}

static void listing_clear(struct listing *listing)
{
	size_t i;

	candidate_index_clear(&listing->index);
	for (i = 0; i < PARALLEL_WORKERS_MAX; i++)
		candidate_judge_clear(&listing->judges[i]);
	anchors_unref(listing->anchors);
	free(listing->candidates);
	free(listing->covering);
	free(listing->rows);
	free(listing->covers);
	free(listing->missing);
	host_list_clear(&listing->hosts);
}

static int listing_find(struct listing *listing, const char *domain, const char *service)
{
	char folded[NAME_SIZE];
	const struct snapshot_domain *found_domain = NULL;
	const struct snapshot_service *found = snapshot_service_peek(listing->snapshot, service);

	if (name_fold(domain, strlen(domain), folded) == NAME_OK)
		found_domain = snapshot_domain_peek(listing->snapshot, folded);
	if (found_domain == NULL)
		return error_set(listing->error, CERTBIND_E_UNKNOWN_DOMAIN, NULL, 0,
			"domain \"%s\": not configured", domain);
	if (found == NULL)
		return error_set(listing->error, CERTBIND_E_UNKNOWN_SERVICE, NULL, 0,
			"service \"%s\": not configured; expected \"webmail\", \"mail\" or one of "
			"`services`",
			service);
	listing->binding = &found_domain->bindings[found->index];
	return CERTBIND_OK;
}

static void listing_set_judges(struct listing *listing, int64_t now)
{
	size_t i;

	for (i = 0; i < PARALLEL_WORKERS_MAX; i++) {
		listing->judges[i].now = now;
		listing->judges[i].anchors = listing_anchors;
		listing->judges[i].data = listing;
	}
}

int certbind_candidates(struct certbind_store *store, const char *domain, const char *service,
	certbind_candidate_func *func, void *data, struct certbind_error *error)
{
	struct listing listing = { .error = error };
	int status;

	if (store == NULL || domain == NULL || service == NULL || func == NULL)
		return error_set(error, CERTBIND_E_INVALID, NULL, 0,
			"store, domain, service or func is NULL");
	listing.snapshot = store_snapshot(store);
	if (listing.snapshot == NULL)
		return error_set(error, CERTBIND_E_STATE, NULL, 0, "nothing is loaded");
	listing_set_judges(&listing, (int64_t)clock_source_now(store->clock));
	status = listing_find(&listing, domain, service);
	if (listing.binding != NULL) /* found */
		status = listing_run(&listing, func, data);
	listing_clear(&listing);
	snapshot_unref(listing.snapshot);
	return status;
}
