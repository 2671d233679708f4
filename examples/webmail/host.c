/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host.h"

#include <stddef.h>
#include <string.h>

/* RFC 3986, 3.2.3; an empty port is allowed there. */
static bool is_port(const char *text)
{
	unsigned long port = 0;

	if (strlen(text) > 5 || strspn(text, "0123456789") != strlen(text))
		return false;
	for (; *text != '\0'; text++)
		port = port * 10 + (unsigned long)(*text - '0');
	return port <= 65535;
}

bool host_parse(const char *header, char host[HOST_SIZE])
{
	static const char name[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
	static const char address[] = "abcdefABCDEF0123456789:.";
	size_t length, i;

	if (*header == '[') {
		length = 1 + strspn(header + 1, address);
		if (length == 1 || header[length++] != ']')
			return false;
	} else {
		length = strspn(header, name);
	}
	if (header[length] != '\0' && (header[length] != ':' || !is_port(header + length + 1)))
		return false;
	if (length > 0 && header[length - 1] == '.')
		length--;
	if (length == 0 || length >= HOST_SIZE)
		return false;
	for (i = 0; i < length; i++)
		host[i] = (char)(header[i] >= 'A' && header[i] <= 'Z' ? header[i] + 32 : header[i]);
	host[length] = '\0';
	return true;
}
