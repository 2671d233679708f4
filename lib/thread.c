/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "thread.h"
#include <signal.h>

bool thread_start(pthread_t *thread, void *(*run)(void *), void *data)
{
	sigset_t all, former;
	int status;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &former);
	status = pthread_create(thread, NULL, run, data);
	(void)pthread_sigmask(SIG_SETMASK, &former, NULL);
	return status == 0;
}

struct apart {
	void (*run)(void *);
	void *data;
};

static void *apart_run(void *data)
{
	const struct apart *apart = data;

	apart->run(apart->data);
	return NULL;
}

void thread_run_apart(void (*run)(void *), void *data)
{
	struct apart apart = { run, data };
	pthread_t thread;

	if (thread_start(&thread, apart_run, &apart))
		(void)pthread_join(thread, NULL);
	else
		run(data);
}
