/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "array.h"
#include "hot.h"
#include "snapshot_internal.h"
#include <stdlib.h>
#include <string.h>

/* What is presented together, of one certificate or several; one bundle for the same ones. */

struct bundle_members snapshot_members_peek(const struct snapshot *snapshot, uint32_t place)
{
	struct bundle_members members = { NULL, 0 };
	size_t at = (size_t)place - 1;

	if (place == 0)
		return members;
	if (at >= snapshot->certificates_length)
		return bundle_members_peek(snapshot->groups[at - snapshot->certificates_length]);
	members.items = &snapshot->certificates[at];
	members.length = 1;
	return members;
}

/* Most of many certificates are asked for rarely: until then they have no bundle. */
static struct bundle *single_make(const struct snapshot *snapshot, size_t at)
{
	struct bundle *made = bundle_new(snapshot->cache, &snapshot->certificates[at], 1);
	struct bundle *kept = NULL;

	if (made == NULL || atomic_compare_exchange_strong(&snapshot->singles[at], &kept, made))
		return made;
	bundle_unref(made);
	return kept;
}

HOT struct bundle *snapshot_bundle_peek(const struct snapshot *snapshot, uint32_t place)
{
	size_t at = (size_t)place - 1;
	struct bundle *bundle;

	if (place == 0)
		return NULL;
	if (at >= snapshot->certificates_length)
		return snapshot->groups[at - snapshot->certificates_length];
	bundle = atomic_load_explicit(&snapshot->singles[at], memory_order_acquire);
	return bundle != NULL ? bundle : single_make(snapshot, at);
}

struct certificate *snapshot_binding_certificate(
	const struct snapshot *snapshot, const struct snapshot_binding *binding)
{
	return binding->certificate != 0 ? snapshot->certificates[binding->certificate - 1] : NULL;
}

/* Names have no control characters, so that joined they stay distinct. */
static char *members_key_dup(struct certificate *const *members, size_t length)
{
	size_t size = 1;
	size_t i;
	char *key, *end;

	for (i = 0; i < length; i++)
		size += strlen(members[i]->name) + 1;
	key = malloc(size);
	if (key == NULL)
		return NULL;
	for (end = key, i = 0; i < length; i++) {
		size_t part = strlen(members[i]->name);

		memcpy(end, members[i]->name, part);
		end += part;
		*end++ = '\n';
	}
	*end = '\0';
	return key;
}

/* What was made of the former snapshot's bundle of the very same objects stays made. */
static struct bundle *bundle_take_over(const struct snapshot *snapshot, struct bundle *former,
	struct certificate *const *members, size_t members_length)
{
	size_t i = 0;

	while (former != NULL && i < members_length && former->members[i] == members[i])
		i++;
	return former != NULL && i == members_length
		       ? bundle_ref(former)
		       : bundle_new(snapshot->cache, members, members_length);
}

void snapshot_single_take_over(
	struct snapshot *snapshot, size_t place, const struct snapshot *former, size_t former_place)
{
	struct bundle *bundle = atomic_load(&former->singles[former_place]);

	if (bundle != NULL && atomic_load(&snapshot->singles[place]) == NULL)
		atomic_store(&snapshot->singles[place], bundle_ref(bundle));
}

static uint32_t snapshot_single(struct snapshot *snapshot, const struct certificate *certificate)
{
	const struct snapshot *former = snapshot->former;
	size_t place = snapshot_certificate_place(snapshot, certificate);
	size_t former_place = former != NULL ? snapshot_certificate_place(former, certificate) : 0;

	if (former != NULL && former_place < former->certificates_length)
		snapshot_single_take_over(snapshot, place, former, former_place);
	return (uint32_t)place + 1;
}

static uint32_t group_place(const struct snapshot *snapshot, const char *key)
{
	return (uint32_t)(uintptr_t)table_get(&snapshot->plan->ground->groups_by_members, key);
}

/* NULL: it had none. */
static struct bundle *former_group(const struct snapshot *former, const char *key)
{
	return former != NULL ? snapshot_bundle_peek(former, group_place(former, key)) : NULL;
}

static uint32_t snapshot_group_make(struct snapshot *snapshot, struct certificate *const *members,
	size_t members_length, const char *key)
{
	size_t size = strlen(key) + 1;
	char *kept = block_pool_take(&snapshot->plan->ground->pool, size);
	struct bundle *bundle;
	void **place;

	if (kept == NULL ||
		!array_grow(&snapshot->groups, snapshot->groups_length, sizeof(struct bundle *)))
		return 0;
	place = table_place(&snapshot->plan->ground->groups_by_members, memcpy(kept, key, size));
	if (place == NULL)
		return 0;
	bundle = bundle_take_over(
		snapshot, former_group(snapshot->former, key), members, members_length);
	if (bundle == NULL)
		return 0;
	snapshot->groups[snapshot->groups_length++] = bundle;
	*place = (void *)(uintptr_t)(snapshot->certificates_length + snapshot->groups_length);
	return (uint32_t)(uintptr_t)*place;
}

uint32_t snapshot_bundle(
	struct snapshot *snapshot, struct certificate *const *members, size_t members_length)
{
	uint32_t place;
	char *key;

	if (members_length == 1)
		return snapshot_single(snapshot, members[0]);
	key = members_key_dup(members, members_length);
	if (key == NULL)
		return 0;
	place = group_place(snapshot, key);
	if (place == 0)
		place = snapshot_group_make(snapshot, members, members_length, key);
	free(key);
	return place;
}
