/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What each path answers. */
#define _POSIX_C_SOURCE 200809L
#include "request.h"
#include "connection.h"
#include "session.h"
#include "throttle.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The prefix makes browsers insist on Secure, Path=/ and no Domain (RFC 6265bis, 4.1.3.2). */
#define COOKIE "__Host-session"
#define COOKIE_FLAGS "; Path=/; Secure; HttpOnly; SameSite=Strict"

static time_t now(void)
{
	struct timespec time = { .tv_sec = 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

static const char *token_peek(struct request *request)
{
	const char *token = MHD_lookup_connection_value(request->http, MHD_COOKIE_KIND, COOKIE);

	return token != NULL ? token : "";
}

void route_log_in(struct request *request)
{
	if (!sessions_find(request->webmail->sessions, token_peek(request), request->host, now(),
		    request->user))
		request->user[0] = '\0';
}

static void redirect_home(struct answer *answer)
{
	answer->status = MHD_HTTP_SEE_OTHER;
	answer->location = "/";
	answer->body = g_string_new(NULL);
}

static void answer_root(struct request *request, struct answer *answer)
{
	const char *page =
		MHD_lookup_connection_value(request->http, MHD_GET_ARGUMENT_KIND, "page");
	struct message_list *list;

	if (*request->user == '\0') {
		answer->body = page_login(&request->frame, NULL);
		return;
	}
	list = request->webmail->spool == NULL
		       ? NULL
		       : message_list_read(request->webmail->spool, request->user,
				 page != NULL ? strtoul(page, NULL, 10) : 1);
	if (list == NULL) {
		answer->status = MHD_HTTP_SERVICE_UNAVAILABLE;
		answer->body = page_error(
			&request->frame, "No mailbox", "Your mailbox can't be read at the moment.");
		return;
	}
	answer->body = page_list(&request->frame, list);
	message_list_free(list);
}

static void answer_message(struct request *request, struct answer *answer)
{
	const char *id = MHD_lookup_connection_value(request->http, MHD_GET_ARGUMENT_KIND, "id");
	struct message *message = NULL;

	if (*request->user == '\0') {
		redirect_home(answer);
		return;
	}
	if (id != NULL && request->webmail->spool != NULL)
		message = message_read(request->webmail->spool, request->user, id);
	if (message == NULL) {
		answer->status = MHD_HTTP_NOT_FOUND;
		answer->body = page_error(
			&request->frame, "No such message", "Perhaps it was deleted meanwhile.");
		return;
	}
	answer->body = page_message(&request->frame, message);
	message_free(message);
}

/* Gives the user that a form is right for; NULL: none, and nobody learns what was wrong. */
static const char *check_form(struct request *request)
{
	const struct users *users = request->webmail->users;
	const char *domain = request->selected.domain;
	char *at = strrchr(request->form.user, '@');
	char *ascii = at != NULL ? g_hostname_to_ascii(at + 1) : NULL;
	const char *user = NULL;
	char *address;

	if (ascii == NULL)
		return NULL;
	address = g_strdup_printf(
		"%.*s@%s", (int)(at - request->form.user), request->form.user, ascii);
	/* Also for a wrong domain, so that the time it takes tells nothing. */
	if (users_check(users, address, request->form.password) && !request->form.is_cut)
		user = users_find(users, address);
	/* Users log in on the webmail of their own domain, where the connection belongs to one. */
	if (*domain != '\0' && strcasecmp(ascii, domain) != 0)
		user = NULL;
	g_free(address);
	g_free(ascii);
	return user;
}

static void refuse(struct request *request, struct answer *answer, const char *notice)
{
	answer->status = MHD_HTTP_FORBIDDEN;
	answer->body = page_login(&request->frame, notice);
}

static void answer_login(struct request *request, struct answer *answer)
{
	const struct sockaddr *peer = connection_peer(request->http);
	struct webmail *webmail = request->webmail;
	char token[SESSION_TOKEN_SIZE];
	const char *user;

	if (!throttle_allows(webmail->throttle, peer, now())) {
		connection_log(request->http, "log-in refused: too many failures");
		refuse(request, answer, "Too many failures. Try again later.");
		answer->status = MHD_HTTP_TOO_MANY_REQUESTS;
		answer->retry_after = "600";
		return;
	}
	user = check_form(request);
	if (user == NULL) {
		throttle_count(webmail->throttle, peer, now());
		connection_log(request->http, "log-in refused");
		refuse(request, answer, "Address or password is wrong.");
		return;
	}
	if (!sessions_add(webmail->sessions, user, request->host, now(), token)) {
		answer->status = MHD_HTTP_SERVICE_UNAVAILABLE;
		answer->body =
			page_login(&request->frame, "Logging in is not possible at the moment.");
		return;
	}
	/* Whoever was logged in with that browser is not any more. */
	sessions_remove(webmail->sessions, token_peek(request), request->host);
	connection_log(request->http, "logged in");
	answer->cookie = g_strdup_printf("%s=%s%s", COOKIE, token, COOKIE_FLAGS);
	gnutls_memset(token, 0, sizeof(token));
	redirect_home(answer);
}

static void answer_logout(struct request *request, struct answer *answer)
{
	sessions_remove(request->webmail->sessions, token_peek(request), request->host);
	answer->cookie = g_strdup(COOKIE "=; Max-Age=0" COOKIE_FLAGS);
	redirect_home(answer);
}

static void answer_style(struct request *request, struct answer *answer)
{
	(void)request;
	answer->type = "text/css; charset=utf-8";
	answer->body = g_string_new(page_style);
}

static const struct route routes[] = {
	{ "/", MHD_HTTP_METHOD_GET, answer_root },
	{ "/login", MHD_HTTP_METHOD_POST, answer_login },
	{ "/logout", MHD_HTTP_METHOD_POST, answer_logout },
	{ "/message", MHD_HTTP_METHOD_GET, answer_message },
	{ "/style.css", MHD_HTTP_METHOD_GET, answer_style },
};

const struct route *route_find(const char *path)
{
	size_t i;

	for (i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (strcmp(routes[i].path, path) == 0)
			return &routes[i];
	}
	return NULL;
}
