/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "error.h"
#include "snapshot_internal.h"
#include "ticket.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Which master key session tickets are made with: the file's, its last good one, or the store's. */

void snapshot_ticket_clear(struct snapshot_ticket *ticket)
{
	der_unref(ticket->key);
	sources_unref(ticket->sources);
	free(ticket->message);
	memset(ticket, 0, sizeof(*ticket));
}

/* Notes what is wrong with the file; `predicate` is one of it, like those of file_read(). */
static int ticket_fault(struct snapshot_ticket *ticket, enum finding_code code, bool is_refused,
	const char *predicate)
{
	const char *path = sources_first(ticket->sources)->path;
	size_t size = strlen(path) + strlen(predicate) + 64;

	ticket->code = code;
	ticket->is_refused = is_refused;
	ticket->message = malloc(size);
	if (ticket->message == NULL)
		return CERTBIND_E_MEMORY;
	(void)snprintf(ticket->message, size, "%s (`ticket_key_file`) %s.", path, predicate);
	return CERTBIND_OK;
}

/* What keeps the bytes from being used, or is to be said of them all the same. */
static int ticket_judge(
	struct snapshot_ticket *ticket, const struct file_bytes *bytes, bool is_strict)
{
	char text[FILE_MODE_FAULT_SIZE];

	if (bytes->size < TICKET_FILE_MIN) {
		(void)snprintf(text, sizeof(text),
			"has %zu bytes; expected at least %d, as certbind ticket-key writes them",
			bytes->size, TICKET_FILE_MIN);
		return ticket_fault(ticket, FINDING_MALFORMED, true, text);
	}
	if (file_mode_fault(bytes->mode, is_strict, text))
		return ticket_fault(ticket, FINDING_KEY_PERMISSIONS, is_strict, text);
	return CERTBIND_OK;
}

static int ticket_read(
	struct snapshot_ticket *ticket, struct der_pool *pool, const struct config *config)
{
	struct certbind_error error;
	struct file_bytes bytes;
	int status;

	ticket->sources = sources_new();
	if (ticket->sources == NULL)
		return CERTBIND_E_MEMORY;
	status = sources_read_secret(&ticket->sources, der_pool_secrets(pool),
		config->ticket_key_file, TICKET_FILE_MAX, &bytes, &error);
	if (status == CERTBIND_E_MEMORY)
		return status;
	if (status < 0)
		return ticket_fault(ticket, FINDING_UNREADABLE, true, error.message);
	status = ticket_judge(ticket, &bytes, config->strict_key_permissions);
	if (status == CERTBIND_OK && !ticket->is_refused) {
		ticket->key = ticket_master_from(pool, bytes.data, bytes.size);
		ticket->is_from_file = true;
		status = ticket->key != NULL ? CERTBIND_OK : CERTBIND_E_MEMORY;
	}
	file_bytes_wipe(&bytes);
	return status;
}

/* The last good key of a file stays, whatever has become of the file. */
static void ticket_keep(
	struct snapshot_ticket *ticket, const struct snapshot_ticket *former, int64_t now)
{
	ticket->key = der_ref(former->key);
	ticket->is_from_file = true;
	ticket->stale_since = former->stale_since != 0 ? former->stale_since : (now != 0 ? now : 1);
}

/* Neither the setting nor the file has changed since. */
static bool ticket_is_unchanged(const struct snapshot *former, const struct config *config)
{
	const struct snapshot_ticket *ticket = &former->ticket;

	return ticket->sources != NULL && !ticket->is_refused &&
	       strcmp(sources_first(ticket->sources)->path, config->ticket_key_file) == 0 &&
	       former->config->strict_key_permissions == config->strict_key_permissions &&
	       sources_are_current(ticket->sources);
}

static int ticket_share(struct snapshot_ticket *ticket, const struct snapshot_ticket *former)
{
	*ticket = *former;
	ticket->key = der_ref(former->key);
	ticket->sources = sources_ref(former->sources);
	ticket->message = former->message != NULL ? strdup(former->message) : NULL;
	return former->message != NULL && ticket->message == NULL ? CERTBIND_E_MEMORY : CERTBIND_OK;
}

int snapshot_read_ticket_key(struct snapshot_build *build)
{
	const struct config *config = build->snapshot->config;
	const struct snapshot *former = build->options->former;
	struct snapshot_ticket *ticket = &build->snapshot->ticket;
	int status = CERTBIND_OK;

	if (config->ticket_key_file != NULL) {
		if (former != NULL && ticket_is_unchanged(former, config))
			return ticket_share(ticket, &former->ticket);
		status = ticket_read(ticket, build->options->pool, config);
		if (status == CERTBIND_OK && ticket->key == NULL && former != NULL &&
			former->ticket.is_from_file)
			ticket_keep(ticket, &former->ticket, build->options->now);
	}
	if (status == CERTBIND_OK && ticket->key == NULL && build->options->ticket_key != NULL)
		ticket->key = der_ref(build->options->ticket_key);
	return status;
}
