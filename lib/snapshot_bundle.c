/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "array.h"
#include "snapshot_internal.h"
#include <stdlib.h>
#include <string.h>

/* What is presented together, of one certificate or several; one bundle for the same ones. */

struct bundle *snapshot_bundle_peek(const struct snapshot *snapshot, uint32_t place)
{
	size_t at = (size_t)place - 1;

	if (place == 0)
		return NULL;
	return at < snapshot->certificates_length
		       ? snapshot->singles[at]
		       : snapshot->groups[at - snapshot->certificates_length];
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

static struct bundle *former_single(
	const struct snapshot *former, const struct certificate *certificate)
{
	size_t place;

	if (former == NULL)
		return NULL;
	place = snapshot_certificate_place(former, certificate);
	return place < former->certificates_length ? former->singles[place] : NULL;
}

static uint32_t snapshot_single(struct snapshot *snapshot, struct certificate *certificate)
{
	size_t place = snapshot_certificate_place(snapshot, certificate);
	struct bundle **bundle = &snapshot->singles[place];

	if (*bundle == NULL)
		*bundle = bundle_take_over(
			snapshot, former_single(snapshot->former, certificate), &certificate, 1);
	return *bundle != NULL ? (uint32_t)place + 1 : 0;
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
