/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "name.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define BYTES(literal) (literal), sizeof(literal) - 1
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define L10 "abcdefghij"
#define L60 L10 L10 L10 L10 L10 L10
#define L63 L60 "abc"
/* 3 * 64 + 61 = 253 */
#define N253 L63 "." L63 "." L63 "." L60 "a"

struct fold_row {
	const char *name;
	size_t length;
	enum name_fault fault;
	const char *folded; /* with NAME_OK */
};

static const struct fold_row host_rows[] = {
	/* one folding: case, trailing dot */
	{ BYTES("example.org"), NAME_OK, "example.org" },
	{ BYTES("WebMail.EXAMPLE.Org"), NAME_OK, "webmail.example.org" },
	{ BYTES("example.org."), NAME_OK, "example.org" },
	{ BYTES("localhost"), NAME_OK, "localhost" },
	{ BYTES("localhost."), NAME_OK, "localhost" },
	{ BYTES("a.b.c.d.e.f.g"), NAME_OK, "a.b.c.d.e.f.g" },
	{ BYTES("3com.example"), NAME_OK, "3com.example" },
	{ BYTES("1.2.3.example"), NAME_OK, "1.2.3.example" },
	{ BYTES("azAZ09-z.org"), NAME_OK, "azaz09-z.org" },
	{ BYTES("a--b.example"), NAME_OK, "a--b.example" },
	/* U-labels to A-labels, IDNA 2008, not transitional */
	{ BYTES("b\u00fccher.example"), NAME_OK, "xn--bcher-kva.example" },
	{ BYTES("B\u00dcCHER.Example"), NAME_OK, "xn--bcher-kva.example" },
	{ BYTES("bu\u0308cher.example"), NAME_OK, "xn--bcher-kva.example" },
	{ BYTES("mail.B\u00fccher.example."), NAME_OK, "mail.xn--bcher-kva.example" },
	{ BYTES("fa\u00df.example"), NAME_OK, "xn--fa-hia.example" },
	{ BYTES("\u65e5\u672c\u8a9e.jp"), NAME_OK, "xn--wgv71a119e.jp" },
	{ BYTES("\u05d0"
		"1.example"),
		NAME_OK, "xn--1-zhc.example" },
	{ BYTES("\uff25xample.org"), NAME_OK, "example.org" },
	/* UTS #46 takes three more characters for dots */
	{ BYTES("b\u00fccher\u3002"
		"example"),
		NAME_OK, "xn--bcher-kva.example" },
	{ BYTES("www\uff0e"
		"example\uff61org"),
		NAME_OK, "www.example.org" },
	{ BYTES("example.org\u3002"), NAME_OK, "example.org" },
	{ BYTES("example\u3002\u3002org"), NAME_LABEL_EMPTY, NULL },
	{ BYTES("\u3002"), NAME_EMPTY, NULL },
	/* ASCII labels, also xn--, as they stand, valid or not */
	{ BYTES("XN--BCHER-KVA.Example"), NAME_OK, "xn--bcher-kva.example" },
	{ BYTES("xn--zzzzzzzzz99999.example"), NAME_OK, "xn--zzzzzzzzz99999.example" },
	{ BYTES("xn--a.example"), NAME_OK, "xn--a.example" },
	{ BYTES("xn--zzzzzzzzz99999.b\u00fccher"), NAME_OK, "xn--zzzzzzzzz99999.xn--bcher-kva" },
	{ BYTES("xn--.example"), NAME_HYPHEN, NULL },
	/* what IDNA 2008 refuses, and what is no UTF-8 */
	{ BYTES("ab--\u00fc.example"), NAME_IDNA, NULL },
	{ BYTES("xn--\u00fc.example"), NAME_IDNA, NULL },
	{ BYTES("-\u00fc.example"), NAME_IDNA, NULL },
	{ BYTES("\u00fc-.example"), NAME_IDNA, NULL },
	{ BYTES("\u0301a.example"), NAME_IDNA, NULL },
	{ BYTES("a\u200d"
		"b.example"),
		NAME_IDNA, NULL },
	{ BYTES("1\u05d0.example"), NAME_IDNA, NULL },
	{ BYTES("\u2488\u00fc.example"), NAME_IDNA, NULL },
	{ BYTES("\xff\xfe.example"), NAME_IDNA, NULL },
	{ BYTES("\xc3.example"), NAME_IDNA, NULL },
	{ BYTES("\xed\xa0\x80.example"), NAME_IDNA, NULL },
	{ BYTES("\xc0\xae.example"), NAME_IDNA, NULL },
	{ BYTES(L60 "\u00fc\u00fc\u00fc\u00fc.example"), NAME_IDNA, NULL },
	/* characters that UTS #46 would drop: never another name */
	{ BYTES("ex\uff0f"
		"ample.org"),
		NAME_IDNA, NULL },
	{ BYTES("\u2100\u00fc.example"), NAME_IDNA, NULL },
	{ BYTES("\u2474\u00fc.example"), NAME_IDNA, NULL },
	{ BYTES("\u00a0\u00fc.example"), NAME_IDNA, NULL },
	{ BYTES("exam\u00adple.org"), NAME_IDNA, NULL },
	{ BYTES("\u00ad.example"), NAME_IDNA, NULL },
	{ BYTES("\ufb01.example"), NAME_IDNA, NULL },
	{ BYTES("\u00fc_b.example"), NAME_CHARACTER, NULL },
	{ BYTES("*\u00fc.example"), NAME_CHARACTER, NULL },
	{ BYTES("\u00fc b.example"), NAME_CHARACTER, NULL },
	{ BYTES("\u00fc\0b.example"), NAME_CHARACTER, NULL },
	/* lengths */
	{ BYTES(L63 ".example"), NAME_OK, L63 ".example" },
	{ BYTES(L63 "a.example"), NAME_LABEL_TOO_LONG, NULL },
	{ BYTES("example." L63 "a"), NAME_LABEL_TOO_LONG, NULL },
	{ BYTES(N253), NAME_OK, N253 },
	{ BYTES(N253 "."), NAME_OK, N253 },
	{ BYTES(N253 "a"), NAME_TOO_LONG, NULL },
	{ BYTES(N253 "a."), NAME_TOO_LONG, NULL },
	{ BYTES(N253 ".a"), NAME_TOO_LONG, NULL },
	{ BYTES(N253 ".\u00fc"), NAME_TOO_LONG, NULL },
	{ BYTES(N253 "." N253 "." N253 "." N253 "." N253), NAME_TOO_LONG, NULL },
	/* empty labels */
	{ BYTES(""), NAME_EMPTY, NULL },
	{ BYTES("."), NAME_EMPTY, NULL },
	{ BYTES(".."), NAME_LABEL_EMPTY, NULL },
	{ BYTES(".example.org"), NAME_LABEL_EMPTY, NULL },
	{ BYTES("example..org"), NAME_LABEL_EMPTY, NULL },
	{ BYTES("example.org.."), NAME_LABEL_EMPTY, NULL },
	/* characters that no host name has */
	{ BYTES("_dmarc.example.org"), NAME_CHARACTER, NULL },
	{ BYTES("a_b.example.org"), NAME_CHARACTER, NULL },
	{ BYTES("*.example.org"), NAME_CHARACTER, NULL },
	{ BYTES(" example.org"), NAME_CHARACTER, NULL },
	{ BYTES("example.org "), NAME_CHARACTER, NULL },
	{ BYTES("example.org\n"), NAME_CHARACTER, NULL },
	{ BYTES("example.org:443"), NAME_CHARACTER, NULL },
	{ BYTES("user@example.org"), NAME_CHARACTER, NULL },
	{ BYTES("https://example.org"), NAME_CHARACTER, NULL },
	{ BYTES("example.org\0"), NAME_CHARACTER, NULL },
	{ BYTES("example.org\0.evil.test"), NAME_CHARACTER, NULL },
	{ BYTES("\0"), NAME_CHARACTER, NULL },
	{ BYTES("exam\x7fple.org"), NAME_CHARACTER, NULL },
	/* hyphens */
	{ BYTES("-example.org"), NAME_HYPHEN, NULL },
	{ BYTES("example-.org"), NAME_HYPHEN, NULL },
	{ BYTES("example.-"), NAME_HYPHEN, NULL },
	/* IPv4 in every notation, and what is a number where a top-level label stands */
	{ BYTES("192.0.2.1"), NAME_ADDRESS, NULL },
	{ BYTES("192.0.2.1."), NAME_ADDRESS, NULL },
	{ BYTES("192.0.513"), NAME_ADDRESS, NULL },
	{ BYTES("192.513"), NAME_ADDRESS, NULL },
	{ BYTES("127.1"), NAME_ADDRESS, NULL },
	{ BYTES("3221225985"), NAME_ADDRESS, NULL },
	{ BYTES("0300.0.02.01"), NAME_ADDRESS, NULL },
	{ BYTES("030000001001"), NAME_ADDRESS, NULL },
	{ BYTES("0xc0.0x0.0x2.0x1"), NAME_ADDRESS, NULL },
	{ BYTES("0XC0000201"), NAME_ADDRESS, NULL },
	{ BYTES("192.0.2.0x01"), NAME_ADDRESS, NULL },
	{ BYTES("0"), NAME_ADDRESS, NULL },
	{ BYTES("0x"), NAME_ADDRESS, NULL },
	{ BYTES("256.256.256.256"), NAME_ADDRESS, NULL },
	{ BYTES("1.2.3.4.5"), NAME_ADDRESS, NULL },
	{ BYTES("example.123"), NAME_ADDRESS, NULL },
	{ BYTES("\uff11\uff12\uff17.1"), NAME_ADDRESS, NULL },
	{ BYTES("[192.0.2.1]"), NAME_ADDRESS, NULL },
	{ BYTES("[127.1]"), NAME_ADDRESS, NULL },
	{ BYTES("0xg"), NAME_OK, "0xg" },
	{ BYTES("192.0.2.1a"), NAME_OK, "192.0.2.1a" },
	/* IPv6 */
	{ BYTES("::"), NAME_ADDRESS, NULL },
	{ BYTES("::1"), NAME_ADDRESS, NULL },
	{ BYTES("2001:db8::1"), NAME_ADDRESS, NULL },
	{ BYTES("2001:DB8:0:0:0:0:0:1"), NAME_ADDRESS, NULL },
	{ BYTES("::ffff:192.0.2.1"), NAME_ADDRESS, NULL },
	{ BYTES("[2001:db8::1]"), NAME_ADDRESS, NULL },
	{ BYTES("[::ffff:192.0.2.1]"), NAME_ADDRESS, NULL },
	{ BYTES("[::1\0]"), NAME_CHARACTER, NULL },
	{ BYTES("[]"), NAME_CHARACTER, NULL },
	{ BYTES("[example.org]"), NAME_CHARACTER, NULL },
	{ BYTES("2001:db8::1::"), NAME_CHARACTER, NULL },
};

static const struct fold_row identifier_rows[] = {
	{ BYTES("example.org"), NAME_OK, "example.org" },
	{ BYTES("EXAMPLE.org."), NAME_OK, "example.org" },
	{ BYTES("localhost"), NAME_OK, "localhost" },
	{ BYTES("XN--Bcher-kva.example"), NAME_OK, "xn--bcher-kva.example" },
	{ BYTES("xn--zzzzzzzzz99999.example"), NAME_OK, "xn--zzzzzzzzz99999.example" },
	/* the wildcard: once, the whole left-most label, two labels after it */
	{ BYTES("*.example.org"), NAME_OK, "*.example.org" },
	{ BYTES("*.Example.ORG."), NAME_OK, "*.example.org" },
	{ BYTES("*.a.b.example.org"), NAME_OK, "*.a.b.example.org" },
	{ BYTES("*.xn--bcher-kva.example"), NAME_OK, "*.xn--bcher-kva.example" },
	{ BYTES("*"), NAME_WILDCARD, NULL },
	{ BYTES("*."), NAME_WILDCARD, NULL },
	{ BYTES("*.com"), NAME_WILDCARD, NULL },
	{ BYTES("*.com."), NAME_WILDCARD, NULL },
	{ BYTES("*.*"), NAME_WILDCARD, NULL },
	{ BYTES("*.*.example.org"), NAME_WILDCARD, NULL },
	{ BYTES("**.example.org"), NAME_WILDCARD, NULL },
	{ BYTES("f*.example.org"), NAME_WILDCARD, NULL },
	{ BYTES("*f.example.org"), NAME_WILDCARD, NULL },
	{ BYTES("f*o.example.org"), NAME_WILDCARD, NULL },
	{ BYTES("xn--*.example.org"), NAME_WILDCARD, NULL },
	{ BYTES("xn--f*-kva.example.org"), NAME_WILDCARD, NULL },
	{ BYTES("www.*.example.org"), NAME_WILDCARD, NULL },
	{ BYTES("example.*"), NAME_WILDCARD, NULL },
	{ BYTES("*.exam*ple.org"), NAME_WILDCARD, NULL },
	{ BYTES("*example.org"), NAME_WILDCARD, NULL },
	{ BYTES("*..example.org"), NAME_LABEL_EMPTY, NULL },
	{ BYTES("*.example..org"), NAME_LABEL_EMPTY, NULL },
	{ BYTES("*.-example.org"), NAME_HYPHEN, NULL },
	{ BYTES("*._tcp.example.org"), NAME_CHARACTER, NULL },
	{ BYTES("*.example.org\0.evil.test"), NAME_CHARACTER, NULL },
	{ BYTES("*.2.1"), NAME_ADDRESS, NULL },
	{ BYTES("*." L63 "." L63 "." L63 "." L10 L10 L10 L10 L10 "abcdefghi"), NAME_OK,
		"*." L63 "." L63 "." L63 "." L10 L10 L10 L10 L10 "abcdefghi" },
	{ BYTES("*." L63 "." L63 "." L63 "." L60), NAME_TOO_LONG, NULL },
	/* a certificate has A-labels */
	{ BYTES("b\u00fccher.example"), NAME_CHARACTER, NULL },
	{ BYTES("*.b\u00fccher.example"), NAME_CHARACTER, NULL },
	{ BYTES("example\u3002org"), NAME_CHARACTER, NULL },
	/* no host names */
	{ BYTES(""), NAME_EMPTY, NULL },
	{ BYTES("."), NAME_EMPTY, NULL },
	{ BYTES(".example.org"), NAME_LABEL_EMPTY, NULL },
	{ BYTES("a_b.example.org"), NAME_CHARACTER, NULL },
	{ BYTES("example.org\0"), NAME_CHARACTER, NULL },
	{ BYTES("example.org\0.evil.test"), NAME_CHARACTER, NULL },
	{ BYTES("https://example.org"), NAME_CHARACTER, NULL },
	{ BYTES("192.0.2.1"), NAME_ADDRESS, NULL },
	{ BYTES("2001:db8::1"), NAME_ADDRESS, NULL },
	{ BYTES(L63 "a.example"), NAME_LABEL_TOO_LONG, NULL },
	{ BYTES(N253 "a"), NAME_TOO_LONG, NULL },
};

typedef enum name_fault fold_func(const char *name, size_t length, char *folded);

static void check_fold(fold_func *fold, const struct fold_row *row)
{
	char folded[NAME_SIZE];
	char *name = malloc(row->length > 0 ? row->length : 1);
	enum name_fault fault;

	/* On the heap and without its NUL, so that valgrind sees a read beyond it. */
	assert_non_null(name);
	memcpy(name, row->name, row->length);
	memset(folded, '#', sizeof(folded));
	fault = fold(name, row->length, folded);
	free(name);
	if (fault != row->fault)
		fail_msg("\"%s\": fault %d, expected %d", row->name, (int)fault, (int)row->fault);
	if (row->fault == NAME_OK)
		assert_string_equal(folded, row->folded);
	else
		assert_int_equal(folded[0], '#');
}

static void test_hosts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(host_rows); i++)
		check_fold(name_fold, &host_rows[i]);
}

static void test_identifiers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(identifier_rows); i++)
		check_fold(name_fold_identifier, &identifier_rows[i]);
}

/* What was folded stays what it is. */
static void test_folding_twice(void **state)
{
	char folded[NAME_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(host_rows); i++) {
		const char *once = host_rows[i].folded;

		if (once == NULL)
			continue;
		assert_int_equal(name_fold(once, strlen(once), folded), NAME_OK);
		assert_string_equal(folded, once);
	}
}

static const struct match_row {
	const char *identifier, *host;
	bool matches;
} match_rows[] = {
	/* RFC 9525, 6.3: all labels, without regard to case */
	{ "example.org", "example.org", true },
	{ "EXAMPLE.org", "example.ORG", true },
	{ "example.org", "example.org.", true },
	{ "example.org.", "example.org", true },
	{ "localhost", "localhost", true },
	{ "example.org", "www.example.org", false },
	{ "www.example.org", "example.org", false },
	{ "example.org", "example.com", false },
	{ "example.org", "notexample.org", false },
	{ "example.org", "example.orga", false },
	/* the wildcard stands for exactly one label */
	{ "*.example.org", "www.example.org", true },
	{ "*.EXAMPLE.org", "WWW.example.ORG", true },
	{ "*.example.org", "3.example.org", true },
	{ "*.example.org", "example.org", false },
	{ "*.example.org", "a.b.example.org", false },
	{ "*.example.org", ".example.org", false },
	{ "*.example.org", "wwwexample.org", false },
	{ "*.example.org", "www.notexample.org", false },
	{ "*.example.org", "_www.example.org", false },
	{ "*.example.org", "*.example.org", false },
	{ "*.example.org", "-.example.org", false },
	{ "*.b.example.org", "a.b.example.org", true },
	{ "*.com", "example.com", false },
	{ "*", "localhost", false },
	{ "*", "example.org", false },
	{ "*.*.org", "www.example.org", false },
	{ "w*.example.org", "www.example.org", false },
	{ "*w.example.org", "www.example.org", false },
	{ "w*w.example.org", "www.example.org", false },
	{ "www.*.org", "www.example.org", false },
	/* U- and A-labels */
	{ "xn--bcher-kva.example", "b\u00fccher.example", true },
	{ "xn--bcher-kva.example", "XN--BCHER-KVA.example", true },
	{ "xn--fa-hia.example", "fa\u00df.example", true },
	{ "fass.example", "fa\u00df.example", false },
	{ "*.example", "b\u00fccher.example", false },
	{ "*.xn--bcher-kva.example", "mail.b\u00fccher.example", true },
	{ "*.example.org", "b\u00fccher.example.org", true },
	{ "*.example.org", "xn--bcher-kva.example.org", true },
	{ "xn--*.example.org", "xn--bcher-kva.example.org", false },
	{ "b\u00fccher.example", "b\u00fccher.example", false },
	{ "xn--zzzzzzzzz99999.example", "xn--zzzzzzzzz99999.example", true },
	{ "*.example.org", "xn--zzzzzzzzz99999.example.org", true },
	/* never an address (6.4.1 compares iPAddress only) */
	{ "192.0.2.1", "192.0.2.1", false },
	{ "*.0.2.1", "192.0.2.1", false },
	{ "*.2.1", "192.2.1", false },
	{ "::1", "::1", false },
	/* never what is no host name */
	{ "", "", false },
	{ ".", ".", false },
	{ "a_b.example.org", "a_b.example.org", false },
	{ "example.org", "example.org:443", false },
};

/* Folds both and matches them, as every caller does. */
static bool folds_and_matches(const char *identifier, const char *host)
{
	char folded_identifier[NAME_SIZE], folded_host[NAME_SIZE];

	return name_fold_identifier(identifier, strlen(identifier), folded_identifier) == NAME_OK &&
	       name_fold(host, strlen(host), folded_host) == NAME_OK &&
	       name_matches(folded_identifier, folded_host);
}

static void test_matches(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(match_rows); i++) {
		const struct match_row *row = &match_rows[i];

		if (folds_and_matches(row->identifier, row->host) != row->matches)
			fail_msg("\"%s\" and \"%s\": expected %d", row->identifier, row->host,
				row->matches);
	}
}

static void test_parent(void **state)
{
	(void)state;
	assert_string_equal(name_parent_peek("www.example.org"), "example.org");
	assert_string_equal(name_parent_peek("*.example.org"), "example.org");
	assert_string_equal(name_parent_peek("example.org"), "org");
	assert_null(name_parent_peek("org"));
}

static void test_within(void **state)
{
	static const struct {
		const char *name, *domain;
		bool is_within;
	} rows[] = {
		{ "example.org", "example.org", true },
		{ "a.example.org", "example.org", true },
		{ "a.b.example.org", "example.org", true },
		{ "notexample.org", "example.org", false },
		{ "org", "example.org", false },
		{ "example.com", "example.org", false },
		{ "example.org.example.com", "example.org", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (name_is_within(rows[i].name, rows[i].domain) != rows[i].is_within)
			fail_msg("\"%s\" in \"%s\"", rows[i].name, rows[i].domain);
}

static void test_unicode(void **state)
{
	static const struct {
		const char *folded, *unicode;
	} rows[] = {
		{ "example.org", "example.org" },
		{ "xn--bcher-kva.example", "b\u00fccher.example" },
		{ "*.xn--bcher-kva.example", "*.b\u00fccher.example" },
		{ "mail.xn--fa-hia.xn--wgv71a119e", "mail.fa\u00df.\u65e5\u672c\u8a9e" },
		/* malformed: Punycode that overflows, that is empty, that IDNA 2008 disallows */
		{ "xn--zzzzzzzzz99999.xn--bcher-kva", "xn--zzzzzzzzz99999.b\u00fccher" },
		{ "xn--a.example", "xn--a.example" },
		{ "xn--a-ecp.example", "xn--a-ecp.example" },
		{ "axn--bcher-kva.example", "axn--bcher-kva.example" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *unicode = name_unicode_dup(rows[i].folded);

		assert_non_null(unicode);
		assert_string_equal(unicode, rows[i].unicode);
		free(unicode);
	}
}

static void test_fault_texts(void **state)
{
	(void)state;
	for (int fault = NAME_OK; fault <= NAME_WILDCARD; fault++)
		for (int other = NAME_OK; other < fault; other++)
			assert_string_not_equal(name_fault_text((enum name_fault)fault),
				name_fault_text((enum name_fault)other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_identifiers),
		cmocka_unit_test(test_folding_twice),
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_parent),
		cmocka_unit_test(test_within),
		cmocka_unit_test(test_unicode),
		cmocka_unit_test(test_fault_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
