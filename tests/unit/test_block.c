/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <sys/resource.h>
#include "block.h"

enum { LINE = 64, HUGE_PAGE = 2 * 1024 * 1024 };

static void is_zeroed_and_freed_at_any_size(void **state)
{
	static const size_t sizes[] = { 1, 4096, 2 * HUGE_PAGE - 1, 2 * HUGE_PAGE,
		3 * HUGE_PAGE + 12345 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		unsigned char *block = block_new(sizes[i]);

		assert_non_null(block);
		assert_int_equal(block[0] | block[sizes[i] / 2] | block[sizes[i] - 1], 0);
		memset(block, 0xff, sizes[i]);
		block_free(block, sizes[i]);
	}
	block_free(NULL, 0);
}

/* A huge page can't begin elsewhere. */
static void large_blocks_begin_with_a_huge_page(void **state)
{
	size_t size = 2 * HUGE_PAGE + 1;
	void *block = block_new(size);

	(void)state;
	assert_non_null(block);
	assert_int_equal((uintptr_t)block % HUGE_PAGE, 0);
	block_free(block, size);
}

static void no_memory_is_told(void **state)
{
	const size_t size = (size_t)1 << 36;
	struct block_pool pool = { 0 };
	struct rlimit limit, former;

	(void)state;
	assert_null(block_new(SIZE_MAX));
	assert_null(block_new(SIZE_MAX - HUGE_PAGE / 2));
	assert_null(block_pool_take(&pool, SIZE_MAX - LINE));
	assert_int_equal(getrlimit(RLIMIT_AS, &former), 0);
	limit = former;
	limit.rlim_cur = size / 2;
	if (setrlimit(RLIMIT_AS, &limit) < 0)
		skip();
	assert_null(block_new(size));
	assert_null(block_pool_take(&pool, size));
	(void)setrlimit(RLIMIT_AS, &former);
	block_pool_clear(&pool);
}

/* Of every size, and more than fit into one block. */
static void pieces_are_apart_and_zeroed(void **state)
{
	enum { COUNT = 20000 };
	static unsigned char *pieces[COUNT];
	struct block_pool pool = { 0 };
	size_t i, j, size;

	(void)state;
	for (i = 0; i < COUNT; i++) {
		size = i % 5000 == 0 ? 40000 : 1 + i % 200;
		pieces[i] = block_pool_take(&pool, size);
		assert_non_null(pieces[i]);
		assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
		if (size <= LINE)
			assert_true((uintptr_t)pieces[i] % LINE + size <= LINE);
		for (j = 0; j < size; j++)
			assert_int_equal(pieces[i][j], 0);
		memset(pieces[i], (int)(i % 255) + 1, size);
	}
	for (i = 0; i < COUNT; i++) {
		size = i % 5000 == 0 ? 40000 : 1 + i % 200;
		for (j = 0; j < size; j++)
			assert_int_equal(pieces[i][j], i % 255 + 1);
	}
	block_pool_clear(&pool);
	block_pool_clear(&pool);
	assert_non_null(block_pool_take(&pool, 1));
	block_pool_clear(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_zeroed_and_freed_at_any_size),
		cmocka_unit_test(large_blocks_begin_with_a_huge_page),
		cmocka_unit_test(no_memory_is_told),
		cmocka_unit_test(pieces_are_apart_and_zeroed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
