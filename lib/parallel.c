/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "parallel.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

struct job {
	parallel_func *work;
	void *data;
	size_t length;
	atomic_size_t next;
	atomic_size_t workers; /* numbers that are given away */
};

static void *job_work(void *data)
{
	struct job *job = data;
	size_t worker = atomic_fetch_add(&job->workers, 1);
	size_t index;

	while ((index = atomic_fetch_add(&job->next, 1)) < job->length)
		job->work(job->data, worker, index);
	return NULL;
}

/* Beside the caller's. */
static size_t threads_wanted(size_t length, size_t worth)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	size_t threads = cores > 1 ? (size_t)cores - 1 : 0;

	if (threads > PARALLEL_WORKERS_MAX - 1)
		threads = PARALLEL_WORKERS_MAX - 1;
	return threads < length / worth ? threads : length / worth;
}

void parallel_run(size_t length, size_t worth, parallel_func *work, void *data)
{
	struct job job = { .work = work, .data = data, .length = length };
	pthread_t threads[PARALLEL_WORKERS_MAX - 1];
	size_t wanted = threads_wanted(length, worth);
	size_t started = 0;
	sigset_t all, former;

	/* The daemon's signals are for its own threads. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &former);
	while (started < wanted && pthread_create(&threads[started], NULL, job_work, &job) == 0)
		started++;
	(void)pthread_sigmask(SIG_SETMASK, &former, NULL);
	(void)job_work(&job);
	while (started > 0)
		(void)pthread_join(threads[--started], NULL);
}
