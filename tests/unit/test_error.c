/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <certbind/certbind.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

/* Each status has a text of its own, and what a newer library may return has one, too. */
static void each_status_has_its_text(void **state)
{
	enum { MOST = 64 };
	const char *texts[MOST];
	size_t length = 0;
	size_t i;
	int status;

	(void)state;
	for (status = 0; strcmp(certbind_strerror(status), "unknown status") != 0; status--) {
		assert_in_range(length, 0, MOST - 1);
		texts[length] = certbind_strerror(status);
		assert_int_not_equal(texts[length][0], '\0');
		for (i = 0; i < length; i++)
			assert_string_not_equal(texts[i], texts[length]);
		length++;
	}
	assert_string_equal(texts[0], "success");
	assert_string_equal(certbind_strerror(CERTBIND_E_MEMORY), "out of memory");
	assert_string_equal(certbind_strerror(CERTBIND_E_REFUSED), "refused");
	assert_int_equal(status, CERTBIND_E_REFUSED - 1);
	assert_string_equal(certbind_strerror(1), "unknown status");
}

static void the_version_is_the_header_s(void **state)
{
	(void)state;
	assert_string_equal(certbind_version(), CERTBIND_VERSION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_status_has_its_text),
		cmocka_unit_test(the_version_is_the_header_s),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
