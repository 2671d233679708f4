/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What no file in the source tree can show: FIFOs, bounds, permissions, patterns, big sets. */
#include "checker.h"
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

enum { DOMAIN_FILE_MAX = 64 * 1024 };

static struct config *load(const char *path)
{
	struct certbind_error error;
	struct config *config = NULL;

	assert_int_equal(config_load(path, &config, &error), CERTBIND_OK);
	assert_non_null(config);
	return config;
}

static FILE *open_new(const char *path)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	return file;
}

static void write_text(const char *path, const char *text)
{
	FILE *file = open_new(path);

	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* A file of `size` bytes, all of it a comment. */
static void write_comment(const char *path, size_t size)
{
	FILE *file = open_new(path);

	assert_int_equal(fputc('#', file), '#');
	for (; size > 1; size--)
		assert_int_equal(fputc('x', file), 'x');
	assert_int_equal(fclose(file), 0);
}

static void assert_problem(const struct config *config, size_t index, enum config_scope scope,
	const char *place, const char *message)
{
	char found[512];

	assert_true(index < config->problems_length);
	(void)snprintf(found, sizeof(found), "%s:%d", config->problems[index].place.file,
		config->problems[index].place.line);
	assert_string_equal(found, place);
	assert_string_equal(config->problems[index].message, message);
	assert_int_equal(config->problems[index].scope, scope);
}

static void test_domains_dir_kinds(void **state)
{
	struct config *config;

	(void)state;
	assert_int_equal(mkdir("d", 0755), 0);
	write_text("main.conf", "domains_dir = \"d\";\n");
	write_comment("d/a-fits.example.conf", DOMAIN_FILE_MAX);
	write_comment("d/b-large.example.conf", DOMAIN_FILE_MAX + 1);
	assert_int_equal(mkfifo("d/c-fifo.example.conf", 0600), 0);
	assert_int_equal(symlink("nowhere", "d/d-dangling.example.conf"), 0);
	assert_int_equal(symlink("e-loop.example.conf", "d/e-loop.example.conf"), 0);
	assert_int_equal(symlink("a-fits.example.conf", "d/f-link.example.conf"), 0);
	assert_int_equal(symlink(".", "d/g-directory.example.conf"), 0);
	config = load("main.conf");
	assert_int_equal(config->domains_length, 2);
	assert_string_equal(config->domains[0]->name, "a-fits.example");
	assert_string_equal(config->domains[1]->name, "f-link.example");
	assert_int_equal(config->problems_length, 4);
	assert_problem(config, 0, CONFIG_SCOPE_DOMAIN, "d/b-large.example.conf:0",
		"domain \"b-large.example\": the file has 65537 bytes; expected at most 65536");
	assert_problem(config, 1, CONFIG_SCOPE_DOMAIN, "d/c-fifo.example.conf:0",
		"domain \"c-fifo.example\": the file is a FIFO; expected a regular file");
	assert_problem(config, 2, CONFIG_SCOPE_DOMAIN, "d/d-dangling.example.conf:0",
		"domain \"d-dangling.example\": the file does not exist; expected a regular file");
	assert_problem(config, 3, CONFIG_SCOPE_DOMAIN, "d/e-loop.example.conf:0",
		"domain \"e-loop.example\": the file is a symbolic link that leads nowhere; "
		"expected "
		"a regular file");
	assert_string_equal(config->problems[0].name, "b-large.example");
	config_unref(config);
}

/* Who may write into the directory may not be allowed to read what a link leads to. */
static void test_links_lead_nowhere_else(void **state)
{
	static const char message[] = "the file is a symbolic link that leads out of the "
				      "directory; expected a file in it";
	char expected[256];
	struct config *config;
	size_t i;

	(void)state;
	assert_int_equal(mkdir("l", 0755), 0);
	assert_int_equal(mkdir("l/inside", 0755), 0);
	write_text("links.conf", "domains_dir = \"l\";\n");
	write_text("l2.conf", "mail = \"none\"; secret = \"word\";\n");
	write_text("l/inside/data", "mail = \"none\";\n");
	assert_int_equal(symlink("../l2.conf", "l/a.example.conf"), 0);
	assert_int_equal(symlink("inside/data", "l/b.example.conf"), 0);
	assert_int_equal(symlink("inside/../../l2.conf", "l/c.example.conf"), 0);
	assert_int_equal(symlink("/etc/passwd", "l/d.example.conf"), 0);
	/* By way of another link, which is in the directory itself. */
	assert_int_equal(symlink("..", "l/inside/up"), 0);
	assert_int_equal(symlink("inside/up/a.example.conf", "l/e.example.conf"), 0);
	config = load("links.conf");
	assert_int_equal(config->domains_length, 1);
	assert_string_equal(config->domains[0]->name, "b.example");
	assert_int_equal(config->problems_length, 4);
	for (i = 0; i < 4; i++) {
		char place[64];

		(void)snprintf(place, sizeof(place), "l/%c.example.conf:0", "acde"[i]);
		(void)snprintf(expected, sizeof(expected), "domain \"%c.example\": %s", "acde"[i],
			message);
		assert_problem(config, i, CONFIG_SCOPE_DOMAIN, place, expected);
	}
	config_unref(config);
}

static void test_unreadable(void **state)
{
	struct config *config;

	(void)state;
	if (geteuid() == 0) {
		/* The calling user reads everything: become one that does not. */
		assert_int_equal(chmod(".", 0777), 0);
		assert_int_equal(seteuid(65534), 0);
	}
	assert_int_equal(mkdir("u", 0755), 0);
	assert_int_equal(mkdir("closed", 0700), 0);
	write_text("u/a.example.conf", "");
	write_text("u/b.example.conf", "");
	assert_int_equal(chmod("u/b.example.conf", 0), 0);
	assert_int_equal(chmod("closed", 0), 0);
	write_text("unreadable.conf", "domains_dir = \"u\"; include = [ \"closed/*.conf\" ];\n");
	config = load("unreadable.conf");
	assert_int_equal(config->domains_length, 1);
	assert_int_equal(config->problems_length, 2);
	assert_problem(config, 0, CONFIG_SCOPE_LOAD, "unreadable.conf:1",
		"\"include\": a directory of closed/*.conf can't be read");
	assert_int_equal(config->problems[1].scope, CONFIG_SCOPE_DOMAIN);
	assert_non_null(strstr(config->problems[1].message, "the file may not be read by user"));
	config_unref(config);
	write_text("unreadable.conf", "domains_dir = \"closed\";\n");
	config = load("unreadable.conf");
	assert_int_equal(config->problems_length, 1);
	assert_problem(config, 0, CONFIG_SCOPE_LOAD, "unreadable.conf:1",
		"\"domains_dir\": closed can't be read: Permission denied; expected a directory");
	config_unref(config);
	assert_int_equal(chmod("closed", 0700), 0);
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
}

/* Sorted by bytes; dot files no; the including file's own path is no pattern. */
static void test_patterns(void **state)
{
	static const char *const expected[] = { "[x]*/main.conf", "[x]*/c/B.conf", "[x]*/c/a.conf",
		"[x]*/c/b.conf", "[x]*/c/q?.conf" };
	struct config *config;
	size_t i;

	(void)state;
	assert_int_equal(mkdir("[x]*", 0755), 0);
	assert_int_equal(mkdir("[x]*/c", 0755), 0);
	write_text(
		"[x]*/main.conf", "include = [ \"c/[!q]*.conf\", \"c/q\\\\?.c*\", \"none/*\" ];\n");
	write_text("[x]*/c/b.conf", "");
	write_text("[x]*/c/a.conf", "certificate_dirs = \"live\";\n");
	write_text("[x]*/c/B.conf", "");
	write_text("[x]*/c/q?.conf", "");
	write_text("[x]*/c/qq.conf", "unknown = 1;\n");
	write_text("[x]*/c/.hidden.conf", "unknown = 1;\n");
	config = load("[x]*/main.conf");
	assert_int_equal(config->problems_length, 0);
	assert_int_equal(config->files_length, 5);
	for (i = 0; i < 5; i++)
		assert_string_equal(config->files[i], expected[i]);
	assert_int_equal(config->certificate_dirs.length, 1);
	assert_string_equal(config->certificate_dirs.items[0], "[x]*/c/live");
	config_unref(config);
}

/* Names that can't be written into a message, or make a second line of it. */
static void test_names_of_files(void **state)
{
	struct config *config;

	(void)state;
	assert_int_equal(mkdir("n", 0755), 0);
	assert_int_equal(mkdir("n/d", 0755), 0);
	write_text("n/d/\xff.example.conf", "");
	write_text("n/d/a\n1: b.example.conf", "");
	write_text("n/d/ok.example.conf", "");
	write_text("n/x\x1b[31m.conf", "");
	write_text("n/y.conf", "cache_size = 7;\n");
	write_text("names.conf", "include = [ \"n/*.conf\" ];\ndomains_dir = \"n/d\";\n");
	config = load("names.conf");
	assert_int_equal(config->domains_length, 1);
	assert_int_equal(config->cache_size, 7);
	assert_int_equal(config->problems_length, 3);
	assert_problem(config, 0, CONFIG_SCOPE_LOAD, "names.conf:1",
		"\"include\": the name of n/x?[31m.conf is no UTF-8, or has control characters");
	assert_problem(config, 1, CONFIG_SCOPE_DOMAIN, "names.conf:2",
		"\"domains_dir\": the file's name \"a?1: b.example.conf\" is no UTF-8, or has "
		"control "
		"characters");
	assert_problem(config, 2, CONFIG_SCOPE_DOMAIN, "names.conf:2",
		"\"domains_dir\": the file's name \"?.example.conf\" is no UTF-8, or has control "
		"characters");
	config_unref(config);
}

/* The same file by another name is the same file. */
static void test_hard_link(void **state)
{
	struct config *config;

	(void)state;
	write_text("one.conf", "cache_size = 5;\n");
	assert_int_equal(link("one.conf", "two.conf"), 0);
	write_text("links.conf", "include = [\n\"one.conf\",\n\"two.conf\" ];\n");
	config = load("links.conf");
	assert_int_equal(config->cache_size, 5);
	assert_int_equal(config->problems_length, 1);
	assert_problem(config, 0, CONFIG_SCOPE_LOAD, "links.conf:3",
		"\"include\": two.conf is included already by links.conf:2");
	config_unref(config);
}

static void write_big(const char *path, size_t length)
{
	FILE *file = open_new(path);
	size_t i;

	assert_true(fprintf(file, "certificates = (\n") > 0);
	for (i = 0; i < length; i++)
		assert_true(
			fprintf(file,
				"{ name = \"c%zu\"; chain = \"%zu.pem\"; key = \"%zu.key\"; }%s\n",
				i, i, i, i + 1 < length ? "," : "") > 0);
	assert_true(fprintf(file, ");\ndomains = (\n") > 0);
	for (i = 0; i < length; i++)
		assert_true(fprintf(file,
				    "{ name = \"d%zu.example\"; mail = \"c%zu\"; mail_hosts = "
				    "[ \"mx.d%zu.example\" ]; }%s\n",
				    i, i, i, i + 1 < length ? "," : "") > 0);
	assert_true(fprintf(file, ");\n") > 0);
	assert_int_equal(fclose(file), 0);
}

/* CPU seconds to load a set of that length, the best of three. */
static double load_seconds(size_t length)
{
	double best = 0;
	int i;

	write_big("big.conf", length);
	for (i = 0; i < 3; i++) {
		clock_t start = clock();
		struct config *config = load("big.conf");
		double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;

		assert_int_equal(config->problems_length, 0);
		assert_int_equal(config->certificates_length, length);
		assert_int_equal(config->domains_length, length);
		config_unref(config);
		if (i == 0 || seconds < best)
			best = seconds;
	}
	return best;
}

/* Eight times as many entries take eight times as long, or more on a busy machine, but not 64 times. */
static void test_big(void **state)
{
	size_t length = checker_is_valgrind() ? 200 : 2500;
	double few = load_seconds(length);
	double many = load_seconds(8 * length);

	(void)state;
	print_message("%zu entries %.3f s, %zu entries %.3f s\n", length, few, 8 * length, many);
	assert_true(many < 40 * few + 0.1);
}

static void test_big_directory(void **state)
{
	size_t length = checker_is_valgrind() ? 50 : 2000;
	struct config *config;
	char path[64];
	size_t i;

	(void)state;
	assert_int_equal(mkdir("many", 0755), 0);
	for (i = 0; i < length; i++) {
		(void)snprintf(path, sizeof(path), "many/d%zu.example.conf", i);
		write_text(path, i == 7 ? "broken\n" : "webmail = \"none\";\n");
	}
	write_text("many.conf", "domains_dir = \"many\";\n");
	config = load("many.conf");
	assert_int_equal(config->domains_length, length - 1);
	assert_int_equal(config->problems_length, 1);
	assert_string_equal(config->problems[0].name, "d7.example");
	for (i = 1; i < config->domains_length; i++)
		assert_true(strcmp(config->domains[i - 1]->name, config->domains[i]->name) < 0);
	config_unref(config);
}

static int remove_found(const char *path, const struct stat *status, int type, struct FTW *at)
{
	(void)status;
	(void)type;
	(void)at;
	return remove(path);
}

static char *scratch;

static int setup(void **state)
{
	const char *parent = getenv("TMPDIR");
	size_t size;

	(void)state;
	if (parent == NULL)
		parent = "/tmp";
	size = strlen(parent) + 32;
	scratch = malloc(size);
	if (scratch == NULL)
		return -1;
	(void)snprintf(scratch, size, "%s/certbind-config-XXXXXX", parent);
	return mkdtemp(scratch) != NULL && chdir(scratch) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
	int result = nftw(scratch, remove_found, 16, FTW_DEPTH | FTW_PHYS);

	(void)state;
	free(scratch);
	return result;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_domains_dir_kinds),
		cmocka_unit_test(test_links_lead_nowhere_else),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_names_of_files),
		cmocka_unit_test(test_hard_link),
		cmocka_unit_test(test_big),
		cmocka_unit_test(test_big_directory),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
