/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire.h"
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

enum { STEPS_MAX = 1 << 20 };

static ssize_t push(gnutls_transport_ptr_t data, const void *bytes, size_t size)
{
	struct wire_server *server = data;

	wire_add(server->output, bytes, size);
	return (ssize_t)size;
}

static ssize_t pull(gnutls_transport_ptr_t data, void *bytes, size_t size)
{
	struct wire_server *server = data;
	size_t left = server->input->size - server->taken;

	if (left == 0 && server->is_closed)
		return 0;
	if (left == 0) {
		gnutls_transport_set_errno(server->session, EAGAIN);
		return -1;
	}
	if (size > left)
		size = left;
	if (size > server->at_once)
		size = server->at_once;
	memcpy(bytes, server->input->data + server->taken, size);
	server->taken += size;
	return (ssize_t)size;
}

static int pull_timeout(gnutls_transport_ptr_t data, unsigned int milliseconds)
{
	const struct wire_server *server = data;

	(void)milliseconds;
	return server->is_closed || server->taken < server->input->size ? 1 : 0;
}

static void set_transport(struct wire_server *side)
{
	gnutls_transport_set_ptr(side->session, side);
	gnutls_transport_set_push_function(side->session, push);
	gnutls_transport_set_pull_function(side->session, pull);
	gnutls_transport_set_pull_timeout_function(side->session, pull_timeout);
}

void wire_server_begin(struct wire_server *server, struct certbind_context *context,
	struct wire *input, struct wire *output)
{
	memset(server, 0, sizeof(*server));
	server->input = input;
	server->output = output;
	server->at_once = WIRE_SIZE;
	server->status = GNUTLS_E_AGAIN;
	output->size = 0;
	assert_int_equal(
		certbind_context_session(context, GNUTLS_NONBLOCK, &server->session, NULL), 0);
	set_transport(server);
}

/* As every daemon does it: an alert after each fatal error, but for certbind's own two. */
void wire_server_run(struct wire_server *server)
{
	int steps = 0;

	while (server->status < 0 && !gnutls_error_is_fatal(server->status)) {
		assert_true(steps++ < STEPS_MAX);
		server->status = gnutls_handshake(server->session);
		if (server->status == GNUTLS_E_AGAIN && server->taken == server->input->size &&
			!server->is_closed)
			return;
	}
	if (server->status < 0 && server->status != GNUTLS_E_UNRECOGNIZED_NAME &&
		server->status != GNUTLS_E_NO_APPLICATION_PROTOCOL)
		(void)gnutls_alert_send_appropriate(server->session, server->status);
}

void wire_server_close(struct wire_server *server)
{
	server->is_closed = true;
	if (server->status == GNUTLS_E_AGAIN)
		wire_server_run(server);
}

void wire_server_end(struct wire_server *server)
{
	gnutls_deinit(server->session);
}

static void set_client(gnutls_session_t session, const struct wire_client *client)
{
	gnutls_datum_t protocol = { (unsigned char *)(uintptr_t)client->protocol, 0 };

	assert_int_equal(gnutls_priority_set_direct(session, client->priority, NULL), 0);
	if (client->server_name != NULL)
		assert_int_equal(gnutls_server_name_set(session, GNUTLS_NAME_DNS,
					 client->server_name, strlen(client->server_name)),
			0);
	if (client->protocol == NULL)
		return;
	protocol.size = (unsigned int)strlen(client->protocol);
	assert_int_equal(gnutls_alpn_set_protocols(session, &protocol, 1, 0), 0);
}

void wire_capture(
	const struct wire_client *client, struct certbind_context *context, struct wire hellos[2])
{
	static struct wire input, output, back;
	struct wire_server side = { .input = &input, .output = &output, .at_once = WIRE_SIZE };
	struct wire_server server;
	gnutls_certificate_credentials_t trust;

	input.size = output.size = 0;
	assert_int_equal(gnutls_init(&side.session, GNUTLS_CLIENT | GNUTLS_NONBLOCK), 0);
	assert_int_equal(gnutls_certificate_allocate_credentials(&trust), 0);
	assert_int_equal(gnutls_credentials_set(side.session, GNUTLS_CRD_CERTIFICATE, trust), 0);
	set_client(side.session, client);
	set_transport(&side);
	assert_int_equal(gnutls_handshake(side.session), GNUTLS_E_AGAIN);
	assert_true(wire_join(&output, &hellos[0]));
	wire_server_begin(&server, context, &output, &back);
	wire_server_run(&server);
	assert_int_equal(server.status, GNUTLS_E_AGAIN);
	/* What the client says next is a second hello only where it was asked for one. */
	wire_add(&input, back.data, back.size);
	output.size = 0;
	hellos[1].size = 0;
	(void)gnutls_handshake(side.session);
	if (output.size > 6 && output.data[0] == 20)
		wire_splice(&output, 0, 6, NULL, 0);
	if (!wire_join(&output, &hellos[1]) || hellos[1].data[0] != 1)
		hellos[1].size = 0;
	wire_server_end(&server);
	gnutls_deinit(side.session);
	gnutls_certificate_free_credentials(trust);
}
