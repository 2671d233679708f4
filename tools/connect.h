/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CONNECT_H
#define CONNECT_H

#include "command.h"
#include "findings.h"
#include "problems.h"
#include <certbind/store.h>

/* What live endpoints serve for the hosts of a check. */
struct connect;

/* The endpoints are those of the options. Freed with connect_free(). */
struct connect *connect_new(const struct options *options);
void connect_free(struct connect *connect); /* NULL does nothing */

/* Notes the host of a finding, if it has one: endpoints of its service are asked for it. */
void connect_add(struct connect *connect, const struct certbind_finding *finding, size_t argument);

/*
 * Are all services known, that the endpoints are of? CERTBIND_OK, or a status and its problem,
 * which has been printed.
 */
int connect_check_services(
	const struct connect *connect, struct certbind_store *store, struct problems *problems);

/*
 * Asks every endpoint for every host of its service and adds what is wrong. Returns CERTBIND_OK
 * whatever was found; else what is wrong has been added to the problems and printed.
 */
int connect_run(struct connect *connect, struct certbind_store *store, struct findings *findings,
	struct problems *problems);

#endif
