/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "array.h"
#include "snapshot_internal.h"
#include <stdlib.h>
#include <string.h>

/* A plan goes on with other certificates in the places of those it was made with. */

static bool names_equal(const struct certificate_facts *a, const struct certificate_facts *b)
{
	const char *a_name = certificate_facts_names(a), *b_name = certificate_facts_names(b);
	size_t i;

	if (a->names_length != b->names_length)
		return false;
	for (i = 0; i < a->names_length; i++) {
		size_t size = strlen(a_name) + 1;

		if (strcmp(a_name, b_name) != 0)
			return false;
		a_name += size;
		b_name += size;
	}
	return true;
}

/* Can the one take the other's place, where nothing else could? */
static bool is_alike(const struct certificate *former, const struct certificate *certificate)
{
	size_t i;

	if (former->pairs_length == 0 || certificate->pairs_length != former->pairs_length)
		return false;
	for (i = 0; i < former->pairs_length; i++) {
		const struct certificate_facts *before = former->pairs[i].facts;
		const struct certificate_facts *now = certificate->pairs[i].facts;

		if (before->key_algorithm != now->key_algorithm || !names_equal(before, now))
			return false;
	}
	return true;
}

bool snapshot_rivals_stay(const struct snapshot *snapshot, const struct snapshot *former)
{
	return !former->plan->has_rivals ||
	       (snapshot->config->trust_file != NULL && snapshot->built_at >= former->built_at &&
		       snapshot->built_at < former->totals.due);
}

static bool certificates_fit(const struct snapshot *snapshot, const struct snapshot *former)
{
	const struct snapshot_plan *plan = former->plan;
	size_t room = snapshot_plan_room(former);
	size_t i;

	for (i = 0; i < former->certificates_length; i++) {
		const struct certificate *before = former->certificates[i];
		const struct certificate *now = snapshot->certificates[i];

		if (now == before)
			continue;
		if ((plan->marks[i] & PLAN_HAS_RIVALS) != 0 ||
			strcmp(now->name, before->name) != 0 || !is_alike(before, now))
			return false;
		if ((plan->marks[i] & PLAN_IS_HELD) == 0 && room-- == 0)
			return false;
	}
	return true;
}

static bool plan_fits(const struct snapshot_build *build)
{
	const struct snapshot *former = build->options->former;
	const struct changes *changes = build->options->changes;
	const struct snapshot *snapshot = build->snapshot;

	return former != NULL && !changes_are_all(changes) && !changes->has_configuration &&
	       former->config == snapshot->config &&
	       former->certificates_length == snapshot->certificates_length &&
	       snapshot_rivals_stay(snapshot, former) && certificates_fit(snapshot, former);
}

/* Names of the certificate that the plan was made with live on. */
static int plan_hold(struct snapshot_plan *plan, const struct certificate *former, size_t place)
{
	struct snapshot_ground *ground = plan->ground;

	if ((plan->marks[place] & PLAN_IS_HELD) != 0)
		return CERTBIND_OK;
	if (!array_grow(&ground->holders, ground->holders_length, sizeof(struct der *)))
		return CERTBIND_E_MEMORY;
	ground->holders[ground->holders_length++] = der_ref(former->pairs[0].chain[0]);
	ground->weight++;
	plan->marks[place] |= PLAN_IS_HELD;
	return CERTBIND_OK;
}

/* The certificate of that place with its bundle. */
static int share_certificate(struct snapshot *snapshot, const struct snapshot *former, size_t place)
{
	struct certificate *certificate = snapshot->certificates[place];

	if (certificate != former->certificates[place]) {
		certificate->place = (uint32_t)place;
		return plan_hold(snapshot->plan, former->certificates[place], place);
	}
	snapshot_single_take_over(snapshot, place, former, place);
	return CERTBIND_OK;
}

int snapshot_share_bundles(struct snapshot *snapshot, const struct snapshot *former)
{
	size_t i;
	int status = CERTBIND_OK;

	for (i = 0; i < snapshot->certificates_length && status == CERTBIND_OK; i++)
		status = share_certificate(snapshot, former, i);
	if (status < 0 || former->groups_length == 0)
		return status;
	snapshot->groups = calloc(former->groups_length, sizeof(struct bundle *));
	if (snapshot->groups == NULL)
		return CERTBIND_E_MEMORY;
	for (; snapshot->groups_length < former->groups_length; snapshot->groups_length++)
		snapshot->groups[snapshot->groups_length] =
			bundle_ref(former->groups[snapshot->groups_length]);
	return CERTBIND_OK;
}

int snapshot_share_services(struct snapshot *snapshot, const struct snapshot *former)
{
	size_t length = snapshot->config->services_length;
	size_t i;

	snapshot->services = calloc(length + 1, sizeof(*snapshot->services));
	if (snapshot->services == NULL)
		return CERTBIND_E_MEMORY;
	memcpy(snapshot->services, former->services, length * sizeof(*snapshot->services));
	for (i = 0; i < length; i++) {
		struct snapshot_service *service = &snapshot->services[i];
		const struct certificate *named = service->default_certificate;

		service->config = &snapshot->config->services[i];
		service->snapshot = snapshot;
		snapshot_plan_give_tables(snapshot->plan, service);
		if (named != NULL)
			service->default_certificate =
				snapshot->certificates[snapshot_certificate_place(former, named)];
	}
	return CERTBIND_OK;
}

int snapshot_plan_share(struct snapshot_build *build)
{
	const struct snapshot *former = build->options->former;
	struct snapshot *snapshot = build->snapshot;
	int status;

	if (!plan_fits(build))
		return CERTBIND_OK;
	snapshot->plan = former->plan;
	atomic_fetch_add_explicit(&snapshot->plan->references, 1, memory_order_relaxed);
	snapshot->domains = former->domains;
	status = snapshot_share_bundles(snapshot, former);
	return status == CERTBIND_OK ? snapshot_share_services(snapshot, former) : status;
}
