/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "command.h"
#include "options.h"
#include "suggest.h"
#include "terminal.h"
#include "text.h"
#include <certbind/certbind.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct command *const commands[] = { &command_check, &command_covers, &command_verify,
	&command_explain, &command_list, &command_bind, &command_unbind, &command_candidates,
	&command_ticket_key };

#define COMMANDS_LENGTH (sizeof(commands) / sizeof(commands[0]))

static void print_synopses(FILE *out)
{
	size_t i;

	for (i = 0; i < COMMANDS_LENGTH; i++)
		(void)fprintf(out, "%s certbind %s %s\n", i == 0 ? "usage:" : "      ",
			commands[i]->word, commands[i]->synopsis);
}

static void print_help(void)
{
	size_t i;

	print_synopses(stdout);
	(void)puts("\nTells which certificate each domain's webmail and mail are served with, "
		   "whether\n"
		   "clients accept it, and what to do where they do not; and changes which it is. "
		   "Only\n"
		   "bind, unbind and ticket-key write.\n");
	for (i = 0; i < COMMANDS_LENGTH; i++)
		(void)printf("  %-10s  %s\n", commands[i]->word, commands[i]->purpose);
	(void)puts(
		"\n\"certbind WORD --help\" tells more. TIME is RFC 3339: 2026-12-01T00:00:00Z.\n"
		"Exit status: 0 fine, 1 errors or refused, 2 usage or unreadable files, 3 warnings "
		"only.");
}

static void print_command_help(const struct command *command)
{
	(void)printf("usage: certbind %s %s\n\n", command->word, command->synopsis);
	(void)printf("To %s.\n\n", command->purpose);
	options_print(command);
	(void)printf("\n%s", command->text);
}

/* The shared library may be newer than the command. */
static void print_version(void)
{
	(void)printf("certbind %s\n", CERTBIND_VERSION);
	if (strcmp(certbind_version(), CERTBIND_VERSION) != 0)
		(void)printf("library %s\n", certbind_version());
}

static int complain_word(const char *word)
{
	const char *words[COMMANDS_LENGTH + 2] = { "--help", "--version" };
	struct terminal terminal = terminal_look();
	char *escaped = text_escape_dup(word, terminal.is_unicode);
	const char *meant;
	size_t i;

	for (i = 0; i < COMMANDS_LENGTH; i++)
		words[i + 2] = commands[i]->word;
	meant = suggest_word(word, words, COMMANDS_LENGTH + 2);
	(void)fprintf(stderr, "certbind: unknown %s \"%s\"", *word == '-' ? "option" : "command",
		escaped);
	if (meant != NULL)
		(void)fprintf(stderr, "; did you mean \"%s\"?", meant);
	(void)fputc('\n', stderr);
	print_synopses(stderr);
	free(escaped);
	return STATUS_TROUBLE;
}

static int run_command(const struct command *command, int argc, char **argv)
{
	struct options options;

	switch (options_read(command, argc, argv, &options)) {
	case OPTIONS_RUN:
		return command->run(&options);
	case OPTIONS_HELP:
		print_command_help(command);
		return STATUS_FINE;
	case OPTIONS_VERSION:
		print_version();
		return STATUS_FINE;
	case OPTIONS_WRONG:
		return STATUS_TROUBLE;
	}
	return STATUS_TROUBLE;
}

static int run(int argc, char **argv)
{
	size_t i;

	if (argc < 2) {
		print_synopses(stderr);
		return STATUS_TROUBLE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		print_help();
		return STATUS_FINE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		print_version();
		return STATUS_FINE;
	}
	for (i = 0; i < COMMANDS_LENGTH; i++)
		if (strcmp(argv[1], commands[i]->word) == 0)
			return run_command(commands[i], argc - 1, argv + 1);
	return complain_word(argv[1]);
}

/* An answer that was cut short by a full disk must not look like one. */
static bool is_output_written(void)
{
	bool is_failed = ferror(stdout) != 0;

	return fclose(stdout) == 0 && !is_failed;
}

int main(int argc, char **argv)
{
	int status;

	terminal_set_locale();
	status = run(argc, argv);
	if (!is_output_written()) {
		(void)fprintf(stderr, "certbind: standard output: %s\n", strerror(errno));
		return STATUS_TROUBLE;
	}
	return status;
}
