/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "error.h"
#include "store.h"
#include "watch.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/*
 * The thread that watches, reads and builds; what it has built waits in the store until the
 * daemon's own thread publishes it.
 */

enum {
	QUIET_MS = 100, /* changes come in groups: it waits until there are no more */
	QUIET_MAX_MS = 600, /* but not longer than that */
	MISSING_LOOK_S = 5, /* while a certificate is missing */
	LOOK_MAX_S = 3600 /* dates come and go without any file changing */
};

struct store_watcher {
	struct certbind_store *store;
	struct watch *watch; /* NULL: inotify can't be had */
	pthread_t thread;
	pid_t process; /* a fork's child has no thread */
	int ready_fd; /* the daemon's: something is pending */
	int wake_fd; /* the thread's: end, or free what is retired */
	atomic_bool is_stopping;
	struct snapshot *retired; /* under the store's lock; linked by next_retired */
	unsigned int told_gaps; /* a bit for each enum watch_gap */
	int64_t look_at; /* the next look without any event; ms of CLOCK_MONOTONIC */
};

static void fd_signal(int fd)
{
	const uint64_t one = 1;
	ssize_t written;

	do {
		written = write(fd, &one, sizeof(one));
	} while (written < 0 && errno == EINTR);
}

static void watcher_free_retired(struct store_watcher *watcher)
{
	struct snapshot *retired;

	(void)pthread_mutex_lock(&watcher->store->lock);
	retired = watcher->retired;
	watcher->retired = NULL;
	(void)pthread_mutex_unlock(&watcher->store->lock);
	while (retired != NULL) {
		struct snapshot *next = retired->next_retired;

		snapshot_unref(retired);
		retired = next;
	}
}

void store_watcher_retire(struct store_watcher *watcher, struct snapshot *snapshot)
{
	if (watcher == NULL || snapshot == NULL || watcher->process != getpid()) {
		snapshot_unref(snapshot);
		return;
	}
	(void)pthread_mutex_lock(&watcher->store->lock);
	snapshot->next_retired = watcher->retired;
	watcher->retired = snapshot;
	(void)pthread_mutex_unlock(&watcher->store->lock);
	fd_signal(watcher->wake_fd);
}

/* The thread was woken: frees what is retired. Returns whether it is to end. */
static bool watcher_is_ending(struct store_watcher *watcher)
{
	uint64_t count;

	if (read(watcher->wake_fd, &count, sizeof(count)) == (ssize_t)sizeof(count))
		watcher_free_retired(watcher);
	return atomic_load(&watcher->is_stopping);
}

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
	fd_signal(watcher->ready_fd);
}

/* When, after `from`, dates alone change what is chosen, or a missing certificate is to be looked at; s since the epoch. */
static int64_t snapshot_due(const struct snapshot *snapshot, int64_t from)
{
	int64_t due = from + LOOK_MAX_S;
	size_t i, j;

	for (i = 0; i < snapshot->certificates_length; i++) {
		const struct certificate *certificate = snapshot->certificates[i];

		if (snapshot->states[i].missing_since != 0)
			return from + MISSING_LOOK_S;
		for (j = 0; j < certificate->pairs_length; j++) {
			int64_t begins = certificate->pairs[j].not_before;
			int64_t ends = certificate->pairs[j].not_after + 1;

			if (begins > from && begins < due)
				due = begins;
			if (ends > from && ends < due)
				due = ends;
		}
	}
	return due;
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

static int64_t monotonic_ms(void)
{
	struct timespec now = { 0, 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Looks again after `seconds`, if not earlier. */
static void watcher_look_within(struct store_watcher *watcher, int64_t seconds)
{
	int64_t look_at = monotonic_ms() + seconds * 1000;

	if (look_at < watcher->look_at)
		watcher->look_at = look_at;
}

static void watcher_follow(struct store_watcher *watcher, const struct snapshot *snapshot)
{
	const char *text = "inotify can't be had";
	uint32_t interval = snapshot->config->poll_interval;
	int64_t now = (int64_t)clock_source_now(watcher->store->clock);
	enum watch_gap gap = WATCH_GAP_INOTIFY;

	watcher->look_at = monotonic_ms() + (snapshot_due(snapshot, now) - now) * 1000;
	if (watcher->watch != NULL) {
		(void)watch_follow(watcher->watch, snapshot);
		gap = watch_gap(watcher->watch, &text);
	}
	if (gap == WATCH_GAP_NONE)
		return;
	watcher_tell_gap(watcher, gap, text, interval);
	watcher_look_within(watcher, interval);
}

/* How long to wait for events, whatever else is going on in the directories. */
static int watcher_patience(const struct store_watcher *watcher)
{
	int64_t left = watcher->look_at - monotonic_ms();

	return left < 0 ? 0 : (int)left;
}

/* Is there anything in the build that the daemon does not know? */
static bool watcher_has_news(struct certbind_store *store, const struct snapshot *former,
	const struct store_build *build, bool is_changed)
{
	struct store_refusal *refusal = store_refusal(store);
	bool has_news;

	if (build->snapshot == NULL)
		has_news = refusal == NULL || refusal->error.line != build->refusal->error.line ||
			   strcmp(refusal->error.message, build->refusal->error.message) != 0;
	else
		has_news = is_changed || refusal != NULL || store_own_is_ending(store) ||
			   (int64_t)clock_source_now(store->clock) >=
				   snapshot_due(former, former->built_at);
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
	size_t i;

	if (snapshot == NULL || build->refusal != NULL)
		return build->refusal != NULL && build->refusal->error.status == CERTBIND_E_FILE;
	if (sources_have_failed(snapshot->config->sources))
		return true;
	for (i = 0; i < snapshot->certificates_length; i++)
		if (snapshot->states[i].sources != NULL &&
			sources_have_failed(snapshot->states[i].sources))
			return true;
	return false;
}

/* Reads everything anew. */
static void watcher_build(struct store_watcher *watcher)
{
	struct certbind_store *store = watcher->store;
	struct certbind_error error;
	struct store_build *build = NULL;
	struct snapshot *former;
	bool is_changed;

	(void)pthread_mutex_lock(&store->build_lock);
	former = store_latest(store);
	/* Watches come first: what changes while it is read is seen. */
	if (former != NULL)
		watcher_follow(watcher, former);
	if (former != NULL && store_build(store, former, &build, &is_changed, &error) == 0 &&
		build->snapshot != NULL)
		watcher_follow(watcher, build->snapshot);
	if (former != NULL && (build == NULL || build_has_failed(build)))
		watcher_look_within(watcher, former->config->poll_interval);
	if (build != NULL && watcher_has_news(store, former, build, is_changed))
		watcher_offer(watcher, build);
	else
		store_build_free(build);
	(void)pthread_mutex_unlock(&store->build_lock);
	snapshot_unref(former);
}

/* Waits until nothing more comes for a moment. Returns false at the end. */
static bool watcher_settle(struct store_watcher *watcher)
{
	struct pollfd fds[2] = { { .fd = watcher->wake_fd, .events = POLLIN },
		{ .fd = watcher->watch != NULL ? watch_fd(watcher->watch) : -1,
			.events = POLLIN } };
	int waited = 0;

	while (waited < QUIET_MAX_MS) {
		int ready = poll(fds, 2, QUIET_MS);

		if (fds[0].revents != 0 && watcher_is_ending(watcher))
			return false;
		if (ready == 0)
			return true;
		waited += QUIET_MS;
		/* Poll tells at once while events come: the wait is made here. */
		(void)poll(fds, 1, QUIET_MS);
		if (fds[0].revents != 0 && watcher_is_ending(watcher))
			return false;
		(void)watch_read(watcher->watch);
	}
	return true;
}

static void *watcher_run(void *data)
{
	struct store_watcher *watcher = data;
	struct pollfd fds[2] = { { .fd = watcher->wake_fd, .events = POLLIN },
		{ .fd = watcher->watch != NULL ? watch_fd(watcher->watch) : -1,
			.events = POLLIN } };

	/* Something may have changed between the load and the first watch. */
	watcher_build(watcher);
	for (;;) {
		int ready = poll(fds, 2, watcher_patience(watcher));

		if (ready > 0 && fds[0].revents != 0 && watcher_is_ending(watcher))
			return NULL;
		if (ready < 0 || (ready > 0 && fds[1].revents == 0))
			continue;
		if (ready == 0) {
			if (watcher->watch != NULL)
				watch_looked(watcher->watch);
			watcher_build(watcher);
		} else if (watch_read(watcher->watch)) {
			if (!watcher_settle(watcher))
				return NULL;
			watcher_build(watcher);
		}
	}
}

/* The daemon's signals are for its own threads. */
static int watcher_start(struct store_watcher *watcher)
{
	sigset_t all, former;
	int status;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &former);
	status = pthread_create(&watcher->thread, NULL, watcher_run, watcher);
	(void)pthread_sigmask(SIG_SETMASK, &former, NULL);
	return status == 0 ? CERTBIND_OK : CERTBIND_E_SYSTEM;
}

static void watcher_release(struct store_watcher *watcher)
{
	watch_free(watcher->watch);
	watcher_free_retired(watcher);
	if (watcher->ready_fd >= 0)
		(void)close(watcher->ready_fd);
	if (watcher->wake_fd >= 0)
		(void)close(watcher->wake_fd);
	free(watcher);
}

void store_watcher_free(struct store_watcher *watcher)
{
	if (watcher == NULL)
		return;
	if (watcher->process == getpid()) {
		atomic_store(&watcher->is_stopping, true);
		fd_signal(watcher->wake_fd);
		(void)pthread_join(watcher->thread, NULL);
	}
	watcher_release(watcher);
}

static int watcher_new(struct certbind_store *store)
{
	struct store_watcher *watcher = calloc(1, sizeof(*watcher));

	if (watcher == NULL)
		return CERTBIND_E_MEMORY;
	watcher->store = store;
	watcher->process = getpid();
	watcher->look_at = monotonic_ms() + (int64_t)LOOK_MAX_S * 1000;
	watcher->watch = watch_new();
	watcher->ready_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	watcher->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (watcher->ready_fd < 0 || watcher->wake_fd < 0 ||
		watcher_start(watcher) != CERTBIND_OK) {
		watcher_release(watcher);
		return CERTBIND_E_SYSTEM;
	}
	store->watcher = watcher;
	return CERTBIND_OK;
}

int store_watcher_ready_fd(const struct store_watcher *watcher)
{
	return watcher->process == getpid() ? watcher->ready_fd : -1;
}

int certbind_store_fd(struct certbind_store *store)
{
	struct snapshot *snapshot;
	int status = CERTBIND_OK;

	if (store == NULL)
		return CERTBIND_E_INVALID;
	snapshot = store_snapshot(store);
	if (snapshot == NULL)
		return CERTBIND_E_STATE;
	snapshot_unref(snapshot);
	if (store->watcher != NULL && store->watcher->process != getpid()) {
		store_locks_renew(store);
		watcher_release(store->watcher); /* the parent's: its copies only */
		store->watcher = NULL;
	}
	if (store->watcher == NULL)
		status = watcher_new(store);
	return status == CERTBIND_OK ? store->watcher->ready_fd : status;
}
