/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes on their way out: a buffer that grows, up to a bound. */
#ifndef MAIL_QUEUE_H
#define MAIL_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

struct queue {
	char *bytes;
	size_t start;
	size_t end;
	size_t allocated;
};

/* Returns false when memory or the bound is exhausted. */
bool queue_add(struct queue *queue, const char *bytes, size_t length);

size_t queue_length(const struct queue *queue);

/* The first byte; valid until the queue changes. */
const char *queue_peek(const struct queue *queue);

void queue_remove(struct queue *queue, size_t length);

void queue_free(struct queue *queue);

#endif
