/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RFC3339_H
#define RFC3339_H

#include <stdbool.h>
#include <time.h>

#define RFC3339_SIZE 32

/*
 * Reads a date-time of RFC 3339 section 5.6: with seconds and a zone ("Z" or an offset), as
 * 2026-12-01T00:00:00Z. Fractions of seconds are cut off; a leap second is the second after it.
 * Only times after 1970-01-01T00:00:00Z are taken.
 */
bool rfc3339_read(const char *text, time_t *seconds);

/* Writes a time in UTC; false when the year has no four digits. */
bool rfc3339_write(char text[RFC3339_SIZE], time_t seconds);

/* The day of a time in UTC, written into `text`; NULL for -1 and what can't be written. */
const char *rfc3339_date(char text[RFC3339_SIZE], time_t seconds);

#endif
