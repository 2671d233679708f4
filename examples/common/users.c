/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _POSIX_C_SOURCE 200809L
#include "users.h"

#include <crypt.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOCAL_PART_MAX 64
#define DOMAIN_MAX 255

/* Letters and digits apart, the characters of a dot-string (RFC 5321, 4.1.2), without the slash. */
#define LOCAL_PART_SIGNS "!#$%&'*+-=?^_`{|}~."

/* What an unknown user's password is hashed with when the file has no user to take it from. */
#define DUMMY_SETTING "$6$certbindexample$"

struct user {
	char address[USERS_ADDRESS_SIZE];
	char hash[CRYPT_OUTPUT_SIZE];
};

struct users {
	struct user *list;
	size_t count;
	size_t allocated;
};

static char lower(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	return c;
}

static bool is_alphanumeric(char c)
{
	return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9');
}

/* Both parts become names of directories: no slash, no empty part between dots, no leading dot. */
static bool is_harmless(const char *part, size_t length, size_t max, const char *signs)
{
	if (length == 0 || length > max || part[length - 1] == '.')
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!is_alphanumeric(part[i]) && !strchr(signs, part[i]))
			return false;
		if (part[i] == '.' && (i == 0 || part[i - 1] == '.'))
			return false;
	}
	return true;
}

/* Copies an address with its domain part in lower case. */
static bool fold(const char *address, char folded[static USERS_ADDRESS_SIZE])
{
	const char *at = strrchr(address, '@');
	size_t local, length = strlen(address);

	if (!at || length >= USERS_ADDRESS_SIZE)
		return false;
	local = (size_t)(at - address);
	if (!is_harmless(address, local, LOCAL_PART_MAX, LOCAL_PART_SIGNS) ||
		!is_harmless(at + 1, length - local - 1, DOMAIN_MAX, "-."))
		return false;
	memcpy(folded, address, length + 1);
	for (char *c = folded + local; *c != '\0'; c++)
		*c = lower(*c);
	return true;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct user *)a)->address, ((const struct user *)b)->address);
}

static const struct user *find(const struct users *users, const char *address)
{
	struct user key = { .address = "" };

	if (!users || users->count == 0 || !fold(address, key.address))
		return NULL;
	return bsearch(&key, users->list, users->count, sizeof(*users->list), compare);
}

/* Makes room for one more. */
static struct user *add(struct users *users)
{
	if (users->count == users->allocated) {
		size_t wanted = users->allocated ? users->allocated * 2 : 16;
		struct user *list = realloc(users->list, wanted * sizeof(*list));

		if (!list)
			return NULL;
		users->list = list;
		users->allocated = wanted;
	}
	return &users->list[users->count++];
}

/* Takes one line apart; returns what is wrong with it, or NULL. */
static const char *read_line(struct users *users, char *line, size_t length)
{
	char folded[USERS_ADDRESS_SIZE], *colon;
	struct user *user;

	if (strlen(line) != length)
		return "the line holds a NUL byte";
	line[strcspn(line, "\r\n")] = '\0';
	if (line[0] == '\0' || line[0] == '#')
		return NULL;
	colon = strchr(line, ':');
	if (!colon || colon[1] == '\0')
		return "expected user@domain:HASH";
	*colon = '\0';
	if (!fold(line, folded))
		return "the address is no plain user@domain";
	if (strlen(colon + 1) >= sizeof(user->hash))
		return "the hash is too long for crypt(3)";
	user = add(users);
	if (!user)
		return "out of memory";
	(void)snprintf(user->address, sizeof(user->address), "%s", folded);
	(void)snprintf(user->hash, sizeof(user->hash), "%s", colon + 1);
	return NULL;
}

static bool read_lines(
	struct users *users, FILE *file, const char *path, char *message, size_t size)
{
	char *line = NULL;
	const char *fault = NULL;
	size_t allocated = 0;
	ssize_t length;
	int number = 0;

	while (!fault && (length = getline(&line, &allocated, file)) >= 0) {
		number++;
		fault = read_line(users, line, (size_t)length);
	}
	if (fault)
		(void)snprintf(message, size, "%s:%d: %s", path, number, fault);
	else if (ferror(file))
		(void)snprintf(message, size, "%s: %s", path, strerror(errno));
	if (line)
		gnutls_memset(line, 0, allocated);
	free(line);
	return !fault && !ferror(file);
}

static bool sort(struct users *users, const char *path, char *message, size_t size)
{
	if (users->count == 0)
		return true;
	qsort(users->list, users->count, sizeof(*users->list), compare);
	for (size_t i = 1; i < users->count; i++) {
		if (compare(&users->list[i - 1], &users->list[i]) == 0) {
			(void)snprintf(message, size, "%s: %s is there twice", path,
				users->list[i].address);
			return false;
		}
	}
	return true;
}

struct users *users_read(const char *path, char *message, size_t size)
{
	struct users *users = calloc(1, sizeof(*users));
	FILE *file = NULL;
	bool is_good = false;

	if (!users) {
		(void)snprintf(message, size, "out of memory");
		return NULL;
	}
	if (!path)
		return users;
	file = fopen(path, "re");
	if (!file)
		(void)snprintf(message, size, "%s: %s", path, strerror(errno));
	else
		is_good = read_lines(users, file, path, message, size) &&
			  sort(users, path, message, size);
	if (file)
		(void)fclose(file);
	if (!is_good) {
		users_free(users);
		return NULL;
	}
	return users;
}

const char *users_find(const struct users *users, const char *address)
{
	const struct user *user = find(users, address);

	return user ? user->address : NULL;
}

bool users_has(const struct users *users, const char *address)
{
	return find(users, address) != NULL;
}

/*
 * An unknown user is hashed with the first user's setting: same method, same cost. That cost is
 * some ten milliseconds in which the event loop stands still; a daemon for more than a few users
 * hashes in threads.
 */
bool users_check(const struct users *users, const char *address, const char *password)
{
	const struct user *user = find(users, address);
	const char *setting, *hash;
	struct crypt_data *data;
	bool is_right = false;

	if (!users || users->count == 0 || strlen(password) > USERS_PASSWORD_MAX)
		return false;
	data = calloc(1, sizeof(*data));
	if (!data)
		return false;
	setting = user ? user->hash : users->list[0].hash;
	hash = crypt_r(password, setting, data);
	/* crypt(3) tells failure by a text that starts with an asterisk, which no hash does. */
	if (!hash || hash[0] == '*')
		(void)crypt_r(password, DUMMY_SETTING, data);
	else if (user && strlen(hash) == strlen(user->hash))
		is_right = gnutls_memcmp(hash, user->hash, strlen(hash)) == 0;
	gnutls_memset(data, 0, sizeof(*data));
	free(data);
	return is_right;
}

void users_free(struct users *users)
{
	if (!users)
		return;
	if (users->list)
		gnutls_memset(users->list, 0, users->allocated * sizeof(*users->list));
	free(users->list);
	free(users);
}
