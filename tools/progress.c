/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "progress.h"
#include "terminal.h"
#include <stdio.h>
#include <unistd.h>

/* ECMA-48: back to the first column, erase to the end of the line. */
#define ERASE_LINE "\r\033[K"

void progress_begin(const char *what)
{
	if (terminal_is_smart(STDERR_FILENO))
		(void)fprintf(stderr, ERASE_LINE "%s ...", what);
}

int progress_domains(void *data, size_t done, size_t total)
{
	(void)data;
	if (terminal_is_smart(STDERR_FILENO))
		(void)fprintf(stderr, ERASE_LINE "checked %zu of %zu domains", done, total);
	return 0;
}

void progress_hosts(size_t done, size_t total)
{
	if (terminal_is_smart(STDERR_FILENO))
		(void)fprintf(stderr, ERASE_LINE "connected for %zu of %zu hosts", done, total);
}

void progress_end(void)
{
	if (terminal_is_smart(STDERR_FILENO))
		(void)fputs(ERASE_LINE, stderr);
}
