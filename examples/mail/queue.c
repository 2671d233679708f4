/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue.h"

#include <stdlib.h>
#include <string.h>

/* Long answers wait for room; this only bounds a single command's. */
#define MAX (4U << 20)

/* A queue that has been longer than this gives its memory back when it is empty. */
#define KEPT 8192

static bool grow(struct queue *queue, size_t wanted)
{
	size_t size = queue->allocated ? queue->allocated : 1024;
	char *grown;

	while (size < wanted)
		size *= 2;
	grown = realloc(queue->bytes, size);
	if (!grown)
		return false;
	queue->bytes = grown;
	queue->allocated = size;
	return true;
}

bool queue_add(struct queue *queue, const char *bytes, size_t length)
{
	size_t used = queue_length(queue);

	if (length == 0)
		return true;
	if (length > MAX || used + length > MAX)
		return false;
	if (queue->start > 0) {
		memmove(queue->bytes, queue->bytes + queue->start, used);
		queue->start = 0;
		queue->end = used;
	}
	if (used + length > queue->allocated && !grow(queue, used + length))
		return false;
	memcpy(queue->bytes + used, bytes, length);
	queue->end = used + length;
	return true;
}

size_t queue_length(const struct queue *queue)
{
	return queue->end - queue->start;
}

const char *queue_peek(const struct queue *queue)
{
	return queue->bytes + queue->start;
}

void queue_remove(struct queue *queue, size_t length)
{
	queue->start += length;
	if (queue->start < queue->end)
		return;
	queue->start = queue->end = 0;
	if (queue->allocated > KEPT)
		queue_free(queue);
}

void queue_free(struct queue *queue)
{
	free(queue->bytes);
	*queue = (struct queue){ 0 };
}
