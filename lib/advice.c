/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "advice.h"
#include "name.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { ADVICE_HOSTS_MAX = 6 };

static void append(char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void append(char *text, const char *format, ...)
{
	size_t length = strlen(text);
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text + length, ADVICE_SIZE - length, format, arguments);
	va_end(arguments);
}

/* Would *.domain cover the host? */
static int is_one_label_deep(const char *domain, const char *host)
{
	const char *parent = name_parent_peek(host);

	/* A wildcard wants two labels after it (RFC 9525, 6.3; design of every public CA). */
	return domain != NULL && parent != NULL && strcmp(parent, domain) == 0 &&
	       strchr(domain, '.') != NULL;
}

/* "a", "a and b", "a, b and c", "a, b and 7 more"; only those that no wildcard covers, or all. */
static void append_hosts(char *text, const char *domain, const char *const *hosts,
	size_t hosts_length, int only_others)
{
	size_t total = 0;
	size_t told = 0;
	size_t i;

	for (i = 0; i < hosts_length; i++)
		total += !only_others || !is_one_label_deep(domain, hosts[i]);
	for (i = 0; i < hosts_length && told < ADVICE_HOSTS_MAX; i++) {
		if (only_others && is_one_label_deep(domain, hosts[i]))
			continue;
		append(text, "%s%s", told == 0 ? "" : told + 1 == total ? " and " : ", ", hosts[i]);
		told++;
	}
	if (told < total)
		append(text, " and %zu more", total - told);
}

void advice_get_certificate(
	const char *domain, const char *const *hosts, size_t hosts_length, char *text)
{
	size_t under_wildcard = 0;
	size_t i;

	text[0] = '\0';
	for (i = 0; i < hosts_length; i++)
		under_wildcard += (size_t)is_one_label_deep(domain, hosts[i]);
	if (under_wildcard == 0) {
		append(text, "Get a certificate with ");
	} else {
		append(text, "Get a wildcard certificate for *.%s", domain);
		if (under_wildcard < hosts_length) {
			append(text, " that also names ");
			append_hosts(text, domain, hosts, hosts_length, 1);
		}
		append(text, ", or one with ");
	}
	append_hosts(text, domain, hosts, hosts_length, 0);
	append(text, " among its subject alternative names.");
	if (under_wildcard > 0 && hosts_length > 1)
		append(text,
			" The wildcard alone covers neither %s itself nor names two labels deep.",
			domain);
}
