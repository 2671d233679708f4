/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bind.h"
#include "file.h"
#include "scratch.h"
#include <certbind/certbind.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define FIRST "# Written by certbind bind; other keys are kept, comments are not.\n"

static char config[512];

static int setup(void **state)
{
	char path[512];

	(void)state;
	scratch_make();
	(void)snprintf(path, sizeof(path), "%s/domains.d", scratch_path());
	if (mkdir(path, 0755) != 0)
		return -1;
	(void)snprintf(config, sizeof(config), "%s",
		scratch_write("certbind.conf",
			"trust_file = \"@PKI@/ca.pem\"; domains_dir = \"domains.d\";\n"
			"services = ( { name = \"imap\"; hosts = [ \"imap.%d\" ]; } );\n"
			"certificates = (\n"
			"{ name = \"wild\"; chain = \"@PKI@/wildcard.pem\"; key = "
			"\"@PKI@/wildcard.key\"; },\n"
			"{ name = \"q\\\"\\\\\xc3\xbc\"; chain = \"@PKI@/exact.pem\"; key = "
			"\"@PKI@/exact.key\"; },\n"
			"{ name = \"both\"; pairs = ( { chain = \"@PKI@/wildcard.pem\"; key = "
			"\"@PKI@/wildcard.key\"; },\n"
			"{ chain = \"@PKI@/exact.pem\"; key = \"@PKI@/exact.key\"; } ); },\n"
			"{ name = \"broken\"; chain = \"@PKI@/garbage.pem\"; key = "
			"\"@PKI@/exact.key\"; },\n"
			"{ name = \"entry\"; } );\n"
			"certificate_dirs = [ \"@PKI@\" ];\n"
			"domains = ( { name = \"listed.example\"; },\n"
			"{ name = \"faulty.example\"; nope = 1; } );\n"));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	scratch_remove();
	return 0;
}

static void assert_text(const char *name, const char *text)
{
	struct file_bytes bytes;
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/domains.d/%s.conf", scratch_path(), name);
	if (text == NULL) {
		assert_int_not_equal(access(path, F_OK), 0);
		return;
	}
	assert_int_equal(file_read(path, 65536, &bytes, NULL), CERTBIND_OK);
	assert_string_equal((const char *)bytes.data, text);
	file_bytes_wipe(&bytes);
}

/* One call, what it returns, and a part of its message. */
static const struct {
	const char *domain, *service, *certificate;
	unsigned int flags;
	int status;
	const char *message;
} calls[] = {
	{ "good.example", "webmail", "wild", 0, CERTBIND_OK, NULL },
	{ "good.example", "webmail", "q\"\\\xc3\xbc", 0, CERTBIND_OK, NULL },
	/* From the directory, by lego's and the combined layout's names. */
	{ "good.example", "webmail", "later", 0, CERTBIND_OK, NULL },
	/* As check has it: all pairs must have the identifier. */
	{ "good.example", "webmail", "both", 0, CERTBIND_E_REFUSED, "cover webmail.good" },
	{ "good.example", "mail", "both", 0, CERTBIND_E_REFUSED, "cover mail.good.example" },
	{ "good.example", "mail", "both", 0, CERTBIND_E_REFUSED,
		"`certbind candidates good.example mail`" },
	/* Nothing else knows the domain yet. */
	{ "new.example", "mail", "wild", 0, CERTBIND_E_REFUSED,
		"choose one that does, or \"auto\", or" },
	{ "good.example", "imap", "wild", 0, CERTBIND_OK, NULL },
	{ "good.example", "imap", "auto", 0, CERTBIND_OK, NULL },
	{ "good.example", "imap", "none", 0, CERTBIND_OK, NULL },
	{ "good.example", "webmail", "broken", 0, CERTBIND_E_REFUSED, "can't be used" },
	{ "good.example", "webmail", "broken", CERTBIND_FORCE, CERTBIND_OK, NULL },
	{ "good.example", "webmail", "entry", 0, CERTBIND_E_UNKNOWN_CERTIFICATE, "entry" },
	{ "good.example", "webmail", "", 0, CERTBIND_E_UNKNOWN_CERTIFICATE, "not configured" },
	{ "good.example", "webmail", "a\nb", 0, CERTBIND_E_UNKNOWN_CERTIFICATE, "a?b" },
	{ "good.example", "", "wild", 0, CERTBIND_E_UNKNOWN_SERVICE, "not configured" },
	{ "", "mail", "auto", 0, CERTBIND_E_INVALID, "no host name" },
	{ "*.good.example", "mail", "auto", 0, CERTBIND_E_INVALID, "no host name" },
	{ "listed.example", "mail", "auto", CERTBIND_FORCE, CERTBIND_E_REFUSED, "stands in" },
	{ "faulty.example", "mail", "auto", CERTBIND_FORCE, CERTBIND_E_REFUSED, "stands in" },
	{ "good.example", "mail", "auto", 2, CERTBIND_E_INVALID, "flags" },
	{ NULL, "mail", "auto", 0, CERTBIND_E_INVALID, "NULL" },
	{ "good.example", NULL, "auto", 0, CERTBIND_E_INVALID, "NULL" },
	{ "good.example", "mail", NULL, 0, CERTBIND_E_INVALID, "NULL" },
};

static void test_calls(void **state)
{
	struct certbind_error error;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		int status = certbind_bind(config, calls[i].domain, calls[i].service,
			calls[i].certificate, calls[i].flags, &error);

		if (status != calls[i].status)
			fail_msg("call %zu: %d: %s", i, status, error.message);
		if (calls[i].message != NULL && strstr(error.message, calls[i].message) == NULL)
			fail_msg("call %zu: %s", i, error.message);
	}
	assert_text("good.example", FIRST "webmail = \"broken\";\nimap = \"none\";\n");
	assert_text("listed.example", NULL);
}

static void test_names_are_written_so_that_they_are_read(void **state)
{
	const char *name = "q\"\\\xc3\xbc";
	struct certbind_selection selection;
	struct certbind_store *store;
	struct certbind_error error;

	(void)state;
	assert_int_equal(
		certbind_bind(config, "GOOD.example.", "webmail", name, 0, &error), CERTBIND_OK);
	assert_text("good.example", FIRST "webmail = \"q\\\"\\\\\xc3\xbc\";\n");
	assert_int_equal(certbind_store_open(&store, config, &error), CERTBIND_OK);
	assert_int_equal(
		certbind_store_select(store, "webmail", "webmail.good.example", &selection, &error),
		CERTBIND_OK);
	assert_string_equal(selection.certificate, name);
	certbind_store_close(store);
}

static void test_unbind(void **state)
{
	struct certbind_error error;

	(void)state;
	assert_int_equal(
		certbind_unbind(config, "good.example", NULL, &error), CERTBIND_E_UNKNOWN_DOMAIN);
	assert_int_equal(certbind_bind(config, "good.example", "mail", "none", 0, NULL), 0);
	assert_int_equal(certbind_unbind(config, "good.example", "nope", &error),
		CERTBIND_E_UNKNOWN_SERVICE);
	assert_int_equal(certbind_unbind(config, "good.example", "webmail", NULL), 0);
	assert_text("good.example", FIRST "mail = \"none\";\n");
	assert_int_equal(certbind_unbind(config, "good.example", "mail", NULL), 0);
	assert_text("good.example", FIRST);
	assert_int_equal(certbind_unbind(config, "good.example", NULL, NULL), 0);
	assert_text("good.example", NULL);
	assert_int_equal(certbind_unbind(config, NULL, NULL, &error), CERTBIND_E_INVALID);
	assert_int_equal(
		certbind_unbind(config, "listed.example", NULL, &error), CERTBIND_E_REFUSED);
}

static void test_a_faulty_file_names_its_line(void **state)
{
	struct certbind_error error;

	(void)state;
	(void)scratch_write("domains.d/good.example.conf", FIRST "mail = \"none\";\n\nwhat = 1;\n");
	assert_int_equal(certbind_bind(config, "good.example", "webmail", "wild", 0, &error),
		CERTBIND_E_REFUSED);
	assert_int_equal(error.line, 4);
	assert_non_null(strstr(error.file, "domains.d/good.example.conf"));
	assert_non_null(strstr(error.message, "what"));
	(void)scratch_write("domains.d/good.example.conf", "");
	assert_int_equal(certbind_bind(config, "good.example", "webmail", "wild", 0, &error),
		CERTBIND_E_REFUSED);
	assert_int_equal(
		certbind_bind(config, "good.example", "webmail", "wild", CERTBIND_FORCE, &error),
		CERTBIND_OK);
	assert_text("good.example", FIRST "webmail = \"wild\";\n");
}

/* What stands in the way of the domain's file. */
static void test_places_that_cannot_be_written(void **state)
{
	static const struct {
		const char *text;
		int status;
		const char *message;
	} rows[] = {
		{ "", CERTBIND_E_REFUSED, "has no `domains_dir`" },
		{ "domains_dir = \"missing\";", CERTBIND_E_REFUSED, "does not exist; make it" },
		{ "domains_dir = \"missing/d\";", CERTBIND_E_REFUSED, "does not exist; make it" },
		{ "domains_dir = \"certbind.conf\";", CERTBIND_E_REFUSED, "is no directory" },
		{ "domains_dir = \"loop\";", CERTBIND_E_FILE, "can't be opened" },
		{ "domains_dir = \"stuck.d\";", CERTBIND_E_FILE, "left-over" },
		{ "domains_dir = \"wrong.d\";", CERTBIND_E_FILE, "is a directory" },
		{ "domains_dir = \"link.d\";", CERTBIND_E_REFUSED, "the file is a link" },
		{ "nothing = 1;", CERTBIND_E_CONFIG, "nothing" },
		{ "domains_dir = ", CERTBIND_E_CONFIG, "syntax error" },
	};
	struct certbind_error error;
	char command[2048];
	size_t i;

	(void)state;
	(void)snprintf(command, sizeof(command),
		"cd '%s' && mkdir -p stuck.d/.certbind-bind.new/x wrong.d/good.example.conf link.d "
		"&& "
		"ln -s loop loop && echo > linked && ln -s ../linked link.d/good.example.conf",
		scratch_path());
	assert_int_equal(system(command), 0);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int status = certbind_bind(scratch_write("certbind.conf", rows[i].text),
			"good.example", "webmail", "auto", 0, &error);

		if (status != rows[i].status || strstr(error.message, rows[i].message) == NULL)
			fail_msg("row %zu: %d: %s", i, status, error.message);
	}
	(void)snprintf(command, sizeof(command), "%s/missing.conf", scratch_path());
	assert_int_equal(certbind_bind(command, "good.example", "webmail", "auto", 0, &error),
		CERTBIND_E_FILE);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_calls),
		TEST(test_names_are_written_so_that_they_are_read),
		TEST(test_unbind),
		TEST(test_a_faulty_file_names_its_line),
		TEST(test_places_that_cannot_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
