/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FAULT_H
#define FAULT_H

/* For a program that is linked with fault.c and lets its own calls fail. Threads: any. */

#define FAULT_ANY "any" /* every call counts, whatever its name */
#define FAULT_EVERY (-1L) /* not one of the calls fails, but all of them */

/* From now on the at-th call of that name fails with that error; NULL: none does. Counts from 0 again. */
void fault_set(const char *call, long at, int number);

/* Of calls, only those count that are about a path with this end; until fault_set(). */
void fault_set_path(const char *end);

/* Which file the call that has failed was about; NULL: none has failed since fault_set(). */
const char *fault_path(void);

/* From now on a read gives at most so many bytes, and every other one is interrupted; 0: no more. */
void fault_set_short(int bytes);

/* What inotify has to tell at the next read is lost, as the kernel loses it when its queue is full. */
void fault_lose_events(void);

#endif
