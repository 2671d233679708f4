/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SCRATCH_H
#define SCRATCH_H

/*
 * A scratch directory for files that a test writes, and the directory of certificates that the
 * build made for it (the environment's PKI).
 */
void scratch_make(void);
void scratch_remove(void);
const char *scratch_path(void);

/* The same two as cmocka's set-up and tear-down of a group. */
int scratch_set_up(void **state);
int scratch_tear_down(void **state);

/* Writes a file of that name in the scratch directory; "@PKI@" in the text becomes the directory of certificates. Gives its path, valid until the next call. */
const char *scratch_write(const char *name, const char *text);

#endif
