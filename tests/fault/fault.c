/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lets system calls fail. As a preload it is told by the environment: FAULT_CALL names the call,
 * FAULT_AT tells which of its calls (from 1), FAULT_ERRNO with what error. With FAULT_KILL the
 * process is killed there instead, a crash at that moment. It says "fault" on standard error when
 * it strikes. A program that is linked with it uses fault.h instead.
 *
 * Where the C library has two names for one function, for files of any size and for small ones, both
 * are the same function on machines of 64 bits.
 */
#include "fault.h"
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

#ifndef RTLD_NEXT /* POSIX reserves it; glibc hides it */
#define RTLD_NEXT ((void *)-1L)
#endif

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of all that follows */
static const char *set_call; /* by fault_set() */
static long set_at;
static int set_number;
static const char *set_end; /* of the path; NULL: any */
static int is_set;
static long calls;
static int has_struck;
static char struck_path[PATH_MAX];
static int read_bytes; /* 0: as many as there are */
static unsigned int reads;
static int loses_events;
static int inotify_fd = -1;

static long number_of(const char *variable)
{
	const char *text = getenv(variable);

	return text != NULL ? strtol(text, NULL, 10) : 0;
}

void fault_set(const char *call, long at, int number)
{
	(void)pthread_mutex_lock(&lock);
	is_set = 1;
	set_call = call;
	set_at = at;
	set_number = number;
	set_end = NULL;
	calls = 0;
	if (call != NULL)
		has_struck = 0;
	(void)pthread_mutex_unlock(&lock);
}

void fault_set_path(const char *end)
{
	(void)pthread_mutex_lock(&lock);
	set_end = end;
	(void)pthread_mutex_unlock(&lock);
}

const char *fault_path(void)
{
	return has_struck ? struck_path : NULL;
}

void fault_set_short(int bytes)
{
	(void)pthread_mutex_lock(&lock);
	read_bytes = bytes;
	(void)pthread_mutex_unlock(&lock);
}

void fault_lose_events(void)
{
	(void)pthread_mutex_lock(&lock);
	loses_events = 1;
	(void)pthread_mutex_unlock(&lock);
}

/* Notes what the call is about: a path, or else what the descriptor is open on. */
static void note_path(int fd, const char *path)
{
	char link[64];
	ssize_t length;

	if (path != NULL && path[0] != '\0') {
		(void)snprintf(struck_path, sizeof(struck_path), "%s", path);
		return;
	}
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = syscall(SYS_readlinkat, AT_FDCWD, link, struck_path, sizeof(struck_path) - 1);
	struck_path[length > 0 ? length : 0] = '\0';
}

static int has_end(const char *path)
{
	size_t length = path != NULL ? strlen(path) : 0;

	return length >= strlen(set_end) && strcmp(path + length - strlen(set_end), set_end) == 0;
}

/* Whether this is the call; *number: its error. The caller has the lock. */
static int is_it(const char *call, const char *path, int *number)
{
	const char *wanted = is_set ? set_call : getenv("FAULT_CALL");
	long at = is_set ? set_at : number_of("FAULT_AT");

	*number = is_set ? set_number : (int)number_of("FAULT_ERRNO");
	if (wanted == NULL || (strcmp(wanted, FAULT_ANY) != 0 && strcmp(wanted, call) != 0))
		return 0;
	if (set_end != NULL && !has_end(path))
		return 0;
	return ++calls == at || at == FAULT_EVERY;
}

/* Is this the call that is to fail? Then errno is set. */
static int is_due(const char *call, int fd, const char *path)
{
	static const char mark[] = "fault\n";
	int number;
	int is_due_now;

	(void)pthread_mutex_lock(&lock);
	is_due_now = is_it(call, path, &number);
	if (is_due_now) {
		has_struck = 1;
		note_path(fd, path);
	}
	(void)pthread_mutex_unlock(&lock);
	if (!is_due_now)
		return 0;
	if (!is_set) {
		(void)syscall(SYS_write, STDERR_FILENO, mark, sizeof(mark) - 1);
		if (number_of("FAULT_KILL") != 0)
			(void)kill(getpid(), SIGKILL);
	}
	errno = number;
	return 1;
}

/* The mode is there only when a file may be made. */
static mode_t mode_of(int flags, va_list arguments)
{
	return (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
}

EXPORT int open(const char *path, int flags, ...)
{
	va_list arguments;
	mode_t mode;

	va_start(arguments, flags);
	mode = mode_of(flags, arguments);
	va_end(arguments);
	return is_due("open", -1, path) ? -1
					: (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

EXPORT int openat(int directory, const char *path, int flags, ...)
{
	va_list arguments;
	mode_t mode;

	va_start(arguments, flags);
	mode = mode_of(flags, arguments);
	va_end(arguments);
	return is_due("open", -1, path) ? -1
					: (int)syscall(SYS_openat, directory, path, flags, mode);
}

EXPORT int open64(const char *path, int flags, ...) __attribute__((alias("open"), nonnull(1)));
EXPORT int openat64(int directory, const char *path, int flags, ...)
	__attribute__((alias("openat"), nonnull(2)));

EXPORT int fstatat(int directory, const char *path, struct stat *status, int flags)
{
	return is_due("stat", directory, path)
		       ? -1
		       : (int)syscall(SYS_newfstatat, directory, path, status, flags);
}

EXPORT int stat(const char *path, struct stat *status)
{
	return is_due("stat", -1, path) ? -1
					: (int)syscall(SYS_newfstatat, AT_FDCWD, path, status, 0);
}

EXPORT int lstat(const char *path, struct stat *status)
{
	return is_due("stat", -1, path)
		       ? -1
		       : (int)syscall(SYS_newfstatat, AT_FDCWD, path, status, AT_SYMLINK_NOFOLLOW);
}

EXPORT int fstat(int fd, struct stat *status)
{
	return is_due("stat", fd, NULL) ? -1 : (int)syscall(SYS_fstat, fd, status);
}

int fstatat64(int directory, const char *path, struct stat *status, int flags);
int stat64(const char *path, struct stat *status);
int lstat64(const char *path, struct stat *status);
int fstat64(int fd, struct stat *status);
EXPORT int fstatat64(int directory, const char *path, struct stat *status, int flags)
	__attribute__((alias("fstatat")));
EXPORT int stat64(const char *path, struct stat *status) __attribute__((alias("stat")));
EXPORT int lstat64(const char *path, struct stat *status) __attribute__((alias("lstat")));
EXPORT int fstat64(int fd, struct stat *status) __attribute__((alias("fstat")));

EXPORT ssize_t readlink(const char *path, char *target, size_t size)
{
	return is_due("readlink", -1, path) ? -1
					    : syscall(SYS_readlinkat, AT_FDCWD, path, target, size);
}

/* The events that are there go, and one tells that some are lost: inotify(7). */
static ssize_t read_overflow(int fd, void *data, size_t size)
{
	const struct inotify_event event = { .wd = -1, .mask = IN_Q_OVERFLOW };
	ssize_t length = syscall(SYS_read, fd, data, size);

	if (length <= 0)
		return length;
	loses_events = 0;
	memcpy(data, &event, sizeof(event));
	return sizeof(event);
}

EXPORT ssize_t read(int fd, void *data, size_t size)
{
	if (is_due("read", fd, NULL))
		return -1;
	if (loses_events && fd == inotify_fd)
		return read_overflow(fd, data, size);
	if (read_bytes > 0 && fd != inotify_fd) {
		if (reads++ % 2 == 0) {
			errno = EINTR;
			return -1;
		}
		if (size > (size_t)read_bytes)
			size = (size_t)read_bytes;
	}
	return syscall(SYS_read, fd, data, size);
}

EXPORT ssize_t write(int fd, const void *data, size_t size)
{
	return is_due("write", fd, NULL) ? -1 : syscall(SYS_write, fd, data, size);
}

EXPORT DIR *opendir(const char *path)
{
	const int flags = O_RDONLY | O_NONBLOCK | O_DIRECTORY | O_CLOEXEC;
	int fd = is_due("opendir", -1, path) ? -1
					     : (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0);

	return fd < 0 ? NULL : fdopendir(fd);
}

EXPORT struct dirent *readdir(DIR *directory)
{
	static struct dirent *(*next)(DIR *);

	if (next == NULL)
		*(void **)&next = dlsym(RTLD_NEXT, "readdir");
	return is_due("readdir", dirfd(directory), NULL) ? NULL : next(directory);
}

struct dirent *readdir64(DIR *directory);
EXPORT struct dirent *readdir64(DIR *directory) __attribute__((alias("readdir")));

/* What glob calls itself can't be let fail. */
EXPORT int glob(const char *pattern, int flags, int (*told)(const char *, int), glob_t *found)
{
	static int (*next)(const char *, int, int (*)(const char *, int), glob_t *);

	if (next == NULL)
		*(void **)&next = dlsym(RTLD_NEXT, "glob");
	memset(found, 0, sizeof(*found));
	if (!is_due("glob", -1, pattern))
		return next(pattern, flags, told, found);
	return told(pattern, errno) != 0 || (flags & GLOB_ERR) != 0 ? GLOB_ABORTED : GLOB_NOMATCH;
}

int glob64(const char *pattern, int flags, int (*told)(const char *, int), glob_t *found);
EXPORT int glob64(const char *pattern, int flags, int (*told)(const char *, int), glob_t *found)
	__attribute__((alias("glob")));

EXPORT int inotify_init1(int flags)
{
	if (is_due("inotify_init", -1, "inotify"))
		return -1;
	inotify_fd = (int)syscall(SYS_inotify_init1, flags);
	return inotify_fd;
}

EXPORT int inotify_add_watch(int fd, const char *path, uint32_t mask)
{
	return is_due("inotify_add_watch", -1, path)
		       ? -1
		       : (int)syscall(SYS_inotify_add_watch, fd, path, mask);
}

EXPORT int mkdir(const char *path, mode_t mode)
{
	return is_due("mkdir", -1, path) ? -1 : (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

EXPORT int chmod(const char *path, mode_t mode)
{
	return is_due("chmod", -1, path) ? -1 : (int)syscall(SYS_fchmodat, AT_FDCWD, path, mode);
}

EXPORT int fsync(int fd)
{
	return is_due("fsync", fd, NULL) ? -1 : (int)syscall(SYS_fsync, fd);
}

EXPORT int renameat(int from, const char *old, int to, const char *new)
{
	return is_due("rename", -1, new) ? -1 : (int)syscall(SYS_renameat2, from, old, to, new, 0);
}

EXPORT int unlinkat(int directory, const char *path, int flags)
{
	return is_due("unlink", -1, path) ? -1 : (int)syscall(SYS_unlinkat, directory, path, flags);
}

EXPORT int fchmod(int fd, mode_t mode)
{
	return is_due("fchmod", fd, NULL) ? -1 : (int)syscall(SYS_fchmod, fd, mode);
}

EXPORT int flock(int fd, int operation)
{
	return is_due("flock", fd, NULL) ? -1 : (int)syscall(SYS_flock, fd, operation);
}

/* A close that fails has closed all the same. */
EXPORT int close(int fd)
{
	int is_failed = is_due("close", fd, NULL);
	int number = errno;
	int result = (int)syscall(SYS_close, fd);

	if (!is_failed)
		return result;
	errno = number;
	return -1;
}
