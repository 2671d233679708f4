/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SELFSIGNED_MAKE_H
#define SELFSIGNED_MAKE_H

#include "selfsigned.h"

/* Makes key and certificate in memory; is_kept is false. Parameters and statuses as selfsigned_get(). */
int selfsigned_make(const char *const *names, size_t names_length, int64_t now,
	struct selfsigned *out, struct certbind_error *error);

/* Do the bytes hold a certificate and its key? */
bool selfsigned_is_whole(const struct selfsigned *selfsigned);

/* The same, and does it name all of `names` and live long enough? */
bool selfsigned_is_usable(const struct selfsigned *selfsigned, const char *const *names,
	size_t names_length, int64_t now);

#endif
