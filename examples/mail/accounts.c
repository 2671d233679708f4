/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _POSIX_C_SOURCE 200809L
#include "accounts.h"

#include <string.h>

/* Two names, a password, and what separates them. */
#define ANSWER_SIZE (2 * USERS_ADDRESS_SIZE + USERS_PASSWORD_MAX + 3)

const char *accounts_check(const struct server *server, const char *name, const char *password)
{
	if (!server->spool || !users_check(server->users, name, password))
		return NULL;
	return users_find(server->users, name);
}

/* authorization identity NUL name NUL password; nobody may act for somebody else. */
static const char *check_answer(const struct server *server, const char *answer, size_t length)
{
	const char *name, *password, *end = answer + length;

	name = answer + strlen(answer) + 1;
	if (name >= end)
		return NULL;
	password = name + strlen(name) + 1;
	if (password >= end || password + strlen(password) != end)
		return NULL;
	if (answer[0] != '\0' && strcmp(answer, name) != 0)
		return NULL;
	return accounts_check(server, name, password);
}

const char *accounts_check_plain(const struct server *server, char *base64)
{
	gnutls_datum_t text = { (unsigned char *)base64, (unsigned int)strlen(base64) }, decoded;
	char answer[ANSWER_SIZE] = { 0 };
	const char *user = NULL;

	if (gnutls_base64_decode2(&text, &decoded) == 0) {
		/* One byte stays for the NUL behind the password. */
		if (decoded.size < sizeof(answer)) {
			memcpy(answer, decoded.data, decoded.size);
			user = check_answer(server, answer, decoded.size);
		}
		gnutls_memset(answer, 0, sizeof(answer));
		gnutls_memset(decoded.data, 0, decoded.size);
		gnutls_free(decoded.data);
	}
	gnutls_memset(base64, 0, text.size);
	return user;
}

const char *accounts_find(const struct server *server, const char *address)
{
	return server->spool ? users_find(server->users, address) : NULL;
}

static int is_offered(void *data, const struct certbind_binding *binding)
{
	bool *is_local = data;

	if (strcmp(binding->service, "mail") == 0 && strcmp(binding->chosen_by, "none") != 0)
		*is_local = true;
	return 0;
}

bool accounts_has_domain(const struct server *server, const char *address)
{
	const char *at = strrchr(address, '@');
	bool is_local = false;

	if (!at || at[1] == '\0')
		return false;
	if (certbind_store_each_binding(server->store, at + 1, is_offered, &is_local, NULL) < 0)
		return false;
	return is_local;
}
