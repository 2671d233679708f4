/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _POSIX_C_SOURCE 200809L
#include "http.h"
#include "connection.h"
#include "request.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* No script, no picture, nothing from elsewhere, whatever a message holds. */
static const char policy[] = "default-src 'none'; style-src 'self'; form-action 'self'; "
			     "base-uri 'none'; frame-ancestors 'none'";

/* Takes the answer's body. */
static enum MHD_Result send_answer(struct MHD_Connection *http, const struct answer *answer)
{
	const char *headers[][2] = {
		{ MHD_HTTP_HEADER_CONTENT_TYPE,
			answer->type != NULL ? answer->type : "text/html; charset=utf-8" },
		{ MHD_HTTP_HEADER_CACHE_CONTROL,
			answer->type != NULL ? "max-age=3600" : "no-store" },
		{ "Content-Security-Policy", policy },
		{ "X-Content-Type-Options", "nosniff" },
		/* Not "no-referrer": that would make browsers send "Origin: null" with our forms. */
		{ "Referrer-Policy", "same-origin" },
		{ "Cross-Origin-Opener-Policy", "same-origin" },
		{ "Cross-Origin-Resource-Policy", "same-origin" },
		{ "Strict-Transport-Security", "max-age=31536000" },
		{ MHD_HTTP_HEADER_LOCATION, answer->location },
		{ MHD_HTTP_HEADER_ALLOW, answer->allow },
		{ MHD_HTTP_HEADER_RETRY_AFTER, answer->retry_after },
		{ MHD_HTTP_HEADER_SET_COOKIE, answer->cookie },
	};
	struct MHD_Response *response;
	enum MHD_Result result = MHD_YES;
	size_t i, length = answer->body->len;
	char *body = g_string_free(answer->body, FALSE);

	response = MHD_create_response_from_buffer_with_free_callback(length, body, g_free);
	if (response == NULL) {
		g_free(body);
		return MHD_NO;
	}
	for (i = 0; i < sizeof(headers) / sizeof(headers[0]) && result == MHD_YES; i++) {
		if (headers[i][1] != NULL)
			result = MHD_add_response_header(response, headers[i][0], headers[i][1]);
	}
	if (result == MHD_YES)
		result = MHD_queue_response(http, answer->status, response);
	MHD_destroy_response(response);
	return result;
}

static void fail(struct request *request, struct answer *answer, unsigned int status,
	const char *title, const char *sentence)
{
	answer->status = status;
	answer->body = page_error(&request->frame, title, sentence);
}

/* Counts the Host headers and keeps the last one. */
struct host_header {
	unsigned int count;
	const char *value;
};

static enum MHD_Result take_header(
	void *data, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct host_header *header = data;

	(void)kind;
	if (strcasecmp(name, MHD_HTTP_HEADER_HOST) == 0) {
		header->count++;
		header->value = value;
	}
	return MHD_YES;
}

/* Finds the host that is asked for, and whether this connection is the right one for it. */
static bool accept_host(struct request *request, struct answer *answer)
{
	struct host_header header = { .count = 0 };
	int serves;

	(void)MHD_get_connection_values(request->http, MHD_HEADER_KIND, take_header, &header);
	if (header.count != 1 || header.value == NULL || !host_parse(header.value, request->host)) {
		fail(request, answer, MHD_HTTP_BAD_REQUEST, "Bad request",
			"A request needs one Host header with the name of a host.");
		return false;
	}
	serves = connection_serves(request->http, request->host);
	if (serves < 0) {
		fail(request, answer, MHD_HTTP_INTERNAL_SERVER_ERROR, "Internal error",
			"The connection can't be told.");
		return false;
	}
	if (serves == 0) {
		fail(request, answer, MHD_HTTP_MISDIRECTED_REQUEST, "Misdirected request",
			"This connection was made for another host.");
		return false;
	}
	return true;
}

/*
 * Tells whether a form was sent by a page of this very host. Browsers say so; what is no browser
 * has no cookie that somebody else could use.
 */
static bool is_same_origin(struct request *request)
{
	const char *site =
		MHD_lookup_connection_value(request->http, MHD_HEADER_KIND, "Sec-Fetch-Site");
	const char *origin = MHD_lookup_connection_value(request->http, MHD_HEADER_KIND, "Origin");
	const char *host =
		MHD_lookup_connection_value(request->http, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);

	if (site != NULL && strcmp(site, "same-origin") != 0)
		return false;
	return origin == NULL || (g_str_has_prefix(origin, "https://") && host != NULL &&
					 strcasecmp(origin + strlen("https://"), host) == 0);
}

static void answer_request(
	struct request *request, const char *path, const char *method, struct answer *answer)
{
	const struct route *route = route_find(path);
	bool is_post = strcmp(method, MHD_HTTP_METHOD_POST) == 0;

	if (strcmp(method, MHD_HTTP_METHOD_HEAD) == 0)
		method = MHD_HTTP_METHOD_GET;
	if (!accept_host(request, answer))
		return;
	if (route == NULL) {
		fail(request, answer, MHD_HTTP_NOT_FOUND, "Not found", "There is no such page.");
		return;
	}
	if (strcmp(route->method, method) != 0) {
		answer->allow = strcmp(route->method, "GET") == 0 ? "GET, HEAD" : route->method;
		fail(request, answer, MHD_HTTP_METHOD_NOT_ALLOWED, "Method not allowed",
			"That can't be done with this page.");
		return;
	}
	if (is_post && !is_same_origin(request)) {
		fail(request, answer, MHD_HTTP_FORBIDDEN, "Forbidden",
			"The form was sent from another site.");
		return;
	}
	route_log_in(request);
	route->answer(request, answer);
}

static enum MHD_Result respond(struct request *request, const char *path, const char *method)
{
	struct answer answer = { .status = MHD_HTTP_OK };
	enum MHD_Result result;

	answer_request(request, path, method, &answer);
	result = send_answer(request->http, &answer);
	g_free(answer.cookie);
	return result;
}

static struct request *request_new(struct webmail *webmail, struct MHD_Connection *http)
{
	struct request *request = calloc(1, sizeof(*request));

	if (request == NULL)
		return NULL;
	request->webmail = webmail;
	request->http = http;
	if (!connection_selected(http, &request->selected, &request->frame.protocol)) {
		free(request);
		return NULL;
	}
	request->frame.user = request->user;
	request->frame.selected = &request->selected;
	return request;
}

/* Answers before the body comes when the header says already that it is too long. */
static enum MHD_Result begin(struct request *request, const char *method)
{
	const char *length = MHD_lookup_connection_value(
		request->http, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
	struct answer answer = { .status = MHD_HTTP_OK };

	if (length != NULL && strtoull(length, NULL, 10) > FORM_BODY_MAX) {
		fail(request, &answer, MHD_HTTP_CONTENT_TOO_LARGE, "Too large",
			"That is more than a form can hold.");
		return send_answer(request->http, &answer);
	}
	if (strcmp(method, MHD_HTTP_METHOD_POST) == 0)
		form_begin(&request->form, request->http);
	return MHD_YES;
}

/* NOLINTNEXTLINE(readability-function-size): the type is libmicrohttpd's. */
enum MHD_Result http_handle(void *webmail, struct MHD_Connection *http, const char *path,
	const char *method, const char *version, const char *data, size_t *data_size, void **state)
{
	struct request *request = *state;

	(void)version;
	if (request == NULL) {
		request = request_new(webmail, http);
		if (request == NULL)
			return MHD_NO;
		*state = request;
		return begin(request, method);
	}
	if (*data_size > 0) {
		/* No answer can be queued in the middle of a body: the connection is closed. */
		if (!form_feed(&request->form, data, *data_size))
			return MHD_NO;
		*data_size = 0;
		return MHD_YES;
	}
	form_end(&request->form);
	return respond(request, path, method);
}

void http_completed(void *webmail, struct MHD_Connection *http, void **state,
	enum MHD_RequestTerminationCode code)
{
	struct request *request = *state;

	(void)webmail;
	if (request == NULL)
		return;
	if (code == MHD_REQUEST_TERMINATED_COMPLETED_OK)
		connection_heard(request->webmail, http, request->user[0] != '\0');
	form_clear(&request->form);
	free(request);
	*state = NULL;
}
