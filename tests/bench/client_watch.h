/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLIENT_WATCH_H
#define CLIENT_WATCH_H

#include "client_pool.h"

/*
 * One handshake after the other until standard input ends. A server that does not listen yet is
 * asked again every millisecond; after its first answer that counts as a failure.
 */
int watch_run(int port, const char *host, unsigned int pause_us, struct pool_result *result);

#endif
