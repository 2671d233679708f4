/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _POSIX_C_SOURCE 200809L
#include "crowd.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

struct crowd {
	pthread_mutex_t lock;
	size_t size;
	size_t count;
	struct crowd_member *first;
};

struct crowd *crowd_new(size_t size)
{
	struct crowd *crowd = calloc(1, sizeof(*crowd));

	if (crowd == NULL)
		return NULL;
	crowd->size = size;
	if (pthread_mutex_init(&crowd->lock, NULL) != 0) {
		free(crowd);
		return NULL;
	}
	return crowd;
}

void crowd_free(struct crowd *crowd)
{
	if (crowd == NULL)
		return;
	(void)pthread_mutex_destroy(&crowd->lock);
	free(crowd);
}

/* libmicrohttpd sees the socket's end, and closes it in a thread of its own. */
static void shut_down(struct crowd_member *member)
{
	member->is_leaving = true;
	(void)shutdown(member->fd, SHUT_RDWR);
}

/* Called with the lock held. */
static struct crowd_member *longest_silent(const struct crowd *crowd)
{
	struct crowd_member *member, *found = NULL;

	for (member = crowd->first; member != NULL; member = member->next)
		if (!member->is_user && !member->is_leaving &&
			(found == NULL || member->heard <= found->heard))
			found = member;
	return found;
}

void crowd_add(struct crowd *crowd, struct crowd_member *member, int fd, time_t now)
{
	struct crowd_member *silent = NULL;

	*member = (struct crowd_member){ .fd = fd, .heard = now };
	(void)pthread_mutex_lock(&crowd->lock);
	if (crowd->count >= crowd->size)
		silent = longest_silent(crowd);
	if (silent != NULL)
		shut_down(silent);
	member->next = crowd->first;
	member->previous = &crowd->first;
	if (member->next != NULL)
		member->next->previous = &member->next;
	crowd->first = member;
	crowd->count++;
	(void)pthread_mutex_unlock(&crowd->lock);
}

void crowd_remove(struct crowd *crowd, struct crowd_member *member)
{
	(void)pthread_mutex_lock(&crowd->lock);
	*member->previous = member->next;
	if (member->next != NULL)
		member->next->previous = member->previous;
	crowd->count--;
	(void)pthread_mutex_unlock(&crowd->lock);
}

void crowd_heard(struct crowd *crowd, struct crowd_member *member, bool is_user, time_t now)
{
	(void)pthread_mutex_lock(&crowd->lock);
	member->heard = now;
	member->is_user = is_user;
	(void)pthread_mutex_unlock(&crowd->lock);
}

void crowd_end_slow(struct crowd *crowd, time_t now)
{
	struct crowd_member *member;

	(void)pthread_mutex_lock(&crowd->lock);
	for (member = crowd->first; member != NULL; member = member->next)
		if (now - member->heard >= CROWD_SECONDS)
			shut_down(member);
	(void)pthread_mutex_unlock(&crowd->lock);
}
