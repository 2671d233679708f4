/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _POSIX_C_SOURCE 200809L
#include "throttle.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* When more addresses than that fail at once, the one that began first is forgotten. */
#define PLACES 1024

struct place {
	uint8_t address[8];
	sa_family_t family;
	unsigned int failures;
	time_t since;
};

struct throttle {
	pthread_mutex_t lock;
	struct place places[PLACES];
};

struct throttle *throttle_new(void)
{
	struct throttle *throttle = calloc(1, sizeof(*throttle));

	if (throttle == NULL)
		return NULL;
	if (pthread_mutex_init(&throttle->lock, NULL) != 0) {
		free(throttle);
		return NULL;
	}
	return throttle;
}

void throttle_free(struct throttle *throttle)
{
	if (throttle == NULL)
		return;
	(void)pthread_mutex_destroy(&throttle->lock);
	free(throttle);
}

/* One IPv4 address, or the /64 that one client of IPv6 usually has for itself. */
static struct place address_of(const struct sockaddr *peer)
{
	struct place place = { .family = peer->sa_family };
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;

	if (peer->sa_family == AF_INET) {
		memcpy(&ipv4, peer, sizeof(ipv4));
		memcpy(place.address, &ipv4.sin_addr, sizeof(ipv4.sin_addr));
	} else if (peer->sa_family == AF_INET6) {
		memcpy(&ipv6, peer, sizeof(ipv6));
		if (IN6_IS_ADDR_V4MAPPED(&ipv6.sin6_addr)) {
			place.family = AF_INET;
			memcpy(place.address, &ipv6.sin6_addr.s6_addr[12], 4);
		} else {
			memcpy(place.address, &ipv6.sin6_addr, sizeof(place.address));
		}
	}
	return place;
}

/* Called with the lock held; gives the place of an address, NULL when it has none. */
static struct place *find(struct throttle *throttle, const struct place *wanted, time_t now)
{
	struct place *place;
	size_t i;

	for (i = 0; i < PLACES; i++) {
		place = &throttle->places[i];
		if (place->failures > 0 && now - place->since < THROTTLE_SECONDS &&
			place->family == wanted->family &&
			memcmp(place->address, wanted->address, sizeof(place->address)) == 0)
			return place;
	}
	return NULL;
}

static struct place *oldest_of(struct throttle *throttle)
{
	struct place *oldest = &throttle->places[0];
	size_t i;

	for (i = 0; i < PLACES; i++) {
		if (throttle->places[i].failures == 0)
			return &throttle->places[i];
		if (throttle->places[i].since < oldest->since)
			oldest = &throttle->places[i];
	}
	return oldest;
}

bool throttle_allows(struct throttle *throttle, const struct sockaddr *peer, time_t now)
{
	struct place wanted = address_of(peer);
	struct place *place;
	bool is_allowed;

	(void)pthread_mutex_lock(&throttle->lock);
	place = find(throttle, &wanted, now);
	is_allowed = place == NULL || place->failures < THROTTLE_FAILURES;
	(void)pthread_mutex_unlock(&throttle->lock);
	return is_allowed;
}

void throttle_count(struct throttle *throttle, const struct sockaddr *peer, time_t now)
{
	struct place wanted = address_of(peer);
	struct place *place;

	(void)pthread_mutex_lock(&throttle->lock);
	place = find(throttle, &wanted, now);
	if (place == NULL) {
		place = oldest_of(throttle);
		*place = wanted;
		place->since = now;
	}
	place->failures++;
	(void)pthread_mutex_unlock(&throttle->lock);
}
