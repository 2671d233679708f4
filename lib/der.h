/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DER_H
#define DER_H

#include <gnutls/gnutls.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* Bytes that several hold: a certificate, a key, a staple. Immutable, reference counted. */
struct der {
	atomic_uint references;
	bool is_secret; /* wiped when freed */
	struct der_pool *pool; /* the pool that lists it; NULL: none */
	size_t size;
	unsigned char data[];
};

/* Keeps equal bytes once. Threads: any. */
struct der_pool;

struct der_pool *der_pool_new(void); /* NULL: memory */
struct der_pool *der_pool_ref(struct der_pool *pool);
void der_pool_unref(struct der_pool *pool); /* each listed der holds its pool */

/* A copy of the bytes; `pool` may be NULL, and must be for a secret. NULL: memory. */
struct der *der_new(struct der_pool *pool, const void *data, size_t size, bool is_secret);
struct der *der_ref(struct der *der);
void der_unref(struct der *der); /* NULL does nothing */

/* As GnuTLS takes it; lives as long as the der. */
static inline gnutls_datum_t der_peek(const struct der *der)
{
	gnutls_datum_t datum = { (unsigned char *)der->data, (unsigned int)der->size };

	return datum;
}

#endif
