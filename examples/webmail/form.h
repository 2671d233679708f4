/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The log-in form as a browser sends it: application/x-www-form-urlencoded, bounded. */
#ifndef EXAMPLES_WEBMAIL_FORM_H
#define EXAMPLES_WEBMAIL_FORM_H

#include "../common/users.h"

#include <microhttpd.h>
#include <stdbool.h>

/* No body may be longer: every byte of the longest address and password in three (%41). */
#define FORM_BODY_MAX 4096

struct form {
	char user[USERS_ADDRESS_SIZE];
	char password[USERS_PASSWORD_MAX + 1];
	size_t user_length;
	size_t password_length;
	/* A field was longer than it can be; whoever logs in with it is refused. */
	bool is_cut;
	size_t body_bytes;
	/* NULL when the body is no form; it is read and forgotten then. */
	struct MHD_PostProcessor *parser;
};

void form_begin(struct form *form, struct MHD_Connection *http);

/* Takes a piece of the body. Returns false when it is too long, or memory is exhausted. */
bool form_feed(struct form *form, const char *data, size_t size);

/* Ends the reading: the fields are complete. */
void form_end(struct form *form);

/* Wipes what was read. */
void form_clear(struct form *form);

#endif
