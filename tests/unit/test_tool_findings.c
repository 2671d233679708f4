/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "command.h"
#include "findings.h"
#include "suggest.h"
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

static void add(struct findings *findings, const char *domain, const char *code, int severity,
	size_t argument)
{
	const struct certbind_finding finding = { .domain = domain,
		.domain_unicode = domain,
		.code = code,
		.severity = severity,
		.not_after = -1,
		.advice = "" };

	findings_add(findings, &finding, argument);
}

static void counts_by_domain(void **state)
{
	struct findings findings = { 0 };

	(void)state;
	findings_add_subject(&findings, "a.example", NULL, 0);
	findings_add_subject(&findings, "a.example", NULL, 0);
	findings_add_subject(&findings, "c.example", NULL, 0);
	add(&findings, NULL, "default-certificate", CERTBIND_SEVERITY_NOTE, 0);
	add(&findings, NULL, "expires-soon", CERTBIND_SEVERITY_WARNING, 0);
	add(&findings, "a.example", "covered", CERTBIND_SEVERITY_OK, 0);
	add(&findings, "b.example", "bad-configuration", CERTBIND_SEVERITY_ERROR, 0);
	add(&findings, "c.example", "expires-soon", CERTBIND_SEVERITY_WARNING, 0);
	findings_settle_by_domain(&findings);
	assert_int_equal(findings.length, 5);
	assert_int_equal(findings.subjects_length, 3);
	assert_int_equal(findings.subjects_secured, 2);
	assert_string_equal(findings.subjects[1].name, "b.example");
	assert_int_equal(findings.subjects[1].errors, 1);
	assert_int_equal(findings.subjects[2].warnings, 1);
	assert_int_equal(findings.errors, 1);
	assert_int_equal(findings.warnings, 2);
	findings_clear(&findings);
	assert_int_equal(findings.length, 0);
}

static void count_told(void *data, const struct certbind_finding *finding)
{
	size_t *told = data;

	assert_non_null(finding->code);
	++*told;
}

/* Without being kept they count the same. */
static void counts_what_is_handed_on(void **state)
{
	struct findings findings = { 0 };
	size_t told = 0;

	(void)state;
	findings_add_subject(&findings, "c.example", NULL, 0);
	findings_add_subject(&findings, "a.example", NULL, 0);
	findings_hand_on(&findings, count_told, &told);
	add(&findings, NULL, "default-certificate", CERTBIND_SEVERITY_NOTE, 0);
	add(&findings, "a.example", "covered", CERTBIND_SEVERITY_OK, 0);
	add(&findings, "b.example", "bad-configuration", CERTBIND_SEVERITY_ERROR, 0);
	add(&findings, "b.example", "bad-configuration", CERTBIND_SEVERITY_ERROR, 0);
	add(&findings, "c.example", "expires-soon", CERTBIND_SEVERITY_WARNING, 0);
	add(&findings, "d.example", "bad-configuration", CERTBIND_SEVERITY_ERROR, 0);
	findings_settle_by_domain(&findings);
	assert_int_equal(told, 6);
	assert_int_equal(findings.length, 0);
	assert_int_equal(findings.subjects_length, 4);
	assert_int_equal(findings.subjects_secured, 2);
	assert_string_equal(findings.subjects[1].name, "b.example");
	assert_int_equal(findings.subjects[1].errors, 2);
	assert_int_equal(findings.subjects[2].warnings, 1);
	assert_int_equal(findings.errors, 3);
	assert_int_equal(findings.warnings, 1);
	findings_clear(&findings);
}

/* "check a.example b.example A.EXAMPLE": what is said twice counts once. */
static void keeps_what_several_arguments_say_once(void **state)
{
	struct findings findings = { 0 };

	(void)state;
	findings_add_subject(&findings, "b.example", NULL, 0);
	add(&findings, "b.example", "expired", CERTBIND_SEVERITY_ERROR, 0);
	add(&findings, "b.example", "expires-soon", CERTBIND_SEVERITY_WARNING, 0);
	findings_add_subject(&findings, "a.example", NULL, 1);
	findings_add_subject(&findings, "b.example", NULL, 2);
	add(&findings, "b.example", "expired", CERTBIND_SEVERITY_ERROR, 2);
	add(&findings, "b.example", "expires-soon", CERTBIND_SEVERITY_WARNING, 2);
	findings_settle_by_domain(&findings);
	assert_int_equal(findings.length, 2);
	assert_int_equal(findings.subjects_length, 2);
	assert_int_equal(findings.errors, 1);
	assert_int_equal(findings.warnings, 1);
	findings_clear(&findings);
}

static void counts_by_argument(void **state)
{
	struct findings findings = { 0 };

	(void)state;
	findings_add_subject(&findings, "same.example", NULL, 0);
	findings_add_subject(&findings, "same.example", NULL, 1);
	add(&findings, NULL, "expired", CERTBIND_SEVERITY_ERROR, 0);
	add(&findings, NULL, "covered", CERTBIND_SEVERITY_OK, 1);
	findings_settle_by_argument(&findings);
	assert_int_equal(findings.subjects_length, 2);
	assert_int_equal(findings.subjects_secured, 1);
	assert_int_equal(findings.subjects[0].errors, 1);
	findings_clear(&findings);
}

static void the_worst_finding_makes_the_status(void **state)
{
	static const struct {
		int severity;
		int status;
	} cases[] = {
		{ CERTBIND_SEVERITY_OK, STATUS_FINE },
		{ CERTBIND_SEVERITY_NOTE, STATUS_FINE },
		{ CERTBIND_SEVERITY_WARNING, STATUS_WARNED },
		{ CERTBIND_SEVERITY_ERROR, STATUS_BAD },
	};
	struct findings findings = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		add(&findings, "a.example", "x", cases[i].severity, 0);
		add(&findings, "a.example", "covered", CERTBIND_SEVERITY_OK, 0);
		findings_settle_by_domain(&findings);
		assert_int_equal(findings_status(&findings), cases[i].status);
		findings_clear(&findings);
	}
}

static void suggests_the_nearest_word(void **state)
{
	static const char *const words[] = { "check", "covers", "verify", "explain", "list" };

	(void)state;
	assert_string_equal(suggest_word("chek", words, 5), "check");
	assert_string_equal(suggest_word("cover", words, 5), "covers");
	assert_string_equal(suggest_word("lits", words, 5), "list");
	assert_null(suggest_word("bind", words, 5));
	assert_null(suggest_word("", words, 5));
	assert_null(suggest_word("a-word-that-is-longer-than-any-of-them-may-be", words, 5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_by_domain),
		cmocka_unit_test(counts_what_is_handed_on),
		cmocka_unit_test(keeps_what_several_arguments_say_once),
		cmocka_unit_test(counts_by_argument),
		cmocka_unit_test(the_worst_finding_makes_the_status),
		cmocka_unit_test(suggests_the_nearest_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
