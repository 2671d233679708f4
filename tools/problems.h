/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PROBLEMS_H
#define PROBLEMS_H

#include <certbind/error.h>
#include <pthread.h>
#include <stddef.h>

/* What kept a command from its answer, or an entry of the configuration from being used. */
struct problem {
	char *file; /* NULL: none is to blame */
	int line; /* 0: none is to blame */
	char *message; /* without file and line */
	int status; /* an enum certbind_status */
};

struct problems {
	pthread_mutex_t lock; /* the store's log is called from any thread */
	struct problem *items;
	size_t length;
	size_t capacity;
};

void problems_open(struct problems *problems);
void problems_close(struct problems *problems);

void problems_add(struct problems *problems, const struct certbind_error *error);

/* A certbind_log_func that keeps the errors of the configuration; `data` is the problems. */
void problems_log(void *data, int level, const struct certbind_error *event);

/* Prints them on standard error, one a line. */
void problems_print(const struct problems *problems);
void problems_print_last(const struct problems *problems);

#endif
