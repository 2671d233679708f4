/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>

/* Text that others chose, on its way into messages. Threads: any. */

bool text_is_utf8(const char *text);

/* Has it C0 or C1 control characters, or DEL? */
bool text_has_control(const char *text);

/* Is it UTF-8 without control characters? */
bool text_is_plain(const char *text);

/* Replaces what is no UTF-8, and control characters, by question marks. */
void text_make_plain(char *text);

#endif
