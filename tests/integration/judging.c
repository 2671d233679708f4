/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * GnuTLS clients, two threads, that judge what they are served until their standard input ends. The
 * file BOARD says of each name what may be served now, as three numbers of 64 bits: the least serial
 * number; whether the default certificate may (1) or must (2) be served; how often this has changed.
 * The last line is "judged COUNT"; each wrong answer is a line before it, and makes the status 1.
 *
 *     judging PORT BOARD COUNT-OF-NAMES
 */
#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <fcntl.h>
#include <unistd.h>

enum { THREADS = 2, PATIENCE_MS = 30000 };

static const char default_name[] = "panel.provider.example";

struct rule {
	_Atomic uint64_t floor, may_default, changes;
};

struct judge {
	struct rule *board;
	unsigned long names;
	uint16_t port;
	atomic_bool is_over;
	atomic_long judged, wrong;
};

struct served {
	uint64_t serial;
	int is_own, is_default;
};

static int connect_to(uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

static int look(gnutls_session_t session, const char *host, struct served *served)
{
	unsigned int length = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &length);
	unsigned char serial[32];
	size_t size = sizeof(serial);
	gnutls_x509_crt_t certificate;
	size_t i;
	int status = chain != NULL ? gnutls_x509_crt_init(&certificate) : -1;

	if (status < 0)
		return status;
	status = gnutls_x509_crt_import(certificate, chain, GNUTLS_X509_FMT_DER);
	if (status >= 0)
		status = gnutls_x509_crt_get_serial(certificate, serial, &size);
	if (status >= 0) {
		served->serial = 0;
		for (i = 0; i < size; i++)
			served->serial = served->serial << 8 | serial[i];
		served->is_own = gnutls_x509_crt_check_hostname(certificate, host) != 0;
		served->is_default = gnutls_x509_crt_check_hostname(certificate, default_name) != 0;
	}
	gnutls_x509_crt_deinit(certificate);
	return status;
}

/* A socket that is closed with session tickets unread is reset, which the server would take for a
 * failed handshake. */
static int read_end(gnutls_session_t session)
{
	char byte;
	ssize_t got;

	do
		got = gnutls_record_recv(session, &byte, 1);
	while (got == GNUTLS_E_AGAIN || got == GNUTLS_E_INTERRUPTED);
	return got == 0 ? 0 : -1;
}

static int fetch(struct judge *judge, gnutls_certificate_credentials_t trust, const char *host,
	struct served *served)
{
	gnutls_session_t session;
	int fd = connect_to(judge->port);
	int status = fd >= 0 ? gnutls_init(&session, GNUTLS_CLIENT) : -1;

	if (status < 0)
		return status;
	gnutls_transport_set_int(session, fd);
	gnutls_handshake_set_timeout(session, PATIENCE_MS);
	(void)gnutls_set_default_priority(session);
	(void)gnutls_server_name_set(session, GNUTLS_NAME_DNS, host, strlen(host));
	(void)gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, trust);
	do
		status = gnutls_handshake(session);
	while (status < 0 && !gnutls_error_is_fatal(status));
	if (status >= 0)
		status = look(session, host, served);
	if (status >= 0)
		status = read_end(session);
	gnutls_deinit(session);
	(void)close(fd);
	return status;
}

static const char *judge_one(
	struct judge *judge, gnutls_certificate_credentials_t trust, unsigned long name)
{
	struct rule *rule = &judge->board[name];
	uint64_t changes = rule->changes;
	uint64_t floor = rule->floor;
	uint64_t may_default = rule->may_default;
	struct served served;
	char host[64];

	(void)snprintf(host, sizeof(host), "webmail.site%lu.example", name);
	if (fetch(judge, trust, host, &served) < 0)
		return "the handshake failed";
	if (!served.is_own && !served.is_default)
		return "another name's certificate";
	if (served.is_own && served.serial < floor)
		return "an older certificate than was acknowledged";
	if (rule->changes != changes)
		return NULL;
	if (served.is_default && may_default == 0)
		return "the default certificate";
	return served.is_own && may_default == 2 ? "a certificate that was removed" : NULL;
}

static void *run_judge(void *data)
{
	struct judge *judge = data;
	gnutls_certificate_credentials_t trust;
	unsigned long name = 0;

	if (gnutls_certificate_allocate_credentials(&trust) < 0)
		return NULL;
	while (!judge->is_over) {
		const char *wrong = judge_one(judge, trust, name);

		if (wrong != NULL && judge->wrong++ < 20)
			(void)printf("site%lu: %s\n", name, wrong);
		judge->judged++;
		name = (name + 1) % judge->names;
	}
	gnutls_certificate_free_credentials(trust);
	return NULL;
}

int main(int argc, char **argv)
{
	struct judge judge = { 0 };
	pthread_t threads[THREADS];
	char byte;
	int fd, i;

	if (argc != 4)
		return 2;
	judge.port = (uint16_t)strtoul(argv[1], NULL, 10);
	judge.names = strtoul(argv[3], NULL, 10);
	fd = open(argv[2], O_RDONLY);
	judge.board = mmap(NULL, judge.names * sizeof(*judge.board), PROT_READ, MAP_SHARED, fd, 0);
	if (judge.board == MAP_FAILED)
		return 2;
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, run_judge, &judge) != 0)
			return 2;
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	judge.is_over = 1;
	for (i = 0; i < THREADS; i++)
		(void)pthread_join(threads[i], NULL);
	(void)printf("judged %ld\n", (long)judge.judged);
	return judge.wrong == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
