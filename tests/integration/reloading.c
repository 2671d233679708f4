/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A daemon whose store is reloaded all the time: four threads serve, one reloads as often as it
 * can, one dispatches what is watched, and the first one obeys a line each on standard input:
 *
 *     reload        reloads, and says "done STATUS"
 *     skip SECONDS  moves the store's clock forward, and says "done 0"
 *     memory        says "done KILOBYTES", its proportional set size
 *
 * At the end of the input it says "served COUNT FAILED".
 *
 *     reloading CONFIG
 */
#include <arpa/inet.h>
#include <certbind/certbind.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { WORKERS = 4, PATIENCE_MS = 30000, PAUSE_MS = 20 };

struct daemon {
	struct certbind_store *store;
	struct certbind_context *context;
	int listener;
	atomic_bool is_over;
	atomic_long skipped;
	atomic_long served, failed;
};

static time_t moved_clock(void *data)
{
	struct daemon *daemon = data;

	return time(NULL) + daemon->skipped;
}

static int open_socket(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		listen(fd, 64) < 0 || getsockname(fd, (struct sockaddr *)&address, &length) < 0) {
		perror("reloading: socket");
		return -1;
	}
	(void)printf("listening https 127.0.0.1:%d\n", ntohs(address.sin_port));
	(void)fflush(stdout);
	return fd;
}

static int serve(struct certbind_context *context, int fd)
{
	gnutls_session_t session;
	int one = 1;
	int status;

	/* The last records do not wait for the client's delayed acknowledgement of the first. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (certbind_context_session(context, GNUTLS_NO_SIGNAL, &session, NULL) < 0)
		return -1;
	gnutls_transport_set_int(session, fd);
	gnutls_handshake_set_timeout(session, PATIENCE_MS);
	do
		status = gnutls_handshake(session);
	while (status < 0 && !gnutls_error_is_fatal(status));
	if (status < 0) {
		(void)fprintf(stderr, "reloading: handshake: %s\n", gnutls_strerror(status));
		(void)gnutls_alert_send_appropriate(session, status);
	} else {
		(void)gnutls_bye(session, GNUTLS_SHUT_WR);
	}
	gnutls_deinit(session);
	return status;
}

static void *run_worker(void *data)
{
	struct daemon *daemon = data;
	int fd;

	while ((fd = accept(daemon->listener, NULL, NULL)) >= 0) {
		if (serve(daemon->context, fd) < 0)
			daemon->failed++;
		else
			daemon->served++;
		(void)close(fd);
	}
	return NULL;
}

static void *run_reloads(void *data)
{
	struct daemon *daemon = data;

	while (!daemon->is_over) {
		(void)certbind_store_reload(daemon->store, NULL);
		(void)poll(NULL, 0, PAUSE_MS);
	}
	return NULL;
}

static void *run_dispatch(void *data)
{
	struct daemon *daemon = data;
	struct pollfd fd = { .fd = certbind_store_fd(daemon->store), .events = POLLIN };

	while (!daemon->is_over) {
		(void)poll(&fd, 1, 100);
		(void)certbind_store_dispatch(daemon->store, NULL);
	}
	return NULL;
}

static long read_memory(void)
{
	FILE *file = fopen("/proc/self/smaps_rollup", "r");
	char line[256];
	long kilobytes = -1;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, "Pss:", 4) == 0)
			kilobytes = strtol(line + 4, NULL, 10);
	if (file != NULL)
		(void)fclose(file);
	return kilobytes;
}

static void obey(struct daemon *daemon)
{
	struct certbind_error error = { 0 };
	char line[64];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		long result = 0;

		if (strncmp(line, "reload", 6) == 0)
			result = certbind_store_reload(daemon->store, &error);
		else if (strncmp(line, "skip ", 5) == 0)
			daemon->skipped += strtol(line + 5, NULL, 10);
		else
			result = read_memory();
		if (result < 0)
			(void)fprintf(stderr, "reloading: %s: %s\n", error.file, error.message);
		(void)printf("done %ld\n", result);
		(void)fflush(stdout);
	}
}

static int run(struct daemon *daemon)
{
	void *(*const works[])(void *) = { run_reloads, run_dispatch, run_worker, run_worker,
		run_worker, run_worker };
	enum { THREADS = sizeof(works) / sizeof(works[0]) };
	pthread_t threads[THREADS];
	int started = 0;

	while (started < THREADS &&
		pthread_create(&threads[started], NULL, works[started], daemon) == 0)
		started++;
	if (started == THREADS)
		obey(daemon);
	daemon->is_over = 1;
	(void)shutdown(daemon->listener, SHUT_RDWR); /* ends accept() */
	while (started > 0)
		(void)pthread_join(threads[--started], NULL);
	(void)printf("served %ld %ld\n", (long)daemon->served, (long)daemon->failed);
	return daemon->failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	struct daemon daemon = { .listener = -1 };
	struct certbind_error error;
	int status = EXIT_FAILURE;

	if (argc != 2 || certbind_store_new(&daemon.store) < 0)
		return 2;
	certbind_store_set_clock(daemon.store, moved_clock, &daemon);
	if (certbind_store_load(daemon.store, argv[1], &error) < 0 ||
		certbind_context_new(&daemon.context, daemon.store, "webmail", &error) < 0)
		(void)fprintf(stderr, "reloading: %s: %s\n", error.file, error.message);
	else if ((daemon.listener = open_socket()) >= 0)
		status = run(&daemon);
	if (daemon.listener >= 0)
		(void)close(daemon.listener);
	certbind_context_free(daemon.context);
	certbind_store_close(daemon.store);
	return status;
}
