/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "error.h"
#include "store_watcher.h"
#include <string.h>
#include <time.h>

/* One round of the thread that reads: what has changed is read, offered and watched from then on. */

enum {
	LOOK_MAX_S = 3600, /* dates come and go without any file changing */
	MISSING_LOOK_S = 5 /* while a certificate is missing */
};

static void watcher_offer(struct store_watcher *watcher, struct store_build *build)
{
	struct certbind_store *store = watcher->store;
	struct store_build *former;

	(void)pthread_mutex_lock(&store->lock);
	former = store->pending;
	/* A refusal does not take away what waits: that was good. */
	if (former != NULL && build->snapshot == NULL && former->snapshot != NULL)
		build->snapshot = snapshot_ref(former->snapshot);
	store->pending = build;
	(void)pthread_mutex_unlock(&store->lock);
	store_build_free(former);
	store_watcher_signal(watcher->ready_fd);
}

/* When, after `from`, dates alone change what is chosen, or a missing certificate is to be looked at; s since the epoch. */
static int64_t watcher_due(const struct snapshot *snapshot, int64_t from)
{
	int64_t latest = from + LOOK_MAX_S;
	int64_t due;

	if (snapshot->totals.missing > 0)
		return from + MISSING_LOOK_S;
	due = snapshot_due(snapshot, from);
	return due < latest ? due : latest;
}

/* Each is told once. */
static void watcher_tell_gap(
	struct store_watcher *watcher, enum watch_gap gap, const char *text, uint32_t interval)
{
	struct certbind_error event;

	if ((watcher->told_gaps & 1U << gap) != 0)
		return;
	watcher->told_gaps |= 1U << gap;
	(void)error_set(&event, CERTBIND_E_SYSTEM, NULL, 0,
		"%s; files are looked at every %u s (poll_interval) instead", text,
		(unsigned int)interval);
	store_log(watcher->store, CERTBIND_LEVEL_WARNING, &event);
}

int64_t store_watcher_ms(void)
{
	struct timespec now = { 0, 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Looks again after `seconds`, if not earlier. */
static void watcher_look_within(struct store_watcher *watcher, int64_t seconds)
{
	int64_t look_at = store_watcher_ms() + seconds * 1000;

	if (look_at < watcher->look_at)
		watcher->look_at = look_at;
}

/* When to look next, whatever happens. */
static void watcher_plan(struct store_watcher *watcher, const struct snapshot *snapshot)
{
	const char *text = "inotify can't be had";
	uint32_t interval = snapshot->config->poll_interval;
	int64_t now = (int64_t)clock_source_now(watcher->store->clock);
	enum watch_gap gap = WATCH_GAP_INOTIFY;

	watcher->look_at = store_watcher_ms() + (watcher_due(snapshot, now) - now) * 1000;
	if (watcher->watch != NULL)
		gap = watch_gap(watcher->watch, &text);
	if (gap == WATCH_GAP_NONE)
		return;
	watcher_tell_gap(watcher, gap, text, interval);
	watcher_look_within(watcher, interval);
}

/* Is there anything in the build that the daemon does not know? */
static bool watcher_has_news(struct certbind_store *store, const struct snapshot *former,
	const struct store_build *build)
{
	struct store_refusal *refusal = store_refusal(store);
	bool has_news;

	if (build->snapshot == NULL)
		has_news = refusal == NULL || refusal->error.line != build->refusal->error.line ||
			   strcmp(refusal->error.message, build->refusal->error.message) != 0;
	else
		has_news = build->is_changed || refusal != NULL || store_own_is_ending(store) ||
			   (int64_t)clock_source_now(store->clock) >=
				   watcher_due(former, former->built_at);
	store_refusal_unref(refusal);
	return has_news;
}

/*
 * Did something fail that says nothing of the files, such as no memory, no descriptor or an error
 * of the disk? No event tells when that is over.
 */
static bool build_has_failed(const struct store_build *build)
{
	const struct snapshot *snapshot = build->snapshot;

	if (snapshot == NULL || build->refusal != NULL)
		return build->has_failed ||
		       (build->refusal != NULL && build->refusal->error.status == CERTBIND_E_FILE);
	return sources_have_failed(snapshot->config->sources) ||
	       snapshot->config->domain_files_failed > 0 || snapshot->totals.failed > 0;
}

/* Problems, stale certificates, and those without any good version. */
static size_t snapshot_faults(const struct snapshot *snapshot)
{
	return snapshot->config->problems_length + snapshot->problems_length +
	       snapshot->totals.faulty + (snapshot->ticket.is_refused ? 1 : 0);
}

/* Does the build take something away, or find more at fault, than was told? */
static bool build_is_worse(struct certbind_store *store, const struct snapshot *former,
	const struct store_build *build)
{
	struct store_refusal *refusal = store_refusal(store);
	const struct snapshot *built = build->snapshot;
	bool was_refused = refusal != NULL;

	store_refusal_unref(refusal);
	if (built == NULL)
		return !was_refused;
	return snapshot_faults(built) > snapshot_faults(former) ||
	       built->config->domains_length < former->config->domains_length ||
	       built->certificates_length < former->certificates_length;
}

/* The watch goes on from what was read now. */
static void watcher_rebase(struct store_watcher *watcher, struct snapshot *snapshot,
	const struct changes *taken, bool is_changed)
{
	snapshot_unref(watcher->base);
	watcher->base = snapshot_ref(snapshot);
	if (watcher->watch != NULL && (is_changed || !taken->is_all))
		(void)watch_follow(watcher->watch, snapshot, taken, &watcher->changes);
	watcher->is_behind = !changes_are_none(&watcher->changes);
}

/* Takes what was built; NULL: nothing could be. */
static void watcher_take_build(struct store_watcher *watcher, struct snapshot *former,
	struct store_build *build, struct changes *taken)
{
	struct snapshot *read = build != NULL ? build->snapshot : NULL;
	bool has_failed = build == NULL || build_has_failed(build);
	bool is_changed = build != NULL && build->is_changed;
	bool has_news = build != NULL && watcher_has_news(watcher->store, former, build);

	if (read != NULL)
		read = snapshot_ref(is_changed || has_news ? read : former);
	/* First of all the daemon's. */
	if (has_news)
		watcher_offer(watcher, build);
	else
		store_build_free(build);
	if (read != NULL) {
		watcher_rebase(watcher, read, taken, is_changed);
		changes_clear(taken);
	} else {
		watcher->changes = *taken;
	}
	watcher_plan(watcher, read != NULL ? read : former);
	if (has_failed)
		watcher_look_within(watcher, former->config->poll_interval);
	snapshot_unref(read);
}

/* Nothing tells what has changed: perhaps nothing has, and nothing is due. */
static bool watcher_is_current(const struct store_watcher *watcher, const struct snapshot *former)
{
	struct certbind_store *store = watcher->store;
	struct store_refusal *refusal = store_refusal(store);
	bool was_refused = refusal != NULL;

	store_refusal_unref(refusal);
	return !was_refused && !store_own_is_ending(store) &&
	       (int64_t)clock_source_now(store->clock) < watcher_due(former, former->built_at) &&
	       snapshot_is_current(former, store->config_path);
}

/* Reads what has changed. False: it is worse, and not taken. */
static bool watcher_read(struct store_watcher *watcher, struct snapshot *former,
	struct changes *taken, bool is_final)
{
	struct certbind_store *store = watcher->store;
	struct store_build *build = NULL;

	(void)store_build(store, former, taken, &build, NULL);
	if (!is_final && build != NULL && build_is_worse(store, former, build)) {
		store_build_free(build);
		watcher->changes = *taken;
		return false;
	}
	watcher_take_build(watcher, former, build, taken);
	return true;
}

bool store_watcher_build(struct store_watcher *watcher, bool is_final)
{
	struct certbind_store *store = watcher->store;
	struct changes taken = watcher->changes;
	struct snapshot *former;
	bool is_done = true;

	memset(&watcher->changes, 0, sizeof(watcher->changes));
	watcher->is_behind = false;
	(void)pthread_mutex_lock(&store->build_lock);
	former = store_latest(store);
	/* Others have read, too, or what was read could not be taken into service. */
	if (former != watcher->base)
		taken.is_all = true;
	/* Watches come first: what changes while it is read is seen. */
	if (taken.is_all && watcher->watch != NULL)
		(void)watch_follow(watcher->watch, former, NULL, NULL);
	if (taken.is_all && watcher_is_current(watcher, former)) {
		watcher_rebase(watcher, former, &taken, false);
		watcher_plan(watcher, former);
		changes_clear(&taken);
	} else {
		is_done = watcher_read(watcher, former, &taken, is_final);
	}
	(void)pthread_mutex_unlock(&store->build_lock);
	snapshot_unref(former);
	return is_done;
}
