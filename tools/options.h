/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "command.h"

enum options_result {
	OPTIONS_RUN, /* *options is filled */
	OPTIONS_HELP,
	OPTIONS_VERSION,
	OPTIONS_WRONG /* what is wrong has been said on standard error */
};

/* Reads the command line of a word; argv[0] is the word itself. */
enum options_result options_read(
	const struct command *command, int argc, char **argv, struct options *options);

/* Prints the options that the word takes, for --help. */
void options_print(const struct command *command);

#endif
