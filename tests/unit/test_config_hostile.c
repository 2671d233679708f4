/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A domains_dir that less trusted users write: what is no plain file of a domain costs itself
 * alone. That nothing more is read than may be is counted in the files that were read.
 */
#include "checker.h"
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "scratch.h"

enum { JUNK = 100000, JUNK_SLOW = 1000, BAD_NAMES = 2000, LOADS_MIN = 100, LOADS_MAX = 20000 };

static struct config *load(void)
{
	struct certbind_error error;
	struct config *config = NULL;

	if (config_load("main.conf", &config, &error) < 0)
		fail_msg("%s:%d: %s", error.file, error.line, error.message);
	return config;
}

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* The first problem of that domain, or file; NULL: none. */
static const struct config_problem *problem_of(const struct config *config, const char *name)
{
	size_t i;

	for (i = 0; i < config->problems_length; i++) {
		const struct config_problem *problem = &config->problems[i];

		if ((problem->name != NULL && strcmp(problem->name, name) == 0) ||
			(problem->place.file != NULL && strstr(problem->place.file, name) != NULL))
			return problem;
	}
	return NULL;
}

static bool is_configured(const struct config *config, const char *name)
{
	size_t i;

	for (i = 0; i < config->domains_length; i++)
		if (strcmp(config->domains[i]->name, name) == 0)
			return true;
	return false;
}

static void make_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	(void)close(fd);
}

static void make_device(const char *path)
{
	/* Who may not make one links to one. */
	if (mknod(path, S_IFCHR | 0666, makedev(1, 5)) != 0)
		assert_int_equal(symlink("/dev/zero", path), 0);
}

static void make_large(const char *path, off_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	(void)close(fd);
}

static void special_files_cost_themselves(void **state)
{
	static const struct {
		const char *name, *message;
	} rows[] = {
		{ "socket.example", "the file is a socket; expected a regular file" },
		{ "fifo.example", "the file is a FIFO; expected a regular file" },
		{ "device.example", "the file is a device; expected a regular file" },
		{ "hundred.example", "the file has 104857600 bytes; expected at most 65536" },
		{ "tera.example", "the file has 1099511627776 bytes; expected at most 65536" },
		{ "proc.example", "changed while it was read" }, /* it says that it has no byte */
		{ "tty.example", "is a device" },
	};
	struct config *config;
	size_t i;

	(void)state;
	make_socket("d/socket.example.conf");
	assert_int_equal(mkfifo("d/fifo.example.conf", 0600), 0);
	make_device("d/device.example.conf");
	make_large("d/hundred.example.conf", (off_t)100 * 1024 * 1024);
	make_large("d/tera.example.conf", (off_t)1 << 40);
	assert_int_equal(symlink("/proc/self/environ", "d/proc.example.conf"), 0);
	assert_int_equal(symlink("/dev/tty", "d/tty.example.conf"), 0);
	assert_int_equal(mkdir("d/directory.example.conf", 0755), 0);
	config = load();
	assert_true(is_configured(config, "good.example"));
	assert_int_equal(config->domains_length, 1);
	assert_int_equal(config->problems_length, sizeof(rows) / sizeof(rows[0]));
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct config_problem *problem = problem_of(config, rows[i].name);

		assert_non_null(problem);
		assert_int_equal(problem->scope, CONFIG_SCOPE_DOMAIN);
		if (strstr(problem->message, rows[i].message) == NULL)
			fail_msg("%s: %s", rows[i].name, problem->message);
	}
	config_unref(config);
}

/* Only the name that a domain is looked for under counts, and no other takes its place. */
static void names_are_their_files(void **state)
{
	static const struct {
		const char *file, *message; /* NULL: ignored */
	} rows[] = {
		{ "GOOD.example.conf", "expected good.example.conf" },
		{ "Good.Example.conf", "expected good.example.conf" },
		{ "good.example..conf", "expected good.example.conf" },
		{ "b\xc3\xbc"
		  "cher.example.conf",
			"expected xn--bcher-kva.example.conf" },
		{ "192.0.2.1.conf", "the file's name is no host name" },
		{ "*.example.conf", "the file's name is no host name" },
		{ "a b.example.conf", "the file's name is no host name" },
		{ "a\tb.example.conf", "control characters" },
		{ "a\n{}.example.conf", "control characters" },
		{ "a\x1b[2J.example.conf", "control characters" },
		{ "a\xff.example.conf", "is no UTF-8" },
		{ "a\xc3.example.conf", "is no UTF-8" },
		{ "in-domains.example.conf", "configured already" },
		{ ".hidden.example.conf", NULL },
		{ ".conf", NULL },
		{ "other.example.CONF", NULL },
		{ "other.example.conf~", NULL },
		{ "README", NULL },
	};
	char path[512];
	size_t i;

	(void)state;
	put("main.conf",
		"domains_dir = \"d\"; domains = ( { name = \"in-domains.example\"; } );\n");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config *config;

		(void)snprintf(path, sizeof(path), "d/%s", rows[i].file);
		put(path, "webmail = \"none\";\n");
		config = load();
		assert_int_equal(config->domains_length, 2);
		assert_true(is_configured(config, "good.example"));
		assert_int_equal(config->domains[0]->choices_length, 0);
		assert_int_equal(config->problems_length, rows[i].message != NULL ? 1 : 0);
		if (rows[i].message != NULL &&
			strstr(config->problems[0].message, rows[i].message) == NULL)
			fail_msg("%s: %s", rows[i].file, config->problems[0].message);
		config_unref(config);
		assert_int_equal(unlink(path), 0);
	}
}

/*
 * In the child: appends until it is killed, at the latest when its parent ends, and begins anew
 * before the file is too large.
 */
static void grow(const char *path, pid_t parent)
{
	static const char line[] = "# a line of the file that grows\n";
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	off_t size = 0;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		_exit(1);
	while (getppid() == parent) {
		ssize_t done = write(fd, line, sizeof(line) - 1);

		size = done > 0 ? size + done : size;
		if (size > 48 * 1024 && ftruncate(fd, 0) == 0)
			size = 0;
	}
	_exit(1);
}

/* Waits until the writer is at work. */
static void wait_for_growth(const char *path)
{
	const struct timespec pause = { 0, 1000000 };
	struct stat status;
	int i;

	for (i = 0; i < 10000; i++) {
		assert_int_equal(stat(path, &status), 0);
		if (status.st_size > 0)
			return;
		(void)nanosleep(&pause, NULL);
	}
	fail_msg("nothing is written");
}

/* One version of it is taken, or none; and the good one always is. True: it changed meanwhile. */
static bool load_growing(void)
{
	struct config *config = load();
	const struct config_problem *problem = problem_of(config, "grows.example");
	bool has_changed = problem != NULL;

	assert_true(is_configured(config, "good.example"));
	assert_null(sources_next(config->sources, sources_first(config->sources))); /* main.conf */
	assert_int_equal(config->domain_files_length, 2);
	assert_int_equal(problem == NULL, is_configured(config, "grows.example"));
	if (problem != NULL && strstr(problem->message, "changed while it was read") == NULL)
		fail_msg("%s", problem->message);
	config_unref(config);
	return has_changed;
}

/* Each load ends: the file is read once, and not until its end. */
static void a_file_that_grows(void **state)
{
	size_t i, changed = 0;
	pid_t parent = getpid();
	pid_t child;
	int status;

	(void)state;
	put("d/grows.example.conf", "");
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		grow("d/grows.example.conf", parent);
	wait_for_growth("d/grows.example.conf");
	for (i = 0; i < LOADS_MIN || (changed == 0 && i < LOADS_MAX); i++)
		changed += load_growing() ? 1 : 0;
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	print_message("%zu loads, changed in %zu\n", i, changed);
}

/* In memory where that can be had: disks take their time for so many. */
static void make_directory(char *path, size_t size)
{
	(void)snprintf(path, size, "/dev/shm/certbind-XXXXXX");
	if (mkdtemp(path) == NULL)
		(void)snprintf(path, size, "d");
}

/* 100,000 files that are none of a domain are not even looked at. */
static void junk_is_not_read(void **state)
{
	size_t length = checker_is_valgrind() ? JUNK_SLOW : JUNK;
	struct config *config;
	char directory[64], text[128];
	size_t i;

	(void)state;
	make_directory(directory, sizeof(directory));
	(void)snprintf(text, sizeof(text), "domains_dir = \"%s\";\n", directory);
	put("main.conf", text);
	for (i = 0; i < length; i++) {
		(void)snprintf(text, sizeof(text), "%s/junk-%zu.txt", directory, i);
		assert_int_equal(symlink("/dev/zero", text), 0);
	}
	(void)snprintf(text, sizeof(text), "%s/good.example.conf", directory);
	put(text, "");
	config = load();
	(void)snprintf(text, sizeof(text), "rm -rf %s", directory);
	assert_int_equal(system(text), 0);
	assert_true(is_configured(config, "good.example"));
	assert_int_equal(config->domains_length, 1);
	assert_int_equal(config->problems_length, 0);
	assert_null(sources_next(config->sources, sources_first(config->sources))); /* main.conf */
	assert_int_equal(config->domain_files_length, 1);
	config_unref(config);
}

/* Files with a domain's ending: one problem each, of bounded length. */
static void many_bad_names(void **state)
{
	size_t length = checker_is_valgrind() ? JUNK_SLOW / 10 : BAD_NAMES;
	struct config *config;
	char path[64];
	size_t i;

	(void)state;
	for (i = 0; i < length; i++) {
		(void)snprintf(path, sizeof(path), "d/_bad name %zu.conf", i);
		put(path, "}}}}\n{{{{\n");
	}
	config = load();
	assert_true(is_configured(config, "good.example"));
	assert_int_equal(config->domains_length, 1);
	assert_true(config->problems_length >= length && config->problems_length <= 2 * length);
	for (i = 0; i < config->problems_length; i++)
		assert_true(strlen(config->problems[i].message) < 1024);
	config_unref(config);
}

static int set_up(void **state)
{
	(void)state;
	scratch_make();
	if (chdir(scratch_path()) != 0 || mkdir("d", 0755) != 0)
		return -1;
	return 0;
}

/* Each test begins with one good domain and nothing else. */
static int begin(void **state)
{
	(void)state;
	if (system("rm -rf d && mkdir d") != 0)
		return -1;
	put("main.conf", "domains_dir = \"d\";\n");
	put("d/good.example.conf", "");
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(special_files_cost_themselves, begin),
		cmocka_unit_test_setup(names_are_their_files, begin),
		cmocka_unit_test_setup(a_file_that_grows, begin),
		cmocka_unit_test_setup(junk_is_not_read, begin),
		cmocka_unit_test_setup(many_bad_names, begin),
	};

	return cmocka_run_group_tests(tests, set_up, scratch_tear_down);
}
