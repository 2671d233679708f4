/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdint.h>
#include <stdio.h>

/* What libFuzzer calls: once at the start, and with each input. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program, which libFuzzer takes for a crash, when something does not hold. */
void fuzz_require(int holds);

/* A copy with a NUL behind it, as file_read() gives them. Never NULL. */
unsigned char *fuzz_text_dup(const void *data, size_t size);

/* Makes a directory, removed at the end, with empty files of these names. `path` receives its path. */
void fuzz_directory_make(char *path, size_t size, const char *const *names, size_t names_length);

#endif
