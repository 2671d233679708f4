/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "handshake.h"
#include "scratch.h"

static const char configuration[] =
	"state_dir = \"state\";\n"
	"services = ( { name = \"mail\"; default = \"panel\"; } );\n"
	"certificates = (\n"
	"  { name = \"panel\"; chain = \"@PKI@/panel.pem\"; key = \"@PKI@/panel.key\"; } );\n";

struct fixture {
	struct certbind_store *store;
	struct certbind_context *context;
};

static int set_up(void **state)
{
	static struct fixture fixture;

	scratch_make();
	if (certbind_store_open(
		    &fixture.store, scratch_write("certbind.conf", configuration), NULL) < 0 ||
		certbind_context_new(&fixture.context, fixture.store, "mail", NULL) < 0)
		return -1;
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	certbind_context_free(fixture->context);
	certbind_store_close(fixture->store);
	scratch_remove();
	return 0;
}

static void begin(struct fixture *fixture, struct handshake *handshake)
{
	const struct handshake_client client = { .server_name = "mail.provider.example" };

	handshake_begin(handshake, fixture->context, &client);
}

/* The answer to STARTTLS was read by the daemon; the hello behind it waits in the socket. */
static void handshake_begins_behind_plain_text(void **state)
{
	static const char command[] = "STARTTLS\r\n";
	struct handshake handshake;
	char line[sizeof(command)], bytes[8];

	begin(*state, &handshake);
	assert_int_equal(
		write(handshake.sockets[1], command, sizeof(command) - 1), sizeof(command) - 1);
	assert_int_equal(gnutls_handshake(handshake.client), GNUTLS_E_AGAIN);
	assert_int_equal(
		read(handshake.sockets[0], line, sizeof(command) - 1), sizeof(command) - 1);
	assert_int_equal(certbind_session_set_fd(handshake.server, handshake.sockets[0], NULL), 0);
	handshake_run(&handshake);
	assert_int_equal(handshake.server_status, 0);
	assert_int_equal(handshake.client_status, 0);
	assert_string_equal(handshake.subject, "panel.provider.example");
	/* Two records at once: GnuTLS and the socket have nothing after the first one. */
	assert_int_equal(gnutls_record_send(handshake.client, "one", 3), 3);
	assert_int_equal(gnutls_record_send(handshake.client, "three", 5), 5);
	assert_int_equal(certbind_session_pending(handshake.server), 0);
	assert_int_equal(gnutls_record_recv(handshake.server, bytes, sizeof(bytes)), 3);
	assert_int_equal(gnutls_record_check_pending(handshake.server), 0);
	assert_int_equal(recv(handshake.sockets[0], line, 1, MSG_PEEK | MSG_DONTWAIT), -1);
	assert_true(certbind_session_pending(handshake.server) > 5);
	/* Another socket would lose them. */
	assert_int_equal(certbind_session_set_fd(handshake.server, handshake.sockets[0], NULL),
		CERTBIND_E_STATE);
	assert_int_equal(gnutls_record_recv(handshake.server, bytes, 2), 2);
	assert_int_equal(certbind_session_pending(handshake.server), 3);
	assert_int_equal(gnutls_record_recv(handshake.server, bytes, 3), 3);
	assert_int_equal(certbind_session_pending(handshake.server), 0);
	assert_int_equal(
		gnutls_record_recv(handshake.server, bytes, sizeof(bytes)), GNUTLS_E_AGAIN);
	assert_int_equal(certbind_session_wants_write(handshake.server), 0);
	handshake_end(&handshake);
}

/* The socket has no room for the flight: the read that should send it waits for writing. */
static void full_sockets_are_waited_for(void **state)
{
	struct handshake handshake;
	char bytes[4096] = { 0 };

	begin(*state, &handshake);
	assert_int_equal(certbind_session_set_fd(handshake.server, handshake.sockets[0], NULL), 0);
	assert_int_equal(gnutls_handshake(handshake.client), GNUTLS_E_AGAIN);
	while (send(handshake.sockets[0], bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		continue;
	assert_int_equal(gnutls_handshake(handshake.server), GNUTLS_E_AGAIN);
	assert_int_equal(certbind_session_wants_write(handshake.server), 1);
	assert_int_equal(gnutls_handshake(handshake.server), GNUTLS_E_AGAIN);
	assert_int_equal(certbind_session_wants_write(handshake.server), 1);
	while (recv(handshake.sockets[1], bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		continue;
	assert_int_equal(gnutls_handshake(handshake.server), GNUTLS_E_AGAIN);
	assert_int_equal(certbind_session_wants_write(handshake.server), 0);
	handshake_run(&handshake);
	assert_int_equal(handshake.server_status, 0);
	assert_int_equal(handshake.client_status, 0);
	handshake_end(&handshake);
}

static void other_sessions_are_told_apart(void **state)
{
	struct certbind_error error;
	struct handshake handshake;

	begin(*state, &handshake);
	assert_int_equal(certbind_session_set_fd(handshake.client, handshake.sockets[1], &error),
		CERTBIND_E_INVALID);
	assert_int_equal(certbind_session_set_fd(NULL, 0, &error), CERTBIND_E_INVALID);
	assert_int_equal(certbind_session_set_fd(handshake.server, -1, &error), CERTBIND_E_INVALID);
	assert_true(error.message[0] != '\0');
	assert_int_equal(certbind_session_pending(NULL), 0);
	assert_int_equal(certbind_session_wants_write(NULL), 0);
	assert_int_equal(certbind_session_pending(handshake.client), 0);
	/* Its first write would be the hello. */
	assert_int_equal(certbind_session_wants_write(handshake.client), 0);
	handshake_end(&handshake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handshake_begins_behind_plain_text),
		cmocka_unit_test(full_sockets_are_waited_for),
		cmocka_unit_test(other_sessions_are_told_apart),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
