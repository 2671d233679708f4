/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ERROR_H
#define ERROR_H

#include <certbind/error.h>

/*
 * Fills the caller's error and returns `status`, so that `return error_set(…)` is the way out.
 * `error` and `file` may be NULL. Control characters in the message are replaced.
 */
int error_set(struct certbind_error *error, int status, const char *file, int line,
	const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The same for exhausted memory. */
int error_memory(struct certbind_error *error);

#endif
