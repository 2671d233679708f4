/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLIENT_SINK_H
#define CLIENT_SINK_H

/* What a proxy connects to: prints a port and closes every connection, until standard input ends. */
int sink_run(void);

#endif
