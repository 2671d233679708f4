/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stddef.h>

/*
 * One line on standard error that says how far the work is, where that is a terminal; nothing
 * elsewhere. Nothing else may be written there before progress_end().
 */

void progress_begin(const char *what);

/* A certbind_progress_func. */
int progress_domains(void *data, size_t done, size_t total);

void progress_hosts(size_t done, size_t total);

/* Takes the line away again. */
void progress_end(void);

#endif
