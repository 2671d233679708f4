/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE
#include "talk_calls.h"
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static _Thread_local struct {
	bool is_on;
	int fd;
	enum talk_fault fault;
	unsigned int fault_at;
	unsigned int calls, reads, writes;
	uint32_t random;
	int passed; /* seconds */
} calls;

void talk_calls_begin(int fd, enum talk_fault fault, unsigned int fault_at)
{
	memset(&calls, 0, sizeof(calls));
	calls.is_on = true;
	calls.fd = fd;
	calls.fault = fault;
	calls.fault_at = fault_at;
}

void talk_calls_pass(int seconds)
{
	calls.passed += seconds;
}

void talk_calls_count(unsigned int *reads, unsigned int *writes)
{
	*reads = calls.reads;
	*writes = calls.writes;
}

/* GnuTLS' generators belong to threads, and each begins with these. */
ssize_t getrandom(void *buffer, size_t length, unsigned int flags)
{
	unsigned char *bytes = buffer;
	size_t i;

	if (!calls.is_on)
		return syscall(SYS_getrandom, buffer, length, flags);
	for (i = 0; i < length; i++) {
		calls.random = calls.random * 1103515245 + 12345;
		bytes[i] = (unsigned char)(calls.random >> 16);
	}
	return (ssize_t)length;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	int result = (int)syscall(SYS_clock_gettime, clock, now);

	if (calls.is_on && clock == CLOCK_REALTIME)
		*now = (struct timespec){ .tv_sec = 1790000000 + calls.passed };
	return result;
}

time_t time(time_t *result)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (result != NULL)
		*result = now.tv_sec;
	return now.tv_sec;
}

/* Returns what becomes of the call; 0: it is made. */
static enum talk_fault call_fault(int fd, unsigned int *count)
{
	if (!calls.is_on || fd != calls.fd)
		return 0;
	(*count)++;
	calls.calls++;
	if (calls.fault_at == 0 ? calls.calls % 2 == 1 : calls.calls == calls.fault_at)
		return calls.fault;
	return 0;
}

static bool call_fails(enum talk_fault fault)
{
	if (fault == TALK_AGAIN)
		errno = EAGAIN;
	else if (fault == TALK_INTERRUPTED)
		errno = EINTR;
	return fault == TALK_AGAIN || fault == TALK_INTERRUPTED;
}

/* The linker puts these before the transport's calls (--wrap). */
ssize_t __real_recv(int fd, void *data, size_t size, int flags);
ssize_t __real_send(int fd, const void *data, size_t size, int flags);
ssize_t __real_recvmsg(int fd, struct msghdr *message, int flags);
ssize_t __real_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __wrap_recv(int fd, void *data, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t size, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);

ssize_t __wrap_recv(int fd, void *data, size_t size, int flags)
{
	enum talk_fault fault = call_fault(fd, &calls.reads);

	if (call_fails(fault))
		return -1;
	return __real_recv(fd, data, fault == TALK_SHORT ? 1 : size, flags);
}

ssize_t __wrap_send(int fd, const void *data, size_t size, int flags)
{
	enum talk_fault fault = call_fault(fd, &calls.writes);

	if (call_fails(fault))
		return -1;
	return __real_send(fd, data, fault == TALK_SHORT ? 1 : size, flags);
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags)
{
	enum talk_fault fault = call_fault(fd, &calls.reads);

	if (call_fails(fault))
		return -1;
	if (fault == TALK_SHORT)
		return __real_recv(fd, message->msg_iov[0].iov_base, 1, flags);
	return __real_recvmsg(fd, message, flags);
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
	enum talk_fault fault = call_fault(fd, &calls.writes);
	size_t i = 0;

	if (call_fails(fault))
		return -1;
	if (fault != TALK_SHORT)
		return __real_sendmsg(fd, message, flags);
	while (i + 1 < message->msg_iovlen && message->msg_iov[i].iov_len == 0)
		i++;
	return __real_send(
		fd, message->msg_iov[i].iov_base, message->msg_iov[i].iov_len > 0 ? 1 : 0, flags);
}
