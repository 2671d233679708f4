/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "error.h"
#include "store_watcher.h"
#include "thread.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

/*
 * The daemon's descriptor, and when there is a thread. A process with a second thread pays for it
 * with every system call on a descriptor and every lock of malloc, even while that thread sleeps:
 * about a hundredth of a TLS handshake. So there is none while nothing happens.
 */

enum {
	RETRY_MS = 1000, /* after no thread could be had */
	READS_MAX = 4 /* of events, in the daemon's own thread */
};

void store_watcher_signal(int fd)
{
	const uint64_t one = 1;
	ssize_t written;

	do {
		written = write(fd, &one, sizeof(one));
	} while (written < 0 && errno == EINTR);
}

static void fd_drain(int fd)
{
	uint64_t count;
	ssize_t got;

	do {
		got = read(fd, &count, sizeof(count));
	} while (got < 0 && errno == EINTR);
}

void store_watcher_free_retired(struct store_watcher *watcher)
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

/* What the daemon's descriptor tells of: fd, when it has one of `events`. 0, or -1 with errno. */
static int watcher_tell(const struct store_watcher *watcher, int operation, int fd, uint32_t events,
	enum store_watcher_wake wake)
{
	struct epoll_event event = { .events = events, .data = { .u32 = wake } };

	return epoll_ctl(watcher->fd, operation, fd, &event);
}

/*
 * The descriptor tells of events and of the time each once, until it is armed again: while a thread
 * runs it sees to them itself.
 */
static void watcher_arm_events(const struct store_watcher *watcher)
{
	if (watcher->watch != NULL)
		(void)watcher_tell(watcher, EPOLL_CTL_MOD, watch_fd(watcher->watch),
			EPOLLIN | EPOLLONESHOT, STORE_WATCHER_EVENTS);
}

static void watcher_arm_due(const struct store_watcher *watcher)
{
	int64_t at = watcher->look_at > 0 ? watcher->look_at : 1;
	struct itimerspec due = { .it_value = {
					  .tv_sec = at / 1000, .tv_nsec = at % 1000 * 1000000 } };

	(void)timerfd_settime(watcher->due_fd, TFD_TIMER_ABSTIME, &due, NULL);
	(void)watcher_tell(
		watcher, EPOLL_CTL_MOD, watcher->due_fd, EPOLLIN | EPOLLONESHOT, STORE_WATCHER_DUE);
}

bool store_watcher_end(struct store_watcher *watcher)
{
	bool is_ending;

	(void)pthread_mutex_lock(&watcher->store->lock);
	is_ending = watcher->retired == NULL;
	if (is_ending) {
		watcher_arm_events(watcher);
		watcher_arm_due(watcher);
		watcher->is_running = false;
	}
	(void)pthread_mutex_unlock(&watcher->store->lock);
	return is_ending;
}

/* Returns whether the caller is to do what the thread would, or to start it: there is none. */
static bool watcher_claim(struct store_watcher *watcher)
{
	bool was_running;

	(void)pthread_mutex_lock(&watcher->store->lock);
	was_running = watcher->is_running;
	watcher->is_running = true;
	(void)pthread_mutex_unlock(&watcher->store->lock);
	return !was_running;
}

/* The caller has claimed it. CERTBIND_OK or CERTBIND_E_SYSTEM. */
static int watcher_start(struct store_watcher *watcher)
{
	if (watcher->has_thread) /* it has ended, or is about to */
		(void)pthread_join(watcher->thread, NULL);
	watcher->has_thread = thread_start(&watcher->thread, store_watcher_run, watcher);
	if (watcher->has_thread)
		return CERTBIND_OK;
	(void)pthread_mutex_lock(&watcher->store->lock);
	watcher->look_at = store_watcher_ms() + RETRY_MS;
	watcher_arm_due(watcher);
	watcher->is_running = false;
	(void)pthread_mutex_unlock(&watcher->store->lock);
	return CERTBIND_E_SYSTEM;
}

unsigned int store_watcher_woken(struct store_watcher *watcher)
{
	struct epoll_event events[3];
	unsigned int wakes = 0;
	int length;

	if (watcher == NULL || watcher->process != getpid())
		return 0;
	length = epoll_wait(watcher->fd, events, 3, 0);
	while (length-- > 0)
		wakes |= events[length].data.u32;
	if ((wakes & STORE_WATCHER_PENDING) != 0)
		fd_drain(watcher->ready_fd);
	return wakes;
}

/* Most events are about other files of the directories: those are worth no thread. */
static bool watcher_has_work(struct store_watcher *watcher, unsigned int wakes)
{
	bool matter = false;
	int i;

	if ((wakes & STORE_WATCHER_DUE) != 0)
		return true;
	for (i = 0; i < READS_MAX && !matter; i++)
		if (!watch_read_some(watcher->watch, &watcher->changes, &matter))
			return false;
	watcher->is_behind = watcher->is_behind || matter;
	return true;
}

int store_watcher_work(
	struct store_watcher *watcher, unsigned int wakes, struct certbind_error *error)
{
	if ((wakes & (STORE_WATCHER_EVENTS | STORE_WATCHER_DUE)) == 0 || !watcher_claim(watcher))
		return CERTBIND_OK;
	if (!watcher_has_work(watcher, wakes) && store_watcher_end(watcher))
		return CERTBIND_OK;
	if (watcher_start(watcher) == CERTBIND_OK)
		return CERTBIND_OK;
	return error_set(error, CERTBIND_E_SYSTEM, NULL, 0,
		"no thread can be had to read what has changed; tried again in %d ms", RETRY_MS);
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
	if (watcher_claim(watcher) && watcher_start(watcher) != CERTBIND_OK)
		store_watcher_free_retired(watcher);
	else
		store_watcher_signal(watcher->wake_fd);
}

static void watcher_release(struct store_watcher *watcher)
{
	const int fds[] = { watcher->fd, watcher->ready_fd, watcher->due_fd, watcher->wake_fd };
	size_t i;

	watch_free(watcher->watch);
	changes_clear(&watcher->changes);
	snapshot_unref(watcher->base);
	store_watcher_free_retired(watcher);
	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
	free(watcher);
}

void store_watcher_free(struct store_watcher *watcher)
{
	if (watcher == NULL)
		return;
	if (watcher->process == getpid() && watcher->has_thread) {
		atomic_store(&watcher->is_stopping, true);
		store_watcher_signal(watcher->wake_fd);
		(void)pthread_join(watcher->thread, NULL);
	}
	watcher_release(watcher);
}

/* Returns whether all descriptors could be had. */
static bool watcher_open(struct store_watcher *watcher)
{
	watcher->watch = watch_new();
	watcher->fd = epoll_create1(EPOLL_CLOEXEC);
	watcher->ready_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	watcher->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	watcher->due_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	return watcher->fd >= 0 && watcher->ready_fd >= 0 && watcher->wake_fd >= 0 &&
	       watcher->due_fd >= 0 &&
	       watcher_tell(watcher, EPOLL_CTL_ADD, watcher->ready_fd, EPOLLIN,
		       STORE_WATCHER_PENDING) == 0 &&
	       (watcher->watch == NULL ||
		       watcher_tell(watcher, EPOLL_CTL_ADD, watch_fd(watcher->watch), EPOLLONESHOT,
			       STORE_WATCHER_EVENTS) == 0) &&
	       watcher_tell(watcher, EPOLL_CTL_ADD, watcher->due_fd, EPOLLONESHOT,
		       STORE_WATCHER_DUE) == 0;
}

/* Something may have changed between the load and the first watch: the first thread looks at once. */
static int watcher_new(struct certbind_store *store)
{
	struct store_watcher *watcher = calloc(1, sizeof(*watcher));

	if (watcher == NULL)
		return CERTBIND_E_MEMORY;
	watcher->store = store;
	watcher->process = getpid();
	if (!watcher_open(watcher) || !watcher_claim(watcher) ||
		watcher_start(watcher) != CERTBIND_OK) {
		watcher_release(watcher);
		return CERTBIND_E_SYSTEM;
	}
	store->watcher = watcher;
	return CERTBIND_OK;
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
	return status == CERTBIND_OK ? store->watcher->fd : status;
}
