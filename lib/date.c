/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "date.h"
#include <stdio.h>
#include <time.h>

void date_format(int64_t at, char *text)
{
	time_t time = (time_t)at;
	struct tm parts;

	if (gmtime_r(&time, &parts) == NULL || strftime(text, DATE_SIZE, "%Y-%m-%d", &parts) == 0)
		(void)snprintf(text, DATE_SIZE, "a day that no calendar has");
}
