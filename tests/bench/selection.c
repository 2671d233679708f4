/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What certbind adds to a handshake on the server: attaching, its ClientHello hook (reading the
 * names, selecting, setting credentials) and its state to the end.
 *
 *     bench-selection CONFIG HOST-WITH-%d DOMAINS ROUNDS
 *
 * Each round is a run over the same hosts, picked at random among all: of sessions that certbind
 * attaches and whose hook is called, by turns with plain ones that are given priorities and
 * credentials, so that both meet the machine at the same speed. The difference is certbind's part.
 * In the middle of each session stands a signature, as in a handshake: it takes certbind's data out
 * of the processor's caches. Prints one JSON object with the ns per session of each round: "own" when
 * 4096 different hosts are asked for, so that each one's data is cold; "own_few" when it is always
 * the same ten, with a certificate each, so that what differs from one configuration to another is
 * only how many domains there are; and "own_hot", the median of as many
 * rounds as the first without signatures.
 *
 * The hook is the one that certbind gives to GnuTLS: the program is linked so that the call which
 * sets it comes by here (-Wl,--wrap).
 */
#include "server.h"
#include "tls_hello.h"
#include <certbind/certbind.h>
#include <gnutls/abstract.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { HOSTS = 4096, HOSTS_FEW = 10, HELLO_SIZE = 512, HEADER = 4, ROUNDS_MAX = 1000 };

struct selection {
	struct certbind_store *store;
	struct certbind_context *context;
	gnutls_priority_t priority;
	gnutls_certificate_credentials_t credentials;
	gnutls_privkey_t key;
	unsigned char hellos[HOSTS][HELLO_SIZE];
	gnutls_datum_t messages[HOSTS];
};

typedef void begin_func(const struct selection *selection, size_t host, gnutls_session_t *session);

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

/* The first few have certificates of their own: domain i has the certificate i % HOSTS_FEW. */
static unsigned long pick_domain(size_t place, unsigned long random, unsigned long domains)
{
	unsigned long domain = random % domains;
	unsigned long own = domain - domain % HOSTS_FEW + place;

	return place < HOSTS_FEW && own < domains ? own : domain;
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
			pick_domain(i, (unsigned long)random, domains), number + 2);
		length = tls_hello_write(message, host, share, NULL, NULL);
		if (length > HELLO_SIZE)
			die("a host is too long");
		memcpy(selection->hellos[i], message, length);
		/* A hook is given what stands behind the message's header. */
		selection->messages[i].data = selection->hellos[i] + HEADER;
		selection->messages[i].size = (unsigned int)(length - HEADER);
	}
}

static double now_ns(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void begin_attached(
	const struct selection *selection, size_t host, gnutls_session_t *session)
{
	if (certbind_context_session(selection->context, GNUTLS_NONBLOCK, session, NULL) < 0)
		die("no session");
	if (hook(*session, GNUTLS_HANDSHAKE_CLIENT_HELLO, GNUTLS_HOOK_PRE, 1,
		    &selection->messages[host]) < 0)
		die("the hook refuses");
}

static void begin_plain(const struct selection *selection, size_t host, gnutls_session_t *session)
{
	(void)host;
	if (gnutls_init(session, GNUTLS_SERVER | GNUTLS_NONBLOCK) < 0 ||
		gnutls_priority_set(*session, selection->priority) < 0 ||
		gnutls_credentials_set(*session, GNUTLS_CRD_CERTIFICATE, selection->credentials) <
			0)
		die("no plain session");
}

/* Leaves the processor's caches as a handshake does. */
static void sign(const struct selection *selection)
{
	static unsigned char text[64];
	const gnutls_datum_t data = { text, sizeof(text) };
	gnutls_datum_t signature;

	if (gnutls_privkey_sign_data(selection->key, GNUTLS_DIG_SHA256, 0, &data, &signature) < 0)
		die("no signature");
	gnutls_free(signature.data);
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

/* The mean without the longest twentieth: what else ran on this core meanwhile. */
static double trimmed_mean(double *values, size_t length)
{
	size_t kept = length - length / 20, i;
	double sum = 0;

	qsort(values, length, sizeof(*values), compare);
	for (i = 0; i < kept; i++)
		sum += values[i];
	return sum / (double)kept;
}

/* What a round is: how many of the hosts are asked for, and whether each session signs. */
struct traffic {
	size_t hosts;
	bool signs;
};

/* ns of one session, without its signature. */
static double time_session(const struct selection *selection, begin_func *begin, size_t host,
	const struct traffic *traffic)
{
	gnutls_session_t session;
	double begun = now_ns(), paused;

	begin(selection, host, &session);
	paused = now_ns();
	if (traffic->signs)
		sign(selection);
	begun += now_ns() - paused;
	gnutls_deinit(session);
	return now_ns() - begun;
}

/* One run: ns that certbind adds to a session. */
static double run(const struct selection *selection, const struct traffic *traffic)
{
	static double attached[HOSTS], plain[HOSTS];
	size_t i;

	for (i = 0; i < HOSTS; i++) {
		attached[i] = time_session(selection, begin_attached, i % traffic->hosts, traffic);
		plain[i] = time_session(selection, begin_plain, i % traffic->hosts, traffic);
	}
	return trimmed_mean(attached, HOSTS) - trimmed_mean(plain, HOSTS);
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

static double median(double *values, size_t length)
{
	qsort(values, length, sizeof(*values), compare);
	return values[length / 2];
}

/* What certbind adds, in each of the rounds. */
static void measure(const struct selection *selection, const struct traffic *traffic, double *own,
	size_t rounds)
{
	size_t i;

	for (i = 0; i < rounds; i++)
		own[i] = run(selection, traffic);
}

static void print_rounds(const char *name, const double *own, size_t rounds)
{
	size_t i;

	(void)printf("\"%s\": [", name);
	for (i = 0; i < rounds; i++)
		(void)printf("%s%.1f", i > 0 ? ", " : "", own[i]);
	(void)printf("], ");
}

static void print(const struct selection *selection, size_t rounds)
{
	static const struct traffic many = { HOSTS, true }, few = { HOSTS_FEW, true };
	static const struct traffic hot = { HOSTS, false };
	double own[ROUNDS_MAX];

	(void)printf("{");
	measure(selection, &many, own, rounds);
	print_rounds("own", own, rounds);
	measure(selection, &few, own, rounds);
	print_rounds("own_few", own, rounds);
	measure(selection, &hot, own, rounds);
	(void)printf("\"own_hot\": %.1f}\n", median(own, rounds));
}

static void prepare(struct selection *selection, const char *config)
{
	struct certbind_error error;
	gnutls_session_t session;

	if (certbind_store_open(&selection->store, config, &error) < 0 ||
		certbind_context_new(&selection->context, selection->store, "webmail", &error) < 0)
		die(error.message);
	if (gnutls_priority_init2(&selection->priority, SERVER_PRIORITY, NULL,
		    GNUTLS_PRIORITY_INIT_DEF_APPEND) < 0 ||
		gnutls_certificate_allocate_credentials(&selection->credentials) < 0 ||
		gnutls_privkey_init(&selection->key) < 0 ||
		gnutls_privkey_generate(selection->key, GNUTLS_PK_ECDSA,
			GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0) < 0 ||
		certbind_context_session(selection->context, 0, &session, NULL) < 0 || hook == NULL)
		die("nothing to compare with");
	gnutls_deinit(session);
}

int main(int argc, char **argv)
{
	static struct selection selection;
	size_t rounds;

	if (argc != 5)
		die("usage: bench-selection CONFIG HOST-WITH-%d DOMAINS ROUNDS");
	rounds = strtoul(argv[4], NULL, 10);
	if (rounds < 1 || rounds > ROUNDS_MAX)
		die("too many rounds");
	prepare(&selection, argv[1]);
	make_hellos(&selection, argv[2], strtoul(argv[3], NULL, 10));
	check_selected(&selection); /* and makes the credentials that it needs */
	print(&selection, rounds);
	gnutls_privkey_deinit(selection.key);
	gnutls_certificate_free_credentials(selection.credentials);
	gnutls_priority_deinit(selection.priority);
	certbind_context_free(selection.context);
	certbind_store_close(selection.store);
	return 0;
}
