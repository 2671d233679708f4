/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests and answers between libmicrohttpd and the routes. */
#ifndef EXAMPLES_WEBMAIL_HTTP_H
#define EXAMPLES_WEBMAIL_HTTP_H

#include <microhttpd.h>

/* For MHD_start_daemon(), with a struct webmail. */
enum MHD_Result http_handle(void *webmail, struct MHD_Connection *http, const char *path,
	const char *method, const char *version, const char *data, size_t *data_size, void **state);

/* For MHD_OPTION_NOTIFY_COMPLETED. */
void http_completed(void *webmail, struct MHD_Connection *http, void **state,
	enum MHD_RequestTerminationCode code);

#endif
