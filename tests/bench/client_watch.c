/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client_watch.h"
#include "client_connection.h"
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 60000 };

static struct connection connection;

/* Has standard input ended? Waits so long for it. */
static bool is_over(unsigned int wait_us)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	char byte;

	if (wait_us > 0)
		(void)usleep(wait_us);
	return poll(&input, 1, 0) > 0 && read(STDIN_FILENO, &byte, 1) <= 0;
}

static int handshake(int port, const char *host)
{
	struct pollfd fd;
	int status = connection_open(&connection, port, host, NULL);

	while (status == 0) {
		fd.fd = connection.fd;
		fd.events = connection_event(&connection);
		if (poll(&fd, 1, PATIENCE_MS) <= 0) {
			connection.tls.error = "the server does not answer";
			status = -1;
		} else {
			status = connection_step(&connection);
		}
	}
	connection_close(&connection);
	return status;
}

static void print_leaf(const struct connection *of)
{
	size_t i;

	(void)printf("%llu ", (unsigned long long)of->handshaken);
	for (i = 0; i < sizeof(of->tls.leaf); i++)
		(void)printf("%02x", of->tls.leaf[i]);
	(void)printf("\n");
	(void)fflush(stdout);
}

static void note(struct pool_result *result, int status, uint8_t *leaf)
{
	if (status < 0) {
		if (result->handshakes > 0 && result->failed++ == 0)
			(void)snprintf(
				result->error, sizeof(result->error), "%s", connection.tls.error);
		return;
	}
	if (result->handshakes == 0)
		result->error[0] = '\0';
	if (result->handshakes++ == 0 || memcmp(leaf, connection.tls.leaf, TLS_SECRET) != 0)
		print_leaf(&connection);
	memcpy(leaf, connection.tls.leaf, TLS_SECRET);
	histogram_add(&result->latency, connection.handshaken - connection.begun);
}

int watch_run(int port, const char *host, unsigned int pause_us, struct pool_result *result)
{
	uint8_t leaf[TLS_SECRET] = { 0 };
	uint64_t begun = now_ns();
	int status = 1;

	connection.tls.wants_leaf = true;
	memset(result, 0, sizeof(*result));
	while (!is_over(status < 0 ? 1000 : pause_us)) {
		status = handshake(port, host);
		note(result, status, leaf);
	}
	result->seconds = (double)(now_ns() - begun) / 1e9;
	return 0;
}
