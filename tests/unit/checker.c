/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checker.h"
#include <stdlib.h>
#include <string.h>

bool checker_is_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload != NULL && strstr(preload, "vgpreload") != NULL;
}

size_t checker_stride(size_t slow)
{
	return checker_is_valgrind() ? slow : 1;
}
