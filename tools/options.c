/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "options.h"
#include "connect_endpoint.h"
#include "memory.h"
#include "rfc3339.h"
#include "suggest.h"
#include "terminal.h"
#include "text.h"
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Long options without a letter. */
enum {
	VALUE_JSON = 256,
	VALUE_ALL,
	VALUE_AT,
	VALUE_TRUST,
	VALUE_FORCE,
	VALUE_CONNECT,
	VALUE_TIMEOUT,
	VALUE_HELP,
	VALUE_VERSION
};

#define OPTION_ALWAYS 0

enum { TIMEOUT_DEFAULT = 10, TIMEOUT_MOST = 600 }; /* s */

static const struct {
	struct option option;
	unsigned int flag; /* which commands take it */
	const char *shown;
	const char *meaning;
} known[] = {
	{ { "config", required_argument, NULL, 'c' }, OPTION_CONFIG, "-c, --config FILE",
		"the configuration; without it the system's" },
	{ { "json", no_argument, NULL, VALUE_JSON }, OPTION_JSON, "--json",
		"print JSON for programs" },
	{ { "all", no_argument, NULL, VALUE_ALL }, OPTION_ALL, "--all", "show what is fine, too" },
	{ { "at", required_argument, NULL, VALUE_AT }, OPTION_AT, "--at TIME",
		"check for another time: RFC 3339, as 2026-12-01T00:00:00Z" },
	{ { "trust", required_argument, NULL, VALUE_TRUST }, OPTION_TRUST, "--trust FILE",
		"the only certificates to trust; without it the system's" },
	{ { "force", no_argument, NULL, VALUE_FORCE }, OPTION_FORCE, "--force",
		"bind although hosts are not covered, or certbind did not write the file" },
	{ { "connect", required_argument, NULL, VALUE_CONNECT }, OPTION_CONNECT,
		"--connect ENDPOINT",
		"look at what [SERVICE=]PROTOCOL://ADDRESS:PORT serves, too; may be repeated" },
	{ { "timeout", required_argument, NULL, VALUE_TIMEOUT }, OPTION_CONNECT,
		"--timeout SECONDS", "how long a connection may take, 1 to 600; else 10" },
	{ { "help", no_argument, NULL, VALUE_HELP }, OPTION_ALWAYS, "--help",
		"print this help and end" },
	{ { "version", no_argument, NULL, VALUE_VERSION }, OPTION_ALWAYS, "--version",
		"print the version and end" },
};

#define KNOWN_LENGTH (sizeof(known) / sizeof(known[0]))

static bool is_taken(const struct command *command, size_t i)
{
	return known[i].flag == OPTION_ALWAYS || (command->options & known[i].flag) != 0;
}

void options_print(const struct command *command)
{
	size_t i;

	for (i = 0; i < KNOWN_LENGTH; i++)
		if (is_taken(command, i))
			(void)printf("  %-19s %s\n", known[i].shown, known[i].meaning);
}

/* Says what is wrong with the command line, and where help is. */
static enum options_result __attribute__((format(printf, 2, 3)))
complain(const struct command *command, const char *format, ...)
{
	struct terminal terminal = terminal_look();
	char message[1024];
	char *escaped;
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	escaped = text_escape_dup(message, terminal.is_unicode);
	(void)fprintf(stderr, "certbind %s: %s\nusage: certbind %s %s\n", command->word, escaped,
		command->word, command->synopsis);
	free(escaped);
	return OPTIONS_WRONG;
}

/* The option as it was given, without what follows "=". */
static char *option_name_dup(const char *given)
{
	return memory_printf("%.*s", (int)strcspn(given, "="), given);
}

static enum options_result complain_unknown(const struct command *command, const char *given)
{
	const char *names[KNOWN_LENGTH];
	const char *meant = NULL;
	char *name = option_name_dup(given);
	size_t length = 0;
	size_t i;

	for (i = 0; i < KNOWN_LENGTH; i++)
		if (is_taken(command, i))
			names[length++] = known[i].option.name;
	if (strncmp(name, "--", 2) == 0)
		meant = suggest_word(name + 2, names, length);
	if (meant != NULL)
		(void)complain(
			command, "unknown option \"%s\"; did you mean \"--%s\"?", name, meant);
	else
		(void)complain(command, "unknown option \"%s\"", name);
	free(name);
	return OPTIONS_WRONG;
}

/* getopt_long() has met something it does not know. */
static enum options_result complain_getopt(const struct command *command, int result, char **argv)
{
	char letter[] = { '-', (char)optopt, '\0' };
	bool is_letter = optopt > 0 && optopt < 256;
	size_t i;

	if (result == ':')
		return complain(command, "option \"%s\" needs a value",
			is_letter && strncmp(argv[optind - 1], "--", 2) != 0 ? letter
									     : argv[optind - 1]);
	if (is_letter)
		return complain(command, "unknown option \"%s\"", letter);
	for (i = 0; i < KNOWN_LENGTH; i++)
		if (optopt == known[i].option.val)
			return complain(
				command, "option \"--%s\" takes no value", known[i].option.name);
	return complain_unknown(command, argv[optind - 1]);
}

static enum options_result take_endpoint(const struct command *command, struct options *options)
{
	struct endpoint endpoint;

	if (options->connect_length == CONNECT_MOST)
		return complain(command, "more than %d endpoints", (int)CONNECT_MOST);
	if (!endpoint_read(optarg, &endpoint))
		return complain(command,
			"\"%s\" is no endpoint; expected [SERVICE=]PROTOCOL://ADDRESS:PORT with "
			"the "
			"protocol %s, an IPv6 address in brackets, and nothing after the port",
			optarg, endpoint_protocols());
	endpoint_clear(&endpoint);
	options->connect[options->connect_length++] = optarg;
	return OPTIONS_RUN;
}

static enum options_result take_timeout(const struct command *command, struct options *options)
{
	size_t length = strlen(optarg);
	unsigned long seconds = 0;

	if (length > 0 && length <= 3 && strspn(optarg, "0123456789") == length)
		seconds = strtoul(optarg, NULL, 10);
	if (seconds == 0 || seconds > TIMEOUT_MOST)
		return complain(command, "\"%s\" is no number of seconds from 1 to %d", optarg,
			(int)TIMEOUT_MOST);
	options->timeout = (unsigned int)seconds;
	return OPTIONS_RUN;
}

static enum options_result take_option(
	const struct command *command, int value, struct options *options)
{
	switch (value) {
	case 'c':
		options->config = optarg;
		return OPTIONS_RUN;
	case VALUE_JSON:
		options->is_json = true;
		return OPTIONS_RUN;
	case VALUE_ALL:
		options->is_all = true;
		return OPTIONS_RUN;
	case VALUE_FORCE:
		options->is_forced = true;
		return OPTIONS_RUN;
	case VALUE_TRUST:
		options->trust = optarg;
		return OPTIONS_RUN;
	case VALUE_AT:
		if (rfc3339_read(optarg, &options->at))
			return OPTIONS_RUN;
		return complain(command,
			"\"%s\" is no TIME; expected RFC 3339 with a zone and after 1970, as "
			"2026-12-01T00:00:00Z or 2026-12-01T01:00:00+01:00",
			optarg);
	case VALUE_CONNECT:
		return take_endpoint(command, options);
	case VALUE_TIMEOUT:
		return take_timeout(command, options);
	case VALUE_HELP:
		return OPTIONS_HELP;
	default:
		return OPTIONS_VERSION;
	}
}

/* The argument of the synopsis that follows the first `given`; options stand in brackets. */
static enum options_result complain_missing(const struct command *command, int given)
{
	const char *word = command->synopsis;

	for (;;) {
		word += strspn(word, " \n");
		if (*word == '[')
			word = strchr(word, ']') + 1;
		else if (given-- == 0)
			break;
		else
			word += strcspn(word, " ");
	}
	return complain(command, "%.*s is missing", (int)strcspn(word, " "), word);
}

static enum options_result count_arguments(
	const struct command *command, const struct options *options)
{
	if (options->arguments_length < command->arguments_least)
		return complain_missing(command, options->arguments_length);
	if (command->arguments_most >= 0 && options->arguments_length > command->arguments_most)
		return complain(
			command, "\"%s\" is too much", options->arguments[command->arguments_most]);
	return OPTIONS_RUN;
}

enum options_result options_read(
	const struct command *command, int argc, char **argv, struct options *options)
{
	struct option taken[KNOWN_LENGTH + 1] = { 0 };
	const char *letters = (command->options & OPTION_CONFIG) != 0 ? ":c:" : ":";
	enum options_result result;
	size_t length = 0;
	size_t i;
	int value;

	memset(options, 0, sizeof(*options));
	options->timeout = TIMEOUT_DEFAULT;
	for (i = 0; i < KNOWN_LENGTH; i++)
		if (is_taken(command, i))
			taken[length++] = known[i].option;
	opterr = 0;
	optind = 1;
	while ((value = getopt_long(argc, argv, letters, taken, NULL)) != -1) {
		if (value == '?' || value == ':')
			return complain_getopt(command, value, argv);
		result = take_option(command, value, options);
		if (result != OPTIONS_RUN)
			return result;
	}
	options->arguments = argv + optind;
	options->arguments_length = argc - optind;
	return count_arguments(command, options);
}
