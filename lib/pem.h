/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PEM_H
#define PEM_H

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>

struct secret_arena;

/* One block of a PEM text, from "-----BEGIN" to the end of its "-----END" line. Borrowed. */
struct pem_block {
	const char *start;
	size_t size;
	const char *label; /* what follows "BEGIN "; not terminated */
	size_t label_length;
	const char *body; /* what stands between the two lines */
	size_t body_size;
};

enum pem_result {
	PEM_BLOCK, /* here is one */
	PEM_END, /* there are no more */
	PEM_UNTERMINATED /* one begins and does not end: a file half written, or cut */
};

/* Does the text (terminated by NUL) hold a block, or the beginning of one? */
bool pem_is_text(const char *text);

/* Finds the next block; *text is moved behind it. Nothing is decoded. */
enum pem_result pem_next(const char **text, struct pem_block *block);

bool pem_has_label(const struct pem_block *block, const char *label);

/* Is the block encrypted in the old way, with headers of RFC 1421, section 4.6.1? */
bool pem_is_encrypted(const struct pem_block *block);

/*
 * Decodes the block. A text that base64_decode() does not take is left to GnuTLS, which says what
 * is wrong with it, or takes it. Returns GnuTLS' status; the caller frees with pem_wipe().
 * Threads: any.
 */
int pem_decode(const struct pem_block *block, gnutls_datum_t *der);

/*
 * The same for a secret, into secret memory: the caller frees with pem_secret_free(). Of a text
 * that is left to GnuTLS, GnuTLS frees a copy without wiping it.
 */
int pem_decode_secret(
	struct secret_arena *secrets, const struct pem_block *block, gnutls_datum_t *der);
void pem_secret_free(
	struct secret_arena *secrets, const struct pem_block *block, gnutls_datum_t *der);

/* Wipes and frees what GnuTLS has allocated; may run twice. */
void pem_wipe(gnutls_datum_t *data);

#endif
