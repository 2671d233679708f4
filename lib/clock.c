/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clock.h"
#include <stdlib.h>

struct clock_source *clock_source_new(void)
{
	struct clock_source *source = calloc(1, sizeof(*source));

	if (source == NULL)
		return NULL;
	atomic_init(&source->references, 1);
	if (pthread_mutex_init(&source->lock, NULL) != 0) {
		free(source);
		return NULL;
	}
	return source;
}

struct clock_source *clock_source_ref(struct clock_source *source)
{
	atomic_fetch_add_explicit(&source->references, 1, memory_order_relaxed);
	return source;
}

void clock_source_unref(struct clock_source *source)
{
	if (source == NULL ||
		atomic_fetch_sub_explicit(&source->references, 1, memory_order_acq_rel) != 1)
		return;
	(void)pthread_mutex_destroy(&source->lock);
	free(source);
}

void clock_source_set(struct clock_source *source, certbind_clock_func *func, void *data)
{
	(void)pthread_mutex_lock(&source->lock);
	source->func = func;
	source->data = data;
	(void)pthread_mutex_unlock(&source->lock);
}

void clock_source_renew(struct clock_source *source)
{
	(void)pthread_mutex_init(&source->lock, NULL);
}

time_t clock_source_now(struct clock_source *source)
{
	time_t now;

	(void)pthread_mutex_lock(&source->lock);
	now = source->func != NULL ? source->func(source->data) : time(NULL);
	(void)pthread_mutex_unlock(&source->lock);
	return now;
}
