/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTF8_H
#define UTF8_H

#include <stddef.h>
#include <stdint.h>

/*
 * Decodes the first character of a string that is not empty. Returns its length in bytes; 0 when
 * the bytes are not UTF-8 (RFC 3629: no overlong forms, no surrogates), *character is the first
 * byte then.
 */
size_t utf8_decode(const char *text, uint32_t *character);

/* A copy in which every byte that is not UTF-8 has become U+FFFD; the caller frees. */
char *utf8_repair_dup(const char *text);

#endif
