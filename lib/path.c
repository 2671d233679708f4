/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path.h"
#include "path_build.h"
#include <certbind/error.h>
#include <stdlib.h>
#include <string.h>

struct path_checker {
	struct anchors *anchors;
	int64_t at;
	struct path_cache cache;
	struct build build;
	struct path_report report;
};

int path_checker_new(struct anchors *anchors, int64_t at, struct path_checker **checker)
{
	*checker = calloc(1, sizeof(**checker));
	if (*checker == NULL)
		return CERTBIND_E_MEMORY;
	(*checker)->anchors = anchors_ref(anchors);
	(*checker)->at = at;
	(*checker)->build.anchors = anchors;
	(*checker)->build.cache = &(*checker)->cache;
	(*checker)->build.at = at;
	return CERTBIND_OK;
}

void path_checker_free(struct path_checker *checker)
{
	if (checker == NULL)
		return;
	cache_clear(&checker->cache);
	anchors_unref(checker->anchors);
	free(checker);
}

static bool is_anchor(const struct path_checker *checker, const struct fact *fact)
{
	for (const struct anchor *anchor = anchors_peek(checker->anchors, fact->subject);
		anchor != NULL; anchor = anchor->next) {
		if (fact_equals(fact, anchor->fact))
			return true;
	}
	return false;
}

static bool is_served(const struct build *build, const struct der *der)
{
	for (size_t i = 0; i < build->served_length; i++) {
		const struct der *other = build->served[i].fact->der;

		if (other == der || (other->size == der->size &&
					    memcmp(other->data, der->data, der->size) == 0))
			return true;
	}
	return false;
}

/* Parses what the server sends beside the end-entity; an anchor among it is used as an anchor. */
static int served_read(struct path_checker *checker, struct der *const *chain, size_t chain_length,
	size_t *unreadable)
{
	struct build *build = &checker->build;
	struct fact *fact;
	int status = CERTBIND_OK;

	for (size_t i = 1; i < chain_length && build->served_length < BUILD_SERVED_MAX; i++) {
		if (is_served(build, chain[i]))
			continue;
		status = cache_fact(&checker->cache, anchors_definitions_peek(checker->anchors),
			chain[i], &fact);
		if (status != CERTBIND_OK)
			break;
		if (fact == NULL) {
			*unreadable = i + 1;
		} else if (is_anchor(checker, fact)) {
			fact_unref(fact);
		} else {
			build->served[build->served_length].fact = fact;
			build->served[build->served_length++].position = i + 1;
		}
	}
	return status;
}

static void served_clear(struct build *build)
{
	while (build->served_length > 0)
		fact_unref(build->served[--build->served_length].fact);
}

/* Looks at the end-entity and its best path. */
static void check(struct path_checker *checker, const struct path_link *end_entity,
	size_t unreadable, bool *is_trusted)
{
	struct build *build = &checker->build;
	struct path_report *report = &checker->report;
	bool is_own_anchor = is_anchor(checker, end_entity->fact);

	rule_check_end_entity(end_entity, checker->at, is_own_anchor, report);
	*is_trusted = !report_has_error(report, FINDING_EXPIRED, FINDING_NOT_YET_VALID);
	if (is_own_anchor)
		return;
	build_search(build, end_entity);
	if (build->is_found) {
		if (report_badness(&build->best) != 0)
			*is_trusted = *is_trusted && !report_has_error(&build->best,
							     FINDING_PROFILE, FINDING_PROFILE);
		report_merge(report, &build->best);
	} else {
		*is_trusted = false;
		build_report_end(build, unreadable, report);
		/* It was made without an authority, so none of their rules were meant for it. */
		if (report->has[FINDING_SELF_SIGNED]) {
			report->has[FINDING_IS_CA] = false;
			report->has[FINDING_PROFILE] = false;
		}
	}
}

int path_check(struct path_checker *checker, struct der *const *chain, size_t chain_length,
	path_report_func *func, void *data, bool *is_trusted)
{
	struct path_link end_entity = { .position = 1 };
	size_t unreadable = 0;
	bool trusted = false;
	int status = CERTBIND_OK;

	report_clear(&checker->report);
	if (chain_length > 0)
		status = fact_new(
			anchors_definitions_peek(checker->anchors), chain[0], &end_entity.fact);
	if (status == CERTBIND_OK && end_entity.fact == NULL)
		report_add(&checker->report, FINDING_MALFORMED,
			"The certificate can't be read: it is damaged, larger than 100 kB, or of "
			"no "
			"form that clients know. Have it issued again.");
	if (status == CERTBIND_OK && end_entity.fact != NULL)
		status = served_read(checker, chain, chain_length, &unreadable);
	if (status == CERTBIND_OK && end_entity.fact != NULL)
		check(checker, &end_entity, unreadable, &trusted);
	served_clear(&checker->build);
	fact_unref(end_entity.fact);
	if (status != CERTBIND_OK)
		return status;
	if (checker->report.has[FINDING_PROFILE])
		report_add(&checker->report, FINDING_PROFILE,
			"Strict clients refuse that: tell the issuer, or use another one.");
	if (func != NULL)
		report_tell(&checker->report, func, data);
	if (is_trusted != NULL)
		*is_trusted = trusted;
	return CERTBIND_OK;
}
