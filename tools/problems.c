/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "problems.h"
#include "memory.h"
#include "terminal.h"
#include "text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void problems_open(struct problems *problems)
{
	memset(problems, 0, sizeof(*problems));
	if (pthread_mutex_init(&problems->lock, NULL) != 0)
		memory_out();
}

void problems_close(struct problems *problems)
{
	size_t i;

	for (i = 0; i < problems->length; i++) {
		free(problems->items[i].file);
		free(problems->items[i].message);
	}
	free(problems->items);
	(void)pthread_mutex_destroy(&problems->lock);
}

/* "FILE:LINE: " or "FILE: ", as it stands before a message. */
static char *place_of(const char *file, int line)
{
	if (file == NULL)
		return memory_string("");
	return line > 0 ? memory_printf("%s:%d: ", file, line) : memory_printf("%s: ", file);
}

void problems_add(struct problems *problems, const struct certbind_error *error)
{
	const char *file = error->file[0] == '\0' ? NULL : error->file;
	const char *message = error->message;
	char *place = place_of(file, error->line);
	struct problem *problem;

	if (*message == '\0')
		message = certbind_strerror(error->status);
	if (strncmp(message, place, strlen(place)) == 0)
		message += strlen(place);
	problems->items = memory_grow(
		problems->items, &problems->capacity, problems->length, sizeof(*problems->items));
	problem = &problems->items[problems->length++];
	problem->file = memory_string(file);
	problem->line = error->line;
	problem->message = memory_string(message);
	problem->status = error->status;
	free(place);
}

void problems_log(void *data, int level, const struct certbind_error *event)
{
	struct problems *problems = data;

	(void)level;
	if (event->status != CERTBIND_E_CONFIG)
		return;
	(void)pthread_mutex_lock(&problems->lock);
	problems_add(problems, event);
	(void)pthread_mutex_unlock(&problems->lock);
}

/* What is wrong in the configuration reads like a compiler's errors: editors know that form. */
static void print_problem(const struct problem *problem, bool is_unicode)
{
	bool is_place_enough = problem->status == CERTBIND_E_CONFIG && problem->file != NULL;
	char *place = place_of(problem->file, problem->line);
	char *line = memory_printf(
		"%s%s%s", is_place_enough ? "" : "certbind: ", place, problem->message);
	char *escaped = text_escape_dup(line, is_unicode);

	(void)fprintf(stderr, "%s\n", escaped);
	free(escaped);
	free(line);
	free(place);
}

void problems_print(const struct problems *problems)
{
	struct terminal terminal = terminal_look();
	size_t i;

	for (i = 0; i < problems->length; i++)
		print_problem(&problems->items[i], terminal.is_unicode);
}

void problems_print_last(const struct problems *problems)
{
	struct terminal terminal = terminal_look();

	print_problem(&problems->items[problems->length - 1], terminal.is_unicode);
}
