/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One request that may be answered, and its answer. */
#ifndef EXAMPLES_WEBMAIL_REQUEST_H
#define EXAMPLES_WEBMAIL_REQUEST_H

#include "form.h"
#include "host.h"
#include "page.h"
#include "webmail.h"

#include <glib.h>

struct request {
	struct webmail *webmail;
	struct MHD_Connection *http;
	/* From the Host header; belongs to the connection's binding. */
	char host[HOST_SIZE];
	/* Who is logged in on that host; empty for nobody. */
	char user[USERS_ADDRESS_SIZE];
	struct certbind_selection selected;
	struct page_frame frame;
	struct form form;
};

struct answer {
	unsigned int status;
	/* The whole body; freed by whoever sends it. */
	GString *body;
	/* NULL: HTML. */
	const char *type;
	/* Where there is one; NULL where not. */
	const char *location;
	const char *allow;
	const char *retry_after;
	char *cookie;
};

typedef void route_func(struct request *request, struct answer *answer);

/* A path with its one method; GET stands for HEAD too. */
struct route {
	const char *path;
	const char *method;
	route_func *answer;
};

/* Finds the route of a path; NULL: there is none. */
const struct route *route_find(const char *path);

/* Finds out who is logged in, by the request's cookie. */
void route_log_in(struct request *request);

#endif
