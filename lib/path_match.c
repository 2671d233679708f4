/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path_match.h"
#include <string.h>
#include <strings.h>

enum { IPV4_SIZE = 4, IPV6_SIZE = 16 };

static const char *text_peek(const struct fact_name *name)
{
	return (const char *)name->data;
}

/* Without the dot that makes a name absolute. */
static size_t dns_length(const struct fact_name *name)
{
	return name->size > 0 && name->data[name->size - 1] == '.' ? name->size - 1 : name->size;
}

static bool is_wildcard(const struct fact_name *name)
{
	return name->size > 2 && name->data[0] == '*' && name->data[1] == '.';
}

/* Is some host that *.example.org matches the very host of the subtree, one label below? */
static bool wildcard_touches(
	const struct fact_name *name, const struct fact_name *subtree, size_t subtree_length)
{
	const unsigned char *dot = memchr(subtree->data, '.', subtree_length);
	size_t parent_length;

	if (!is_wildcard(name) || dot == NULL)
		return false;
	parent_length = subtree_length - (size_t)(dot + 1 - subtree->data);
	return parent_length == dns_length(name) - 2 &&
	       strncasecmp((const char *)dot + 1, text_peek(name) + 2, parent_length) == 0;
}

/*
 * A name that has an empty label in front is no name and never permitted. A subtree that begins
 * with a dot, which RFC 5280 does not know, is taken as all clients do: what is below it.
 */
bool match_dns(const struct fact_name *name, const struct fact_name *subtree, enum match_side side)
{
	size_t name_length = dns_length(name);
	size_t subtree_length = dns_length(subtree);

	if (subtree->size == 0)
		return true;
	if (side == MATCH_PERMITTED && name->size > 0 && name->data[0] == '.')
		return false;
	if (side == MATCH_EXCLUDED && wildcard_touches(name, subtree, subtree_length))
		return true;
	if (name_length < subtree_length ||
		strncasecmp(text_peek(name) + name_length - subtree_length, text_peek(subtree),
			subtree_length) != 0)
		return false;
	return name_length == subtree_length || subtree->data[0] == '.' ||
	       name->data[name_length - subtree_length - 1] == '.';
}

bool match_is_address_range(const struct fact_name *subtree)
{
	size_t size = subtree->size / 2;
	bool has_zero = false;

	if (subtree->size != (size_t)2 * IPV4_SIZE && subtree->size != (size_t)2 * IPV6_SIZE)
		return false;
	for (size_t bit = 0; bit < size * 8; bit++) {
		bool is_set = (subtree->data[size + bit / 8] >> (7 - bit % 8) & 1) != 0;

		if (is_set && has_zero)
			return false;
		has_zero = has_zero || !is_set;
	}
	return true;
}

bool match_address(
	const struct fact_name *name, const struct fact_name *subtree, enum match_side side)
{
	if (!match_is_address_range(subtree) ||
		(name->size != IPV4_SIZE && name->size != IPV6_SIZE))
		return side == MATCH_EXCLUDED;
	if (subtree->size != 2 * name->size)
		return false;
	for (size_t i = 0; i < name->size; i++) {
		unsigned char mask = subtree->data[name->size + i];

		if ((name->data[i] & mask) != (subtree->data[i] & mask))
			return false;
	}
	return true;
}

bool match_is_mailbox(const struct fact_name *name)
{
	static const char local[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "!#$%&'*+-/=?^_`{|}~.";
	static const char domain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
	const char *text = text_peek(name);
	size_t at = strspn(text, local);

	return at > 0 && text[at] == '@' && name->size > at + 1 &&
	       at + 1 + strspn(text + at + 1, domain) == name->size;
}

/* A mailbox, a host, or, with a dot in front, all hosts below a domain. */
bool match_email(
	const struct fact_name *name, const struct fact_name *subtree, enum match_side side)
{
	const char *at = memchr(name->data, '@', name->size);
	const char *subtree_at = memchr(subtree->data, '@', subtree->size);
	const char *host;

	if (at == NULL || !match_is_mailbox(name) ||
		(subtree_at != NULL && !match_is_mailbox(subtree)) ||
		strlen(text_peek(subtree)) != subtree->size)
		return side == MATCH_EXCLUDED;
	host = at + 1;
	if (subtree_at != NULL)
		return subtree_at - text_peek(subtree) == at - text_peek(name) &&
		       memcmp(subtree->data, name->data, (size_t)(at - text_peek(name))) == 0 &&
		       strcasecmp(subtree_at + 1, host) == 0;
	if (subtree->size > 0 && subtree->data[0] == '.')
		return strlen(host) > subtree->size &&
		       strcasecmp(host + strlen(host) - subtree->size, text_peek(subtree)) == 0;
	return strcasecmp(host, text_peek(subtree)) == 0;
}
