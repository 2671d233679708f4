/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A preload that lets one system call fail: FAULT_CALL names it, FAULT_AT tells which of its calls
 * (from 1), FAULT_ERRNO with what error. With FAULT_KILL the process is killed there instead, a
 * crash at that moment. It says "fault" on standard error when it strikes.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

static long number_of(const char *variable)
{
	const char *text = getenv(variable);

	return text != NULL ? strtol(text, NULL, 10) : 0;
}

/* Is this the call that is to fail? Then errno is set. */
static int is_due(const char *call)
{
	static const char mark[] = "fault\n";
	static long calls;
	const char *wanted = getenv("FAULT_CALL");

	if (wanted == NULL || strcmp(wanted, call) != 0 || ++calls != number_of("FAULT_AT"))
		return 0;
	(void)syscall(SYS_write, STDERR_FILENO, mark, sizeof(mark) - 1);
	if (number_of("FAULT_KILL") != 0)
		(void)kill(getpid(), SIGKILL);
	errno = (int)number_of("FAULT_ERRNO");
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
	return is_due("open") ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

EXPORT int openat(int directory, const char *path, int flags, ...)
{
	va_list arguments;
	mode_t mode;

	va_start(arguments, flags);
	mode = mode_of(flags, arguments);
	va_end(arguments);
	return is_due("open") ? -1 : (int)syscall(SYS_openat, directory, path, flags, mode);
}

EXPORT int open64(const char *path, int flags, ...) __attribute__((alias("open"), nonnull(1)));
EXPORT int openat64(int directory, const char *path, int flags, ...)
	__attribute__((alias("openat"), nonnull(2)));

EXPORT ssize_t write(int fd, const void *data, size_t size)
{
	return is_due("write") ? -1 : syscall(SYS_write, fd, data, size);
}

EXPORT int fsync(int fd)
{
	return is_due("fsync") ? -1 : (int)syscall(SYS_fsync, fd);
}

EXPORT int renameat(int from, const char *old, int to, const char *new)
{
	return is_due("rename") ? -1 : (int)syscall(SYS_renameat2, from, old, to, new, 0);
}

EXPORT int unlinkat(int directory, const char *path, int flags)
{
	return is_due("unlink") ? -1 : (int)syscall(SYS_unlinkat, directory, path, flags);
}

EXPORT int fchmod(int fd, mode_t mode)
{
	return is_due("fchmod") ? -1 : (int)syscall(SYS_fchmod, fd, mode);
}

EXPORT int flock(int fd, int operation)
{
	return is_due("flock") ? -1 : (int)syscall(SYS_flock, fd, operation);
}

/* A close that fails has closed all the same. */
EXPORT int close(int fd)
{
	int is_failed = is_due("close");
	int number = errno;
	int result = (int)syscall(SYS_close, fd);

	if (!is_failed)
		return result;
	errno = number;
	return -1;
}
