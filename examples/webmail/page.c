/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "page.h"

#include <string.h>

/* Appends a text so that it is nothing but text, also between double quotes. */
static void text(GString *html, const char *raw)
{
	char *valid = g_utf8_make_valid(raw, -1);
	char *at;
	gunichar character;

	for (at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
		character = g_utf8_get_char(at);
		if (character == '&')
			g_string_append(html, "&amp;");
		else if (character == '<')
			g_string_append(html, "&lt;");
		else if (character == '>')
			g_string_append(html, "&gt;");
		else if (character == '"')
			g_string_append(html, "&quot;");
		else if (character == '\'')
			g_string_append(html, "&#39;");
		else if (character == '\r')
			continue;
		else if (g_unichar_iscntrl(character) && character != '\n' && character != '\t')
			g_string_append_unichar(html, 0xfffd);
		else
			g_string_append_unichar(html, character);
	}
	g_free(valid);
}

/* A term and what is to be said of it. */
static void term(GString *html, const char *name, const char *value)
{
	g_string_append_printf(html, "<dt>%s</dt><dd dir=\"auto\">", name);
	text(html, value);
	g_string_append(html, "</dd>\n");
}

/* Why this certificate: what a person can make of enum certbind_rule. */
static char *explain_dup(const struct certbind_selection *selected)
{
	switch ((enum certbind_rule)selected->rule) {
	case CERTBIND_RULE_EXACT:
		if (*selected->domain != '\0')
			return g_strdup_printf(
				"exact: %s is a host of %s, and this is its certificate.",
				selected->host, selected->domain);
		return g_strdup_printf("exact: this certificate names %s.", selected->host);
	case CERTBIND_RULE_WILDCARD:
		return g_strdup_printf(
			"wildcard: a wildcard of this certificate covers %s.", selected->host);
	case CERTBIND_RULE_DEFAULT:
		if (*selected->host == '\0')
			return g_strdup(
				"default: the browser named no host, so it gets the default "
				"certificate of this service.");
		if (*selected->domain != '\0')
			return g_strdup_printf(
				"default: %s has no certificate that can be used, so it "
				"gets the default one of this service.",
				selected->domain);
		return g_strdup_printf("default: nothing is bound to %s, so it gets the default "
				       "certificate of this service.",
			selected->host);
	case CERTBIND_RULE_REJECT:
	case CERTBIND_RULE_NONE:
		break;
	}
	return g_strdup("No certificate was chosen.");
}

static GString *begin(const struct page_frame *frame, const char *title)
{
	GString *html = g_string_new("<!doctype html>\n<html lang=\"en\">\n<head>\n"
				     "<meta charset=\"utf-8\">\n"
				     "<meta name=\"viewport\" content=\"width=device-width\">\n"
				     "<title>");

	text(html, title);
	g_string_append(html, " – Webmail</title>\n"
			      "<link rel=\"stylesheet\" href=\"/style.css\">\n</head>\n<body>\n"
			      "<header><a href=\"/\">Webmail</a>\n");
	if (frame->user != NULL && *frame->user != '\0') {
		g_string_append(html, "<span id=\"who\">");
		text(html, frame->user);
		g_string_append(html, "</span>\n<form method=\"post\" action=\"/logout\">"
				      "<button>Log out</button></form>\n");
	}
	g_string_append(html, "</header>\n<main>\n");
	return html;
}

static GString *end(GString *html, const struct page_frame *frame)
{
	const struct certbind_selection *selected = frame->selected;
	char *why;

	g_string_append(html, "</main>\n");
	if (selected != NULL) {
		why = explain_dup(selected);
		g_string_append(html,
			"<footer><section aria-labelledby=\"connection\">\n"
			"<h2 id=\"connection\">How this connection is secured</h2>\n<dl>\n");
		term(html, "Host", *selected->host != '\0' ? selected->host : "none named");
		term(html, "Domain", *selected->domain != '\0' ? selected->domain : "none");
		term(html, "Certificate",
			*selected->certificate != '\0' ? selected->certificate
						       : "self-signed, made by certbind");
		term(html, "Protocol", frame->protocol != NULL ? frame->protocol : "unknown");
		term(html, "Chosen by", why);
		g_string_append(html, "</dl>\n</section></footer>\n");
		g_free(why);
	}
	return g_string_append(html, "</body>\n</html>\n");
}

GString *page_login(const struct page_frame *frame, const char *notice)
{
	GString *html = begin(frame, "Log in");

	g_string_append(html, "<form class=\"card login\" method=\"post\" action=\"/login\">\n"
			      "<h1>Log in</h1>\n");
	if (notice != NULL) {
		g_string_append(html, "<p class=\"notice\" role=\"alert\">");
		text(html, notice);
		g_string_append(html, "</p>\n");
	}
	g_string_append(html,
		"<label for=\"user\">Address</label>\n"
		"<input id=\"user\" name=\"user\" type=\"text\" inputmode=\"email\" "
		"maxlength=\"320\""
		" autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\""
		" required autofocus>\n"
		"<label for=\"password\">Password</label>\n"
		"<input id=\"password\" name=\"password\" type=\"password\" maxlength=\"511\""
		" autocomplete=\"current-password\" required>\n"
		"<button>Log in</button>\n</form>\n");
	return end(html, frame);
}

static void row(GString *html, const struct message *message)
{
	char *id = g_uri_escape_string(message->id, NULL, FALSE);

	g_string_append_printf(
		html, "<tr%s><td dir=\"auto\">", message->is_seen ? "" : " class=\"unread\"");
	text(html, *message->from != '\0' ? message->from : "(nobody)");
	g_string_append(html, "</td><td><a dir=\"auto\" href=\"/message?id=");
	text(html, id);
	g_string_append(html, "\">");
	text(html, *message->subject != '\0' ? message->subject : "(no subject)");
	g_string_append(html, "</a></td><td>");
	text(html, message->date);
	g_string_append(html, "</td></tr>\n");
	g_free(id);
}

GString *page_list(const struct page_frame *frame, const struct message_list *list)
{
	GString *html = begin(frame, "Inbox");
	guint i;

	g_string_append_printf(html, "<h1>Inbox (%zu)</h1>\n", list->total);
	if (list->messages->len == 0)
		g_string_append(html, "<p class=\"card\">There are no messages.</p>\n");
	else
		g_string_append(html,
			"<table>\n<thead><tr><th scope=\"col\">From</th>"
			"<th scope=\"col\">Subject</th><th scope=\"col\">Date</th></tr>"
			"</thead>\n<tbody>\n");
	for (i = 0; i < list->messages->len; i++)
		row(html, g_ptr_array_index(list->messages, i));
	if (list->messages->len > 0)
		g_string_append(html, "</tbody>\n</table>\n");
	g_string_append(html, "<nav aria-label=\"Pages\">");
	if (list->page > 1)
		g_string_append_printf(html, "<a href=\"/?page=%zu\">Newer</a>", list->page - 1);
	if (list->page < list->pages)
		g_string_append_printf(html, "<a href=\"/?page=%zu\">Older</a>", list->page + 1);
	g_string_append(html, "</nav>\n");
	return end(html, frame);
}

GString *page_message(const struct page_frame *frame, const struct message *message)
{
	const char *subject = *message->subject != '\0' ? message->subject : "(no subject)";
	GString *html = begin(frame, subject);
	guint i;

	g_string_append(html, "<nav><a href=\"/\">Back to the inbox</a></nav>\n"
			      "<article class=\"card\">\n<h1 dir=\"auto\">");
	text(html, subject);
	g_string_append(html, "</h1>\n<dl>\n");
	term(html, "From", message->from);
	term(html, "To", message->to);
	term(html, "Date", message->date);
	for (i = 0; i < message->not_shown->len; i++)
		term(html, "Not shown", g_ptr_array_index(message->not_shown, i));
	g_string_append(html, "</dl>\n");
	if (message->is_html)
		g_string_append(html, "<p class=\"notice\">This message has no plain text. "
				      "Below is the source of its HTML.</p>\n");
	for (i = 0; i < message->texts->len; i++) {
		/* A newline right after <pre> is not part of it. */
		g_string_append(html, "<pre>\n");
		text(html, g_ptr_array_index(message->texts, i));
		g_string_append(html, "</pre>\n");
	}
	if (message->texts->len == 0)
		g_string_append(html, "<p class=\"notice\">There is nothing to read in it.</p>\n");
	if (message->is_cut)
		g_string_append(html, "<p class=\"notice\">The message is longer than that.</p>\n");
	g_string_append(html, "</article>\n");
	return end(html, frame);
}

GString *page_error(const struct page_frame *frame, const char *title, const char *sentence)
{
	GString *html = begin(frame, title);

	g_string_append(html, "<div class=\"card\">\n<h1>");
	text(html, title);
	g_string_append(html, "</h1>\n<p>");
	text(html, sentence);
	g_string_append(html, "</p>\n</div>\n");
	return end(html, frame);
}
