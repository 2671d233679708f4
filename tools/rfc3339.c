/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rfc3339.h"
#include <stdint.h>
#include <stdio.h>

/* Reads exactly so many digits and moves on. */
static bool read_digits(const char **text, int count, int *value)
{
	*value = 0;
	for (; count > 0; count--, (*text)++) {
		if (**text < '0' || **text > '9')
			return false;
		*value = *value * 10 + (**text - '0');
	}
	return true;
}

static bool read_character(const char **text, char expected)
{
	if (**text != expected)
		return false;
	(*text)++;
	return true;
}

static bool is_leap_year(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_of_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return month == 2 && is_leap_year(year) ? 29 : days[month - 1];
}

/* Days from 1970-01-01, by the proleptic Gregorian calendar. */
static int64_t days_since_epoch(int year, int month, int day)
{
	int64_t before = year - 1;
	int64_t days = before * 365 + before / 4 - before / 100 + before / 400 - 719162;
	int i;

	for (i = 1; i < month; i++)
		days += days_of_month(year, i);
	return days + day - 1;
}

static bool read_date(const char **text, int64_t *days)
{
	int year;
	int month;
	int day;

	if (!read_digits(text, 4, &year) || !read_character(text, '-') ||
		!read_digits(text, 2, &month) || !read_character(text, '-') ||
		!read_digits(text, 2, &day))
		return false;
	if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_of_month(year, month))
		return false;
	*days = days_since_epoch(year, month, day);
	return true;
}

/* The fraction is read, and does not count. */
static bool read_time(const char **text, int *seconds, bool *is_leap)
{
	int hour;
	int minute;
	int second;
	int digit;

	if (!read_digits(text, 2, &hour) || !read_character(text, ':') ||
		!read_digits(text, 2, &minute) || !read_character(text, ':') ||
		!read_digits(text, 2, &second))
		return false;
	if (hour > 23 || minute > 59 || second > 60)
		return false;
	if (read_character(text, '.')) {
		if (!read_digits(text, 1, &digit))
			return false;
		while (read_digits(text, 1, &digit))
			;
	}
	*seconds = hour * 3600 + minute * 60 + second;
	*is_leap = second == 60;
	return true;
}

static bool read_offset(const char **text, int *seconds)
{
	int sign = **text == '-' ? -1 : 1;
	int hour;
	int minute;

	*seconds = 0;
	if (read_character(text, 'Z') || read_character(text, 'z'))
		return true;
	if (!read_character(text, '+') && !read_character(text, '-'))
		return false;
	if (!read_digits(text, 2, &hour) || !read_character(text, ':') ||
		!read_digits(text, 2, &minute) || hour > 23 || minute > 59)
		return false;
	*seconds = sign * (hour * 3600 + minute * 60);
	return true;
}

bool rfc3339_read(const char *text, time_t *seconds)
{
	int64_t days;
	int64_t value;
	int offset;
	int second;
	bool is_leap;

	if (!read_date(&text, &days))
		return false;
	if (!read_character(&text, 'T') && !read_character(&text, 't'))
		return false;
	if (!read_time(&text, &second, &is_leap) || !read_offset(&text, &offset) || *text != '\0')
		return false;
	value = days * 86400 + second - offset;
	/* A leap second ends a UTC day (RFC 3339 section 5.7); counted so, it begins the next. */
	if (value <= 0 || (is_leap && value % 86400 != 0))
		return false;
	*seconds = (time_t)value;
	return true;
}

bool rfc3339_write(char text[RFC3339_SIZE], time_t seconds)
{
	struct tm parts;

	if (gmtime_r(&seconds, &parts) == NULL || parts.tm_year < -1900 || parts.tm_year > 8099)
		return false;
	return strftime(text, RFC3339_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts) == 20;
}

const char *rfc3339_date(char text[RFC3339_SIZE], time_t seconds)
{
	if (seconds == -1 || !rfc3339_write(text, seconds))
		return NULL;
	text[10] = '\0';
	return text;
}
