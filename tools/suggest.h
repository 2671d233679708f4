/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SUGGEST_H
#define SUGGEST_H

#include <stddef.h>

/* Of the known words the one that was likely meant; NULL when none is near. */
const char *suggest_word(const char *word, const char *const *known, size_t length);

#endif
