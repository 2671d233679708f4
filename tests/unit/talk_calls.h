/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TALK_CALLS_H
#define TALK_CALLS_H

#include "talk.h"

/*
 * The system calls of a thread that has a talk: GnuTLS is given the same randomness and the same
 * time in each, and the transport's calls on the server's socket are counted and fail as planned.
 */
void talk_calls_begin(int fd, enum talk_fault fault, unsigned int fault_at);
void talk_calls_pass(int seconds);
void talk_calls_count(unsigned int *reads, unsigned int *writes);

#endif
