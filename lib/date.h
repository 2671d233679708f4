/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DATE_H
#define DATE_H

#include <stdint.h>

enum { DATE_SIZE = 32 };

/* The day of a time (s since the epoch) as people read it, UTC: "2027-01-31". `text` has DATE_SIZE bytes. */
void date_format(int64_t time, char *text);

#endif
