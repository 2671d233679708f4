/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A small mail daemon: SMTP, submissions, IMAP, for many domains, each with its own certificate.
 *
 *     cc -o mail *.c ../common/[a-z]*.c $(pkg-config --cflags --libs certbind) -lev -lcrypt
 */
#define _POSIX_C_SOURCE 200809L
#include "connection.h"
#include "imap.h"
#include "reload.h"
#include "smtp.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Certificates, state and the event loop need some too. */
#define DESCRIPTORS_SPARE 32UL
#define DESCRIPTORS                                                                                \
	(DESCRIPTORS_SPARE + (size_t)SERVER_DESCRIPTORS_PER_CONNECTION * SERVER_CONNECTIONS_MAX)

enum kind { SMTP, SUBMISSIONS, IMAP, IMAPS, KINDS };

/* ALPN's words are IANA's, but for SMTP, which has none. */
static const struct {
	struct protocol protocol;
	const char *alpn;
} kinds[KINDS] = {
	[SMTP] = { { "smtp", &smtp_dialogue, false, false }, "smtp" },
	[SUBMISSIONS] = { { "submissions", &smtp_dialogue, true, true }, "smtp" },
	[IMAP] = { { "imap", &imap_dialogue, false, false }, "imap" },
	[IMAPS] = { { "imaps", &imap_dialogue, true, false }, "imap" },
};

struct options {
	const char *config;
	const char *users;
	const char *spool;
	const char *addresses[KINDS];
	bool is_plain;
};

static void usage(FILE *file)
{
	(void)fprintf(file,
		"usage: mail [--config FILE] [--users FILE] [--spool DIRECTORY]\n"
		"            [--smtp ADDRESS:PORT] [--submissions ADDRESS:PORT]\n"
		"            [--imap ADDRESS:PORT] [--imaps ADDRESS:PORT]\n"
		"            [--buffered | --no-buffered]\n"
		"\n"
		"  --config FILE            certbind's configuration; default: the system's\n"
		"  --users FILE             lines user@domain:HASH, HASH as crypt(3) makes it\n"
		"  --spool DIRECTORY        DIRECTORY/domain/user is a Maildir\n"
		"  --smtp ADDRESS:PORT      take mail for the users, with STARTTLS\n"
		"  --submissions ADDRESS:PORT  take mail from the users, TLS from the start\n"
		"  --imap ADDRESS:PORT      let users read their mail, with STARTTLS\n"
		"  --imaps ADDRESS:PORT     the same, TLS from the start\n"
		"  --buffered               save system calls with certbind_session_set_fd();\n"
		"                           the default, --no-buffered does without\n"
		"\n"
		"At least one socket is needed; port 0 picks a free one; IPv6 stands in brackets.\n"
		"Without users and spool every login and recipient is refused.\n"
		"Certificates and configuration are read again when files change, and on "
		"SIGHUP.\n");
}

static void fail(const char *message)
{
	(void)fprintf(stderr, "mail: %s\n", message);
}

/* Tells of an error with the place that is to blame. */
static void fail_at(const struct certbind_error *error)
{
	if (error->line > 0)
		(void)fprintf(
			stderr, "mail: %s:%d: %s\n", error->file, error->line, error->message);
	else if (error->file[0] != '\0')
		(void)fprintf(stderr, "mail: %s: %s\n", error->file, error->message);
	else
		fail(error->message);
}

static void log_event(void *data, int level, const struct certbind_error *event)
{
	(void)data;
	if (level <= CERTBIND_LEVEL_NOTICE)
		fail_at(event);
}

/* The context of service "mail" for the sockets that speak one protocol. */
static struct certbind_context *make_context(struct server *server, const char *alpn)
{
	struct certbind_context *context = NULL;
	struct certbind_error error;

	if (certbind_context_new(&context, server->store, "mail", &error) == 0 &&
		certbind_context_set_alpn(context, &alpn, 1, &error) == 0)
		return context;
	fail_at(&error);
	certbind_context_free(context);
	return NULL;
}

static bool open_listeners(struct server *server, const struct options *options,
	struct certbind_context *contexts[static KINDS])
{
	char message[512];

	for (size_t i = 0; i < KINDS; i++) {
		if (!options->addresses[i])
			continue;
		contexts[i] = make_context(server, kinds[i].alpn);
		if (!contexts[i])
			return false;
		if (!listener_open(server, &kinds[i].protocol, contexts[i], options->addresses[i],
			    message, sizeof(message))) {
			fail(message);
			return false;
		}
	}
	return true;
}

static bool load(struct server *server, const struct options *options)
{
	struct certbind_error error;
	char message[512];

	server->users = users_read(options->users, message, sizeof(message));
	if (!server->users) {
		fail(message);
		return false;
	}
	if (certbind_store_new(&server->store) < 0) {
		fail("out of memory");
		return false;
	}
	certbind_store_set_log(server->store, log_event, NULL);
	if (certbind_store_load(server->store, options->config, &error) < 0) {
		fail_at(&error);
		return false;
	}
	server->spool = options->spool;
	if (gethostname(server->hostname, sizeof(server->hostname)) < 0)
		(void)snprintf(server->hostname, sizeof(server->hostname), "localhost");
	server->hostname[sizeof(server->hostname) - 1] = '\0';
	return true;
}

static void on_end(struct ev_loop *loop, struct ev_signal *signal, int events)
{
	(void)signal;
	(void)events;
	ev_break(loop, EVBREAK_ALL);
}

static void on_rest(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	listener_wake_all(timer->data);
}

struct signals {
	struct ev_signal terminate;
	struct ev_signal interrupt;
};

static void watch_signals(struct ev_loop *loop, struct signals *signals)
{
	ev_signal_init(&signals->terminate, on_end, SIGTERM);
	ev_signal_init(&signals->interrupt, on_end, SIGINT);
	ev_signal_start(loop, &signals->terminate);
	ev_signal_start(loop, &signals->interrupt);
}

static void unwatch_signals(struct ev_loop *loop, struct signals *signals)
{
	ev_signal_stop(loop, &signals->terminate);
	ev_signal_stop(loop, &signals->interrupt);
}

/* Asks for as many descriptors as all connections need; tells how many there can be. */
static size_t raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return SERVER_CONNECTIONS_MAX / 10;
	if (limit.rlim_cur < DESCRIPTORS) {
		limit.rlim_cur = limit.rlim_max < DESCRIPTORS ? limit.rlim_max : DESCRIPTORS;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
		(void)getrlimit(RLIMIT_NOFILE, &limit);
	}
	if (limit.rlim_cur >= DESCRIPTORS)
		return SERVER_CONNECTIONS_MAX;
	if (limit.rlim_cur < DESCRIPTORS_SPARE + SERVER_DESCRIPTORS_PER_CONNECTION)
		return 1;
	return (limit.rlim_cur - DESCRIPTORS_SPARE) / SERVER_DESCRIPTORS_PER_CONNECTION;
}

static int run(const struct options *options)
{
	struct server server = { .is_buffered = !options->is_plain,
		.loop = ev_default_loop(0),
		.connections_max = raise_limit() };
	struct certbind_context *contexts[KINDS] = { NULL };
	struct signals signals;
	struct reload reload = { 0 };
	int result = EXIT_FAILURE;

	if (!server.loop) {
		fail("no event loop");
		return EXIT_FAILURE;
	}
	/* Whoever reads that a socket listens may send a signal at once. */
	watch_signals(server.loop, &signals);
	ev_timer_init(&server.rest, on_rest, 0, SERVER_REST);
	server.rest.data = &server;
	if (load(&server, options) && reload_start(&reload, &server) &&
		open_listeners(&server, options, contexts)) {
		(void)ev_run(server.loop, 0);
		result = EXIT_SUCCESS;
	}
	listener_close_all(&server);
	connection_close_all(&server);
	ev_timer_stop(server.loop, &server.rest);
	reload_stop(&reload, &server);
	unwatch_signals(server.loop, &signals);
	for (size_t i = 0; i < KINDS; i++)
		certbind_context_free(contexts[i]);
	certbind_store_close(server.store);
	users_free(server.users);
	ev_loop_destroy(server.loop);
	return result;
}

enum word {
	OPTION_CONFIG = KINDS,
	OPTION_BUFFERED,
	OPTION_NO_BUFFERED,
	OPTION_USERS,
	OPTION_SPOOL,
	OPTION_HELP,
	OPTION_VERSION
};

/* Returns an exit status, or -1 to go on. */
static int take_option(struct options *options, int option)
{
	switch (option) {
	case SMTP:
	case SUBMISSIONS:
	case IMAP:
	case IMAPS:
		options->addresses[option] = optarg;
		return -1;
	case OPTION_CONFIG:
		options->config = optarg;
		return -1;
	case OPTION_BUFFERED:
	case OPTION_NO_BUFFERED:
		options->is_plain = option == OPTION_NO_BUFFERED;
		return -1;
	case OPTION_USERS:
		options->users = optarg;
		return -1;
	case OPTION_SPOOL:
		options->spool = optarg;
		return -1;
	case OPTION_HELP:
		usage(stdout);
		return EXIT_SUCCESS;
	case OPTION_VERSION:
		(void)printf("mail (certbind %s)\n", certbind_version());
		return EXIT_SUCCESS;
	default:
		usage(stderr);
		return 2;
	}
}

int main(int argc, char *argv[])
{
	static const struct option words[] = {
		{ "smtp", required_argument, NULL, SMTP },
		{ "submissions", required_argument, NULL, SUBMISSIONS },
		{ "imap", required_argument, NULL, IMAP },
		{ "imaps", required_argument, NULL, IMAPS },
		{ "config", required_argument, NULL, OPTION_CONFIG },
		{ "buffered", no_argument, NULL, OPTION_BUFFERED },
		{ "no-buffered", no_argument, NULL, OPTION_NO_BUFFERED },
		{ "users", required_argument, NULL, OPTION_USERS },
		{ "spool", required_argument, NULL, OPTION_SPOOL },
		{ "help", no_argument, NULL, OPTION_HELP },
		{ "version", no_argument, NULL, OPTION_VERSION },
		{ NULL, 0, NULL, 0 },
	};
	struct options options = { 0 };
	bool has_socket = false;
	int word, status = -1;

	while (status < 0 && (word = getopt_long(argc, argv, "", words, NULL)) != -1)
		status = take_option(&options, word);
	if (status >= 0)
		return status;
	for (size_t i = 0; i < KINDS; i++)
		has_socket = has_socket || options.addresses[i];
	if (!has_socket || optind < argc) {
		usage(stderr);
		return 2;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	return run(&options);
}
