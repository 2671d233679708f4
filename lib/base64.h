/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE64_H
#define BASE64_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Decodes base64 (RFC 4648, section 4) with blanks and line breaks anywhere, with Nettle, as GnuTLS
 * does; but GnuTLS decodes a copy of the text, which it frees without wiping it. `data` has room for
 * as many bytes as the text. False: it is something else, and what has been written to `data` is of
 * no use.
 */
bool base64_decode(const char *text, size_t length, unsigned char *data, size_t *size);

#endif
