/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "error.h"
#include "selfsigned.h"
#include "store.h"
#include "name.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* certbind's own self-signed certificate: what clients get while nothing better is configured. */

struct bundle *store_own_bundle(struct certbind_store *store)
{
	struct bundle *own;

	(void)pthread_mutex_lock(&store->lock);
	own = store->own != NULL ? bundle_ref(store->own) : NULL;
	(void)pthread_mutex_unlock(&store->lock);
	return own;
}

/* The machine's own name, and every shared host; `names` has room for them all. */
static size_t own_names(const struct snapshot *snapshot, char *machine, const char **names)
{
	char name[NAME_SIZE] = "";
	size_t length = 0;
	size_t i, j, k;

	if (gethostname(name, sizeof(name) - 1) != 0 ||
		name_fold(name, strlen(name), machine) != NAME_OK)
		(void)snprintf(machine, NAME_SIZE, "localhost");
	names[length++] = machine;
	for (i = 0; i < snapshot->config->services_length; i++) {
		const struct config_list *shared = &snapshot->config->services[i].shared_hosts;

		for (j = 0; j < shared->length; j++) {
			for (k = 0; k < length && strcmp(names[k], shared->items[j]) != 0; k++)
				;
			if (k == length)
				names[length++] = shared->items[j];
		}
	}
	return length;
}

static int own_get(struct certbind_store *store, const struct snapshot *snapshot,
	struct selfsigned *selfsigned, struct certbind_error *error)
{
	struct certbind_error why = { 0 };
	char machine[NAME_SIZE];
	const char **names;
	size_t room = 1;
	size_t i;
	int status;

	for (i = 0; i < snapshot->config->services_length; i++)
		room += snapshot->config->services[i].shared_hosts.length;
	names = calloc(room, sizeof(*names));
	if (names == NULL)
		return error_memory(error);
	status = selfsigned_get(snapshot->config->state_dir, names,
		own_names(snapshot, machine, names), (int64_t)clock_source_now(store->clock),
		selfsigned, &why);
	free(names);
	if (status < 0) {
		if (error != NULL)
			*error = why;
		return status;
	}
	if (!selfsigned->is_kept)
		store_log(store, CERTBIND_LEVEL_WARNING, &why);
	return CERTBIND_OK;
}

static int own_make(struct certbind_store *store, const struct snapshot *snapshot,
	struct bundle **own, struct certbind_error *error)
{
	const struct certificate_options options = {
		.pool = store->pool,
		.now = (int64_t)clock_source_now(store->clock),
	};
	struct certificate *certificate = NULL;
	struct selfsigned selfsigned = { 0 };
	int status = own_get(store, snapshot, &selfsigned, error);

	if (status < 0)
		return status;
	status = certificate_from_pem(
		"", selfsigned.pem, selfsigned.size, &options, &certificate, error);
	selfsigned_free(&selfsigned);
	if (status < 0)
		return status;
	*own = bundle_new(store->cache, &certificate, 1);
	certificate_unref(certificate);
	return *own != NULL ? CERTBIND_OK : error_memory(error);
}

/* There, and not about to end. */
static bool own_is_fresh(struct certbind_store *store)
{
	struct bundle *own = store_own_bundle(store);
	int64_t until = bundle_members_not_after(bundle_members_peek(own));

	bundle_unref(own);
	return own != NULL && until - (int64_t)clock_source_now(store->clock) >
				      (int64_t)SELFSIGNED_RENEW_DAYS * 86400;
}

bool store_own_is_ending(struct certbind_store *store)
{
	struct bundle *own = store_own_bundle(store);

	bundle_unref(own);
	return own != NULL && !own_is_fresh(store);
}

int store_own_prepare(
	struct certbind_store *store, struct snapshot *snapshot, struct certbind_error *error)
{
	struct bundle *own = NULL;
	struct bundle *former = NULL;
	int status = CERTBIND_OK;

	(void)pthread_mutex_lock(&store->own_lock);
	if (!own_is_fresh(store))
		status = own_make(store, snapshot, &own, error);
	if (own != NULL) {
		(void)pthread_mutex_lock(&store->lock);
		former = store->own;
		store->own = own;
		(void)pthread_mutex_unlock(&store->lock);
	}
	(void)pthread_mutex_unlock(&store->own_lock);
	bundle_unref(former);
	return status;
}
