/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>
#include <time.h>

/* Exit statuses: fixed, other programs read them. */
enum {
	STATUS_FINE = 0,
	STATUS_BAD = 1, /* errors were found, or a host is not covered, or refused */
	STATUS_TROUBLE = 2, /* usage, unreadable file, unknown name: nothing can be said */
	STATUS_WARNED = 3 /* warnings, no errors */
};

/* Which options a word takes. */
enum {
	OPTION_CONFIG = 1,
	OPTION_JSON = 2,
	OPTION_ALL = 4,
	OPTION_AT = 8,
	OPTION_TRUST = 16,
	OPTION_FORCE = 32,
	OPTION_CONNECT = 64
};

enum { CONNECT_MOST = 64 }; /* endpoints of one command */

/* What the command line says. Strings are those of main()'s argv. */
struct options {
	const char *config; /* NULL: the system's */
	const char *trust; /* NULL: the system's */
	bool is_json;
	bool is_all;
	bool is_forced;
	time_t at; /* 0: now */
	const char *connect[CONNECT_MOST]; /* endpoints, each as endpoint_read() takes it */
	size_t connect_length;
	unsigned int timeout; /* s, of one connection */
	char **arguments;
	int arguments_length;
};

/* One word of the command. */
struct command {
	const char *word;
	const char *synopsis; /* what follows the word */
	const char *purpose; /* one line */
	const char *text; /* what --help says below the options */
	unsigned int options;
	int arguments_least;
	int arguments_most; /* -1: any number */
	int (*run)(const struct options *options); /* returns the exit status */
};

extern const struct command command_check;
extern const struct command command_covers;
extern const struct command command_verify;
extern const struct command command_explain;
extern const struct command command_list;
extern const struct command command_bind;
extern const struct command command_unbind;
extern const struct command command_candidates;
extern const struct command command_ticket_key;

#endif
