/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path_build.h"
#include <stdio.h>
#include <string.h>

/* Key ids are hints: they order, they do not exclude (RFC 5280, 4.2.1.1, leaves that open). */
enum { SCORE_ANCHOR = 8, SCORE_KEY_ID = 4, SCORE_NO_KEY_ID = 2, SCORE_IN_TIME = 1 };

static bool key_id_matches(const struct fact *subject, const struct fact *issuer)
{
	return subject->authority_key_id.size != 0 &&
	       subject->authority_key_id.size == issuer->subject_key_id.size &&
	       memcmp(subject->authority_key_id.data, issuer->subject_key_id.data,
		       issuer->subject_key_id.size) == 0;
}

static int candidate_score(
	const struct build *build, const struct fact *subject, const struct path_link *issuer)
{
	int score = issuer->position == 0 ? SCORE_ANCHOR : 0;

	if (key_id_matches(subject, issuer->fact))
		score += SCORE_KEY_ID;
	else if (subject->authority_key_id.size == 0 || issuer->fact->subject_key_id.size == 0)
		score += SCORE_NO_KEY_ID;
	if (build->at >= issuer->fact->not_before && build->at <= issuer->fact->not_after)
		score += SCORE_IN_TIME;
	return score;
}

static void candidate_add(
	const struct build *build, struct build_step *step, const struct path_link *issuer)
{
	int score = candidate_score(build, step->link.fact, issuer);
	size_t place = step->length;

	if (step->length == BUILD_CANDIDATES_MAX)
		return;
	while (place > 0 && step->scores[place - 1] < score) {
		step->candidates[place] = step->candidates[place - 1];
		step->scores[place] = step->scores[place - 1];
		place--;
	}
	step->candidates[place] = *issuer;
	step->scores[place] = score;
	step->length++;
}

static void step_begin(struct build *build, size_t depth, const struct path_link *link)
{
	struct build_step *step = &build->steps[depth];
	const char *issuer = link->fact->issuer;

	build->depth = depth;
	step->link = *link;
	step->length = 0;
	step->next = 0;
	step->is_extended = false;
	step->has_circle = false;
	for (const struct anchor *anchor = anchors_peek(build->anchors, issuer); anchor != NULL;
		anchor = anchor->next) {
		struct path_link candidate = { .fact = anchor->fact, .position = 0 };

		candidate_add(build, step, &candidate);
	}
	for (size_t i = 0; i < build->served_length; i++) {
		if (strcmp(build->served[i].fact->subject, issuer) == 0)
			candidate_add(build, step, &build->served[i]);
	}
}

/* The same name and key twice in a path never helps. */
static bool is_in_path(const struct build *build, const struct fact *fact)
{
	for (size_t i = 0; i <= build->depth; i++) {
		const struct fact *other = build->steps[i].link.fact;

		if (other == fact ||
			(strcmp(other->subject, fact->subject) == 0 &&
				memcmp(other->key_id, fact->key_id, sizeof(fact->key_id)) == 0))
			return true;
	}
	return false;
}

/* A path has come to its anchor: is it better than the best one so far? */
static void path_found(struct build *build, const struct path_link *anchor)
{
	struct path_link path[BUILD_DEPTH_MAX + 1];
	size_t length = 0;

	for (; length <= build->depth; length++)
		path[length] = build->steps[length].link;
	path[length++] = *anchor;
	report_clear(&build->current);
	rule_check_path(path, length, build->at, &build->current);
	if (!build->is_found || report_badness(&build->current) < report_badness(&build->best)) {
		report_clear(&build->best);
		report_merge(&build->best, &build->current);
	}
	build->is_found = true;
}

/* Keeps the longest of the paths that came to no anchor. */
static void path_ended(struct build *build, bool is_too_long)
{
	const struct build_step *step = &build->steps[build->depth];
	struct build_end *end = &build->end;

	if (build->is_found || (end->link.fact != NULL && end->depth >= build->depth))
		return;
	memset(end, 0, sizeof(*end));
	end->link = step->link;
	end->depth = build->depth;
	end->has_circle = step->has_circle;
	end->is_too_long = is_too_long;
	for (size_t i = 0; i < step->length; i++) {
		if (key_id_matches(step->link.fact, step->candidates[i].fact))
			end->is_damaged = true;
	}
}

/*
 * Each signature counts once, whether or not the cache knows it from another chain: what is said
 * of a chain never depends on what was checked before it.
 */
static bool signature_holds(
	struct build *build, const struct fact *subject, const struct fact *issuer)
{
	struct build_signature *signature = build->signatures;
	const struct build_signature *end = signature + build->signatures_length;

	for (; signature < end; signature++)
		if (signature->subject == subject && signature->issuer == issuer)
			return signature->holds;
	if (build->signatures_length == BUILD_SIGNATURES_MAX)
		return false;
	signature->subject = subject;
	signature->issuer = issuer;
	signature->holds = cache_signature_holds(build->cache, subject, issuer);
	build->signatures_length++;
	return signature->holds;
}

/* Tries the next candidate of the deepest step. */
static void step_try(struct build *build)
{
	struct build_step *step = &build->steps[build->depth];
	const struct path_link *candidate = &step->candidates[step->next++];

	build->visits_left--;
	if (!signature_holds(build, step->link.fact, candidate->fact))
		return;
	if (candidate->position == 0) {
		step->is_extended = true;
		path_found(build, candidate);
	} else if (is_in_path(build, candidate->fact)) {
		step->has_circle = true;
	} else if (build->depth + 1 == BUILD_DEPTH_MAX) {
		step->is_extended = true;
		path_ended(build, true);
	} else {
		step->is_extended = true;
		step_begin(build, build->depth + 1, candidate);
	}
}

void build_search(struct build *build, const struct path_link *end_entity)
{
	build->signatures_length = 0;
	build->visits_left = BUILD_VISITS_MAX;
	build->is_found = false;
	memset(&build->end, 0, sizeof(build->end));
	step_begin(build, 0, end_entity);
	while (build->visits_left > 0 && !(build->is_found && report_badness(&build->best) == 0)) {
		struct build_step *step = &build->steps[build->depth];

		if (step->next < step->length) {
			step_try(build);
			continue;
		}
		if (!step->is_extended)
			path_ended(build, false);
		if (build->depth == 0)
			break;
		build->depth--;
	}
	if (!build->is_found && build->end.link.fact == NULL)
		path_ended(build, true);
}

static void report_missing(
	const struct build_end *end, size_t unreadable, struct path_report *report)
{
	gnutls_datum_t issuer = { NULL, 0 };
	char text[FACT_LABEL_SIZE] = "";
	char name[LINK_NAME_SIZE];

	link_name(&end->link, name);
	if (gnutls_x509_crt_get_issuer_dn3(fact_certificate(end->link.fact), &issuer, 0) == 0)
		label_copy(text, &issuer);
	gnutls_free(issuer.data);
	if (unreadable != 0)
		report_add(report, FINDING_MALFORMED,
			"Certificate %zu of the chain can't be read, and the issuer \"%s\" is not "
			"found. Put the issuer's intermediate certificate into the chain file "
			"again.",
			unreadable, text);
	else if (end->has_circle)
		report_add(report, FINDING_MISSING_INTERMEDIATE,
			"The certificates of the chain sign each other in a circle: \"%s\" "
			"(certificate %zu) leads to no trust anchor. Serve the certificates that "
			"lead from the end-entity to a trust anchor.",
			fact_label(end->link.fact), end->link.position);
	else if (end->depth == 0)
		report_add(report, FINDING_MISSING_INTERMEDIATE,
			"The certificate's issuer \"%s\" is neither served nor trusted. Add the "
			"issuer's intermediate certificate to the chain file.",
			text);
	else
		report_add(report, FINDING_MISSING_INTERMEDIATE,
			"The chain ends at \"%s\" (certificate %zu), whose issuer \"%s\" is "
			"neither "
			"served nor trusted. Add the intermediate certificate of the issuer to the "
			"chain file.",
			fact_label(end->link.fact), end->link.position, text);
}

void build_report_end(struct build *build, size_t unreadable, struct path_report *report)
{
	struct build_end *end = &build->end;
	const struct fact *fact = end->link.fact;
	char name[LINK_NAME_SIZE];

	link_name(&end->link, name);
	end->is_self_signed =
		fact_is_self_issued(fact) && cache_signature_holds(build->cache, fact, fact);
	if (end->is_self_signed && end->depth == 0)
		report_add(report, FINDING_SELF_SIGNED,
			"The certificate is self-signed. Get one from a certificate authority that "
			"clients trust.");
	else if (end->is_self_signed)
		report_add(report, FINDING_UNTRUSTED_CHAIN,
			"The chain ends at the self-signed \"%s\" (certificate %zu), which is no "
			"trust anchor. Get a certificate from an authority that clients trust.",
			fact_label(fact), end->link.position);
	else if (end->is_too_long)
		report_add(report, FINDING_UNTRUSTED_CHAIN,
			"No trust anchor is reached within %d certificates. Serve only the "
			"certificates that lead from the end-entity to a trust anchor.",
			(int)BUILD_DEPTH_MAX);
	else if (end->is_damaged && !end->has_circle)
		report_add(report, FINDING_MALFORMED,
			"%s has a signature that does not hold: its issuer's key did not make it. "
			"It was damaged or forged; have it issued again.",
			name);
	else
		report_missing(end, unreadable, report);
}
