/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What certbind adds to a handshake on the server: attaching, its ClientHello hook (reading the
 * names, selecting, setting credentials) and its state to the end.
 *
 *     bench-selection CONFIG HOST-WITH-%d DOMAINS ROUNDS
 *
 * Each round is two runs over the same 4096 hosts, picked at random among all: of sessions that
 * certbind attaches and whose hook is called, and of plain ones that are given priorities and
 * credentials. The difference is certbind's part. Prints one JSON object with ns per session.
 *
 * The hook is the one that certbind gives to GnuTLS: the program is linked so that the call which
 * sets it comes by here (-Wl,--wrap).
 */
#include "server.h"
#include "tls_hello.h"
#include <certbind/certbind.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { HOSTS = 4096, HELLO_SIZE = 512, HEADER = 4, ROUNDS_MAX = 1000 };

struct selection {
	struct certbind_store *store;
	struct certbind_context *context;
	gnutls_priority_t priority;
	gnutls_certificate_credentials_t credentials;
	unsigned char hellos[HOSTS][HELLO_SIZE];
	gnutls_datum_t messages[HOSTS];
};

static gnutls_handshake_hook_func hook;

void __real_gnutls_handshake_set_hook_function(
	gnutls_session_t session, unsigned int type, int when, gnutls_handshake_hook_func func);
void __wrap_gnutls_handshake_set_hook_function(
	gnutls_session_t session, unsigned int type, int when, gnutls_handshake_hook_func func);

void __wrap_gnutls_handshake_set_hook_function(
	gnutls_session_t session, unsigned int type, int when, gnutls_handshake_hook_func func)
{
	if (type == GNUTLS_HANDSHAKE_CLIENT_HELLO)
		hook = func;
	__real_gnutls_handshake_set_hook_function(session, type, when, func);
}

static _Noreturn void die(const char *what)
{
	(void)fprintf(stderr, "bench-selection: %s\n", what);
	exit(2);
}

static void make_hellos(struct selection *selection, const char *format, unsigned long domains)
{
	static const uint8_t share[32];
	const char *number = strstr(format, "%d");
	unsigned char message[TLS_TICKET_MAX + 512];
	uint64_t random = 88172645463325252;
	char host[256];
	size_t i, length;

	if (number == NULL || domains == 0)
		die("HOST without %d, or no domains");
	for (i = 0; i < HOSTS; i++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		(void)snprintf(host, sizeof(host), "%.*s%lu%s", (int)(number - format), format,
			(unsigned long)(random % domains), number + 2);
		length = tls_hello_write(message, host, share, NULL, NULL);
		if (length > HELLO_SIZE)
			die("a host is too long");
		memcpy(selection->hellos[i], message, length);
		/* A hook is given what stands behind the message's header. */
		selection->messages[i].data = selection->hellos[i] + HEADER;
		selection->messages[i].size = (unsigned int)(length - HEADER);
	}
}

static double thread_cpu(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* One run of each kind over all hosts; returns ns per session. */
static double run_attached(const struct selection *selection)
{
	double begun = thread_cpu();
	gnutls_session_t session;
	size_t i;

	for (i = 0; i < HOSTS; i++) {
		if (certbind_context_session(selection->context, GNUTLS_NONBLOCK, &session, NULL) <
			0)
			die("no session");
		if (hook(session, GNUTLS_HANDSHAKE_CLIENT_HELLO, GNUTLS_HOOK_PRE, 1,
			    &selection->messages[i]) < 0)
			die("the hook refuses");
		gnutls_deinit(session);
	}
	return (thread_cpu() - begun) / HOSTS;
}

static double run_plain(const struct selection *selection)
{
	double begun = thread_cpu();
	gnutls_session_t session;
	size_t i;

	for (i = 0; i < HOSTS; i++) {
		if (gnutls_init(&session, GNUTLS_SERVER | GNUTLS_NONBLOCK) < 0 ||
			gnutls_priority_set(session, selection->priority) < 0 ||
			gnutls_credentials_set(
				session, GNUTLS_CRD_CERTIFICATE, selection->credentials) < 0)
			die("no plain session");
		gnutls_deinit(session);
	}
	return (thread_cpu() - begun) / HOSTS;
}

/* Every host is served by a binding of its own: else the figure is of something smaller. */
static void check_selected(const struct selection *selection)
{
	struct certbind_selection selected;
	gnutls_session_t session;
	size_t i;

	for (i = 0; i < HOSTS; i++) {
		if (certbind_context_session(selection->context, GNUTLS_NONBLOCK, &session, NULL) <
				0 ||
			hook(session, GNUTLS_HANDSHAKE_CLIENT_HELLO, GNUTLS_HOOK_PRE, 1,
				&selection->messages[i]) < 0 ||
			certbind_session_selected(session, &selected) < 0 ||
			selected.rule != CERTBIND_RULE_EXACT || selected.domain[0] == '\0')
			die("a host is not bound");
		gnutls_deinit(session);
	}
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static double median(double *values, size_t length)
{
	qsort(values, length, sizeof(*values), compare);
	return values[length / 2];
}

static void measure(const struct selection *selection, size_t rounds)
{
	double attached[ROUNDS_MAX], plain[ROUNDS_MAX], own[ROUNDS_MAX];
	size_t i;

	for (i = 0; i < rounds; i++) {
		plain[i] = run_plain(selection);
		attached[i] = run_attached(selection);
		own[i] = attached[i] - plain[i];
	}
	(void)printf("{\"own\": %.1f, ", median(own, rounds));
	(void)printf("\"own_low\": %.1f, \"own_high\": %.1f, ", own[0], own[rounds - 1]);
	(void)printf("\"attached\": %.1f, \"plain\": %.1f, \"rounds\": %zu}\n",
		median(attached, rounds), median(plain, rounds), rounds);
}

int main(int argc, char **argv)
{
	static struct selection selection;
	struct certbind_error error;
	gnutls_session_t session;
	size_t rounds;

	if (argc != 5)
		die("usage: bench-selection CONFIG HOST-WITH-%d DOMAINS ROUNDS");
	rounds = strtoul(argv[4], NULL, 10);
	if (rounds < 1 || rounds > ROUNDS_MAX)
		die("too many rounds");
	if (certbind_store_open(&selection.store, argv[1], &error) < 0 ||
		certbind_context_new(&selection.context, selection.store, "webmail", &error) < 0)
		die(error.message);
	if (gnutls_priority_init2(&selection.priority, SERVER_PRIORITY, NULL,
		    GNUTLS_PRIORITY_INIT_DEF_APPEND) < 0 ||
		gnutls_certificate_allocate_credentials(&selection.credentials) < 0 ||
		certbind_context_session(selection.context, 0, &session, NULL) < 0 || hook == NULL)
		die("nothing to compare with");
	gnutls_deinit(session);
	make_hellos(&selection, argv[2], strtoul(argv[3], NULL, 10));
	check_selected(&selection); /* and makes the credentials that it needs */
	measure(&selection, rounds);
	gnutls_certificate_free_credentials(selection.credentials);
	gnutls_priority_deinit(selection.priority);
	certbind_context_free(selection.context);
	certbind_store_close(selection.store);
	return 0;
}
