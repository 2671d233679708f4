/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What speaks another protocol, and was sent here by somebody who means harm (ALPACA). */
#ifndef MAIL_FOREIGN_H
#define MAIL_FOREIGN_H

#include <stdbool.h>

/*
 * Tells whether a line is a request of HTTP. A browser that was lured here must not have its body
 * taken for commands, nor find its own text in an answer: the connection is to end at that line.
 */
bool foreign_is_http(const char *line);

#endif
