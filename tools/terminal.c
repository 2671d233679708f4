/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "terminal.h"
#include "text.h"
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_MOST 100
#define WIDTH_LEAST 60

/* What the environment asks for, whether or not the system has that locale. */
static bool environment_says_utf8(void)
{
	const char *name = getenv("LC_ALL");

	if (name == NULL || *name == '\0')
		name = getenv("LC_CTYPE");
	if (name == NULL || *name == '\0')
		name = getenv("LANG");
	return name != NULL && (strstr(name, "UTF-8") != NULL || strstr(name, "utf8") != NULL);
}

/* Minimal systems have C.UTF-8 and no other locale of that character set. */
void terminal_set_locale(void)
{
	if (setlocale(LC_CTYPE, "") == NULL && environment_says_utf8())
		(void)setlocale(LC_CTYPE, "C.UTF-8");
}

bool terminal_is_smart(int descriptor)
{
	const char *kind = getenv("TERM");

	return isatty(descriptor) == 1 && kind != NULL && *kind != '\0' &&
	       strcmp(kind, "dumb") != 0;
}

/* https://no-color.org: NO_COLOR counts when it is not empty. */
static bool is_colour_wanted(void)
{
	const char *refusal = getenv("NO_COLOR");

	return terminal_is_smart(STDOUT_FILENO) && (refusal == NULL || *refusal == '\0');
}

static size_t line_width(void)
{
	struct winsize size;

	if (isatty(STDOUT_FILENO) != 1 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 ||
		size.ws_col == 0 || size.ws_col > WIDTH_MOST)
		return WIDTH_MOST;
	return size.ws_col < WIDTH_LEAST ? WIDTH_LEAST : size.ws_col;
}

struct terminal terminal_look(void)
{
	struct terminal terminal = {
		.is_unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
		.is_coloured = is_colour_wanted(),
		.width = line_width(),
	};

	return terminal;
}

const char *terminal_paint(const struct terminal *terminal, enum paint paint)
{
	if (!terminal->is_coloured)
		return "";
	switch (paint) {
	case PAINT_PLAIN:
		return "";
	case PAINT_HEADING:
		return "\033[1m";
	case PAINT_FAINT:
		return "\033[2m";
	case PAINT_GOOD:
		return "\033[32m";
	case PAINT_WARNING:
		return "\033[33m";
	case PAINT_BAD:
		return "\033[1;31m";
	}
	return "";
}

const char *terminal_unpaint(const struct terminal *terminal, enum paint paint)
{
	return terminal->is_coloured && paint != PAINT_PLAIN ? "\033[0m" : "";
}

const char *terminal_domain(const struct terminal *terminal, const char *name, const char *unicode)
{
	if (unicode != NULL && text_is_showable(unicode, terminal->is_unicode))
		return unicode;
	return name;
}
