/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ADVICE_H
#define ADVICE_H

#include <stddef.h>

enum { ADVICE_SIZE = 2048 };

/*
 * Says which one certificate would cover all these hosts of a domain: a wildcard first, and what
 * that would not cover. `domain` may be NULL. `text` has ADVICE_SIZE bytes; a long list is cut with
 * its length told.
 */
void advice_get_certificate(
	const char *domain, const char *const *hosts, size_t hosts_length, char *text);

#endif
