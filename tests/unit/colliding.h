/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef COLLIDING_H
#define COLLIDING_H

#include <stddef.h>
#include <stdint.h>

/* Unkeyed hashes that are in use, whose collisions anybody can make. */
enum colliding { COLLIDING_DJB2, COLLIDING_JAVA, COLLIDING_FNV1A, COLLIDING_KINDS };

enum { COLLIDING_MAX = 1 << 17, COLLIDING_SIZE = 80 };

/*
 * Writes `count` domain names that all have one hash; with is_random names of the same lengths that
 * have nothing in common.
 */
void colliding_make(
	enum colliding kind, int is_random, size_t count, char (*names)[COLLIDING_SIZE]);

uint32_t colliding_hash(enum colliding kind, const char *name);

#endif
