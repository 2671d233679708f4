/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The same server with its certificates from certbind.
 *
 *     bench-certbind [--port PORT] [--buffered] [--beat] CONFIG
 *
 * `--buffered` lets certbind read and write (certbind_session_set_fd), else the descriptor is plain.
 */
#include "server.h"
#include <certbind/certbind.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bound {
	struct certbind_store *store;
	struct certbind_context *context;
	bool is_buffered;
};

static int bound_session(void *data, int fd, gnutls_session_t *session)
{
	const struct bound *bound = data;
	int status = certbind_context_session(
		bound->context, GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL, session, NULL);

	if (status < 0)
		return status;
	if (!bound->is_buffered) {
		gnutls_transport_set_int(*session, fd);
		return 0;
	}
	status = certbind_session_set_fd(*session, fd, NULL);
	if (status < 0)
		gnutls_deinit(*session);
	return status;
}

static int bound_wake(void *data)
{
	const struct bound *bound = data;

	return certbind_store_dispatch(bound->store, NULL);
}

static void must(int status, const struct certbind_error *error)
{
	if (status == CERTBIND_OK)
		return;
	(void)fprintf(
		stderr, "bench-certbind: %s:%d: %s\n", error->file, error->line, error->message);
	exit(2);
}

static const struct option options[] = { { "buffered", no_argument, NULL, 'b' },
	{ "beat", no_argument, NULL, 't' }, { "port", required_argument, NULL, 'p' },
	{ NULL, 0, NULL, 0 } };

int main(int argc, char **argv)
{
	double open_at = server_now();
	struct bound bound = { NULL, NULL, false };
	struct server server = { .data = &bound, .session = bound_session, .wake = bound_wake };
	struct certbind_error error;
	int option, status;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'p')
			server.port = (int)strtol(optarg, NULL, 10);
		bound.is_buffered |= option == 'b';
		server.has_beat |= option == 't';
	}
	if (optind + 1 != argc) {
		(void)fputs("usage: bench-certbind [OPTION ...] CONFIG\n", stderr);
		return 2;
	}
	must(certbind_store_open(&bound.store, argv[optind], &error), &error);
	must(certbind_context_new(&bound.context, bound.store, "webmail", &error), &error);
	server.wake_fd = certbind_store_fd(bound.store);
	status = server_run(&server, open_at);
	certbind_context_free(bound.context);
	certbind_store_close(bound.store);
	return status;
}
