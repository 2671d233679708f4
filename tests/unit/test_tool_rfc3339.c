/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rfc3339.h"
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

static void takes_what_the_rfc_allows(void **state)
{
	static const struct {
		const char *text;
		time_t seconds;
	} cases[] = {
		{ "1970-01-01T00:00:01Z", 1 },
		{ "2026-12-01T00:00:00Z", 1796083200 },
		{ "2026-12-01t00:00:00z", 1796083200 },
		{ "2026-12-01T01:00:00+01:00", 1796083200 },
		{ "2026-11-30T18:30:00-05:30", 1796083200 },
		{ "2026-12-01T00:00:00-00:00", 1796083200 },
		{ "2026-12-01T00:00:00.999999999999Z", 1796083200 },
		{ "2024-02-29T12:00:00Z", 1709208000 },
		{ "2000-02-29T00:00:00Z", 951782400 },
		{ "1970-01-01T00:00:00-00:01", 60 },
		{ "1990-12-31T23:59:60Z", 662688000 },
		{ "1990-12-31T15:59:60-08:00", 662688000 },
		{ "9999-12-31T23:59:59Z", 253402300799 },
	};
	time_t seconds;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		seconds = -1;
		if (!rfc3339_read(cases[i].text, &seconds) || seconds != cases[i].seconds)
			fail_msg("%s: got %lld", cases[i].text, (long long)seconds);
	}
}

static void refuses_all_else(void **state)
{
	static const char *const cases[] = { "", "now", "2026-12-01", "2026-12-01T00:00:00",
		"2026-12-01 00:00:00Z", "2026-12-01T00:00Z", "2026-12-01T00:00:00ZZ",
		" 2026-12-01T00:00:00Z", "2026-12-01T00:00:00Z ", "2026-12-01T00:00:00.Z",
		"2026-12-01T00:00:00,5Z", "2026-12-01T00:00:00+0100", "2026-12-01T00:00:00+01",
		"2026-12-01T00:00:00+24:00", "2026-12-01T00:00:00+01:60", "2026-13-01T00:00:00Z",
		"2026-00-01T00:00:00Z", "2026-12-00T00:00:00Z", "2026-12-32T00:00:00Z",
		"2026-11-31T00:00:00Z", "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z",
		"2026-12-01T24:00:00Z", "2026-12-01T00:60:00Z", "2026-12-01T00:00:61Z",
		"2026-12-01T00:00:60Z", "2026-12-01T23:59:60+01:00", "26-12-01T00:00:00Z",
		"+2026-12-01T00:00:00Z", "2026-1-01T00:00:00Z", "10000-01-01T00:00:00Z",
		"0000-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z",
		"1970-01-01T00:00:00+00:01" };
	time_t seconds = 7;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (rfc3339_read(cases[i], &seconds) || seconds != 7)
			fail_msg("%s: taken as %lld", cases[i], (long long)seconds);
}

static void writes_utc(void **state)
{
	char text[RFC3339_SIZE];

	(void)state;
	assert_true(rfc3339_write(text, 1796083200));
	assert_string_equal(text, "2026-12-01T00:00:00Z");
	assert_true(rfc3339_write(text, 253402300799));
	assert_string_equal(text, "9999-12-31T23:59:59Z");
	assert_false(rfc3339_write(text, 253402300800));
	assert_string_equal(rfc3339_date(text, 951782400), "2000-02-29");
	assert_null(rfc3339_date(text, -1));
}

/* Each day of four centuries comes back as it was written. */
static void reads_what_it_writes(void **state)
{
	char text[RFC3339_SIZE];
	time_t seconds;
	time_t day;

	(void)state;
	for (day = 1; day < 146097; day++) {
		assert_true(rfc3339_write(text, day * 86400 - 1));
		assert_true(rfc3339_read(text, &seconds));
		assert_int_equal(seconds, day * 86400 - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_the_rfc_allows),
		cmocka_unit_test(refuses_all_else),
		cmocka_unit_test(writes_utc),
		cmocka_unit_test(reads_what_it_writes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
