/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _POSIX_C_SOURCE 200809L
#include "maildir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define NAME_SIZE 384
#define BLOCK 65536

struct delivery {
	int directory;
	bool is_written;
	char name[NAME_SIZE];
};

/*
 * A name that nobody else makes: time to the microsecond, process, count, host; the time first, so
 * that names sort by age.
 */
static void make_name(char name[static NAME_SIZE])
{
	static unsigned int count;
	char host[256];
	struct timeval now;

	if (gethostname(host, sizeof(host)) < 0)
		(void)snprintf(host, sizeof(host), "localhost");
	host[sizeof(host) - 1] = '\0';
	for (char *c = host; *c; c++) {
		if (*c == '/' || *c == ':')
			*c = '_';
	}
	(void)gettimeofday(&now, NULL);
	(void)snprintf(name, NAME_SIZE, "%010lld.M%06ldP%ldQ%u.%s", (long long)now.tv_sec,
		(long)now.tv_usec, (long)getpid(), ++count, host);
}

static int write_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t written = write(fd, bytes, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -1;
		bytes += written;
		length -= (size_t)written;
	}
	return 0;
}

/* Leaves the CR out of each CRLF; `is_cr` carries one over from block to block. */
static size_t strip(const char *from, size_t length, char *to, bool *is_cr)
{
	size_t written = 0;

	for (size_t i = 0; i < length; i++) {
		if (*is_cr && from[i] != '\n')
			to[written++] = '\r';
		*is_cr = from[i] == '\r';
		if (!*is_cr)
			to[written++] = from[i];
	}
	return written;
}

static int copy(int to, int from)
{
	char *block = malloc(BLOCK), *stripped = malloc(BLOCK + 1);
	off_t offset = 0;
	ssize_t length = -1;
	bool is_cr = false;
	int result = -1;

	if (!block || !stripped)
		goto out;
	while ((length = pread(from, block, BLOCK, offset)) > 0) {
		size_t rest = strip(block, (size_t)length, stripped, &is_cr);

		if (write_all(to, stripped, rest) < 0)
			goto out;
		offset += length;
	}
	if (length == 0)
		result = is_cr ? write_all(to, "\r", 1) : 0;
out:
	free(block);
	free(stripped);
	return result;
}

static int write_file(struct delivery *delivery, const char *headers, int body)
{
	char path[NAME_SIZE + sizeof("tmp/")];
	int fd, result = -1;

	(void)snprintf(path, sizeof(path), "tmp/%s", delivery->name);
	fd = openat(delivery->directory, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		0600);
	if (fd < 0)
		return -1;
	delivery->is_written = true;
	if (write_all(fd, headers, strlen(headers)) == 0 && copy(fd, body) == 0 && fsync(fd) == 0)
		result = 0;
	if (close(fd) < 0)
		result = -1;
	return result;
}

struct delivery *delivery_new(const char *spool, const char *address, const char *headers, int body)
{
	struct delivery *delivery = calloc(1, sizeof(*delivery));
	int error;

	if (!delivery)
		return NULL;
	make_name(delivery->name);
	delivery->directory = maildir_directory_open(spool, address);
	if (delivery->directory >= 0 && write_file(delivery, headers, body) == 0)
		return delivery;
	error = errno;
	delivery_free(delivery);
	errno = error;
	return NULL;
}

int delivery_commit(struct delivery *delivery)
{
	char from[NAME_SIZE + sizeof("tmp/")], to[NAME_SIZE + sizeof("new/")];
	int folder, result = -1;

	(void)snprintf(from, sizeof(from), "tmp/%s", delivery->name);
	(void)snprintf(to, sizeof(to), "new/%s", delivery->name);
	if (renameat(delivery->directory, from, delivery->directory, to) < 0)
		return -1;
	delivery->is_written = false;
	/* The message is safe only when the folder's entry is on the disk too. */
	folder = openat(delivery->directory, "new", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder >= 0) {
		result = fsync(folder);
		(void)close(folder);
	}
	return result;
}

void delivery_free(struct delivery *delivery)
{
	char path[NAME_SIZE + sizeof("tmp/")];

	if (!delivery)
		return;
	if (delivery->is_written) {
		(void)snprintf(path, sizeof(path), "tmp/%s", delivery->name);
		(void)unlinkat(delivery->directory, path, 0);
	}
	if (delivery->directory >= 0)
		(void)close(delivery->directory);
	free(delivery);
}
