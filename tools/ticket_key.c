/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "command.h"
#include "loading.h"
#include "terminal.h"
#include "text.h"
#include <certbind/context.h>
#include <stdio.h>
#include <stdlib.h>

static int run(const struct options *options)
{
	struct certbind_error error = { 0 };
	struct problems problems;
	char *path;

	if (certbind_ticket_key_write(options->arguments[0], &error) < 0) {
		problems_open(&problems);
		loading_complain(&problems, &error);
		problems_close(&problems);
		return STATUS_TROUBLE;
	}
	path = text_escape_dup(options->arguments[0], terminal_look().is_unicode);
	(void)printf("%s: a new key for session tickets\n", path);
	free(path);
	return STATUS_FINE;
}

const struct command command_ticket_key = {
	.word = "ticket-key",
	.synopsis = "FILE",
	.purpose = "write a new key for session tickets",
	.text = "The file that the configuration names as ticket_key_file: 64 random bytes, "
		"readable\n"
		"by its owner only, put in place whole. Daemons take it without a signal; each "
		"client\n"
		"makes one full handshake. Replace it regularly: whoever has it can read what was\n"
		"sent in sessions whose tickets it made.\n"
		"\n"
		"Exit status: 0 written, 2 the file can't be written; then it is what it was.\n",
	.options = 0,
	.arguments_least = 1,
	.arguments_most = 1,
	.run = run,
};
