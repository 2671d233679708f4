/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DER_H
#define DER_H

#include <gnutls/gnutls.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum der_kind {
	DER_OPEN,
	DER_LISTED, /* by a pool, which has it once */
	DER_SECRET /* all of it lies in secret memory */
};

/* Bytes that several hold: a certificate, a key, a staple. Immutable, reference counted. */
struct der {
	atomic_uint references;
	unsigned int size : 30; /* GnuTLS counts bytes in unsigned int */
	unsigned int kind : 2; /* enum der_kind */
	union {
		_Atomic(void *) note; /* see der_note_take() */
		struct der_pool *pool; /* of DER_SECRET, which has no note; NULL: none */
	} of;
	unsigned char data[];
};

/* Keeps equal bytes once, and the memory of secrets. Threads: any. */
struct der_pool;
struct secret_arena;

struct der_pool *der_pool_new(void); /* NULL: memory */
struct der_pool *der_pool_ref(struct der_pool *pool);
void der_pool_unref(struct der_pool *pool); /* each listed der, and each secret, holds its pool */
/* By a key of the pool's own: of equal bytes it is the same, and nobody can make others so. */
uint64_t der_pool_hash(const struct der_pool *pool, const void *data, size_t size);
size_t der_pool_count(struct der_pool *pool); /* how many are listed */
struct secret_arena *der_pool_secrets(struct der_pool *pool); /* lives as long; NULL for NULL */

/*
 * A copy of the bytes; `pool` may be NULL: not listed. A secret never is: it is wiped when freed,
 * and lies in the pool's secret memory, or without a pool in whole pages. NULL: memory.
 */
struct der *der_new(struct der_pool *pool, const void *data, size_t size, bool is_secret);
struct der *der_ref(struct der *der);
void der_unref(struct der *der); /* NULL does nothing */
static inline bool der_is_secret(const struct der *der)
{
	return der->kind == DER_SECRET;
}
bool der_equal(const struct der *a, const struct der *b);

/*
 * What was read out of the bytes, so that it is read once however many hold them: one block of
 * malloc(), immutable, freed with the der. Keeps `note`, or frees it when another thread was
 * first; returns the one that is kept. NULL: none yet. Of no secret.
 */
void *der_note_take(struct der *der, void *note);
static inline void *der_note_peek(struct der *der)
{
	return atomic_load(&der->of.note);
}

/* As GnuTLS takes it; lives as long as the der. */
static inline gnutls_datum_t der_peek(const struct der *der)
{
	/* GnuTLS has no datum of constant bytes; it does not write to what it is given. */
	gnutls_datum_t datum = { (unsigned char *)(uintptr_t)der->data, der->size };

	return datum;
}

#endif
