/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "file_replace.h"
#include "file.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>

/* What write() and fsync() do: these definitions stand before the C library's. */
static struct {
	int interrupts; /* EINTR so many times first */
	size_t step; /* not more than that at once; 0: no limit */
	size_t room; /* ENOSPC when that is used up */
	int fsync_error;
	int fsyncs;
} script;

static int file_fd = -1; /* of the file under test: cmocka writes, too */

ssize_t write(int fd, const void *data, size_t size)
{
	if (fd != file_fd)
		return (ssize_t)syscall(SYS_write, fd, data, size);
	if (script.interrupts > 0) {
		script.interrupts--;
		errno = EINTR;
		return -1;
	}
	if (script.step != 0 && size > script.step)
		size = script.step;
	if (size > script.room) {
		errno = ENOSPC;
		return -1;
	}
	script.room -= size;
	return (ssize_t)syscall(SYS_write, fd, data, size);
}

int fsync(int fd)
{
	script.fsyncs++;
	if (script.fsync_error != 0) {
		errno = script.fsync_error;
		return -1;
	}
	return (int)syscall(SYS_fsync, fd);
}

static char directory[] = "/tmp/certbind-test-replace.XXXXXX";
static int directory_fd;
static char path[sizeof(directory) + 16];

static int make_directory(void **state)
{
	(void)state;
	(void)strcpy(directory + strlen(directory) - 6, "XXXXXX");
	if (mkdtemp(directory) == NULL)
		return -1;
	directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)snprintf(path, sizeof(path), "%s/name", directory);
	memset(&script, 0, sizeof(script));
	script.room = SIZE_MAX;
	return directory_fd < 0 ? -1 : 0;
}

static int remove_directory(void **state)
{
	(void)state;
	(void)unlinkat(directory_fd, "name", 0);
	(void)close(directory_fd);
	return rmdir(directory); /* so nothing else may be left in it */
}

static int replace(const char *text)
{
	/* The next descriptor is the lowest that is free. */
	file_fd = dup(directory_fd);
	(void)close(file_fd);
	return file_replace(directory_fd, "name", "temporary", text, strlen(text));
}

static void assert_text(const char *text)
{
	struct file_bytes bytes;
	struct certbind_error error;

	assert_int_equal(file_read(path, 1024, &bytes, &error), CERTBIND_OK);
	assert_string_equal((const char *)bytes.data, text);
	assert_int_equal(bytes.mode, S_IFREG | 0600);
	file_bytes_wipe(&bytes);
}

static void test_new_and_again(void **state)
{
	(void)state;
	assert_int_equal(replace("first"), 0);
	assert_text("first");
	assert_int_equal(script.fsyncs, 2); /* the file, then the directory */
	assert_int_equal(replace("the second"), 0);
	assert_text("the second");
	assert_int_equal(replace(""), 0);
	assert_text("");
}

static void test_pieces(void **state)
{
	(void)state;
	script.step = 3;
	script.interrupts = 2;
	assert_int_equal(replace("in several pieces"), 0);
	assert_text("in several pieces");
}

static void test_failures(void **state)
{
	(void)state;
	assert_int_equal(replace("old"), 0);
	script.step = 3;
	script.room = 7;
	assert_int_equal(replace("longer than the disk"), ENOSPC);
	assert_text("old");
	script.room = SIZE_MAX;
	script.fsync_error = EIO;
	assert_int_equal(replace("new"), EIO);
	assert_text("old");
	script.fsync_error = 0;
	assert_int_equal(file_replace(directory_fd, "no/name", "temporary", "x", 1), ENOENT);
	assert_int_equal(file_replace(-1, "name", "temporary", "x", 1), EBADF);
	assert_text("old");
}

/* What a crash left at the temporary name, or somebody put there. */
static void test_left_over(void **state)
{
	int fd;

	(void)state;
	fd = openat(directory_fd, "temporary", O_WRONLY | O_CREAT, 0644);
	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(replace("new"), 0);
	assert_text("new");
	assert_int_equal(symlinkat("name", directory_fd, "temporary"), 0);
	assert_int_equal(replace("newer"), 0);
	assert_text("newer");
	assert_int_equal(mkdirat(directory_fd, "temporary", 0700), 0);
	assert_int_not_equal(replace("newest"), 0);
	assert_text("newer");
	assert_int_equal(unlinkat(directory_fd, "temporary", AT_REMOVEDIR), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_directory, remove_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_new_and_again),
		TEST(test_pieces),
		TEST(test_failures),
		TEST(test_left_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
