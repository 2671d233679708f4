/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ticket.h"
#include <gnutls/crypto.h>
#include <string.h>

/* Change either, and hosts that share a file no longer resume each other's sessions. */
static const char scope_label[] = "certbind session ticket 1";
static const char file_label[] = "certbind ticket key file 1";
/* What it stands for leaves no process. */
static const char wrap_label[] = "certbind kept ticket key";

enum { SCOPE_MAX = 4096 }; /* bytes: more than all names of a scope can have */

/* The bytes that stand for a scope, and for no other: each field has its length before it. */
struct scope_text {
	unsigned char bytes[SCOPE_MAX];
	size_t size;
	int status;
};

static void scope_add(struct scope_text *text, const char *field)
{
	size_t length = strlen(field);

	if (text->status < 0 || length > UINT16_MAX || length + 2 > SCOPE_MAX - text->size) {
		text->status = GNUTLS_E_INTERNAL_ERROR;
		return;
	}
	text->bytes[text->size++] = (unsigned char)(length >> 8);
	text->bytes[text->size++] = (unsigned char)(length & 0xff);
	memcpy(text->bytes + text->size, field, length);
	text->size += length;
}

/* Certificates that are presented together change their order when one of them is renewed. */
static void scope_add_members(struct scope_text *text, const struct ticket_scope *scope)
{
	const char *names[TICKET_MEMBERS_MAX] = { NULL };
	size_t i, j;

	if (scope->members_length > TICKET_MEMBERS_MAX) {
		text->status = GNUTLS_E_INTERNAL_ERROR;
		return;
	}
	for (i = 0; i < scope->members_length; i++) {
		const char *name = scope->members[i]->name;

		for (j = i; j > 0 && strcmp(names[j - 1], name) > 0; j--)
			names[j] = names[j - 1];
		names[j] = name;
	}
	for (i = 0; i < scope->members_length; i++)
		scope_add(text, names[i]);
}

int ticket_derive(const struct der *master, const struct ticket_scope *scope, unsigned char *key)
{
	const char kind[] = { (char)scope->kind, '\0' };
	struct hmac_sha512_ctx keyed;
	struct scope_text text;

	text.size = 0;
	text.status = 0;
	scope_add(&text, scope_label);
	scope_add(&text, kind);
	scope_add(&text, scope->service);
	scope_add(&text, scope->domain);
	scope_add_members(&text, scope);
	if (text.status < 0)
		return text.status;
	keyed = ticket_master_peek(master)->keyed;
	hmac_sha512_update(&keyed, text.size, text.bytes);
	hmac_sha512_digest(&keyed, TICKET_KEY_SIZE, key);
	gnutls_memset(&keyed, 0, sizeof(keyed));
	return 0;
}

_Static_assert(TICKET_KEY_SIZE == SHA512_DIGEST_SIZE, "one HMAC makes all of a key");

/* The key and the name of what ticket_recent.h keeps: of equal masters the same. */
static void master_add_wrap(struct ticket_master *made)
{
	unsigned char bytes[SHA512_DIGEST_SIZE];

	_Static_assert(AES256_KEY_SIZE + TICKET_MASTER_ID_SIZE <= sizeof(bytes), "one HMAC");
	hmac_sha512_update(&made->keyed, sizeof(wrap_label) - 1, (const unsigned char *)wrap_label);
	hmac_sha512_digest(&made->keyed, sizeof(bytes), bytes);
	aes256_set_encrypt_key(&made->wrap, bytes);
	aes256_invert_key(&made->unwrap, &made->wrap);
	memcpy(made->id, bytes + AES256_KEY_SIZE, TICKET_MASTER_ID_SIZE);
	gnutls_memset(bytes, 0, sizeof(bytes));
}

static struct der *master_new(struct der_pool *pool, unsigned char *key)
{
	struct ticket_master made;
	struct der *master;

	memset(&made, 0, sizeof(made));
	hmac_sha512_set_key(&made.keyed, TICKET_KEY_SIZE, key);
	gnutls_memset(key, 0, TICKET_KEY_SIZE);
	master_add_wrap(&made);
	master = der_new(pool, &made, sizeof(made), true);
	gnutls_memset(&made, 0, sizeof(made));
	return master;
}

struct der *ticket_master_random(struct der_pool *pool)
{
	unsigned char key[TICKET_KEY_SIZE];

	return gnutls_rnd(GNUTLS_RND_KEY, key, sizeof(key)) < 0 ? NULL : master_new(pool, key);
}

struct der *ticket_master_from(struct der_pool *pool, const void *bytes, size_t size)
{
	unsigned char key[TICKET_KEY_SIZE];

	/* All of a longer file counts (RFC 5869, 2.2). */
	if (gnutls_hmac_fast(
		    GNUTLS_MAC_SHA512, file_label, sizeof(file_label) - 1, bytes, size, key) < 0)
		return NULL;
	return master_new(pool, key);
}
