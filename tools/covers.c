/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "command.h"
#include "loading.h"
#include "text.h"
#include <certbind/check.h>
#include <stdio.h>
#include <stdlib.h>

static void print_answer(bool is_covered, const char *host)
{
	char *escaped = text_escape_controls_dup(host);

	(void)printf("%s %s\n", is_covered ? "covered" : "not-covered", escaped);
	free(escaped);
}

static int run(const struct options *options)
{
	struct certbind_error error = { 0 };
	struct problems problems;
	int status = STATUS_FINE;
	int covered;
	int i;

	problems_open(&problems);
	for (i = 1; i < options->arguments_length; i++) {
		if (certbind_covers(
			    options->arguments[0], options->arguments[i], &covered, &error) < 0) {
			loading_complain(&problems, &error);
			status = STATUS_TROUBLE;
			break;
		}
		print_answer(covered != 0, options->arguments[i]);
		if (!covered)
			status = STATUS_BAD;
	}
	problems_close(&problems);
	return status;
}

const struct command command_covers = {
	.word = "covers",
	.synopsis = "CERT.pem HOST ...",
	.purpose = "tell whether a certificate names hosts",
	.text = "Prints \"covered HOST\" or \"not-covered HOST\" for each, by the rules of RFC\n"
		"9525. It looks at the names in the file's first certificate only, not at\n"
		"dates or trust.\n"
		"\n"
		"Exit status: 0 all are covered, 1 at least one is not, 2 the file can't be\n"
		"used.\n",
	.arguments_least = 2,
	.arguments_most = -1,
	.run = run,
};
