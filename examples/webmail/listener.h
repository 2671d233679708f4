/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The socket that the daemon listens on. */
#ifndef EXAMPLES_WEBMAIL_LISTENER_H
#define EXAMPLES_WEBMAIL_LISTENER_H

#include <stddef.h>

/* "[" IPv6 address "]:" port */
#define LISTENER_NAME_SIZE 64

/*
 * Listens on ADDRESS:PORT; an IPv6 address stands in brackets, port 0 lets the system choose.
 *
 * @param name     receives what it is, in the same form
 * @param message  receives a text when that fails
 * Returns a non-blocking descriptor, the caller's to close, or -1.
 */
int listener_open(const char *where, char name[LISTENER_NAME_SIZE], char *message, size_t size);

#endif
