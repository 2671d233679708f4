/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The embedding in as few lines as can be: one connection at a time, blocking. Renewed certificates
 * are served from the next connection on, without a restart.
 *
 *     cc minimal.c $(pkg-config --cflags --libs certbind) -o minimal
 *     ./minimal --config certbind.conf --listen 127.0.0.1:8443
 */
#define _GNU_SOURCE /* ppoll */
#include <certbind/certbind.h>
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* One silent client may hold the others up for so long, at most twice. */
#define PATIENCE_SECONDS 5
#define REQUEST_BYTES 8192

static volatile sig_atomic_t ended, is_hung_up, listener = -1, client = -1;
static bool is_buffered;

/* Wakes what blocks on a socket, whenever the signal comes: there is no moment to miss it. */
static void end(int number)
{
	(void)number;
	ended = 1;
	(void)shutdown(listener, SHUT_RDWR);
	(void)shutdown(client, SHUT_RDWR);
}

static void hang_up(int number)
{
	(void)number;
	is_hung_up = 1;
}

static _Noreturn void die(const char *what, const char *why)
{
	(void)fprintf(stderr, "minimal: %s: %s\n", what, why);
	exit(2);
}

static void tell(const char *what, const struct certbind_error *error)
{
	char where[sizeof(error->file) + 16] = "";

	if (*error->file)
		(void)snprintf(where, sizeof(where), "%s:%d: ", error->file, error->line);
	(void)fprintf(stderr, "minimal: %s: %s%s\n", what, where, error->message);
}

/* Reads one request up to its empty line. */
static int read_request(gnutls_session_t session)
{
	char request[REQUEST_BYTES + 1];
	time_t end_at = time(NULL) + PATIENCE_SECONDS;
	size_t length = 0;
	ssize_t got;

	while (length < REQUEST_BYTES && time(NULL) <= end_at) {
		got = gnutls_record_recv(session, request + length, REQUEST_BYTES - length);
		if (got <= 0 && got != GNUTLS_E_INTERRUPTED)
			return (int)got;
		length += got > 0 ? (size_t)got : 0;
		request[length] = '\0';
		if (strstr(request, "\r\n\r\n") != NULL)
			return 1;
	}
	return 0;
}

static void answer(gnutls_session_t session)
{
	static const char *const rules[] = { "none", "exact", "wildcard", "default", "reject" };
	struct certbind_selection selected;
	const char *rule = "unknown";
	char text[1024], response[2048];
	size_t sent = 0, length;
	ssize_t put;

	if (certbind_session_selected(session, &selected) < 0)
		return;
	if (selected.rule >= 0 && (size_t)selected.rule < sizeof(rules) / sizeof(*rules))
		rule = rules[selected.rule];
	(void)snprintf(text, sizeof(text), "host %s\ncertificate %s\nrule %s\n",
		*selected.host ? selected.host : "(no server name)",
		*selected.certificate ? selected.certificate : "(self-signed)", rule);
	length = (size_t)snprintf(response, sizeof(response),
		"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n"
		"Connection: close\r\n\r\n%s",
		strlen(text), text);
	while (sent < length) {
		put = gnutls_record_send(session, response + sent, length - sent);
		if (put < 0 && put != GNUTLS_E_INTERRUPTED)
			return;
		sent += put > 0 ? (size_t)put : 0;
	}
	(void)gnutls_bye(session, GNUTLS_SHUT_WR);
}

static void serve(struct certbind_context *context, int fd)
{
	struct timeval patience = { .tv_sec = PATIENCE_SECONDS };
	struct certbind_error error;
	gnutls_session_t session;
	int status;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (certbind_context_session(context, GNUTLS_NO_SIGNAL, &session, &error) < 0) {
		tell("session", &error);
		return;
	}
	/* With a blocking socket nothing else differs. */
	if (!is_buffered)
		gnutls_transport_set_int(session, fd);
	else if (certbind_session_set_fd(session, fd, &error) < 0)
		tell("socket", &error);
	gnutls_handshake_set_timeout(session, PATIENCE_SECONDS * 1000);
	do
		status = gnutls_handshake(session);
	while (status < 0 && !gnutls_error_is_fatal(status) && status != GNUTLS_E_AGAIN);
	if (status < 0)
		(void)fprintf(stderr, "minimal: handshake: %s\n", gnutls_strerror(status));
	if (status < 0 && gnutls_error_is_fatal(status)) {
		/* A client that is refused learns why. */
		(void)gnutls_alert_send_appropriate(session, status);
	} else if (status == 0 && read_request(session) > 0) {
		answer(session);
	}
	gnutls_deinit(session);
}

/* Opens the socket and says where: port 0 lets the system choose. */
static int open_socket(char *where)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found;
	struct sockaddr_storage bound;
	socklen_t length = sizeof(bound);
	char *colon = strrchr(where, ':'), port[sizeof("65535")];
	int fd, code, yes = 1;

	if (colon == NULL)
		die(where, "ADDRESS:PORT expected");
	*colon = '\0';
	code = getaddrinfo(where, colon + 1, &hints, &found);
	if (code != 0)
		die(where, gai_strerror(code));
	/* A client may be gone before accept() sees it: that must not block. */
	fd = socket(found->ai_family, found->ai_socktype | SOCK_NONBLOCK, found->ai_protocol);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
		bind(fd, found->ai_addr, found->ai_addrlen) < 0 || listen(fd, 16) < 0 ||
		getsockname(fd, (struct sockaddr *)&bound, &length) < 0)
		die(where, strerror(errno));
	freeaddrinfo(found);
	code = getnameinfo(
		(struct sockaddr *)&bound, length, NULL, 0, port, sizeof(port), NI_NUMERICSERV);
	if (code != 0)
		die(where, gai_strerror(code));
	(void)printf("listening https %s:%s\n", where, port);
	(void)fflush(stdout);
	return fd;
}

/* Takes what has changed into service: all of it on SIGHUP, else what the store has noticed. */
static void follow_changes(struct certbind_store *store)
{
	struct certbind_error error;
	int status;

	if (is_hung_up) {
		is_hung_up = 0;
		status = certbind_store_reload(store, &error);
	} else {
		status = certbind_store_dispatch(store, &error);
	}
	if (status < 0)
		tell("refused, what was loaded stays in service", &error);
}

/* Takes connections until SIGTERM comes. SIGHUP comes only while it waits, with `waiting`. */
static void serve_all(
	struct certbind_store *store, struct certbind_context *context, const sigset_t *waiting)
{
	struct pollfd fds[] = { { .fd = listener, .events = POLLIN },
		{ .fd = certbind_store_fd(store), .events = POLLIN } };
	int fd;

	if (fds[1].fd < 0)
		die("certbind", certbind_strerror(fds[1].fd));
	while (!ended) {
		if (ppoll(fds, 2, NULL, waiting) < 0 && errno != EINTR)
			die("poll", strerror(errno));
		follow_changes(store);
		fd = accept(listener, NULL, NULL);
		if (fd < 0 && !ended && errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			die("accept", strerror(errno));
		if (fd >= 0) {
			client = fd;
			if (!ended)
				serve(context, fd);
			client = -1;
			(void)close(fd);
		}
	}
}

/* --users and --spool are taken because every example takes them; nobody logs in here. */
static const struct option options[] = { { "config", required_argument, NULL, 'c' },
	{ "buffered", no_argument, NULL, 'b' }, { "no-buffered", no_argument, NULL, 'n' },
	{ "listen", required_argument, NULL, 'l' }, { "service", required_argument, NULL, 's' },
	{ "users", required_argument, NULL, 'u' }, { "spool", required_argument, NULL, 'u' },
	{ NULL, 0, NULL, 0 } };

int main(int argc, char **argv)
{
	static const char *const protocols[] = { "http/1.1" };
	const char *config = NULL, *service = "webmail";
	struct sigaction action = { .sa_handler = end }, hangup = { .sa_handler = hang_up };
	struct certbind_store *store;
	struct certbind_context *context;
	struct certbind_error error;
	sigset_t hangups, waiting;
	char *where = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'c')
			config = optarg;
		else if (option == 'l')
			where = optarg;
		else if (option == 's')
			service = optarg;
		else if (option == 'b' || option == 'n')
			is_buffered = option == 'b';
		else if (option != 'u')
			die("usage", "--config FILE --listen ADDRESS:PORT [--service NAME] "
				     "[--buffered]");
	}
	if (config == NULL || where == NULL || optind != argc)
		die("usage", "--config FILE --listen ADDRESS:PORT [--service NAME] [--buffered]");
	if (certbind_store_open(&store, config, &error) < 0 ||
		certbind_context_new(&context, store, service, &error) < 0 ||
		certbind_context_set_alpn(context, protocols, 1, &error) < 0) {
		tell("certbind", &error);
		return 2;
	}
	(void)sigemptyset(&hangups);
	(void)sigaddset(&hangups, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &hangups, &waiting);
	(void)sigaction(SIGHUP, &hangup, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGINT, &action, NULL);
	listener = open_socket(where);
	serve_all(store, context, &waiting);
	(void)close(listener);
	certbind_context_free(context);
	certbind_store_close(store);
	return 0;
}
