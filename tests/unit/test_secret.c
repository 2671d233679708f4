/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mapping.h"
#include "secret.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

/* Each side of each border between sizes, and the last two have whole pages. */
static const size_t sizes[] = { 0, 1, 15, 16, 17, 138, 511, 512, 513, 576, 577, 1218, 4095, 4096,
	4097, 5120, 5121, 16383, 16384, 16385, 1024 * 1024 + 1 };

enum { SIZES = sizeof(sizes) / sizeof(sizes[0]), KEYS = 10000, KEY_SIZE = 138 };

static bool is_all(const unsigned char *data, size_t size, unsigned char value)
{
	size_t i;

	for (i = 0; i < size; i++)
		if (data[i] != value)
			return false;
	return true;
}

/* Writes all bytes, so that blocks that overlap show. */
static void every_size_has_its_bytes(void **state)
{
	struct secret_arena *arena = secret_arena_new();
	unsigned char *blocks[2][SIZES];
	size_t round, i, j;

	(void)state;
	assert_non_null(arena);
	for (round = 0; round < 3; round++) {
		for (i = 0; i < SIZES * 2; i++) {
			j = i % SIZES;
			blocks[i / SIZES][j] = secret_alloc(arena, sizes[j]);
			assert_non_null(blocks[i / SIZES][j]);
			assert_int_equal((uintptr_t)blocks[i / SIZES][j] % 16, 0);
			assert_true(is_all(blocks[i / SIZES][j], sizes[j], 0));
			memset(blocks[i / SIZES][j], (int)i + 1, sizes[j]);
		}
		for (i = 0; i < SIZES * 2; i++) {
			j = i % SIZES;
			assert_true(is_all(blocks[i / SIZES][j], sizes[j], (unsigned char)(i + 1)));
			secret_free(arena, blocks[i / SIZES][j], sizes[j]);
		}
	}
	secret_free(arena, NULL, 1);
	secret_arena_free(arena);
	secret_arena_free(NULL);
}

static void core_dumps_leave_it_out(void **state)
{
	struct secret_arena *arena = secret_arena_new();
	size_t i;

	(void)state;
	assert_non_null(arena);
	assert_true(mapping_is_dumped(arena));
	for (i = 0; i < SIZES; i++) {
		unsigned char *packed = secret_alloc(arena, sizes[i]);
		unsigned char *alone = secret_alloc(NULL, sizes[i]);

		assert_false(mapping_is_dumped(packed));
		assert_false(mapping_is_dumped(alone));
		secret_free(arena, packed, sizes[i]);
		secret_free(NULL, alone, sizes[i]);
	}
	secret_arena_free(arena);
}

/* But for where the next free block is, which is in the first bytes. */
static void what_was_freed_is_wiped(void **state)
{
	struct secret_arena *arena = secret_arena_new();
	unsigned char *block;

	(void)state;
	assert_non_null(arena);
	block = secret_alloc(arena, 1218);
	memset(block, 'k', 1218);
	secret_free(arena, block, 1218);
	assert_true(is_all(block + sizeof(void *), 1218 - sizeof(void *), 0));
	assert_ptr_equal(secret_alloc(arena, 1217), block);
	assert_true(is_all(block, 1217, 0));
	secret_arena_free(arena);
}

static void small_ones_are_packed(void **state)
{
	struct secret_arena *arena = secret_arena_new();
	unsigned char **keys = calloc(KEYS, sizeof(*keys));
	size_t near = 0;
	size_t i;

	(void)state;
	assert_non_null(arena);
	assert_non_null(keys);
	for (i = 0; i < KEYS; i++) {
		keys[i] = secret_alloc(arena, KEY_SIZE);
		assert_non_null(keys[i]);
		if (i > 0 && keys[i] == keys[i - 1] + 144)
			near++;
	}
	/* All but the first of each MiB. */
	assert_true(near >= KEYS - 1 - KEYS * 144 / (1024 * 1024 - 4096) - 1);
	for (i = 0; i < KEYS; i++)
		secret_free(arena, keys[i], KEY_SIZE);
	/* What was freed is used again. */
	for (i = KEYS; i-- > 0;)
		assert_ptr_equal(secret_alloc(arena, KEY_SIZE), keys[i]);
	free(keys);
	secret_arena_free(arena);
}

static void *take_and_give(void *data)
{
	struct secret_arena *arena = data;
	unsigned char *blocks[SIZES];
	size_t round, i;

	for (round = 0; round < 20; round++) {
		for (i = 0; i < SIZES; i++) {
			blocks[i] = secret_alloc(arena, sizes[i]);
			if (blocks[i] == NULL || !is_all(blocks[i], sizes[i], 0))
				return data;
			memset(blocks[i], (int)round + 1, sizes[i]);
		}
		for (i = 0; i < SIZES; i++) {
			if (!is_all(blocks[i], sizes[i], (unsigned char)(round + 1)))
				return data;
			secret_free(arena, blocks[i], sizes[i]);
		}
	}
	return NULL;
}

static void threads_may_share_it(void **state)
{
	struct secret_arena *arena = secret_arena_new();
	pthread_t threads[4];
	size_t i;

	(void)state;
	assert_non_null(arena);
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, take_and_give, arena), 0);
	for (i = 0; i < 4; i++) {
		void *wrong = NULL;

		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		assert_null(wrong);
	}
	secret_arena_free(arena);
}

static void a_child_has_it_too(void **state)
{
	/* The child's, too: valgrind looks for leaks when it ends. */
	static struct secret_arena *arena;
	char *block;
	pid_t child;
	int status;

	(void)state;
	arena = secret_arena_new();
	assert_non_null(arena);
	block = secret_alloc(arena, 6);
	memcpy(block, "secret", 6);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(memcmp(block, "secret", 6) == 0 && !mapping_is_dumped(block) ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	secret_arena_free(arena);
}

static void no_memory_is_told(void **state)
{
	const struct rlimit none = { 1, 1 };
	static struct secret_arena *arena;
	pid_t child;
	int status;

	(void)state;
	arena = secret_arena_new();
	assert_non_null(arena);
	assert_null(secret_alloc(arena, SIZE_MAX / 2));
	assert_null(secret_alloc(NULL, SIZE_MAX / 2));
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (setrlimit(RLIMIT_AS, &none) != 0)
			_exit(2);
		_exit(secret_alloc(arena, 1) == NULL ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	secret_arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_size_has_its_bytes),
		cmocka_unit_test(core_dumps_leave_it_out),
		cmocka_unit_test(what_was_freed_is_wiped),
		cmocka_unit_test(small_ones_are_packed),
		cmocka_unit_test(threads_may_share_it),
		cmocka_unit_test(a_child_has_it_too),
		cmocka_unit_test(no_memory_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
