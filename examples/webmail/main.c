/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A small webmail for many domains, each with its own certificate.
 *
 *     cc *.c ../common/maildir.c ../common/users.c -o webmail \
 *             $(pkg-config --cflags --libs certbind libmicrohttpd gmime-3.0 libcrypt)
 *     ./webmail --config certbind.conf --users users --spool spool --listen 127.0.0.1:8443
 *
 * What it takes to give every domain its certificate is open_tls() here and the call of
 * certbind_context_attach() in connection.c; what it takes to serve renewed ones is reload.c.
 */
#define _POSIX_C_SOURCE 200809L
#include "connection.h"
#include "crowd.h"
#include "http.h"
#include "listener.h"
#include "reload.h"
#include "session.h"
#include "throttle.h"
#include "webmail.h"

#include <getopt.h>
#include <gmime/gmime.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define THREADS 4
#define CONNECTIONS 500
#define CONNECTIONS_PER_CLIENT 100
/* Of descriptors: what is no connection, and what a connection needs while it is answered. */
#define DESCRIPTORS_SPARE 40
#define DESCRIPTORS_PER_CONNECTION 2
#define IDLE_SECONDS 30
#define SESSIONS 1024

struct options {
	const char *config;
	const char *users;
	const char *spool;
	const char *listen;
};

static const char usage[] =
	"usage: webmail --config FILE --listen ADDRESS:PORT [--users FILE] [--spool DIRECTORY]\n"
	"\n"
	"  --config FILE          certbind's configuration\n"
	"  --listen ADDRESS:PORT  port 0 lets the system choose\n"
	"  --users FILE           lines user@domain:HASH, as crypt(3) makes it\n"
	"  --spool DIRECTORY      DIRECTORY/domain/user is a user's Maildir\n"
	"  --help, --version      print this, or the version, and end\n"
	"\n"
	"Certificates and configuration are read again when files change, and on SIGHUP.\n";

/* Returns -1 to go on, or what to exit with. */
static int read_options(int argc, char **argv, struct options *options)
{
	static const struct option words[] = { { "config", required_argument, NULL, 'c' },
		{ "users", required_argument, NULL, 'u' },
		{ "spool", required_argument, NULL, 's' },
		{ "listen", required_argument, NULL, 'l' }, { "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' }, { NULL, 0, NULL, 0 } };
	int word;

	while ((word = getopt_long(argc, argv, "", words, NULL)) != -1) {
		switch (word) {
		case 'c':
			options->config = optarg;
			break;
		case 'u':
			options->users = optarg;
			break;
		case 's':
			options->spool = optarg;
			break;
		case 'l':
			options->listen = optarg;
			break;
		case 'h':
			(void)fputs(usage, stdout);
			return 0;
		case 'v':
			(void)printf("webmail, certbind %s\n", certbind_version());
			return 0;
		default:
			(void)fputs(usage, stderr);
			return 2;
		}
	}
	if (options->config == NULL || options->listen == NULL || optind != argc) {
		(void)fputs(usage, stderr);
		return 2;
	}
	return -1;
}

static void log_certbind(void *data, int level, const struct certbind_error *event)
{
	(void)data;
	if (level > CERTBIND_LEVEL_NOTICE)
		return;
	if (event->line > 0)
		(void)fprintf(
			stderr, "webmail: %s:%d: %s\n", event->file, event->line, event->message);
	else if (event->file[0] != '\0')
		(void)fprintf(stderr, "webmail: %s: %s\n", event->file, event->message);
	else
		(void)fprintf(stderr, "webmail: %s\n", event->message);
}

__attribute__((format(printf, 2, 0))) static void log_http(
	void *data, const char *format, va_list arguments)
{
	char line[512];

	(void)data;
	(void)vsnprintf(line, sizeof(line), format, arguments);
	line[strcspn(line, "\r\n")] = '\0';
	(void)fprintf(stderr, "webmail: libmicrohttpd: %s\n", line);
}

static int open_tls(struct webmail *webmail, const char *config)
{
	static const char *const protocols[] = { "http/1.1" };
	struct certbind_error error;
	int status = CERTBIND_OK;

	if (certbind_store_new(&webmail->store) < 0)
		return -1;
	certbind_store_set_log(webmail->store, log_certbind, NULL);
	if (certbind_store_load(webmail->store, config, &error) < 0 ||
		certbind_context_new(&webmail->context, webmail->store, "webmail", &error) < 0 ||
		certbind_context_set_alpn(webmail->context, protocols, 1, &error) < 0)
		status = error.status;
	/* Errors of the configuration's text were told to the log, all of them. */
	if (status < 0 && status != CERTBIND_E_CONFIG)
		log_certbind(NULL, CERTBIND_LEVEL_ERROR, &error);
	return status;
}

/* As many as the descriptors suffice for: libmicrohttpd spins when it is out of them. */
static unsigned int connections_max(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 ||
		limit.rlim_cur >= DESCRIPTORS_SPARE + DESCRIPTORS_PER_CONNECTION * CONNECTIONS)
		return CONNECTIONS;
	if (limit.rlim_cur < DESCRIPTORS_SPARE + DESCRIPTORS_PER_CONNECTION * THREADS)
		return THREADS;
	return (unsigned int)(limit.rlim_cur - DESCRIPTORS_SPARE) / DESCRIPTORS_PER_CONNECTION;
}

static struct MHD_Daemon *start(struct webmail *webmail, int fd)
{
	return MHD_start_daemon(
		MHD_USE_TLS | MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ERROR_LOG, 0,
		NULL, NULL, http_handle, webmail, MHD_OPTION_EXTERNAL_LOGGER, log_http, NULL,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_TLS_NO_ALPN, 1,
		MHD_OPTION_HTTPS_CERT_CALLBACK, connection_no_certificate,
		MHD_OPTION_NOTIFY_CONNECTION, connection_notify, webmail,
		MHD_OPTION_NOTIFY_COMPLETED, http_completed, NULL, MHD_OPTION_THREAD_POOL_SIZE,
		(unsigned int)THREADS, MHD_OPTION_CONNECTION_LIMIT, connections_max(),
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned int)CONNECTIONS_PER_CLIENT,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)IDLE_SECONDS, MHD_OPTION_END);
}

static int serve(struct webmail *webmail, const struct options *options, const sigset_t *signals)
{
	char name[LISTENER_NAME_SIZE], message[256];
	struct MHD_Daemon *daemon;
	int fd, status;

	fd = listener_open(options->listen, name, message, sizeof(message));
	if (fd < 0) {
		(void)fprintf(stderr, "webmail: %s\n", message);
		return 2;
	}
	daemon = start(webmail, fd);
	if (daemon == NULL) {
		(void)fprintf(stderr, "webmail: libmicrohttpd does not start\n");
		(void)close(fd);
		return 2;
	}
	(void)printf("listening https %s\n", name);
	(void)fflush(stdout);
	status = reload_until_end(webmail, signals);
	/* Closes the socket too. */
	MHD_stop_daemon(daemon);
	return status < 0 ? 2 : 0;
}

/* Every thread inherits that: signals come to reload_until_end() alone. */
static int block_signals(sigset_t *signals)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };

	(void)sigemptyset(signals);
	(void)sigaddset(signals, SIGTERM);
	(void)sigaddset(signals, SIGINT);
	(void)sigaddset(signals, SIGHUP);
	return sigaction(SIGPIPE, &ignore, NULL) == 0 &&
			       pthread_sigmask(SIG_BLOCK, signals, NULL) == 0
		       ? 0
		       : -1;
}

int main(int argc, char **argv)
{
	struct options options = { .config = NULL };
	struct webmail webmail = { .users = NULL };
	char message[512] = "";
	sigset_t signals;
	int status = read_options(argc, argv, &options);

	if (status >= 0)
		return status;
	status = 2;
	g_mime_init();
	webmail.spool = options.spool;
	webmail.sessions = sessions_new(SESSIONS);
	webmail.throttle = throttle_new();
	/* Who is silent must go before libmicrohttpd lets nobody in. */
	webmail.crowd = crowd_new(connections_max() * 3 / 4);
	webmail.users = users_read(options.users, message, sizeof(message));
	if (webmail.users == NULL)
		(void)fprintf(stderr, "webmail: %s\n", message);
	else if (webmail.sessions != NULL && webmail.throttle != NULL && webmail.crowd != NULL &&
		 block_signals(&signals) == 0 && open_tls(&webmail, options.config) == 0)
		status = serve(&webmail, &options, &signals);
	certbind_context_free(webmail.context);
	certbind_store_close(webmail.store);
	users_free(webmail.users);
	throttle_free(webmail.throttle);
	crowd_free(webmail.crowd);
	sessions_free(webmail.sessions);
	g_mime_shutdown();
	return status;
}
