/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client_sink.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

int sink_run(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof(address);
	struct pollfd fds[] = { { .fd = -1, .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN } };
	int fd;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fds[0].fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fds[0].fd < 0 || bind(fds[0].fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		listen(fds[0].fd, BACKLOG) < 0 ||
		getsockname(fds[0].fd, (struct sockaddr *)&address, &length) < 0) {
		perror("bench-client sink");
		return 2;
	}
	(void)printf("%d\n", ntohs(address.sin_port));
	(void)fflush(stdout);
	while (poll(fds, 2, -1) >= 0 && fds[1].revents == 0) {
		fd = fds[0].revents != 0 ? accept(fds[0].fd, NULL, NULL) : -1;
		if (fd >= 0)
			(void)close(fd);
	}
	(void)close(fds[0].fd);
	return 0;
}
