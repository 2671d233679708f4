/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "fuzz_store.h"
#include "name.h"
#include <stdlib.h>
#include <string.h>

/* Names: an identifier of a certificate behind the first line break, before it a host as SNI has it. */

static struct fuzz_store fuzz;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_store_open(&fuzz);
	return 0;
}

/* What is folded stays as it is, and comes back from the form that people read. */
static void check_folded(const char *folded)
{
	char again[NAME_SIZE];
	char *shown = name_unicode_dup(folded);

	fuzz_require(strlen(folded) <= NAME_MAX_LENGTH);
	fuzz_require(name_fold(folded, strlen(folded), again) == NAME_OK);
	fuzz_require(strcmp(folded, again) == 0);
	fuzz_require(name_matches(folded, folded) && name_is_within(folded, folded));
	fuzz_require(shown != NULL);
	fuzz_require(name_fold(shown, strlen(shown), again) == NAME_OK);
	fuzz_require(strcmp(folded, again) == 0);
	free(shown);
}

/* RFC 9525, 6.3: a wildcard stands for exactly one label. */
static void check_match(const char *identifier, const char *host)
{
	const char *parent = name_parent_peek(host);
	bool is_wildcard = strncmp(identifier, "*.", 2) == 0;
	bool expected = is_wildcard ? parent != NULL && strcmp(identifier + 2, parent) == 0
				    : strcmp(identifier, host) == 0;

	fuzz_require(name_matches(identifier, host) == expected);
}

static void select_host(const char *service, const char *host, struct certbind_selection *selection)
{
	struct certbind_error error;

	memset(selection, 0, sizeof(*selection));
	(void)certbind_store_select(fuzz.store, service, host, selection, &error);
}

/* However the host is written, it is the same host. */
static void check_selection(const char *host, const char *folded)
{
	static const char *const services[] = { "webmail", "mail", "strict" };
	struct certbind_selection written, plain;
	size_t i;

	for (i = 0; i < 3; i++) {
		select_host(services[i], host, &written);
		select_host(services[i], folded, &plain);
		fuzz_require(written.rule == plain.rule);
		fuzz_require(strcmp(written.certificate, plain.certificate) == 0);
		fuzz_require(strcmp(written.domain, plain.domain) == 0);
		/* A host below a domain's own is no other domain's. */
		if (plain.domain[0] != '\0')
			fuzz_require(name_is_within(folded, plain.domain) != 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = (char *)fuzz_text_dup(data, size);
	const char *line = memchr(text, '\n', size);
	size_t length = line != NULL ? (size_t)(line - text) : size;
	char host[NAME_SIZE], identifier[NAME_SIZE];
	struct certbind_selection selection;
	bool is_host = name_fold(text, length, host) == NAME_OK;
	bool is_identifier = line != NULL && name_fold_identifier(line + 1, size - length - 1,
						     identifier) == NAME_OK;
	char *name = (char *)fuzz_text_dup(text, length);

	if (is_host)
		check_folded(host);
	if (is_host && is_identifier)
		check_match(identifier, host);
	if (is_host)
		check_selection(name, host);
	else
		select_host("webmail", name, &selection);
	free(name);
	free(text);
	return 0;
}
