/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "parallel.h"
#include "thread.h"
#include <unistd.h>

static void job_work(struct parallel *job, size_t worker)
{
	size_t index;

	while ((index = atomic_fetch_add(&job->next, 1)) < job->length)
		job->work(job->data, worker, index);
}

static void *job_thread(void *data)
{
	struct parallel *job = data;

	job_work(job, atomic_fetch_add(&job->workers, 1));
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

void parallel_begin(
	struct parallel *job, size_t length, size_t worth, parallel_func *work, void *data)
{
	size_t wanted = threads_wanted(length, worth);

	job->work = work;
	job->data = data;
	job->length = length;
	job->started = 0;
	atomic_init(&job->next, 0);
	atomic_init(&job->workers, 1);
	while (job->started < wanted && thread_start(&job->threads[job->started], job_thread, job))
		job->started++;
}

void parallel_end(struct parallel *job)
{
	job_work(job, 0);
	while (job->started > 0)
		(void)pthread_join(job->threads[--job->started], NULL);
}

void parallel_cancel(struct parallel *job)
{
	atomic_store(&job->next, job->length);
}

void parallel_run(size_t length, size_t worth, parallel_func *work, void *data)
{
	struct parallel job;

	parallel_begin(&job, length, worth, work, data);
	parallel_end(&job);
}
