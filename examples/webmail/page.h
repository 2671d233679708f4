/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pages, in HTML. Everything that comes from outside goes through one function, which escapes. */
#ifndef EXAMPLES_WEBMAIL_PAGE_H
#define EXAMPLES_WEBMAIL_PAGE_H

#include "message.h"

#include <certbind/certbind.h>
#include <glib.h>

/* What stands around every page. */
struct page_frame {
	/* Who is logged in; NULL or empty for nobody. */
	const char *user;
	/* What secures the connection, told at the foot of every page; NULL when nothing is known. */
	const struct certbind_selection *selected;
	/* "TLS1.3" */
	const char *protocol;
};

/* The style sheet that every page refers to as /style.css. */
extern const char page_style[];

/* All return a page of their own, to be freed with g_string_free(). */

/* `notice`: what went wrong with the last try; NULL for nothing. */
GString *page_login(const struct page_frame *frame, const char *notice);

GString *page_list(const struct page_frame *frame, const struct message_list *list);

GString *page_message(const struct page_frame *frame, const struct message *message);

/* `text`: what to tell, a sentence. */
GString *page_error(const struct page_frame *frame, const char *title, const char *text);

#endif
