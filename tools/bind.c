/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "command.h"
#include "loading.h"
#include "terminal.h"
#include "text.h"
#include <certbind/bind.h>
#include <stdio.h>
#include <stdlib.h>

/* Says why it was not done; a refusal is an answer, anything else is trouble. */
static int complain(const struct certbind_error *error)
{
	struct problems problems;

	problems_open(&problems);
	loading_complain(&problems, error);
	problems_close(&problems);
	return error->status == CERTBIND_E_REFUSED ? STATUS_BAD : STATUS_TROUBLE;
}

/* "DOMAIN SERVICE: what is so now" */
static void tell(const struct options *options, const char *what)
{
	struct terminal terminal = terminal_look();
	char *domain = text_escape_dup(options->arguments[0], terminal.is_unicode);
	char *rest = text_escape_dup(what, terminal.is_unicode);

	if (options->arguments_length > 1)
		(void)printf("%s %s: %s\n", domain, options->arguments[1], rest);
	else
		(void)printf("%s: %s\n", domain, rest);
	free(rest);
	free(domain);
}

static int run_bind(const struct options *options)
{
	struct certbind_error error = { 0 };
	char **arguments = options->arguments;

	if (certbind_bind(options->config, arguments[0], arguments[1], arguments[2],
		    options->is_forced ? CERTBIND_FORCE : 0, &error) < 0)
		return complain(&error);
	tell(options, arguments[2]);
	return STATUS_FINE;
}

static int run_unbind(const struct options *options)
{
	struct certbind_error error = { 0 };
	const char *service = options->arguments_length > 1 ? options->arguments[1] : NULL;

	if (certbind_unbind(options->config, options->arguments[0], service, &error) < 0)
		return complain(&error);
	tell(options, service != NULL ? "auto" : "removed");
	return STATUS_FINE;
}

const struct command command_bind = {
	.word = "bind",
	.synopsis = "[-c FILE] [--force] DOMAIN SERVICE CERTIFICATE|auto|none",
	.purpose = "choose the certificate of a domain's service",
	.text = "Writes the domain's own file in domains_dir; a domain that is not configured yet "
		"is\n"
		"created. Refused: a certificate that does not cover the service's hosts, and a "
		"file\n"
		"that certbind did not write (both unless --force is given; then comments are "
		"lost);\n"
		"a domain that stands in `domains`; a configuration without domains_dir.\n"
		"\n"
		"Exit status: 0 bound, 1 refused, 2 an unknown service or certificate, or a file "
		"that\n"
		"can't be used.\n",
	.options = OPTION_CONFIG | OPTION_FORCE,
	.arguments_least = 3,
	.arguments_most = 3,
	.run = run_bind,
};

const struct command command_unbind = {
	.word = "unbind",
	.synopsis = "[-c FILE] DOMAIN [SERVICE]",
	.purpose = "take a domain's service back to auto, or remove the domain",
	.text = "Without SERVICE the domain's own file in domains_dir is removed. A file that "
		"certbind\n"
		"did not write, and a domain that stands in `domains`, are refused.\n"
		"\n"
		"Exit status: 0 done, 1 refused, 2 an unknown domain or service, or a file that "
		"can't\n"
		"be used.\n",
	.options = OPTION_CONFIG,
	.arguments_least = 1,
	.arguments_most = 2,
	.run = run_unbind,
};
