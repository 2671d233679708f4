/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "fuzz_store.h"
#include "handshake.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

/*
 * Writes what clients send in handshakes, as inputs of fuzz_hello: seed_hello DIRECTORY
 */

struct recorder {
	FILE *file;
	int socket;
};

static ssize_t record(gnutls_transport_ptr_t transport, const void *data, size_t size)
{
	struct recorder *recorder = transport;

	(void)fwrite(data, 1, size, recorder->file);
	return send(recorder->socket, data, size, MSG_NOSIGNAL);
}

static ssize_t receive(gnutls_transport_ptr_t transport, void *data, size_t size)
{
	struct recorder *recorder = transport;

	return recv(recorder->socket, data, size, 0);
}

static void run(const char *path, struct fuzz_store *fuzz, int service,
	const struct handshake_client *client)
{
	struct handshake handshake;
	struct recorder recorder;

	handshake_begin(&handshake, fuzz->contexts[service], client);
	recorder.file = fopen(path, "w");
	fuzz_require(recorder.file != NULL);
	recorder.socket = handshake.sockets[1];
	(void)putc(4 * service, recorder.file); /* a stream, to that service */
	gnutls_transport_set_ptr(handshake.client, &recorder);
	gnutls_transport_set_push_function(handshake.client, record);
	gnutls_transport_set_pull_function(handshake.client, receive);
	handshake_run(&handshake);
	fuzz_require(fclose(recorder.file) == 0);
	handshake_end(&handshake);
}

int main(int argc, char **argv)
{
	static const struct handshake_client clients[] = {
		{ .server_name = "webmail.good.example", .protocols = { "h2", "http/1.1" } },
		{ .server_name = "mail.good.example", .priority = "NORMAL:-VERS-TLS1.3" },
		{ .server_name = "Strict.Good.Example", .protocols = { "smtp" } },
		{ .server_name = "strict.elsewhere.example" },
		{ .server_name = "mail.provider.example", .protocols = { "imap" } },
		{ .priority = "NORMAL:-VERS-ALL:+VERS-TLS1.2" },
		{ .server_name = "strict.good.example",
			.priority = "NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:"
				    "+GROUP-FFDHE4096:+GROUP-SECP256R1" },
	};
	static struct fuzz_store fuzz;
	char path[1024];
	size_t i;
	int service;

	fuzz_require(argc == 2);
	fuzz_store_open(&fuzz);
	for (i = 0; i < sizeof(clients) / sizeof(clients[0]); i++)
		for (service = 0; service < 3; service++) {
			(void)snprintf(path, sizeof(path), "%s/%zu-%d", argv[1], i, service);
			run(path, &fuzz, service, &clients[i]);
		}
	return 0;
}
