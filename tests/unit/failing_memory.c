/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "failing_memory.h"
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);
char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
char *__real_strndup(const char *text, size_t size);
char *__wrap_strndup(const char *text, size_t size);
void __real_free(void *memory);
void __wrap_free(void *memory);

enum { PLACES = 1 << 16 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of all that follows */
static size_t countdown; /* 0: none fails */
static bool has_failed;
static size_t live_length;
static uintptr_t live[PLACES]; /* 0: free, 1: was taken */

static size_t place_of(uintptr_t block)
{
	return (block >> 4) * 2654435761U % PLACES;
}

static void *live_add(void *memory)
{
	uintptr_t block = (uintptr_t)memory;
	size_t place = place_of(block);

	if (memory == NULL)
		return NULL;
	(void)pthread_mutex_lock(&lock);
	if (live_length >= PLACES / 2)
		abort();
	while (live[place] > 1)
		place = (place + 1) % PLACES;
	live[place] = block;
	live_length++;
	(void)pthread_mutex_unlock(&lock);
	return memory;
}

/* What a library has allocated is not there. */
static void live_remove(const void *memory)
{
	uintptr_t block = (uintptr_t)memory;
	size_t place = place_of(block);
	size_t i;

	if (memory == NULL)
		return;
	(void)pthread_mutex_lock(&lock);
	for (i = 0; i < PLACES && live[place] != 0 && live[place] != block; i++)
		place = (place + 1) % PLACES;
	if (live[place] == block) {
		live[place] = live[(place + 1) % PLACES] == 0 ? 0 : 1;
		live_length--;
	}
	(void)pthread_mutex_unlock(&lock);
}

static bool fails(void)
{
	bool is_due;

	(void)pthread_mutex_lock(&lock);
	is_due = countdown > 0 && --countdown == 0;
	has_failed = has_failed || is_due;
	(void)pthread_mutex_unlock(&lock);
	return is_due;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : live_add(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : live_add(__real_calloc(count, size));
}

void *__wrap_realloc(void *memory, size_t size)
{
	uintptr_t former = (uintptr_t)memory;
	void *grown;

	if (fails())
		return NULL;
	live_remove(memory);
	grown = __real_realloc(memory, size);
	if (grown == NULL && size > 0 && former != 0)
		abort(); /* truly out of memory */
	return live_add(grown);
}

char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : live_add(__real_strdup(text));
}

char *__wrap_strndup(const char *text, size_t size)
{
	return fails() ? NULL : live_add(__real_strndup(text, size));
}

void __wrap_free(void *memory)
{
	live_remove(memory);
	__real_free(memory);
}

void memory_fail_at(size_t n)
{
	(void)pthread_mutex_lock(&lock);
	countdown = n;
	if (n > 0)
		has_failed = false;
	(void)pthread_mutex_unlock(&lock);
}

bool memory_has_failed(void)
{
	bool result;

	(void)pthread_mutex_lock(&lock);
	result = has_failed;
	(void)pthread_mutex_unlock(&lock);
	return result;
}

size_t memory_live(void)
{
	size_t length;

	(void)pthread_mutex_lock(&lock);
	length = live_length;
	(void)pthread_mutex_unlock(&lock);
	return length;
}
