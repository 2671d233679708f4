/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SELFSIGNED_H
#define SELFSIGNED_H

#include <certbind/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SELFSIGNED_DAYS = 365, /* how long it is valid */
	SELFSIGNED_PAST_DAYS =
		1, /* of which so many lie before it is made: clients' clocks differ */
	SELFSIGNED_RENEW_DAYS = 30 /* it is made anew when fewer remain */
};

/* The file in state_dir, and the one that is locked while it is made. */
#define SELFSIGNED_FILE "default.pem"
#define SELFSIGNED_LOCK "default.lock"

/* The default certificate of services that configure none. */
struct selfsigned {
	unsigned char *
		pem; /* certificate, then key; a NUL follows that `size` does not count; pages of secret_alloc() */
	size_t size;
	bool is_kept; /* these bytes are in state_dir */
};

/*
 * Gives the self-signed certificate that is kept in state_dir, making or renewing it when there is
 * none, when it does not name all of `names` (folded, at least one; the first is the Common Name),
 * is not valid at `now` (s since the epoch) and SELFSIGNED_RENEW_DAYS longer, or is damaged. Makes
 * state_dir's last component. Processes and threads that ask at once get the same one. Where it
 * can't be kept, the function succeeds with one made in memory, is_kept is false and `error` says
 * why: then each call makes another one. It waits a bounded time for the lock.
 *
 * out: to be freed with selfsigned_free(); zeroed on failure.
 * Returns CERTBIND_OK, CERTBIND_E_INVALID (no names), CERTBIND_E_TLS, CERTBIND_E_MEMORY.
 * Threads: any; touches the disk.
 */
int selfsigned_get(const char *state_dir, const char *const *names, size_t names_length,
	int64_t now, struct selfsigned *out, struct certbind_error *error);

/*
 * Gives what is kept in state_dir, whatever its dates and names; writes nothing.
 *
 * Returns CERTBIND_OK, CERTBIND_E_FILE (there is none, or it can't be read), CERTBIND_E_CERTIFICATE
 * (it is damaged), CERTBIND_E_MEMORY. Threads: any; touches the disk.
 */
int selfsigned_peek_existing(
	const char *state_dir, struct selfsigned *out, struct certbind_error *error);

/* Wipes and frees; may run twice. */
void selfsigned_free(struct selfsigned *selfsigned);

#endif
