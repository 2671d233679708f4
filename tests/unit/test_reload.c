/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "handshake.h"
#include "scratch.h"

/* The clock that the tests move. */
static _Atomic time_t now = 1780272000; /* 2026-06-01 */

static time_t test_clock(void *data)
{
	(void)data;
	return now;
}

static const char main_file[] =
	"trust_file = \"@PKI@/ca.pem\";\n"
	"services = ( { name = \"webmail\"; default = \"panel\";\n"
	"               priority = \"" HANDSHAKE_RETRY_SERVER "\"; } );\n"
	"certificates = (\n"
	"  { name = \"panel\"; chain = \"@PKI@/panel.pem\"; key = \"@PKI@/panel.key\"; },\n"
	"  { name = \"site\"; chain = \"site.pem\"; key = \"site.key\"; }\n"
	");\n"
	"certificate_dirs = [ \"live\" ];\n"
	"domains = ( { name = \"good.example\"; webmail = \"site\"; mail = \"none\"; } );\n"
	"domains_dir = \"domains.d\";\n";

/* Copies a file of the test PKI over one in the scratch directory, in place. */
static void put(const char *name, const char *pki_name)
{
	char command[1024];

	(void)snprintf(command, sizeof(command), "cat '%s/%s' > '%s/%s'", getenv("PKI"), pki_name,
		scratch_path(), name);
	assert_int_equal(system(command), 0);
}

/* Runs a shell command in which $f is that file of the scratch directory. */
static void run(const char *command, const char *name)
{
	char text[1024];

	(void)snprintf(text, sizeof(text), "f='%s/%s'; %s", scratch_path(), name, command);
	assert_int_equal(system(text), 0);
}

/* What the log was told, a line each. */
struct log {
	char text[8192];
};

static void keep_log(void *data, int level, const struct certbind_error *event)
{
	struct log *log = data;
	size_t length = strlen(log->text);

	(void)level;
	(void)snprintf(log->text + length, sizeof(log->text) - length, "%s\n", event->message);
}

static size_t count_lines(const struct log *log)
{
	size_t lines = 0;
	const char *at;

	for (at = log->text; *at != '\0'; at++)
		lines += *at == '\n';
	return lines;
}

static struct certbind_store *open_store(struct log *log)
{
	struct certbind_store *store;
	struct certbind_error error;

	put("site.pem", "wildcard.pem");
	put("site.key", "wildcard.key");
	run("rm -rf \"$f\"; mkdir \"$f\"", "domains.d");
	run("rm -rf \"$f\"; mkdir \"$f\"", "live");
	assert_int_equal(certbind_store_new(&store), 0);
	certbind_store_set_clock(store, test_clock, NULL);
	certbind_store_set_log(store, keep_log, log);
	if (certbind_store_load(store, scratch_write("certbind.conf", main_file), &error) < 0)
		fail_msg("%s:%d: %s", error.file, error.line, error.message);
	return store;
}

/* What a client of webmail that asks for `host` is given: the CN. */
static const char *serve(struct certbind_context *context, const char *host)
{
	static struct handshake handshake;
	const struct handshake_client client = { .server_name = host };

	handshake_whole(&handshake, context, &client);
	assert_int_equal(handshake.client_status, 0);
	assert_int_equal(handshake.server_status, 0);
	return handshake.subject;
}

static int find_code(void *data, const struct certbind_finding *finding)
{
	return strcmp(finding->code, data) == 0 ? 1 : 0;
}

static int has_code(struct certbind_store *store, const char *code)
{
	char wanted[64];

	(void)snprintf(wanted, sizeof(wanted), "%s", code);
	return certbind_check_each(store, NULL, 0, find_code, NULL, wanted, NULL);
}

static void renewals_are_taken(void **state)
{
	struct log log = { "" };
	struct certbind_store *store = open_store(&log);
	struct certbind_context *context;

	(void)state;
	assert_int_equal(certbind_context_new(&context, store, "webmail", NULL), 0);
	assert_string_equal(serve(context, "webmail.good.example"), "*.good.example");
	put("site.pem", "exact.pem");
	put("site.key", "exact.key");
	assert_int_equal(certbind_store_reload(store, NULL), 0);
	assert_string_equal(serve(context, "webmail.good.example"), "webmail.good.example");
	assert_string_equal(log.text, "");
	certbind_context_free(context);
	certbind_store_close(store);
}

/* Each way in which a renewal can be wrong: the last good one stays, and a restart of the files' luck is taken. */
static void faulty_renewals_are_not_taken(void **state)
{
	static const struct {
		const char *fault;
		const char *name;
	} rows[] = {
		{ "printf x > \"$f\"", "site.pem" },
		{ ": > \"$f\"", "site.pem" },
		{ ": > \"$f\"", "site.key" },
		{ "truncate -s 200 \"$f\"", "site.pem" },
		{ "rm \"$f\"; mkdir \"$f\"", "site.pem" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct log log = { "" };
		struct certbind_store *store = open_store(&log);
		struct certbind_context *context;

		assert_int_equal(certbind_context_new(&context, store, "webmail", NULL), 0);
		run(rows[i].fault, rows[i].name);
		assert_int_equal(certbind_store_reload(store, NULL), 0);
		assert_string_equal(serve(context, "webmail.good.example"), "*.good.example");
		assert_int_equal(has_code(store, "stale-last-good"), 1);
		assert_int_equal(count_lines(&log), 1);
		assert_int_equal(certbind_store_reload(store, NULL), 0);
		assert_int_equal(count_lines(&log), 1); /* told once */
		run("rm -rf \"$f\"", "site.pem");
		put("site.pem", "exact.pem");
		put("site.key", "exact.key");
		assert_int_equal(certbind_store_reload(store, NULL), 0);
		assert_string_equal(serve(context, "webmail.good.example"), "webmail.good.example");
		assert_int_equal(has_code(store, "stale-last-good"), 0);
		certbind_context_free(context);
		certbind_store_close(store);
	}
}

/* The new chain is there, the new key is not yet. */
static void half_a_renewal_waits(void **state)
{
	struct log log = { "" };
	struct certbind_store *store = open_store(&log);
	struct certbind_context *context;

	(void)state;
	assert_int_equal(certbind_context_new(&context, store, "webmail", NULL), 0);
	put("site.pem", "exact.pem");
	assert_int_equal(certbind_store_reload(store, NULL), 0);
	assert_string_equal(serve(context, "webmail.good.example"), "*.good.example");
	put("site.key", "exact.key");
	assert_int_equal(certbind_store_reload(store, NULL), 0);
	assert_string_equal(serve(context, "webmail.good.example"), "webmail.good.example");
	/* Out of its dates while the one in memory is within: not taken. */
	put("site.pem", "old.pem");
	put("site.key", "old.key");
	assert_int_equal(certbind_store_reload(store, NULL), 0);
	assert_string_equal(serve(context, "webmail.good.example"), "webmail.good.example");
	assert_int_equal(has_code(store, "stale-last-good"), 1);
	certbind_context_free(context);
	certbind_store_close(store);
}

static void what_disappears_goes_after_a_minute(void **state)
{
	struct log log = { "" };
	struct certbind_store *store = open_store(&log);
	struct certbind_context *context;
	time_t begin = now;

	(void)state;
	assert_int_equal(certbind_context_new(&context, store, "webmail", NULL), 0);
	put("live/names.crt", "names.pem");
	put("live/names.key", "names.key");
	(void)scratch_write("domains.d/names.example.conf", "mail = \"none\";\n");
	assert_int_equal(certbind_store_reload(store, NULL), 0);
	assert_string_equal(serve(context, "webmail.names.example"), "webmail.names.example");
	run("rm \"$f\"", "live/names.crt");
	run("rm \"$f\"", "site.pem");
	assert_int_equal(certbind_store_reload(store, NULL), 0);
	now = begin + 59;
	assert_int_equal(certbind_store_reload(store, NULL), 0);
	assert_string_equal(serve(context, "webmail.names.example"), "webmail.names.example");
	assert_string_equal(serve(context, "webmail.good.example"), "*.good.example");
	now = begin + 61;
	assert_int_equal(certbind_store_reload(store, NULL), 0);
	assert_string_equal(serve(context, "webmail.names.example"), "panel.provider.example");
	assert_string_equal(serve(context, "webmail.good.example"), "panel.provider.example");
	assert_int_equal(has_code(store, "unreadable"), 1);
	now = begin;
	certbind_context_free(context);
	certbind_store_close(store);
}

/* A .pem without a key is no certificate: what it was before is gone, and it hides no other. */
static void what_loses_its_key_is_gone(void **state)
{
	struct log log = { "" };
	struct certbind_store *store = open_store(&log);
	struct certbind_context *context;
	time_t begin = now;

	(void)state;
	assert_int_equal(certbind_context_new(&context, store, "webmail", NULL), 0);
	put("live/names.pem", "names.pem");
	run("cat \"$PKI/names.key\" >> \"$f\"", "live/names.pem");
	(void)scratch_write("domains.d/names.example.conf", "mail = \"none\";\n");
	assert_int_equal(certbind_store_reload(store, NULL), 0);
	assert_string_equal(serve(context, "webmail.names.example"), "webmail.names.example");
	put("live/names.pem", "names.pem");
	assert_int_equal(certbind_store_reload(store, NULL), 0);
	assert_string_equal(serve(context, "webmail.names.example"), "webmail.names.example");
	assert_int_equal(has_code(store, "stale-last-good"), 1);
	now = begin + 61;
	assert_int_equal(certbind_store_reload(store, NULL), 0);
	assert_string_equal(serve(context, "webmail.names.example"), "panel.provider.example");
	put("live/site.pem", "names.pem");
	log.text[0] = '\0';
	assert_int_equal(certbind_store_reload(store, NULL), 0);
	assert_string_equal(log.text, "");
	now = begin;
	certbind_context_free(context);
	certbind_store_close(store);
}

static void broken_text_costs_nothing_that_works(void **state)
{
	struct log log = { "" };
	struct certbind_store *store = open_store(&log);
	struct certbind_context *context;
	struct certbind_error error;

	(void)state;
	assert_int_equal(certbind_context_new(&context, store, "webmail", NULL), 0);
	(void)scratch_write(
		"domains.d/both.example.conf", "webmail = \"site\"; mail = \"none\";\n");
	assert_int_equal(certbind_store_reload(store, NULL), 0);
	assert_string_equal(serve(context, "webmail.both.example"), "*.good.example");
	/* One domain's file: its last version stays, others change. */
	(void)scratch_write("domains.d/both.example.conf", "webmail = \"si\n");
	(void)scratch_write("domains.d/new.example.conf", "webmail = \"site\"; mail = \"none\";\n");
	assert_int_equal(certbind_store_reload(store, NULL), 0);
	assert_string_equal(serve(context, "webmail.both.example"), "*.good.example");
	assert_string_equal(serve(context, "webmail.new.example"), "*.good.example");
	assert_int_equal(has_code(store, "bad-configuration"), 1);
	/* The main file: nothing changes at all, and the error says where. */
	run("rm \"$f\"", "domains.d/new.example.conf");
	(void)scratch_write("certbind.conf", "services = (\n");
	assert_int_equal(certbind_store_reload(store, &error), CERTBIND_E_CONFIG);
	assert_true(error.line > 0);
	assert_string_equal(serve(context, "webmail.new.example"), "*.good.example");
	assert_int_equal(has_code(store, "bad-configuration"), 1);
	/* Gone altogether: the message says what a daemon without its rights can do. */
	run("rm \"$f\"", "certbind.conf");
	assert_int_equal(certbind_store_reload(store, &error), CERTBIND_E_FILE);
	assert_non_null(strstr(error.message, "stays in service"));
	assert_string_equal(serve(context, "webmail.good.example"), "*.good.example");
	/* Mended: what was taken out is out. */
	(void)scratch_write("certbind.conf", main_file);
	run("rm \"$f\"", "domains.d/both.example.conf");
	assert_int_equal(certbind_store_reload(store, &error), 0);
	assert_string_equal(serve(context, "webmail.new.example"), "panel.provider.example");
	assert_string_equal(serve(context, "webmail.both.example"), "panel.provider.example");
	assert_int_equal(has_code(store, "bad-configuration"), 0);
	certbind_context_free(context);
	certbind_store_close(store);
}

/* Waits for the descriptor and dispatches, until the client gets what is expected. */
static void await(struct certbind_store *store, struct certbind_context *context, const char *host,
	const char *subject)
{
	struct pollfd fd = { .fd = certbind_store_fd(store), .events = POLLIN };
	int i;

	assert_true(fd.fd >= 0);
	for (i = 0; i < 100; i++) {
		if (strcmp(serve(context, host), subject) == 0)
			return;
		(void)poll(&fd, 1, 100);
		if (fd.revents != 0)
			assert_int_equal(certbind_store_dispatch(store, NULL), 0);
	}
	fail_msg("%s is still served %s, not %s", host, serve(context, host), subject);
}

/* The ways of certbot, lego, acme.sh and cp, with nobody calling reload. */
static void files_are_watched(void **state)
{
	struct log log = { "" };
	struct certbind_store *store = open_store(&log);
	struct certbind_context *context;
	int fd;

	(void)state;
	assert_int_equal(certbind_context_new(&context, store, "webmail", NULL), 0);
	fd = certbind_store_fd(store);
	assert_true(fd >= 0);
	assert_int_equal(certbind_store_fd(store), fd);
	/* acme.sh: in place, the chain first. */
	put("site.pem", "exact.pem");
	put("site.key", "exact.key");
	await(store, context, "webmail.good.example", "webmail.good.example");
	/* lego: another file renamed over it. */
	put("new.pem", "wildcard.pem");
	put("new.key", "wildcard.key");
	run("cd \"$f/..\" && mv new.pem site.pem && mv new.key site.key", "live");
	await(store, context, "webmail.good.example", "*.good.example");
	/* A domain appears. */
	(void)scratch_write("domains.d/names.example.conf", "mail = \"none\";\n");
	await(store, context, "webmail.names.example", "panel.provider.example");
	/* certbot: archive files, links to them, and the links swapped. */
	run("mkdir -p \"$f/../archive\" \"$f/names\"", "live");
	put("archive/chain1.pem", "names.pem");
	put("archive/key1.pem", "names.key");
	run("cd \"$f/names\" && ln -s ../../archive/chain1.pem fullchain.pem && "
	    "ln -s ../../archive/key1.pem privkey.pem",
		"live");
	await(store, context, "webmail.names.example", "webmail.names.example");
	put("archive/chain2.pem", "wildcard.pem");
	put("archive/key2.pem", "wildcard.key");
	run("cd \"$f/names\" && ln -sfn ../../archive/key2.pem privkey.pem && "
	    "ln -sfn ../../archive/chain2.pem fullchain.pem",
		"live");
	await(store, context, "webmail.names.example", "panel.provider.example");
	certbind_context_free(context);
	certbind_store_close(store);
}

/* After a fork each side asks for a descriptor of its own, and both go on. */
static void a_fork_goes_on(void **state)
{
	struct log log = { "" };
	struct certbind_store *store = open_store(&log);
	struct certbind_context *context;
	int status;
	pid_t child;

	(void)state;
	assert_int_equal(certbind_context_new(&context, store, "webmail", NULL), 0);
	child = fork();
	assert_true(child >= 0);
	put("site.key", "exact.key");
	put("site.pem", "exact.pem");
	await(store, context, "webmail.good.example", "webmail.good.example");
	if (child == 0) {
		certbind_context_free(context);
		certbind_store_close(store);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	certbind_context_free(context);
	certbind_store_close(store);
}

/* Where a session of a client can be. */
enum phase {
	PHASE_NEVER_STARTED,
	PHASE_MIDDLE, /* the server's first flight is under way */
	PHASE_RETRY, /* a HelloRetryRequest is */
	PHASE_ESTABLISHED,
	PHASE_RESUMED,
	PHASE_FAILED, /* after the certificate was selected: the client takes no such signature */
	PHASES
};

enum { HELD = 30, SWAPS = 10 };

/* Takes a session into its phase. */
static void hold(struct handshake *held, struct certbind_context *context, enum phase phase, int i,
	gnutls_datum_t ticket)
{
	static const char *const versions[] = { "NORMAL:-VERS-ALL:+VERS-TLS1.2",
		"NORMAL:-VERS-ALL:+VERS-TLS1.3" };
	struct handshake_client client = { .server_name = "webmail.good.example",
		.priority = versions[i % 2] };

	if (phase == PHASE_RETRY)
		client.priority = HANDSHAKE_RETRY;
	if (phase == PHASE_FAILED)
		client.priority = "NORMAL:-SIGN-ALL:+SIGN-RSA-PSS-RSAE-SHA256:+SIGN-RSA-SHA256";
	if (phase == PHASE_RESUMED) {
		client.priority = versions[1];
		client.ticket = ticket;
	}
	handshake_begin(held, context, &client);
	if (phase == PHASE_MIDDLE || phase == PHASE_RETRY) {
		(void)gnutls_handshake(held->client);
		assert_int_equal(gnutls_handshake(held->server), GNUTLS_E_AGAIN);
	} else if (phase != PHASE_NEVER_STARTED) {
		handshake_run(held);
		assert_int_equal(held->client_status == 0, phase != PHASE_FAILED);
		assert_int_equal(held->is_resumed, phase == PHASE_RESUMED);
	}
}

/* The session goes on as if nothing had happened since. */
static void go_on(struct handshake *held, enum phase phase)
{
	char byte = 0;

	if (phase == PHASE_MIDDLE || phase == PHASE_RETRY) {
		handshake_run(held);
		assert_int_equal(held->client_status, 0);
		assert_int_equal(held->is_retried, phase == PHASE_RETRY);
	}
	if (phase == PHASE_NEVER_STARTED || phase == PHASE_FAILED)
		return;
	assert_int_equal(gnutls_record_send(held->client, "x", 1), 1);
	assert_int_equal(gnutls_record_recv(held->server, &byte, 1), 1);
	assert_int_equal(byte, 'x');
}

/* From the last to the first. */
static void *end_all(void *data)
{
	struct handshake *held = data;
	int i;

	for (i = HELD; i-- > 0;)
		handshake_end(&held[i]);
	return NULL;
}

static void swap(struct certbind_store *store, struct certbind_context *context, int i)
{
	const char *file = i % 2 == 0 ? "exact" : "wildcard";
	char chain[32], key[32];

	(void)snprintf(chain, sizeof(chain), "%s.pem", file);
	(void)snprintf(key, sizeof(key), "%s.key", file);
	put("site.pem", chain);
	put("site.key", key);
	assert_int_equal(certbind_store_reload(store, NULL), 0);
	assert_string_equal(serve(context, "webmail.good.example"),
		i % 2 == 0 ? "webmail.good.example" : "*.good.example");
}

/* Thirty sessions of one phase go through ten swaps and lose their context and store. */
static void sessions_survive(enum phase phase)
{
	static struct handshake held[HELD];
	const struct handshake_client client = { .server_name = "webmail.good.example",
		.priority = "NORMAL:-VERS-ALL:+VERS-TLS1.3" };
	struct log log = { "" };
	struct certbind_store *store = open_store(&log);
	struct certbind_context *context;
	struct handshake first;
	gnutls_datum_t ticket;
	pthread_t thread;
	int i;

	assert_int_equal(certbind_context_new(&context, store, "webmail", NULL), 0);
	handshake_begin(&first, context, &client);
	handshake_run(&first);
	ticket = handshake_ticket(&first);
	handshake_end(&first);
	for (i = 0; i < HELD; i++)
		hold(&held[i], context, phase, i, ticket);
	gnutls_free(ticket.data);
	for (i = 0; i < SWAPS; i++)
		swap(store, context, i);
	if (phase % 2 == 0) {
		certbind_store_close(store);
		certbind_context_free(context);
	} else {
		certbind_context_free(context);
		certbind_store_close(store);
	}
	for (i = 0; i < HELD; i++)
		go_on(&held[i], phase);
	assert_int_equal(pthread_create(&thread, NULL, end_all, held), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

/* In every phase. */
static void sessions_survive_swaps(void **state)
{
	(void)state;
	for (int phase = 0; phase < PHASES; phase++)
		sessions_survive((enum phase)phase);
}

/* Handshakes in some threads, reloads in others. */
struct load {
	struct certbind_store *store;
	struct certbind_context *context;
	atomic_bool is_over;
	atomic_int failures;
	atomic_int handshakes;
};

static void *load_handshakes(void *data)
{
	struct load *load = data;

	while (!load->is_over) {
		struct handshake handshake;
		const struct handshake_client client = { .server_name = "webmail.good.example" };

		handshake_whole(&handshake, load->context, &client);
		load->handshakes++;
		if (handshake.client_status != 0 ||
			strstr(handshake.subject, "good.example") == NULL)
			load->failures++;
	}
	return NULL;
}

static void *load_reloads(void *data)
{
	struct load *load = data;

	while (!load->is_over)
		if (certbind_store_reload(load->store, NULL) < 0)
			load->failures++;
	return NULL;
}

static void reloads_fail_no_handshake(void **state)
{
	struct log log = { "" };
	struct load load = { .store = open_store(&log) };
	pthread_t threads[3];
	int i;

	(void)state;
	assert_int_equal(certbind_context_new(&load.context, load.store, "webmail", NULL), 0);
	assert_int_equal(pthread_create(&threads[0], NULL, load_handshakes, &load), 0);
	assert_int_equal(pthread_create(&threads[1], NULL, load_handshakes, &load), 0);
	assert_int_equal(pthread_create(&threads[2], NULL, load_reloads, &load), 0);
	for (i = 0; i < 20; i++) {
		put("site.pem", i % 2 == 0 ? "exact.pem" : "wildcard.pem");
		put("site.key", i % 2 == 0 ? "exact.key" : "wildcard.key");
	}
	load.is_over = 1;
	for (i = 0; i < 3; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(load.failures, 0);
	assert_true(load.handshakes > 0);
	certbind_context_free(load.context);
	certbind_store_close(load.store);
}

/* A directory that can't be read tells nothing of what is in it. */
static void a_directory_that_vanishes_costs_nothing(void **state)
{
	struct log log = { "" };
	struct certbind_store *store = open_store(&log);
	struct certbind_context *context;
	time_t begin = now;

	(void)state;
	assert_int_equal(certbind_context_new(&context, store, "webmail", NULL), 0);
	put("live/names.crt", "names.pem");
	put("live/names.key", "names.key");
	(void)scratch_write("domains.d/names.example.conf", "mail = \"none\";\n");
	assert_int_equal(certbind_store_reload(store, NULL), 0);
	run("mv \"$f\" \"$f.away\"", "live");
	assert_int_equal(certbind_store_reload(store, NULL), 0);
	now = begin + 3600;
	assert_int_equal(certbind_store_reload(store, NULL), 0);
	assert_string_equal(serve(context, "webmail.names.example"), "webmail.names.example");
	assert_int_equal(has_code(store, "stale-last-good"), 1);
	run("mv \"$f.away\" \"$f\"", "live");
	assert_int_equal(certbind_store_reload(store, NULL), 0);
	assert_int_equal(has_code(store, "stale-last-good"), 0);
	now = begin;
	certbind_context_free(context);
	certbind_store_close(store);
}

/* A context of a service that is configured no more goes on with the last definition. */
static void a_service_that_vanishes_is_served(void **state)
{
	static const char with[] =
		"services = ( { name = \"extra\"; hosts = [ \"extra.%d\" ];\n"
		"  default = \"panel\"; } );\n"
		"certificates = ( { name = \"panel\";\n"
		"  chain = \"@PKI@/panel.pem\"; key = \"@PKI@/panel.key\"; } );\n";
	struct log log = { "" };
	struct certbind_store *store;
	struct certbind_context *context;

	(void)state;
	assert_int_equal(certbind_store_new(&store), 0);
	certbind_store_set_log(store, keep_log, &log);
	assert_int_equal(certbind_store_load(store, scratch_write("vanish.conf", with), NULL), 0);
	assert_int_equal(certbind_context_new(&context, store, "extra", NULL), 0);
	(void)scratch_write("vanish.conf", "services = ( );\n");
	assert_int_equal(certbind_store_reload(store, NULL), 0);
	assert_string_equal(serve(context, "extra.any.example"), "panel.provider.example");
	assert_non_null(strstr(log.text, "\"extra\": configured no more"));
	(void)scratch_write("vanish.conf", with);
	assert_int_equal(certbind_store_reload(store, NULL), 0);
	assert_string_equal(serve(context, "extra.any.example"), "panel.provider.example");
	certbind_context_free(context);
	certbind_store_close(store);
}

/* Every error of a load that is refused is told, those of entries too. */
static void a_refused_load_tells_everything(void **state)
{
	struct log log = { "" };
	struct certbind_store *store;

	(void)state;
	assert_int_equal(certbind_store_new(&store), 0);
	certbind_store_set_log(store, keep_log, &log);
	assert_int_equal(
		certbind_store_load(store,
			scratch_write("refused.conf",
				"trust_file = \"missing.pem\";\n"
				"domains = ( { name = \"a b\"; }, { name = \"c d\"; } );\n"),
			NULL),
		CERTBIND_E_CONFIG);
	assert_int_equal(count_lines(&log), 3);
	certbind_store_close(store);
}

static void wrong_calls_are_refused(void **state)
{
	struct certbind_store *store;

	(void)state;
	assert_int_equal(certbind_store_new(&store), 0);
	assert_int_equal(certbind_store_reload(store, NULL), CERTBIND_E_STATE);
	assert_int_equal(certbind_store_fd(store), CERTBIND_E_STATE);
	assert_int_equal(certbind_store_dispatch(store, NULL), 0);
	assert_int_equal(certbind_store_reload(NULL, NULL), CERTBIND_E_INVALID);
	assert_int_equal(certbind_store_fd(NULL), CERTBIND_E_INVALID);
	assert_int_equal(certbind_store_dispatch(NULL, NULL), CERTBIND_E_INVALID);
	certbind_store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(renewals_are_taken),
		cmocka_unit_test(faulty_renewals_are_not_taken),
		cmocka_unit_test(half_a_renewal_waits),
		cmocka_unit_test(what_disappears_goes_after_a_minute),
		cmocka_unit_test(what_loses_its_key_is_gone),
		cmocka_unit_test(broken_text_costs_nothing_that_works),
		cmocka_unit_test(files_are_watched),
		cmocka_unit_test(a_fork_goes_on),
		cmocka_unit_test(sessions_survive_swaps),
		cmocka_unit_test(reloads_fail_no_handshake),
		cmocka_unit_test(a_directory_that_vanishes_costs_nothing),
		cmocka_unit_test(a_service_that_vanishes_is_served),
		cmocka_unit_test(a_refused_load_tells_everything),
		cmocka_unit_test(wrong_calls_are_refused),
	};

	return cmocka_run_group_tests(tests, scratch_set_up, scratch_tear_down);
}
