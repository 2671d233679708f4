/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _POSIX_C_SOURCE 200809L
#include "session.h"

#include <gnutls/crypto.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define DIGEST_BYTES 32

struct session {
	/*
	 * SHA-256 of the token: what can be found here logs nobody in, and comparing it takes a time
	 * that says nothing about the token.
	 */
	uint8_t digest[DIGEST_BYTES];
	char user[USERS_ADDRESS_SIZE];
	char host[256];
	time_t made;
	time_t used;
	bool is_used;
};

struct sessions {
	pthread_mutex_t lock;
	size_t size;
	struct session table[];
};

struct sessions *sessions_new(size_t size)
{
	struct sessions *sessions;

	sessions = calloc(1, sizeof(*sessions) + size * sizeof(sessions->table[0]));
	if (sessions == NULL)
		return NULL;
	sessions->size = size;
	if (pthread_mutex_init(&sessions->lock, NULL) != 0) {
		free(sessions);
		return NULL;
	}
	return sessions;
}

void sessions_free(struct sessions *sessions)
{
	if (sessions == NULL)
		return;
	(void)pthread_mutex_destroy(&sessions->lock);
	free(sessions);
}

static bool is_live(const struct session *session, time_t now)
{
	return session->is_used && now - session->used < SESSION_IDLE_SECONDS &&
	       now - session->made < SESSION_SECONDS;
}

/* Gives a free place, or the one to be overwritten: of the user's own when he has enough. */
static struct session *find_place(struct sessions *sessions, const char *user, time_t now)
{
	struct session *oldest = NULL, *users_oldest = NULL, *session;
	size_t i, users_count = 0;
	struct session *vacant = NULL;

	for (i = 0; i < sessions->size; i++) {
		session = &sessions->table[i];
		if (!is_live(session, now)) {
			vacant = session;
			continue;
		}
		if (oldest == NULL || session->used < oldest->used)
			oldest = session;
		if (strcmp(session->user, user) != 0)
			continue;
		users_count++;
		if (users_oldest == NULL || session->used < users_oldest->used)
			users_oldest = session;
	}
	if (users_count >= SESSION_PER_USER)
		return users_oldest;
	return vacant != NULL ? vacant : oldest;
}

static bool make_token(char token[SESSION_TOKEN_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t bytes[(SESSION_TOKEN_SIZE - 1) / 2];
	size_t i;

	if (gnutls_rnd(GNUTLS_RND_KEY, bytes, sizeof(bytes)) < 0)
		return false;
	for (i = 0; i < sizeof(bytes); i++) {
		token[2 * i] = digits[bytes[i] >> 4];
		token[2 * i + 1] = digits[bytes[i] & 15];
	}
	token[2 * sizeof(bytes)] = '\0';
	gnutls_memset(bytes, 0, sizeof(bytes));
	return true;
}

static bool digest_token(const char *token, uint8_t digest[DIGEST_BYTES])
{
	return gnutls_hash_fast(GNUTLS_DIG_SHA256, token, strlen(token), digest) == 0;
}

bool sessions_add(struct sessions *sessions, const char *user, const char *host, time_t now,
	char token[SESSION_TOKEN_SIZE])
{
	struct session made = { .made = now, .used = now, .is_used = true };
	struct session *place;

	if (strlen(user) >= sizeof(made.user) || strlen(host) >= sizeof(made.host) ||
		!make_token(token) || !digest_token(token, made.digest))
		return false;
	memcpy(made.user, user, strlen(user));
	memcpy(made.host, host, strlen(host));
	(void)pthread_mutex_lock(&sessions->lock);
	place = find_place(sessions, user, now);
	if (place != NULL)
		*place = made;
	(void)pthread_mutex_unlock(&sessions->lock);
	return place != NULL;
}

/* Called with the lock held. */
static struct session *find(struct sessions *sessions, const char *token, const char *host)
{
	uint8_t digest[DIGEST_BYTES];
	struct session *session;
	size_t i;

	if (strlen(token) != SESSION_TOKEN_SIZE - 1 || !digest_token(token, digest))
		return NULL;
	for (i = 0; i < sessions->size; i++) {
		session = &sessions->table[i];
		if (session->is_used && memcmp(session->digest, digest, sizeof(digest)) == 0)
			return strcmp(session->host, host) == 0 ? session : NULL;
	}
	return NULL;
}

bool sessions_find(struct sessions *sessions, const char *token, const char *host, time_t now,
	char user[USERS_ADDRESS_SIZE])
{
	struct session *session;
	bool is_found = false;

	(void)pthread_mutex_lock(&sessions->lock);
	session = find(sessions, token, host);
	if (session != NULL && is_live(session, now)) {
		session->used = now;
		memcpy(user, session->user, sizeof(session->user));
		is_found = true;
	}
	(void)pthread_mutex_unlock(&sessions->lock);
	return is_found;
}

void sessions_remove(struct sessions *sessions, const char *token, const char *host)
{
	struct session *session;

	(void)pthread_mutex_lock(&sessions->lock);
	session = find(sessions, token, host);
	if (session != NULL)
		gnutls_memset(session, 0, sizeof(*session));
	(void)pthread_mutex_unlock(&sessions->lock);
}
