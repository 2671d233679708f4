/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is let in, and who must go, when there are too many clients. */
#ifndef MAIL_CROWD_H
#define MAIL_CROWD_H

#include "server.h"

/*
 * Tells whether a client's socket may become a connection: not when its network has its part of them
 * already. When there is no room, whoever has been silent for longest without having logged in goes,
 * so that idle connections keep nobody out.
 */
bool crowd_admits(struct server *server, int fd);

#endif
