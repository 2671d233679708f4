/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ticket_recent.h"
#include "hot.h"
#include <string.h>

/* The bytes that stand for a scope among those with the same members. Returns their count; 0: too many. */
static size_t recent_scope(const struct ticket_scope *scope, char *bytes)
{
	size_t service_size = strlen(scope->service) + 1;
	size_t domain_size = strlen(scope->domain) + 1;

	if (service_size >= TICKET_RECENT_SCOPE_SIZE ||
		domain_size > TICKET_RECENT_SCOPE_SIZE - 1 - service_size)
		return 0;
	bytes[0] = (char)scope->kind;
	memcpy(bytes + 1, scope->service, service_size);
	memcpy(bytes + 1 + service_size, scope->domain, domain_size);
	return 1 + service_size + domain_size;
}

/* The caller has taken it. */
static int recent_derive(struct ticket_recent *recent, const struct der *master,
	const struct ticket_scope *scope, unsigned char *key)
{
	const struct ticket_master *keys = ticket_master_peek(master);
	char bytes[TICKET_RECENT_SCOPE_SIZE];
	size_t size = recent_scope(scope, bytes);
	int status;

	if (size > 0 && recent->scope_size == size && memcmp(recent->scope, bytes, size) == 0 &&
		memcmp(recent->master_id, keys->id, sizeof(keys->id)) == 0) {
		aes256_decrypt(&keys->unwrap, TICKET_KEY_SIZE, key, recent->wrapped);
		return 0;
	}
	status = ticket_derive(master, scope, key);
	if (status < 0 || size == 0)
		return status;
	aes256_encrypt(&keys->wrap, TICKET_KEY_SIZE, recent->wrapped, key);
	memcpy(recent->master_id, keys->id, sizeof(keys->id));
	memcpy(recent->scope, bytes, size);
	recent->scope_size = (unsigned char)size;
	return 0;
}

HOT int ticket_recent_derive(struct ticket_recent *recent, const struct der *master,
	const struct ticket_scope *scope, unsigned char *key)
{
	int status;

	if (atomic_exchange_explicit(&recent->is_taken, true, memory_order_acquire))
		return ticket_derive(master, scope, key);
	status = recent_derive(recent, master, scope, key);
	atomic_store_explicit(&recent->is_taken, false, memory_order_release);
	return status;
}

HOT int ticket_recent_enable(struct ticket_recent *recent, const struct der *master,
	const struct ticket_scope *scope, gnutls_session_t session)
{
	unsigned char key[TICKET_KEY_SIZE];
	const gnutls_datum_t datum = { key, sizeof(key) };
	int status = ticket_recent_derive(recent, master, scope, key);

	if (status >= 0)
		status = gnutls_session_ticket_enable_server(session, &datum);
	gnutls_memset(key, 0, sizeof(key));
	return status;
}
