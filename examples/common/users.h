/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The users file: one line `user@domain:HASH` a user, HASH as crypt(3) makes it. */
#ifndef EXAMPLES_USERS_H
#define EXAMPLES_USERS_H

#include <stdbool.h>
#include <stddef.h>

/* RFC 5321, 4.5.3.1: 64 bytes of local part, the sign, 255 of domain, and the NUL. */
#define USERS_ADDRESS_SIZE 321

/* Longer passwords are refused unseen; crypt(3) takes no more. */
#define USERS_PASSWORD_MAX 511

struct users;

/*
 * Reads a users file. Empty lines and lines that start with # are left out. The names in it become
 * names of directories, so that only harmless ones are taken.
 *
 * `path` NULL means no users. Returns NULL with a text in `message` when the file can't be read or
 * a line of it is wrong.
 */
struct users *users_read(const char *path, char *message, size_t size);

/*
 * Gives an address as the users file spells it, NULL when it is unknown. The domain part is
 * compared without case. The string lives as long as `users`.
 */
const char *users_find(const struct users *users, const char *address);

bool users_has(const struct users *users, const char *address);

/* Checks a password; an unknown user costs as much time as a known one. */
bool users_check(const struct users *users, const char *address, const char *password);

void users_free(struct users *users);

#endif
