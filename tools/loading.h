/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LOADING_H
#define LOADING_H

#include "command.h"
#include "problems.h"
#include <certbind/store.h>

/*
 * Loads the configuration that the options name, at the time they name. Returns NULL when it does
 * not load. What is wrong with it, entries that were left out too, has then been added to the
 * problems and printed.
 */
struct certbind_store *loading_open(const struct options *options, struct problems *problems);

/* Adds an error to the problems and prints it. */
void loading_complain(struct problems *problems, const struct certbind_error *error);

/* Shows something of a loaded configuration. Returns a status of the library. */
typedef int loading_show_func(
	struct certbind_store *store, const struct options *options, struct certbind_error *error);

/* A whole command that only shows: loads, shows, complains. Returns the exit status. */
int loading_show(const struct options *options, loading_show_func *show);

#endif
