/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "selfsigned_scratch.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

/* These definitions stand before the C library's: no test waits long, and a disk fails when asked. */
static bool skips_pauses;
static size_t pauses;
static bool fsync_fails;

int nanosleep(const struct timespec *duration, struct timespec *rest)
{
	pauses++;
	return skips_pauses ? 0 : (int)syscall(SYS_nanosleep, duration, rest);
}

int fsync(int fd)
{
	if (fsync_fails) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fsync, fd);
}

static void assert_mode(const char *path, mode_t mode)
{
	struct stat status;

	assert_int_equal(lstat(path, &status), 0);
	assert_int_equal(status.st_mode, mode);
}

static void test_modes(void **state)
{
	static const mode_t masks[] = { 0, 022, 077, 0777 };
	const struct scratch *scratch = *state;
	struct selfsigned made;
	char lock[160];

	(void)snprintf(lock, sizeof(lock), "%s/default.lock", scratch->directory);
	for (size_t i = 0; i < COUNT(masks); i++) {
		mode_t mask = umask(masks[i]);

		get_kept(scratch, NOW, &made);
		selfsigned_free(&made);
		(void)umask(mask);
		assert_mode(scratch->directory, S_IFDIR | 0700);
		assert_mode(scratch->file, S_IFREG | 0600);
		assert_mode(lock, S_IFREG | 0600);
		assert_int_equal(access(scratch->temporary, F_OK), -1);
		assert_int_equal(unlink(scratch->file), 0);
		assert_int_equal(unlink(lock), 0);
		assert_int_equal(rmdir(scratch->directory), 0);
	}
}

/* Succeeds with one in memory, and says why. */
static void assert_in_memory(const char *state_dir, const char *blamed)
{
	struct selfsigned made;
	struct certbind_error error;
	gnutls_x509_crt_t certificate;

	memset(&error, 0, sizeof(error));
	assert_int_equal(
		selfsigned_get(state_dir, names, COUNT(names), NOW, &made, &error), CERTBIND_OK);
	assert_false(made.is_kept);
	assert_int_equal(error.status, CERTBIND_E_FILE);
	assert_string_equal(error.file, blamed);
	assert_non_null(strstr(error.message, "memory only"));
	certificate = parse(&made);
	assert_names(certificate);
	gnutls_x509_crt_deinit(certificate);
	selfsigned_free(&made);
	assert_int_equal(
		selfsigned_get(state_dir, names, COUNT(names), NOW, &made, NULL), CERTBIND_OK);
	selfsigned_free(&made);
}

static void test_not_writable(void **state)
{
	const struct scratch *scratch = *state;
	struct selfsigned made;
	struct certbind_error error;
	char path[256];

	/* below a file, below what is not there, in a file system where nobody makes directories */
	write_file(scratch->target, "x", 1);
	(void)snprintf(path, sizeof(path), "%s/state", scratch->target);
	assert_in_memory(path, path);
	(void)snprintf(path, sizeof(path), "%s/not/there", scratch->root);
	assert_in_memory(path, path);
	assert_in_memory("/proc/self/certbind", "/proc/self/certbind");
	assert_in_memory(scratch->target, scratch->target);
	/* a directory where the file goes, where the temporary one goes */
	assert_int_equal(mkdir(scratch->directory, 0700), 0);
	assert_int_equal(mkdir(scratch->file, 0700), 0);
	assert_in_memory(scratch->directory, scratch->file);
	assert_int_equal(rmdir(scratch->file), 0);
	assert_int_equal(mkdir(scratch->temporary, 0700), 0);
	assert_in_memory(scratch->directory, scratch->file);
	assert_int_equal(access(scratch->file, F_OK), -1);
	assert_int_equal(rmdir(scratch->temporary), 0);
	/* peeking makes nothing */
	assert_int_equal(
		selfsigned_peek_existing(scratch->directory, &made, &error), CERTBIND_E_FILE);
	assert_int_equal(access(scratch->file, F_OK), -1);
	get_kept(scratch, NOW, &made);
	selfsigned_free(&made);
}

/* What links lead to is neither read nor written. */
static void test_symbolic_links(void **state)
{
	const struct scratch *scratch = *state;
	struct selfsigned first, next;
	struct certbind_error error;
	struct stat status;
	char lock[160];

	get_kept(scratch, NOW, &first);
	/* at the file's place: to a good one, and to nothing */
	assert_int_equal(rename(scratch->file, scratch->target), 0);
	assert_int_equal(symlink(scratch->target, scratch->file), 0);
	assert_int_equal(
		selfsigned_peek_existing(scratch->directory, &next, &error), CERTBIND_E_FILE);
	get_kept(scratch, NOW, &next);
	assert_false(is_same(&first, &next));
	assert_mode(scratch->file, S_IFREG | 0600);
	selfsigned_free(&next);
	assert_int_equal(stat(scratch->target, &status), 0);
	assert_int_equal(status.st_size, first.size);
	selfsigned_free(&first);
	/* at the temporary file's place, and left over from a crash */
	for (int i = 0; i < 2; i++) {
		write_file(scratch->target, "precious", 8);
		assert_int_equal(unlink(scratch->file), 0);
		if (i == 0)
			assert_int_equal(symlink(scratch->target, scratch->temporary), 0);
		else
			write_file(scratch->temporary, "half", 4);
		get_kept(scratch, NOW, &next);
		selfsigned_free(&next);
		assert_mode(scratch->file, S_IFREG | 0600);
		assert_int_equal(stat(scratch->target, &status), 0);
		assert_int_equal(status.st_size, 8);
	}
	/* at the lock's place */
	(void)snprintf(lock, sizeof(lock), "%s/default.lock", scratch->directory);
	assert_int_equal(unlink(scratch->file), 0);
	assert_int_equal(unlink(lock), 0);
	assert_int_equal(unlink(scratch->target), 0);
	assert_int_equal(symlink(scratch->target, lock), 0);
	assert_in_memory(scratch->directory, scratch->directory);
	assert_int_equal(access(scratch->target, F_OK), -1);
}

/* One of the racers: waits for the start, and tells what it got. */
static void race(const struct scratch *scratch, int start, int result)
{
	struct selfsigned made;
	char go;
	bool is_good = read(start, &go, 1) == 0 &&
		       selfsigned_get(scratch->directory, names, COUNT(names), NOW, &made, NULL) ==
			       CERTBIND_OK &&
		       made.is_kept && made.size < 4096 &&
		       write(result, made.pem, made.size) == (ssize_t)made.size;

	_exit(is_good ? 0 : 1);
}

static void test_race(void **state)
{
	enum { RACERS = 8 };
	const struct scratch *scratch = *state;
	struct selfsigned kept;
	int start[2], results[RACERS][2];
	pid_t children[RACERS];

	assert_int_equal(pipe(start), 0);
	for (int i = 0; i < RACERS; i++) {
		assert_int_equal(pipe(results[i]), 0);
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0) {
			(void)close(start[1]);
			race(scratch, start[0], results[i][1]);
		}
		(void)close(results[i][1]);
	}
	(void)close(start[1]);
	(void)close(start[0]);
	for (int i = 0; i < RACERS; i++) {
		int status;

		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	get_kept(scratch, NOW, &kept);
	for (int i = 0; i < RACERS; i++) {
		char bytes[4096];
		ssize_t size = read(results[i][0], bytes, sizeof(bytes));

		assert_int_equal(size, kept.size);
		assert_memory_equal(bytes, kept.pem, kept.size);
		(void)close(results[i][0]);
	}
	selfsigned_free(&kept);
}

/* Somebody holds the lock: the wait ends, and the certificate is there all the same. */
static void test_lock_held(void **state)
{
	const struct scratch *scratch = *state;
	struct selfsigned made;
	char lock[160];
	int fd;

	(void)snprintf(lock, sizeof(lock), "%s/default.lock", scratch->directory);
	assert_int_equal(mkdir(scratch->directory, 0700), 0);
	fd = open(lock, O_RDWR | O_CREAT, 0600);
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	pauses = 0;
	skips_pauses = true;
	assert_in_memory(scratch->directory, scratch->directory);
	skips_pauses = false;
	assert_true(pauses > 100);
	assert_int_equal(close(fd), 0);
	/* what is there already needs no lock */
	get_kept(scratch, NOW, &made);
	selfsigned_free(&made);
	fd = open(lock, O_RDWR);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	pauses = 0;
	get_kept(scratch, NOW, &made);
	selfsigned_free(&made);
	assert_int_equal(pauses, 0);
	assert_int_equal(close(fd), 0);
}

static void test_disk_fails(void **state)
{
	const struct scratch *scratch = *state;

	fsync_fails = true;
	assert_in_memory(scratch->directory, scratch->file);
	fsync_fails = false;
	assert_int_equal(access(scratch->file, F_OK), -1);
	assert_int_equal(access(scratch->temporary, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_modes),
		TEST(test_not_writable),
		TEST(test_symbolic_links),
		TEST(test_race),
		TEST(test_lock_held),
		TEST(test_disk_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
