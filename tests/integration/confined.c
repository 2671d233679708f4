/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A daemon that gives up its rights once it is open: it changes its root to an empty directory and
 * its user to nobody, then serves COUNT connections, one after the other. Each client is told the
 * name of the certificate it got.
 *
 *     confined CONFIG EMPTY_DIRECTORY COUNT
 */
#include <arpa/inet.h>
#include <certbind/certbind.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NOBODY = 65534, PATIENCE_MS = 10000 };

static int open_socket(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		listen(fd, 16) < 0 || getsockname(fd, (struct sockaddr *)&address, &length) < 0) {
		perror("confined: socket");
		return -1;
	}
	(void)printf("listening https 127.0.0.1:%d\n", ntohs(address.sin_port));
	(void)fflush(stdout);
	return fd;
}

static int give_up_rights(const char *directory)
{
	if (chroot(directory) < 0 || chdir("/") < 0 || setgroups(0, NULL) < 0 ||
		setgid(NOBODY) < 0 || setuid(NOBODY) < 0) {
		perror("confined: giving up rights");
		return -1;
	}
	if (setuid(0) == 0 || access("/etc", F_OK) == 0) {
		(void)fprintf(stderr, "confined: the rights are still there\n");
		return -1;
	}
	return 0;
}

static int serve(struct certbind_context *context, int fd)
{
	struct certbind_selection selected;
	struct certbind_error error;
	gnutls_session_t session;
	int status;

	if (certbind_context_session(context, GNUTLS_NO_SIGNAL, &session, &error) < 0) {
		(void)fprintf(stderr, "confined: %s\n", error.message);
		return -1;
	}
	gnutls_transport_set_int(session, fd);
	gnutls_handshake_set_timeout(session, PATIENCE_MS);
	do
		status = gnutls_handshake(session);
	while (status < 0 && !gnutls_error_is_fatal(status));
	if (status < 0)
		(void)fprintf(stderr, "confined: handshake: %s\n", gnutls_strerror(status));
	else if (certbind_session_selected(session, &selected) < 0 ||
		 gnutls_record_send(session, selected.certificate, strlen(selected.certificate)) <
			 0)
		status = -1;
	else
		(void)gnutls_bye(session, GNUTLS_SHUT_WR);
	gnutls_deinit(session);
	return status;
}

static int serve_all(struct certbind_context *context, int listener, long count)
{
	int status = 0;

	while (count-- > 0 && status == 0) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0) {
			perror("confined: accept");
			return -1;
		}
		status = serve(context, fd);
		(void)close(fd);
	}
	return status;
}

int main(int argc, char **argv)
{
	struct certbind_context *context = NULL;
	struct certbind_store *store = NULL;
	struct certbind_error error;
	int listener, status = EXIT_FAILURE;

	if (argc != 4) {
		(void)fprintf(stderr, "usage: confined CONFIG EMPTY_DIRECTORY COUNT\n");
		return 2;
	}
	if (certbind_store_open(&store, argv[1], &error) < 0 ||
		certbind_context_new(&context, store, "webmail", &error) < 0) {
		(void)fprintf(stderr, "confined: %s\n", error.message);
		return EXIT_FAILURE;
	}
	listener = open_socket();
	if (listener >= 0 && give_up_rights(argv[2]) == 0 &&
		serve_all(context, listener, strtol(argv[3], NULL, 10)) == 0)
		status = EXIT_SUCCESS;
	certbind_context_free(context);
	certbind_store_close(store);
	return status;
}
