/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hostile.h"
#include "scratch.h"
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char configuration[] =
	"state_dir = \"state\";\n"
	"trust_file = \"@PKI@/ca.pem\";\n"
	"services = (\n"
	"  { name = \"webmail\"; default = \"panel\"; unknown_sni = \"reject\"; },\n"
	"  { name = \"lenient\"; hosts = [ \"webmail.%d\" ]; default = \"panel\"; }\n"
	");\n"
	"certificates = (\n"
	"  { name = \"panel\"; chain = \"@PKI@/panel.pem\"; key = \"@PKI@/panel.key\"; },\n"
	"  { name = \"exact\"; chain = \"@PKI@/exact.pem\"; key = \"@PKI@/exact.key\"; },\n"
	"  { name = \"ed\"; chain = \"@PKI@/ed.pem\"; key = \"@PKI@/ed.key\"; }\n"
	");\n"
	"domains = (\n"
	"  { name = \"good.example\"; webmail = \"exact\"; lenient = \"exact\"; },\n"
	"  { name = \"ed.example\"; webmail = \"ed\"; lenient = \"ed\"; }\n"
	");\n";

static void read_certificate(const char *name, gnutls_datum_t *der)
{
	char path[4096];
	gnutls_datum_t pem;

	(void)snprintf(path, sizeof(path), "%s/%s.pem", getenv("PKI"), name);
	assert_int_equal(gnutls_load_file(path, &pem), 0);
	assert_int_equal(gnutls_pem_base64_decode2("CERTIFICATE", &pem, der), 0);
	gnutls_free(pem.data);
}

static struct certbind_context *make_context(struct certbind_store *store, const char *service)
{
	static const char *const http[] = { "http/1.1" };
	struct certbind_context *context;

	assert_int_equal(certbind_context_new(&context, store, service, NULL), 0);
	assert_int_equal(certbind_context_set_alpn(context, http, 1, NULL), 0);
	return context;
}

static void capture(struct hostile *hostile)
{
	/* The last one's only share is of a group that the server does not take. */
	static const char *const priorities[HOSTILE_KINDS] = {
		"NORMAL:-VERS-ALL:+VERS-TLS1.2",
		"NORMAL:-VERS-ALL:+VERS-TLS1.3",
		"NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-SECP384R1:+GROUP-SECP256R1",
	};
	static struct wire hellos[2];
	int i;

	for (i = 0; i < HOSTILE_KINDS; i++) {
		const struct wire_client client = {
			.server_name = HOSTILE_HOST,
			.priority = priorities[i],
			.protocol = "http/1.1",
		};

		wire_capture(&client, hostile->strict, hellos);
		wire_copy(&hostile->first[i], &hellos[0]);
	}
	assert_true(hellos[1].size > 0);
	wire_copy(&hostile->second, &hellos[1]);
}

int hostile_set_up(void **state)
{
	static struct hostile hostile;
	struct certbind_error error;

	scratch_make();
	if (certbind_store_open(
		    &hostile.store, scratch_write("certbind.conf", configuration), &error) < 0) {
		print_error("%s:%d: %s\n", error.file, error.line, error.message);
		return -1;
	}
	hostile.strict = make_context(hostile.store, "webmail");
	assert_int_equal(certbind_context_set_priority(hostile.strict,
				 "-VERS-TLS1.0:-VERS-TLS1.1:-RSA:-GROUP-SECP384R1", NULL),
		0);
	hostile.lenient = make_context(hostile.store, "lenient");
	read_certificate("exact", &hostile.bound);
	read_certificate("panel", &hostile.fallback);
	capture(&hostile);
	*state = &hostile;
	return 0;
}

int hostile_tear_down(void **state)
{
	struct hostile *hostile = *state;

	gnutls_free(hostile->bound.data);
	gnutls_free(hostile->fallback.data);
	certbind_context_free(hostile->strict);
	certbind_context_free(hostile->lenient);
	certbind_store_close(hostile->store);
	scratch_remove();
	return 0;
}

/* The server has said ServerHello: was it right to, and with that certificate? */
static void assert_rightly_served(const struct hostile *hostile,
	const struct certbind_context *context, const struct wire *records,
	gnutls_session_t session)
{
	static struct wire message;
	const gnutls_datum_t *expected = &hostile->fallback;
	const gnutls_datum_t *ours = gnutls_certificate_get_ours(session);
	struct wire_hello hello;

	assert_true(wire_join(records, &message));
	assert_true(wire_read_hello(&message, &hello));
	assert_false(hello.is_name_bad);
	assert_false(hello.has_protocols && !hello.is_http);
	if (hello.has_name && strcmp(hello.name, HOSTILE_HOST) == 0)
		expected = &hostile->bound;
	else if (context == hostile->strict)
		assert_false(hello.has_name);
	assert_non_null(ours);
	assert_int_equal(ours->size, expected->size);
	assert_memory_equal(ours->data, expected->data, expected->size);
}

struct wire_answer hostile_send(const struct hostile *hostile, struct certbind_context *context,
	const struct wire *before, const struct wire *records, size_t at_once)
{
	static struct wire input, output;
	struct wire_server server;
	struct wire_answer answer;
	size_t from;

	input.size = 0;
	if (before != NULL)
		wire_add_records(&input, before, RECORD_MAX);
	wire_server_begin(&server, context, &input, &output);
	server.at_once = at_once;
	if (before != NULL) {
		wire_server_run(&server);
		assert_int_equal(server.status, GNUTLS_E_AGAIN);
	}
	from = output.size;
	wire_add(&input, records->data, records->size);
	wire_server_run(&server);
	answer = wire_read_answer(&output, from);
	if (answer.is_handshake && !answer.is_retry)
		assert_rightly_served(hostile, context, records, server.session);
	wire_server_close(&server);
	assert_true(server.status < 0 && gnutls_error_is_fatal(server.status));
	/* All that came meanwhile is whole records too. */
	answer = wire_read_answer(&output, from);
	if (!answer.is_handshake && (answer.alert < 0 || answer.level != GNUTLS_AL_FATAL))
		fail_msg("no alert after %s", gnutls_strerror(server.status));
	/* One that the closing brought. */
	if (answer.is_handshake)
		answer.alert = -1;
	wire_server_end(&server);
	return answer;
}

struct wire_answer hostile_send_message(const struct hostile *hostile,
	struct certbind_context *context, const struct wire *before, const struct wire *message)
{
	static struct wire records;

	records.size = 0;
	wire_add_records(&records, message, RECORD_MAX);
	return hostile_send(hostile, context, before, &records, WIRE_SIZE);
}
