/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef NAME_H
#define NAME_H

#include <stdbool.h>
#include <stddef.h>

enum {
	NAME_MAX_LENGTH = 253, /* RFC 1035, 2.3.4, in the form without a trailing dot */
	NAME_LABEL_MAX_LENGTH = 63,
	NAME_SIZE = 256 /* of every buffer for a name, NUL included */
};

/* Why something is no host name. */
enum name_fault {
	NAME_OK = 0,
	NAME_EMPTY,
	NAME_TOO_LONG,
	NAME_LABEL_EMPTY,
	NAME_LABEL_TOO_LONG,
	NAME_CHARACTER, /* one that no host name has (RFC 952, RFC 1123, 2.1): "_", "*", space, NUL … */
	NAME_HYPHEN, /* a label begins or ends with one */
	NAME_ADDRESS, /* an IP address in any notation that inet_aton or inet_pton take, or what ends in a number (RFC 1123, 2.1) */
	NAME_IDNA, /* a U-label that IDNA 2008 refuses, or bytes that are no UTF-8 */
	NAME_WILDCARD /* only of identifiers: a "*" anywhere but as the whole left-most label, or fewer than two labels after it */
};

/*
 * Folds a host name as configuration, SNI and Host headers give it: UTF-8, U-labels to A-labels
 * (IDNA 2008, through GnuTLS; its three other full stops are dots), ASCII labels only lower-cased,
 * one trailing dot dropped. `name` has `length` bytes, which may hold NUL (then it is no host
 * name). `folded` (NAME_SIZE bytes) is written on success only. A single label is a host name.
 * Threads: any; does not block; no memory is allocated for pure ASCII.
 */
enum name_fault name_fold(const char *name, size_t length, char *folded);

/*
 * Folds an identifier that a certificate presents (a SAN dNSName): ASCII only, a wildcard allowed
 * as RFC 9525, 6.3 has it, one trailing dot dropped. A fault means: it matches nothing.
 */
enum name_fault name_fold_identifier(const char *name, size_t length, char *folded);

/* Does a folded identifier match a folded host (RFC 9525, 6.3)? */
bool name_matches(const char *identifier, const char *host);

/* The part after the first dot, inside `name`; NULL when there is none. */
const char *name_parent_peek(const char *name);

/* The one wildcard identifier that matches a folded host; false: none does. */
enum { NAME_WILDCARD_SIZE = NAME_SIZE + 2 };
bool name_wildcard(const char *host, char wildcard[NAME_WILDCARD_SIZE]);

/* Is `name` the same as `domain`, or below it? Both folded. */
bool name_is_within(const char *name, const char *domain);

/* A folded name as people write it (UTF-8); the caller frees with free(); NULL: memory. Labels that do not decode stay as they are. */
char *name_unicode_dup(const char *folded);

/* A text that completes "… is no host name: "; lives for ever. */
const char *name_fault_text(enum name_fault fault);

#endif
