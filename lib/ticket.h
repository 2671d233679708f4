/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TICKET_H
#define TICKET_H

#include "certificate.h"
#include <nettle/aes.h>
#include <nettle/hmac.h>

/*
 * The keys of session tickets (RFC 8446, 4.6.1; RFC 5077). GnuTLS resumes a session under another
 * server name than it began with: what keeps a tenant's tickets from being taken for another's is
 * that each scope has a key of its own, derived from one master key.
 */

enum {
	TICKET_KEY_SIZE = 64, /* as GnuTLS takes it */
	TICKET_MASTER_ID_SIZE = 16,
	TICKET_FILE_MIN = 64, /* bytes of a ticket key file */
	TICKET_FILE_MAX = 4096,
	TICKET_MEMBERS_MAX = 8 /* certificates of one scope */
};

/* Who a ticket is good for. */
enum ticket_kind {
	TICKET_BINDING = 'b', /* the hosts of a domain's binding */
	TICKET_CERTIFICATE = 'c', /* names that a bound certificate was chosen by */
	TICKET_DEFAULT = 'd' /* whoever gets the service's default certificate */
};

struct ticket_scope {
	enum ticket_kind kind;
	const char *service;
	const char *domain; /* of TICKET_BINDING; else empty */
	struct certificate *const *members; /* what is served: by name, so a renewal is the same */
	size_t members_length;
};

/* What the bytes of a master key's der are. */
struct ticket_master {
	/*
	 * HMAC with SHA-512 that has taken in the key: half of what a short message costs. It is
	 * not GnuTLS' because that would lie in ordinary memory.
	 */
	struct hmac_sha512_ctx keyed;
	/* See ticket_recent.h. */
	struct aes256_ctx wrap, unwrap;
	unsigned char id[TICKET_MASTER_ID_SIZE]; /* of equal keys the same */
};

static inline const struct ticket_master *ticket_master_peek(const struct der *master)
{
	return (const void *)master->data;
}

/* A random master key, or the one that a file's bytes stand for; ready for use. Secret. NULL: memory. */
struct der *ticket_master_random(struct der_pool *pool);
struct der *ticket_master_from(struct der_pool *pool, const void *bytes, size_t size);

/*
 * Derives a scope's key, about 1 us. Hosts that share a ticket key file come to the same key,
 * whatever version of the library each runs. Returns 0 or a GnuTLS error.
 */
int ticket_derive(const struct der *master, const struct ticket_scope *scope, unsigned char *key);

#endif
