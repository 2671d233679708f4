/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <gnutls/x509.h>
#include "handshake.h"
#include "scratch.h"

#define TLS12 "NORMAL:-VERS-ALL:+VERS-TLS1.2"
#define TLS13 "NORMAL:-VERS-ALL:+VERS-TLS1.3"
#define TLS13_RETRY HANDSHAKE_RETRY

static const char configuration[] =
	"state_dir = \"state\";\n"
	"trust_file = \"@PKI@/ca.pem\";\n"
	"services = (\n"
	"  { name = \"webmail\"; default = \"panel\"; alpn = [ \"http/1.1\" ];\n"
	"    priority = \"" HANDSHAKE_RETRY_SERVER "\"; },\n"
	"  { name = \"mail\"; shared_hosts = [ \"mail.provider.example\" ];\n"
	"    priority = \"" HANDSHAKE_RETRY_SERVER "\"; },\n"
	"  { name = \"strict\"; hosts = [ \"strict.%d\" ]; default = \"panel\";\n"
	"    unknown_sni = \"reject\"; priority = \"" HANDSHAKE_RETRY_SERVER "\"; }\n"
	");\n"
	"certificates = (\n"
	"  { name = \"panel\"; chain = \"@PKI@/panel.pem\"; key = \"@PKI@/panel.key\"; },\n"
	"  { name = \"wildcard\"; chain = \"@PKI@/wildcard.pem\"; key = \"@PKI@/wildcard.key\"; "
	"},\n"
	"  { name = \"exact\"; chain = \"@PKI@/exact.pem\"; key = \"@PKI@/exact.key\"; },\n"
	"  { name = \"both\"; pairs = (\n"
	"    { chain = \"@PKI@/ecdsa.pem\"; key = \"@PKI@/ecdsa.key\"; },\n"
	"    { chain = \"@PKI@/rsa.pem\"; key = \"@PKI@/rsa.key\"; } ); },\n"
	"  { name = \"ed\"; chain = \"@PKI@/ed.pem\"; key = \"@PKI@/ed.key\"; },\n"
	"  { name = \"idn\"; chain = \"@PKI@/idn.pem\"; key = \"@PKI@/idn.key\"; },\n"
	"  { name = \"names\"; chain = \"@PKI@/names.pem\"; key = \"@PKI@/names.key\"; }\n"
	");\n"
	"domains = (\n"
	"  { name = \"good.example\"; mail = \"wildcard\"; },\n"
	"  { name = \"both.example\"; },\n"
	"  { name = \"ed.example\"; },\n"
	"  { name = \"names.example\"; webmail = \"names\"; },\n"
	"  { name = \"b\xc3\xbc"
	"cher.example\"; mail = \"none\"; },\n"
	"  { name = \"bare.example\"; }\n"
	");\n";

struct fixture {
	struct certbind_store *store;
	struct certbind_context *webmail, *mail, *strict;
};

static int set_up(void **state)
{
	static const char *const http[] = { "h2", "http/1.1" };
	static struct fixture fixture;
	struct certbind_error error;

	scratch_make();
	if (certbind_store_open(
		    &fixture.store, scratch_write("certbind.conf", configuration), &error) < 0) {
		print_error("%s:%d: %s\n", error.file, error.line, error.message);
		return -1;
	}
	assert_int_equal(
		certbind_context_new(&fixture.webmail, fixture.store, "webmail", &error), 0);
	assert_int_equal(certbind_context_new(&fixture.mail, fixture.store, "mail", &error), 0);
	assert_int_equal(certbind_context_new(&fixture.strict, fixture.store, "strict", &error), 0);
	assert_int_equal(certbind_context_set_alpn(fixture.webmail, http, 2, &error), 0);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	certbind_context_free(fixture->webmail);
	certbind_store_close(fixture->store); /* in the middle: either may go first */
	certbind_context_free(fixture->mail);
	certbind_context_free(fixture->strict);
	scratch_remove();
	return 0;
}

struct row {
	const char *server_name;
	int rule;
	const char *domain;
	const char *certificate;
	const char *subject; /* what the client got */
};

static void assert_row(const struct row *row, const struct handshake *handshake)
{
	if (handshake->server_status < 0 || handshake->client_status < 0)
		fail_msg("%s: server: %s, client: %s",
			row->server_name != NULL ? row->server_name : "no SNI",
			gnutls_strerror(handshake->server_status),
			gnutls_strerror(handshake->client_status));
	assert_int_equal(handshake->selection.rule, row->rule);
	assert_string_equal(handshake->selection.domain, row->domain);
	assert_string_equal(handshake->selection.certificate, row->certificate);
	if (row->subject != NULL)
		assert_string_equal(handshake->subject, row->subject);
}

static void run_rows(struct certbind_context *context, const struct row *rows, size_t length)
{
	static const char *const priorities[] = { TLS12, TLS13, TLS13_RETRY };
	size_t i, j;

	for (i = 0; i < length; i++)
		for (j = 0; j < sizeof(priorities) / sizeof(priorities[0]); j++) {
			const struct handshake_client client = {
				.server_name = rows[i].server_name,
				.priority = priorities[j],
			};
			struct handshake handshake;

			handshake_whole(&handshake, context, &client);
			assert_row(&rows[i], &handshake);
			assert_int_equal(
				handshake.is_retried, strcmp(priorities[j], TLS13_RETRY) == 0);
		}
}

static void each_name_gets_its_certificate(void **state)
{
	static const struct row rows[] = {
		{ "webmail.good.example", CERTBIND_RULE_EXACT, "good.example", "exact",
			"webmail.good.example" },
		{ "WebMail.Good.Example", CERTBIND_RULE_EXACT, "good.example", "exact",
			"webmail.good.example" },
		{ "webmail.both.example", CERTBIND_RULE_EXACT, "both.example", "both",
			"webmail.both.example" },
		{ "webmail.ed.example", CERTBIND_RULE_EXACT, "ed.example", "ed",
			"webmail.ed.example" },
		{ "webmail.xn--bcher-kva.example", CERTBIND_RULE_EXACT, "xn--bcher-kva.example",
			"idn", "webmail.xn--bcher-kva.example" },
		/* Another name of a bound certificate. */
		{ "imap.elsewhere.example", CERTBIND_RULE_EXACT, "", "names",
			"webmail.names.example" },
		/* Bound for mail only: not for webmail's sockets. */
		{ "imap.good.example", CERTBIND_RULE_DEFAULT, "", "panel",
			"panel.provider.example" },
		{ "webmail.bare.example", CERTBIND_RULE_DEFAULT, "bare.example", "panel",
			"panel.provider.example" },
		{ "webmail.unknown.example", CERTBIND_RULE_DEFAULT, "", "panel",
			"panel.provider.example" },
		{ NULL, CERTBIND_RULE_DEFAULT, "", "panel", "panel.provider.example" },
	};
	struct fixture *fixture = *state;

	run_rows(fixture->webmail, rows, sizeof(rows) / sizeof(rows[0]));
}

static void mail_has_its_own_certificates(void **state)
{
	static const struct row rows[] = {
		{ "mail.good.example", CERTBIND_RULE_EXACT, "good.example", "wildcard",
			"*.good.example" },
		{ "imap.good.example", CERTBIND_RULE_WILDCARD, "", "wildcard", "*.good.example" },
		{ "good.example", CERTBIND_RULE_EXACT, "", "wildcard", "*.good.example" },
		{ "a.imap.good.example", CERTBIND_RULE_DEFAULT, "", "", NULL },
		/* Not offered: the policy, not somebody's wildcard. */
		{ "mail.xn--bcher-kva.example", CERTBIND_RULE_DEFAULT, "", "", NULL },
		{ "mail.provider.example", CERTBIND_RULE_DEFAULT, "", "", NULL },
		{ NULL, CERTBIND_RULE_DEFAULT, "", "", NULL },
	};
	struct fixture *fixture = *state;

	run_rows(fixture->mail, rows, sizeof(rows) / sizeof(rows[0]));
}

static void key_type_is_what_the_client_accepts(void **state)
{
	static const struct {
		const char *priority;
		gnutls_pk_algorithm_t algorithm;
	} rows[] = {
		{ TLS13 ":-SIGN-ALL:+SIGN-ECDSA-SECP256R1-SHA256", GNUTLS_PK_ECDSA },
		{ TLS13 ":-SIGN-ALL:+SIGN-RSA-PSS-RSAE-SHA256:+SIGN-RSA-SHA256", GNUTLS_PK_RSA },
		{ TLS12 ":-KX-ALL:+ECDHE-ECDSA", GNUTLS_PK_ECDSA },
		{ TLS12 ":-KX-ALL:+ECDHE-RSA", GNUTLS_PK_RSA },
	};
	struct fixture *fixture = *state;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct handshake_client client = {
			.server_name = "webmail.both.example",
			.priority = rows[i].priority,
		};
		struct handshake handshake;
		const gnutls_datum_t *peers;
		unsigned int length;
		gnutls_x509_crt_t certificate;

		handshake_begin(&handshake, fixture->webmail, &client);
		handshake_run(&handshake);
		assert_int_equal(handshake.client_status, 0);
		peers = gnutls_certificate_get_peers(handshake.client, &length);
		assert_int_equal(gnutls_x509_crt_init(&certificate), 0);
		assert_int_equal(
			gnutls_x509_crt_import(certificate, peers, GNUTLS_X509_FMT_DER), 0);
		assert_int_equal(
			gnutls_x509_crt_get_pk_algorithm(certificate, NULL), rows[i].algorithm);
		gnutls_x509_crt_deinit(certificate);
		handshake_end(&handshake);
	}
}

static void unknown_names_are_refused_by_alert(void **state)
{
	static const char *const refused[] = { "unknown.example", "mail.names.example",
		"strict.unknown.example" };
	static const char *const priorities[] = { TLS12, TLS13, TLS13_RETRY };
	struct fixture *fixture = *state;
	struct handshake handshake;
	size_t i, j;

	for (i = 0; i < 3; i++)
		for (j = 0; j < 3; j++) {
			const struct handshake_client client = {
				.server_name = refused[i],
				.priority = priorities[j],
			};

			handshake_whole(&handshake, fixture->strict, &client);
			assert_int_equal(handshake.server_status, GNUTLS_E_UNRECOGNIZED_NAME);
			assert_int_equal(handshake.alert, GNUTLS_A_UNRECOGNIZED_NAME);
			assert_int_equal(handshake.selection.rule, CERTBIND_RULE_REJECT);
			assert_string_equal(handshake.selection.host, refused[i]);
			assert_string_equal(handshake.selection.certificate, "");
		}
	/* A configured host without a certificate of its own, and no name at all, are served. */
	handshake_whole(&handshake, fixture->strict,
		&(const struct handshake_client){ .server_name = "strict.bare.example" });
	assert_int_equal(handshake.client_status, 0);
	assert_string_equal(handshake.subject, "panel.provider.example");
	handshake_whole(&handshake, fixture->strict,
		&(const struct handshake_client){ .server_name = NULL });
	assert_int_equal(handshake.client_status, 0);
}

static void alpn_is_strict(void **state)
{
	static const struct {
		const char *protocols[4];
		int alert;
		const char *protocol;
	} rows[] = {
		{ { "http/1.1" }, -1, "http/1.1" },
		{ { "imap", "http/1.1" }, -1, "http/1.1" },
		{ { NULL }, -1, "" },
		{ { "imap" }, GNUTLS_A_NO_APPLICATION_PROTOCOL, "" },
		{ { "http/1" }, GNUTLS_A_NO_APPLICATION_PROTOCOL, "" },
		/* The daemon speaks it; the configuration narrowed it away. */
		{ { "h2" }, GNUTLS_A_NO_APPLICATION_PROTOCOL, "" },
	};
	static const char *const priorities[] = { TLS12, TLS13, TLS13_RETRY };
	struct fixture *fixture = *state;
	size_t i, j;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (j = 0; j < 3; j++) {
			struct handshake_client client = {
				.server_name = "webmail.good.example",
				.priority = priorities[j],
			};
			struct handshake handshake;

			memcpy(client.protocols, rows[i].protocols, sizeof(client.protocols));
			handshake_whole(&handshake, fixture->webmail, &client);
			assert_int_equal(handshake.alert, rows[i].alert);
			assert_string_equal(handshake.protocol, rows[i].protocol);
			assert_int_equal(handshake.client_status == 0, rows[i].alert == -1);
		}
}

static void serves_only_its_binding(void **state)
{
	static const struct {
		const char *server_name;
		const char *host;
		int serves;
	} rows[] = {
		{ "webmail.good.example", "webmail.good.example", 1 },
		{ "webmail.good.example", "WEBMAIL.good.example.", 1 },
		{ "webmail.good.example", "webmail.both.example", 0 },
		{ "webmail.good.example", "webmail.unknown.example", 0 },
		{ "webmail.good.example", "", 0 },
		{ "webmail.good.example", "127.0.0.1", 0 },
		{ "webmail.good.example", "not a host", 0 },
		{ "webmail.bare.example", "webmail.bare.example", 1 },
		{ "webmail.bare.example", "webmail.unknown.example", 0 },
		{ NULL, "webmail.good.example", 0 },
		{ NULL, "webmail.unknown.example", 1 },
		{ "imap.elsewhere.example", "other.names.example", 1 },
		{ "imap.elsewhere.example", "webmail.names.example", 0 },
	};
	struct fixture *fixture = *state;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct handshake_client client = { .server_name = rows[i].server_name };
		struct handshake handshake;

		handshake_begin(&handshake, fixture->webmail, &client);
		assert_int_equal(certbind_session_serves(handshake.server, "webmail.good.example"),
			CERTBIND_E_STATE);
		handshake_run(&handshake);
		if (certbind_session_serves(handshake.server, rows[i].host) != rows[i].serves)
			fail_msg("row %zu: %s", i, rows[i].host);
		handshake_end(&handshake);
	}
}

static void sessions_outlive_context_and_store(void **state)
{
	enum { SESSIONS = 4 };
	static const char *const priorities[SESSIONS] = { TLS12, TLS13, TLS13_RETRY, NULL };
	struct handshake handshakes[SESSIONS];
	struct certbind_store *store;
	struct certbind_context *context;
	size_t i;

	(void)state;
	assert_int_equal(
		certbind_store_open(&store, scratch_write("outlive.conf", configuration), NULL), 0);
	assert_int_equal(certbind_context_new(&context, store, "webmail", NULL), 0);
	for (i = 0; i < SESSIONS; i++)
		handshake_begin(&handshakes[i], context,
			&(const struct handshake_client){
				.server_name = "webmail.good.example", .priority = priorities[i] });
	/* One is through, one has not begun, the others are in the middle. */
	handshake_run(&handshakes[0]);
	(void)gnutls_handshake(handshakes[1].client);
	(void)gnutls_handshake(handshakes[1].server);
	(void)gnutls_handshake(handshakes[2].client);
	(void)gnutls_handshake(handshakes[2].server);
	certbind_store_close(store);
	certbind_context_free(context);
	for (i = 0; i < SESSIONS; i++) {
		handshake_run(&handshakes[i]);
		assert_int_equal(handshakes[i].client_status, 0);
		assert_string_equal(handshakes[i].selection.certificate, "exact");
		handshake_end(&handshakes[i]);
	}
}

static void wrong_sessions_are_refused(void **state)
{
	static const unsigned int flags[] = { GNUTLS_CLIENT, GNUTLS_DATAGRAM,
		GNUTLS_ENABLE_EARLY_DATA, GNUTLS_ENABLE_RAWPK };
	struct fixture *fixture = *state;
	struct certbind_selection selection;
	gnutls_session_t session;
	size_t i;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		assert_int_equal(
			certbind_context_session(fixture->webmail, flags[i], &session, NULL),
			CERTBIND_E_INVALID);
	assert_int_equal(gnutls_init(&session, GNUTLS_CLIENT), 0);
	assert_int_equal(
		certbind_context_attach(fixture->webmail, session, NULL), CERTBIND_E_INVALID);
	gnutls_deinit(session);
	assert_int_equal(gnutls_init(&session, GNUTLS_SERVER | GNUTLS_DATAGRAM), 0);
	assert_int_equal(
		certbind_context_attach(fixture->webmail, session, NULL), CERTBIND_E_INVALID);
	gnutls_deinit(session);
	assert_int_equal(gnutls_init(&session, GNUTLS_SERVER), 0);
	assert_int_equal(certbind_session_selected(session, &selection), CERTBIND_E_INVALID);
	assert_int_equal(certbind_session_serves(session, "a.example"), CERTBIND_E_INVALID);
	assert_int_equal(certbind_context_attach(fixture->webmail, session, NULL), 0);
	assert_int_equal(
		certbind_context_attach(fixture->webmail, session, NULL), CERTBIND_E_STATE);
	assert_int_equal(certbind_session_selected(session, &selection), 0);
	assert_int_equal(selection.rule, CERTBIND_RULE_NONE);
	assert_string_equal(selection.service, "webmail");
	gnutls_deinit(session);
}

static void settings_are_validated(void **state)
{
	static const char *const many[] = { "1", "2", "3", "4", "5", "6", "7", "8", "9" };
	static const char *const empty[] = { "http/1.1", "" };
	struct fixture *fixture = *state;
	struct certbind_context *context = NULL;
	struct certbind_error error;

	assert_int_equal(certbind_context_new(&context, fixture->store, "nothing", &error),
		CERTBIND_E_UNKNOWN_SERVICE);
	assert_null(context);
	assert_non_null(strstr(error.message, "\"nothing\""));
	assert_int_equal(certbind_context_new(&context, fixture->store, "webmail", NULL), 0);
	assert_int_equal(certbind_context_set_alpn(context, many, 9, &error), CERTBIND_E_INVALID);
	assert_int_equal(certbind_context_set_alpn(context, empty, 2, &error), CERTBIND_E_INVALID);
	assert_int_equal(certbind_context_set_priority(context, "NORMAL:+NONSENSE", &error),
		CERTBIND_E_INVALID);
	assert_non_null(strstr(error.message, "+NONSENSE"));
	assert_int_equal(certbind_context_set_priority(context, "-VERS-TLS1.3", &error), 0);
	assert_int_equal(certbind_context_set_priority(context, NULL, &error), 0);
	certbind_context_free(context);
	certbind_context_free(NULL);
}

/* Many threads ask for one cold certificate: it is made once, and all are served. */
enum { THREADS = 16, ROUNDS = 5 };

static void *handshake_thread(void *data)
{
	struct handshake handshake;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		handshake_whole(&handshake, data,
			&(const struct handshake_client){ .server_name = "webmail.good.example" });
		if (handshake.client_status != 0 ||
			strcmp(handshake.selection.certificate, "exact") != 0)
			return data;
	}
	return NULL;
}

static void threads_share_a_cold_certificate(void **state)
{
	pthread_t threads[THREADS];
	struct certbind_store *store;
	struct certbind_context *context;
	size_t i;

	(void)state;
	assert_int_equal(
		certbind_store_open(&store, scratch_write("threads.conf", configuration), NULL), 0);
	assert_int_equal(certbind_context_new(&context, store, "webmail", NULL), 0);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, handshake_thread, context), 0);
	for (i = 0; i < THREADS; i++) {
		void *failed;

		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
	certbind_context_free(context);
	certbind_store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_name_gets_its_certificate),
		cmocka_unit_test(mail_has_its_own_certificates),
		cmocka_unit_test(key_type_is_what_the_client_accepts),
		cmocka_unit_test(unknown_names_are_refused_by_alert),
		cmocka_unit_test(alpn_is_strict),
		cmocka_unit_test(serves_only_its_binding),
		cmocka_unit_test(sessions_outlive_context_and_store),
		cmocka_unit_test(wrong_sessions_are_refused),
		cmocka_unit_test(settings_are_validated),
		cmocka_unit_test(threads_share_a_cold_certificate),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
