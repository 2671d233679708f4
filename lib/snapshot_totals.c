/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "snapshot_internal.h"

/* What all certificates come to, counted by what has changed. */

static int64_t date_sooner(int64_t date, int64_t from, int64_t due)
{
	return date > from && date < due ? date : due;
}

/* The first date of the certificate after `from`; `due` if that is sooner. */
static int64_t certificate_due(const struct certificate *certificate, int64_t from, int64_t due)
{
	size_t i;

	for (i = 0; i < certificate->pairs_length; i++) {
		due = date_sooner(certificate->pairs[i].facts->not_before, from, due);
		due = date_sooner(certificate->pairs[i].facts->not_after + 1, from, due);
	}
	return due;
}

static void count_one(
	const struct snapshot *snapshot, size_t index, int64_t from, struct snapshot_totals *totals)
{
	const struct certificate *certificate = snapshot->certificates[index];
	const struct snapshot_state *state = &snapshot->states[index];

	totals->due = certificate_due(certificate, from, totals->due);
	if (snapshot_trouble(state)->stale_since != 0 || certificate->pairs_length == 0)
		totals->faulty++;
	if (snapshot_trouble(state)->missing_since != 0)
		totals->missing++;
	if (state->sources != NULL && sources_have_failed(state->sources))
		totals->failed++;
}

static void count_all(const struct snapshot *snapshot, struct snapshot_totals *totals)
{
	size_t i;

	for (i = 0; i < snapshot->certificates_length; i++)
		count_one(snapshot, i, snapshot->built_at, totals);
}

static bool is_as_before(
	const struct snapshot *snapshot, const struct snapshot *former, size_t index)
{
	const struct snapshot_state *now = &snapshot->states[index];
	const struct snapshot_state *before = &former->states[index];

	return snapshot->certificates[index] == former->certificates[index] &&
	       now->sources == before->sources &&
	       snapshot_trouble(now)->stale_since == snapshot_trouble(before)->stale_since &&
	       snapshot_trouble(now)->missing_since == snapshot_trouble(before)->missing_since;
}

/* False: a date that counted is no more. */
static bool count_changed(const struct snapshot *snapshot, const struct snapshot *former,
	struct snapshot_totals *totals)
{
	struct snapshot_totals gone = { .due = INT64_MAX };
	size_t i;

	*totals = former->totals;
	for (i = 0; i < snapshot->certificates_length; i++) {
		if (is_as_before(snapshot, former, i))
			continue;
		count_one(former, i, former->built_at, &gone);
		count_one(snapshot, i, snapshot->built_at, totals);
	}
	totals->faulty -= gone.faulty;
	totals->missing -= gone.missing;
	totals->failed -= gone.failed;
	return gone.due > former->totals.due;
}

void snapshot_count(struct snapshot *snapshot)
{
	const struct snapshot *former = snapshot->former;
	struct snapshot_totals totals = { .due = INT64_MAX };

	if (former == NULL || former->certificates_length != snapshot->certificates_length ||
		snapshot->built_at < former->built_at || snapshot->built_at >= former->totals.due ||
		!count_changed(snapshot, former, &totals)) {
		totals = (struct snapshot_totals){ .due = INT64_MAX };
		count_all(snapshot, &totals);
	}
	snapshot->totals = totals;
}

int64_t snapshot_due(const struct snapshot *snapshot, int64_t from)
{
	int64_t due = INT64_MAX;
	size_t i;

	if (from >= snapshot->built_at && from < snapshot->totals.due)
		return snapshot->totals.due;
	for (i = 0; i < snapshot->certificates_length; i++)
		due = certificate_due(snapshot->certificates[i], from, due);
	return due;
}
