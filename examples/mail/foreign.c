/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "foreign.h"

#include <stddef.h>
#include <string.h>

bool foreign_is_http(const char *line)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static const char version[] = " HTTP/1.1";
	size_t length = strlen(line), method = strspn(line, letters);

	/* RFC 9112, 3: method, target, "HTTP/" and two digits. */
	return method > 0 && line[method] == ' ' && length > method + sizeof(version) &&
	       strncmp(line + length - strlen(version), version, strlen(" HTTP/")) == 0;
}
