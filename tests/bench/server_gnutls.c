/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A server on GnuTLS as its manual shows it, for the bench to compare with: all certificates in one
 * credentials object, GnuTLS chooses among them, priorities parsed once, a plain descriptor.
 *
 *     bench-gnutls [--port PORT] [--tickets] FILE ...
 *
 * Each file has a chain and its key; @LIST stands for the files that LIST names, one a line.
 */
#include "server.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bare {
	gnutls_certificate_credentials_t credentials;
	gnutls_priority_t priority;
	gnutls_datum_t ticket_key; /* empty: no tickets */
};

static int bare_session(void *data, int fd, gnutls_session_t *session)
{
	struct bare *bare = data;
	unsigned int flags = GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL;
	int status =
		gnutls_init(session, bare->ticket_key.size > 0 ? flags : flags | GNUTLS_NO_TICKETS);

	if (status < 0)
		return status;
	status = gnutls_priority_set(*session, bare->priority);
	if (status >= 0)
		status =
			gnutls_credentials_set(*session, GNUTLS_CRD_CERTIFICATE, bare->credentials);
	if (status >= 0 && bare->ticket_key.size > 0)
		status = gnutls_session_ticket_enable_server(*session, &bare->ticket_key);
	if (status < 0)
		gnutls_deinit(*session);
	else
		gnutls_transport_set_int(*session, fd);
	return status;
}

static void must(const char *what, int status)
{
	if (status >= 0)
		return;
	(void)fprintf(stderr, "bench-gnutls: %s: %s\n", what, gnutls_strerror(status));
	exit(2);
}

static void add_file(struct bare *bare, const char *path)
{
	must(path, gnutls_certificate_set_x509_key_file(
			   bare->credentials, path, path, GNUTLS_X509_FMT_PEM));
}

static void add_list(struct bare *bare, const char *path)
{
	FILE *list = fopen(path, "r");
	char line[4096];

	if (list == NULL)
		must(path, GNUTLS_E_FILE_ERROR);
	while (fgets(line, sizeof(line), list) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		add_file(bare, line);
	}
	(void)fclose(list);
}

static const struct option options[] = { { "port", required_argument, NULL, 'p' },
	{ "tickets", no_argument, NULL, 't' }, { NULL, 0, NULL, 0 } };

int main(int argc, char **argv)
{
	double open_at = server_now();
	struct bare bare = { NULL, NULL, { NULL, 0 } };
	struct server server = { .data = &bare, .session = bare_session, .wake_fd = -1 };
	int option, status;

	must("credentials", gnutls_certificate_allocate_credentials(&bare.credentials));
	must("priority", gnutls_priority_init2(&bare.priority, SERVER_PRIORITY, NULL,
				 GNUTLS_PRIORITY_INIT_DEF_APPEND));
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'p')
			server.port = (int)strtol(optarg, NULL, 10);
		else if (option == 't')
			must("ticket key", gnutls_session_ticket_key_generate(&bare.ticket_key));
	}
	for (; optind < argc; optind++) {
		if (argv[optind][0] == '@')
			add_list(&bare, argv[optind] + 1);
		else
			add_file(&bare, argv[optind]);
	}
	status = server_run(&server, open_at);
	gnutls_certificate_free_credentials(bare.credentials);
	gnutls_priority_deinit(bare.priority);
	gnutls_free(bare.ticket_key.data);
	return status;
}
