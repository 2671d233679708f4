/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "file.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

/* What read() does for the file under test: this definition stands before the C library's. */
static struct {
	int interrupts; /* EINTR so many times first */
	size_t step; /* not more than that at once; 0: no limit */
	const char *grow; /* a byte is added to this file after the first read */
	const char *touch; /* rewritten with the same length after the first read */
	int fail; /* errno */
} script;

static void disturb(void)
{
	const char *path = script.grow != NULL ? script.grow : script.touch;
	int fd;

	if (path == NULL)
		return;
	fd = open(path, O_WRONLY | (script.grow != NULL ? O_APPEND : 0));
	if (fd < 0 || write(fd, "y", 1) != 1)
		abort();
	(void)close(fd);
	script.grow = NULL;
	script.touch = NULL;
}

ssize_t read(int fd, void *buffer, size_t size)
{
	ssize_t got;

	if (script.interrupts > 0) {
		script.interrupts--;
		errno = EINTR;
		return -1;
	}
	if (script.fail != 0) {
		errno = script.fail;
		return -1;
	}
	if (script.step != 0 && size > script.step)
		size = script.step;
	got = (ssize_t)syscall(SYS_read, fd, buffer, size);
	disturb();
	return got;
}

static char directory[] = "/tmp/certbind-test-file.XXXXXX";

static const char *path_of(const char *name)
{
	static char path[100];

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static void put(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
	(void)state;
	memset(&script, 0, sizeof(script));
	memcpy(directory + sizeof(directory) - 7, "XXXXXX", 6);
	return mkdtemp(directory) == NULL;
}

static int tear_down(void **state)
{
	static const char *const names[] = { "plain", "fifo", "directory", "socket", "link", "loop",
		"device" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)remove(path_of(names[i]));
	return rmdir(directory);
}

static void refuse_wish(const struct file_wish *wish, const char *name, const char *message)
{
	struct certbind_error error = { 0 };
	struct file_bytes bytes;

	assert_int_equal(file_read_wish(wish, &bytes, &error), CERTBIND_E_FILE);
	assert_int_equal(error.status, CERTBIND_E_FILE);
	assert_string_equal(error.file, path_of(name));
	if (strstr(error.message, message) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", error.message, message);
	assert_null(bytes.data);
	assert_int_equal(bytes.size, 0);
}

/* A listing may have told of another file that was there before. */
static void refuse_bounded(const char *name, size_t size_max, const char *message)
{
	const char *touch = script.touch;
	const char *grow = script.grow;
	struct file_wish wish = { .path = path_of(name), .size_max = size_max };

	refuse_wish(&wish, name, message);
	wish.is_listed = true;
	script.touch = touch;
	script.grow = grow;
	refuse_wish(&wish, name, message);
}

static void refuse(const char *name, const char *message)
{
	refuse_bounded(name, 100, message);
}

static void reads_a_file(void **state)
{
	struct file_bytes bytes;
	struct stat status;

	(void)state;
	put("plain", "hello");
	assert_int_equal(chmod(path_of("plain"), 0640), 0);
	assert_int_equal(file_read(path_of("plain"), 5, &bytes, NULL), CERTBIND_OK);
	assert_int_equal(bytes.size, 5);
	assert_string_equal((char *)bytes.data, "hello");
	assert_int_equal(stat(path_of("plain"), &status), 0);
	assert_int_equal(bytes.mode, S_IFREG | 0640);
	assert_int_equal(bytes.owner, geteuid());
	assert_int_equal(bytes.id.inode, status.st_ino);
	assert_int_equal(bytes.id.device, status.st_dev);
	assert_int_equal(bytes.id.size, 5);
	file_bytes_wipe(&bytes);
	assert_null(bytes.data);
	file_bytes_wipe(&bytes);
}

static void reads_an_empty_file(void **state)
{
	struct file_bytes bytes;

	(void)state;
	put("plain", "");
	assert_int_equal(file_read(path_of("plain"), 0, &bytes, NULL), CERTBIND_OK);
	assert_int_equal(bytes.size, 0);
	assert_string_equal((char *)bytes.data, "");
	file_bytes_wipe(&bytes);
}

static void follows_a_link(void **state)
{
	struct file_bytes bytes;

	(void)state;
	put("plain", "hello");
	assert_int_equal(symlink("plain", path_of("link")), 0);
	assert_int_equal(file_read(path_of("link"), 5, &bytes, NULL), CERTBIND_OK);
	assert_string_equal((char *)bytes.data, "hello");
	file_bytes_wipe(&bytes);
}

static void tells_whether_a_listed_file_is_a_link(void **state)
{
	struct file_wish wish = { .path = path_of("plain"), .size_max = 5, .is_listed = true };
	struct file_bytes bytes;

	(void)state;
	put("plain", "hello");
	assert_int_equal(file_read_wish(&wish, &bytes, NULL), CERTBIND_OK);
	assert_true(bytes.is_direct);
	file_bytes_wipe(&bytes);
	assert_int_equal(symlink("plain", path_of("link")), 0);
	wish.path = path_of("link");
	assert_int_equal(file_read_wish(&wish, &bytes, NULL), CERTBIND_OK);
	assert_string_equal((char *)bytes.data, "hello");
	assert_false(bytes.is_direct);
	file_bytes_wipe(&bytes);
}

static void survives_signals_and_short_reads(void **state)
{
	struct file_bytes bytes;

	(void)state;
	put("plain", "hello");
	script.interrupts = 3;
	script.step = 2;
	assert_int_equal(file_read(path_of("plain"), 5, &bytes, NULL), CERTBIND_OK);
	assert_string_equal((char *)bytes.data, "hello");
	assert_int_equal(script.interrupts, 0);
	file_bytes_wipe(&bytes);
}

static void refuses_what_is_no_file(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct file_bytes bytes;

	(void)state;
	/* A caller that wants no error. */
	assert_int_equal(file_read(path_of("missing"), 1, &bytes, NULL), CERTBIND_E_FILE);
	refuse("missing", "does not exist; expected a regular file");
	assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
	refuse("fifo", "is a FIFO; expected a regular file");
	assert_int_equal(mkdir(path_of("directory"), 0700), 0);
	refuse("directory", "is a directory; expected a regular file");
	assert_int_equal(symlink("/dev/zero", path_of("device")), 0);
	refuse("device", "is a device; expected a regular file");
	assert_int_equal(symlink("loop", path_of("loop")), 0);
	refuse("loop", "leads nowhere");
	assert_true(fd >= 0);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path_of("socket"));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	refuse("socket", "is a socket; expected a regular file");
	(void)close(fd);
}

static void refuses_what_may_not_be_read(void **state)
{
	(void)state;
	put("plain", "hello");
	assert_int_equal(chmod(path_of("plain"), 0), 0);
	/* Nothing is forbidden to root; but the directory is root's alone. */
	if (getuid() == 0)
		assert_int_equal(seteuid(65534), 0);
	refuse("plain", "may not be read by user");
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
}

static void refuses_what_is_too_large(void **state)
{
	(void)state;
	put("plain", "hello");
	refuse_bounded("plain", 4, "has 5 bytes; expected at most 4");
}

static void refuses_what_grows(void **state)
{
	(void)state;
	put("plain", "hello");
	script.step = 2;
	script.grow = path_of("plain");
	refuse("plain", "changed while it was read");
}

static void refuses_what_is_rewritten(void **state)
{
	(void)state;
	put("plain", "hello");
	/* The clock of the file system may stand still for some milliseconds. */
	(void)usleep(20000);
	script.touch = path_of("plain");
	refuse("plain", "changed while it was read");
}

static void tells_other_faults(void **state)
{
	(void)state;
	put("plain", "hello");
	script.fail = EIO;
	refuse("plain", "can't be read: Input/output error");
}

static void resolves_paths(void **state)
{
	static const struct {
		const char *naming, *path, *resolved;
	} rows[] = {
		{ "/etc/certbind.conf", "tls/a.pem", "/etc/tls/a.pem" },
		{ "/etc/certbind.conf", "/a.pem", "/a.pem" },
		{ "certbind.conf", "a.pem", "a.pem" },
		{ "conf/certbind.conf", "../a.pem", "conf/../a.pem" },
		{ "/certbind.conf", "a.pem", "/a.pem" },
		{ NULL, "a.pem", "a.pem" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *resolved = file_resolve_dup(rows[i].naming, rows[i].path);

		assert_string_equal(resolved, rows[i].resolved);
		free(resolved);
	}
}

static void tells_versions_apart(void **state)
{
	struct file_id a = {
		.device = 1, .inode = 2, .size = 3, .changed = 4, .status_changed = 5
	};
	struct file_id b[5];
	size_t i;

	(void)state;
	for (i = 0; i < 5; i++)
		b[i] = a;
	assert_true(file_id_equal(&a, &b[0]));
	b[0].device++;
	b[1].inode++;
	b[2].size++;
	b[3].changed++;
	b[4].status_changed++;
	for (i = 0; i < 5; i++)
		assert_false(file_id_equal(&a, &b[i]));
}

static void times_have_nanoseconds(void **state)
{
	struct stat status = { .st_mtim = { 4, 5 }, .st_ctim = { 6, 7 } };
	struct file_id id = file_id_of(&status);

	(void)state;
	assert_int_equal(id.changed, INT64_C(4000000005));
	assert_int_equal(id.status_changed, INT64_C(6000000007));
	status.st_mtim.tv_sec = -1;
	id = file_id_of(&status);
	assert_int_equal(id.changed, -999999995);
}

int main(void)
{
#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		IN_DIRECTORY(reads_a_file),
		IN_DIRECTORY(reads_an_empty_file),
		IN_DIRECTORY(follows_a_link),
		IN_DIRECTORY(tells_whether_a_listed_file_is_a_link),
		IN_DIRECTORY(survives_signals_and_short_reads),
		IN_DIRECTORY(refuses_what_is_no_file),
		IN_DIRECTORY(refuses_what_may_not_be_read),
		IN_DIRECTORY(refuses_what_is_too_large),
		IN_DIRECTORY(refuses_what_grows),
		IN_DIRECTORY(refuses_what_is_rewritten),
		IN_DIRECTORY(tells_other_faults),
		cmocka_unit_test(resolves_paths),
		cmocka_unit_test(tells_versions_apart),
		cmocka_unit_test(times_have_nanoseconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
