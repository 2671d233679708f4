/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* HTTP's Host header (RFC 9110, 7.2). */
#ifndef EXAMPLES_WEBMAIL_HOST_H
#define EXAMPLES_WEBMAIL_HOST_H

#include <stdbool.h>

#define HOST_SIZE 256

/*
 * Takes a Host header apart: host, in lower case and without a dot at its end, and perhaps a port,
 * which must be one but is not looked at further. An IPv6 address keeps its brackets.
 *
 * Returns false when that is no host.
 */
bool host_parse(const char *header, char host[HOST_SIZE]);

#endif
