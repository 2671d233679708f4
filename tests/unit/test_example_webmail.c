/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of examples/webmail needs a clock or a crowd: sessions, log-in failures, Host headers. */
#include "crowd.h"
#include "host.h"
#include "session.h"
#include "throttle.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#define HOST "webmail.example.org"
#define USER "user@example.org"

static bool is_logged_in(struct sessions *sessions, const char *token, time_t now)
{
	char user[USERS_ADDRESS_SIZE] = "";

	if (!sessions_find(sessions, token, HOST, now, user))
		return false;
	assert_string_equal(user, USER);
	return true;
}

static void test_session_ends_when_idle(void **state)
{
	struct sessions *sessions = sessions_new(4);
	char token[SESSION_TOKEN_SIZE];

	(void)state;
	assert_non_null(sessions);
	assert_true(sessions_add(sessions, USER, HOST, 1000, token));
	assert_int_equal(strlen(token), 64);
	assert_true(is_logged_in(sessions, token, 1000 + SESSION_IDLE_SECONDS - 1));
	assert_true(is_logged_in(sessions, token, 1000 + 2 * (SESSION_IDLE_SECONDS - 1)));
	assert_false(is_logged_in(sessions, token, 1000 + 3 * SESSION_IDLE_SECONDS));
	sessions_free(sessions);
}

static void test_session_ends_at_last(void **state)
{
	struct sessions *sessions = sessions_new(4);
	char token[SESSION_TOKEN_SIZE];
	time_t now;

	(void)state;
	assert_true(sessions_add(sessions, USER, HOST, 0, token));
	for (now = 0; now < SESSION_SECONDS; now += SESSION_IDLE_SECONDS / 2)
		assert_true(is_logged_in(sessions, token, now));
	assert_false(is_logged_in(sessions, token, SESSION_SECONDS));
	sessions_free(sessions);
}

static void test_session_belongs_to_its_host(void **state)
{
	struct sessions *sessions = sessions_new(4);
	char token[SESSION_TOKEN_SIZE], user[USERS_ADDRESS_SIZE];

	(void)state;
	assert_true(sessions_add(sessions, USER, HOST, 0, token));
	assert_false(sessions_find(sessions, token, "webmail.example.net", 1, user));
	sessions_remove(sessions, token, "webmail.example.net");
	assert_true(is_logged_in(sessions, token, 1));
	token[63] = token[63] == '0' ? '1' : '0';
	assert_false(is_logged_in(sessions, token, 1));
	assert_false(is_logged_in(sessions, "", 1));
	sessions_free(sessions);
}

static void test_removed_session_is_gone(void **state)
{
	struct sessions *sessions = sessions_new(4);
	char token[SESSION_TOKEN_SIZE];

	(void)state;
	assert_true(sessions_add(sessions, USER, HOST, 0, token));
	sessions_remove(sessions, token, HOST);
	assert_false(is_logged_in(sessions, token, 1));
	sessions_free(sessions);
}

/* One user can't push out the others. */
static void test_user_has_so_many_sessions(void **state)
{
	struct sessions *sessions = sessions_new(64);
	char tokens[SESSION_PER_USER + 1][SESSION_TOKEN_SIZE];
	char other[SESSION_TOKEN_SIZE], user[USERS_ADDRESS_SIZE];
	int i;

	(void)state;
	assert_true(sessions_add(sessions, "other@example.org", HOST, 0, other));
	for (i = 0; i <= SESSION_PER_USER; i++)
		assert_true(sessions_add(sessions, USER, HOST, i, tokens[i]));
	assert_false(is_logged_in(sessions, tokens[0], 100));
	for (i = 1; i <= SESSION_PER_USER; i++)
		assert_true(is_logged_in(sessions, tokens[i], 100));
	assert_true(sessions_find(sessions, other, HOST, 100, user));
	sessions_free(sessions);
}

static void test_full_table_loses_who_was_idle_longest(void **state)
{
	struct sessions *sessions = sessions_new(3);
	char tokens[4][SESSION_TOKEN_SIZE], name[32], user[USERS_ADDRESS_SIZE];
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		(void)snprintf(name, sizeof(name), "user%d@example.org", i);
		assert_true(sessions_add(sessions, name, HOST, i, tokens[i]));
	}
	assert_true(sessions_find(sessions, tokens[0], HOST, 10, user));
	assert_true(sessions_add(sessions, USER, HOST, 11, tokens[3]));
	assert_true(sessions_find(sessions, tokens[0], HOST, 12, user));
	assert_false(sessions_find(sessions, tokens[1], HOST, 12, user));
	assert_true(sessions_find(sessions, tokens[2], HOST, 12, user));
	assert_true(is_logged_in(sessions, tokens[3], 12));
	sessions_free(sessions);
}

static void test_too_long_names_get_no_session(void **state)
{
	struct sessions *sessions = sessions_new(2);
	char token[SESSION_TOKEN_SIZE], name[400];

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_false(sessions_add(sessions, name, HOST, 0, token));
	assert_false(sessions_add(sessions, USER, name, 0, token));
	sessions_free(sessions);
}

static struct sockaddr_storage peer_of(const char *address)
{
	struct sockaddr_storage peer = { .ss_family = AF_INET };
	struct sockaddr_in ipv4 = { .sin_family = AF_INET, .sin_port = htons(1) };
	struct sockaddr_in6 ipv6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, address, &ipv4.sin_addr) == 1) {
		memcpy(&peer, &ipv4, sizeof(ipv4));
	} else {
		assert_int_equal(inet_pton(AF_INET6, address, &ipv6.sin6_addr), 1);
		memcpy(&peer, &ipv6, sizeof(ipv6));
	}
	return peer;
}

static bool may_try(struct throttle *throttle, const char *address, time_t now)
{
	struct sockaddr_storage peer = peer_of(address);

	return throttle_allows(throttle, (const struct sockaddr *)&peer, now);
}

static void fail_from(struct throttle *throttle, const char *address, int times, time_t now)
{
	struct sockaddr_storage peer = peer_of(address);

	while (times-- > 0)
		throttle_count(throttle, (const struct sockaddr *)&peer, now);
}

static void test_failures_count_for_an_address(void **state)
{
	struct throttle *throttle = throttle_new();

	(void)state;
	fail_from(throttle, "192.0.2.1", THROTTLE_FAILURES - 1, 100);
	assert_true(may_try(throttle, "192.0.2.1", 100));
	fail_from(throttle, "192.0.2.1", 1, 101);
	assert_false(may_try(throttle, "192.0.2.1", 102));
	assert_false(may_try(throttle, "::ffff:192.0.2.1", 102));
	assert_true(may_try(throttle, "192.0.2.2", 102));
	assert_true(may_try(throttle, "::ffff:192.0.2.2", 102));
	assert_false(may_try(throttle, "192.0.2.1", 100 + THROTTLE_SECONDS - 1));
	assert_true(may_try(throttle, "192.0.2.1", 100 + THROTTLE_SECONDS));
	throttle_free(throttle);
}

static void test_failures_count_for_a_network_of_ipv6(void **state)
{
	struct throttle *throttle = throttle_new();

	(void)state;
	fail_from(throttle, "2001:db8:0:1::1", THROTTLE_FAILURES, 100);
	assert_false(may_try(throttle, "2001:db8:0:1:ffff::2", 100));
	assert_true(may_try(throttle, "2001:db8:0:2::1", 100));
	throttle_free(throttle);
}

static void test_table_of_failures_is_bounded(void **state)
{
	struct throttle *throttle = throttle_new();
	char address[32];
	int i;

	(void)state;
	fail_from(throttle, "192.0.2.1", THROTTLE_FAILURES, 100);
	for (i = 0; i < 5000; i++) {
		(void)snprintf(address, sizeof(address), "10.0.%d.%d", i / 256, i % 256);
		fail_from(throttle, address, THROTTLE_FAILURES, 101);
	}
	assert_true(may_try(throttle, "192.0.2.1", 102));
	assert_false(may_try(throttle, address, 102));
	throttle_free(throttle);
}

static const struct {
	const char *header;
	/* NULL: refused */
	const char *host;
} hosts[] = {
	{ "example.org", "example.org" },
	{ "Example.ORG", "example.org" },
	{ "example.org.", "example.org" },
	{ "example.org:443", "example.org" },
	{ "example.org.:0", "example.org" },
	{ "example.org:", "example.org" },
	{ "xn--bcher-kva.example", "xn--bcher-kva.example" },
	{ "192.0.2.1:8443", "192.0.2.1" },
	{ "[2001:DB8::1]", "[2001:db8::1]" },
	{ "[::ffff:192.0.2.1]:443", "[::ffff:192.0.2.1]" },
	{ "", NULL },
	{ ".", NULL },
	{ ":443", NULL },
	{ "example.org:65535", "example.org" },
	{ "example.org:65536", NULL },
	{ "example.org:000443", NULL },
	{ "example.org:-1", NULL },
	{ "example.org:443:443", NULL },
	{ "example.org:https", NULL },
	{ "example.org ", NULL },
	{ " example.org", NULL },
	{ "example.org/", NULL },
	{ "user@example.org", NULL },
	{ "example.org,example.net", NULL },
	{ "example%2eorg", NULL },
	{ "b\xc3\xbc"
	  "cher.example",
		NULL },
	{ "[", NULL },
	{ "[]", NULL },
	{ "[::1", NULL },
	{ "[::1]x", NULL },
	{ "[::1]:x", NULL },
	{ "[example.org]", NULL },
	{ "::1", NULL },
};

static void test_host_headers(void **state)
{
	char host[HOST_SIZE], header[300];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		bool is_host = host_parse(hosts[i].header, host);

		if (is_host != (hosts[i].host != NULL))
			fail_msg("%s: %s", hosts[i].header, is_host ? host : "refused");
		if (is_host)
			assert_string_equal(host, hosts[i].host);
	}
	memset(header, 'a', sizeof(header));
	header[HOST_SIZE - 1] = '\0';
	assert_true(host_parse(header, host));
	header[HOST_SIZE - 1] = 'a';
	header[HOST_SIZE] = '\0';
	assert_false(host_parse(header, host));
}

enum { PAIRS = 5 };

/* Connections: one end the daemon's, the other a client's. */
struct pairs {
	int fds[PAIRS][2];
	struct crowd_member members[PAIRS];
	struct crowd *crowd;
};

static void begin_pairs(struct pairs *pairs, size_t size)
{
	int i;

	pairs->crowd = crowd_new(size);
	assert_non_null(pairs->crowd);
	for (i = 0; i < PAIRS; i++)
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pairs->fds[i]), 0);
}

static void end_pairs(struct pairs *pairs, int added)
{
	int i;

	for (i = 0; i < added; i++)
		crowd_remove(pairs->crowd, &pairs->members[i]);
	for (i = 0; i < PAIRS; i++) {
		(void)close(pairs->fds[i][0]);
		(void)close(pairs->fds[i][1]);
	}
	crowd_free(pairs->crowd);
}

static void add_pair(struct pairs *pairs, int number, time_t now)
{
	crowd_add(pairs->crowd, &pairs->members[number], pairs->fds[number][0], now);
}

static bool is_open(const struct pairs *pairs, int number)
{
	char byte;

	return recv(pairs->fds[number][1], &byte, 1, MSG_DONTWAIT) < 0;
}

static void test_crowd_ends_who_is_silent_longest(void **state)
{
	struct pairs pairs;

	(void)state;
	begin_pairs(&pairs, 3);
	add_pair(&pairs, 0, 100);
	add_pair(&pairs, 1, 101);
	add_pair(&pairs, 2, 102);
	crowd_heard(pairs.crowd, &pairs.members[0], true, 100);
	crowd_heard(pairs.crowd, &pairs.members[1], false, 103);
	assert_true(is_open(&pairs, 2));
	/* 0 has a user, 1 has asked for something since. */
	add_pair(&pairs, 3, 104);
	assert_false(is_open(&pairs, 2));
	assert_true(is_open(&pairs, 1) && is_open(&pairs, 3));
	/* 2 is leaving already, and is not chosen again. */
	add_pair(&pairs, 4, 105);
	assert_false(is_open(&pairs, 1));
	assert_true(is_open(&pairs, 0) && is_open(&pairs, 3) && is_open(&pairs, 4));
	end_pairs(&pairs, 5);
}

static void test_crowd_ends_who_is_too_slow(void **state)
{
	struct pairs pairs;

	(void)state;
	begin_pairs(&pairs, 10);
	add_pair(&pairs, 0, 100);
	add_pair(&pairs, 1, 100);
	crowd_end_slow(pairs.crowd, 100 + CROWD_SECONDS - 1);
	assert_true(is_open(&pairs, 0) && is_open(&pairs, 1));
	crowd_heard(pairs.crowd, &pairs.members[1], false, 150);
	crowd_end_slow(pairs.crowd, 100 + CROWD_SECONDS);
	assert_false(is_open(&pairs, 0));
	assert_true(is_open(&pairs, 1));
	crowd_end_slow(pairs.crowd, 150 + CROWD_SECONDS);
	assert_false(is_open(&pairs, 1));
	end_pairs(&pairs, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_session_ends_when_idle),
		cmocka_unit_test(test_session_ends_at_last),
		cmocka_unit_test(test_session_belongs_to_its_host),
		cmocka_unit_test(test_removed_session_is_gone),
		cmocka_unit_test(test_user_has_so_many_sessions),
		cmocka_unit_test(test_full_table_loses_who_was_idle_longest),
		cmocka_unit_test(test_too_long_names_get_no_session),
		cmocka_unit_test(test_failures_count_for_an_address),
		cmocka_unit_test(test_failures_count_for_a_network_of_ipv6),
		cmocka_unit_test(test_table_of_failures_is_bounded),
		cmocka_unit_test(test_host_headers),
		cmocka_unit_test(test_crowd_ends_who_is_silent_longest),
		cmocka_unit_test(test_crowd_ends_who_is_too_slow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
