/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "array.h"
#include "snapshot_internal.h"
#include <stdlib.h>
#include <string.h>

/* What several snapshots have in common: all but the certificates. */

enum {
	PLAN_HAS_RIVALS = 1, /* others cover a host, or have a name, that the certificate has */
	PLAN_IS_HELD = 2 /* its names are in one of the holders */
};

/* Renewals of one part in so many certificates, and these: then it is worth to decide anew. */
enum { RENEWALS_SHARE = 16, RENEWALS_MIN = 16 };

int snapshot_plan_new(struct snapshot *snapshot)
{
	struct snapshot_plan *plan = calloc(1, sizeof(*plan));

	if (plan == NULL)
		return CERTBIND_E_MEMORY;
	atomic_init(&plan->references, 1);
	plan->marks = calloc(snapshot->certificates_length + 1, sizeof(*plan->marks));
	snapshot->plan = plan;
	return plan->marks != NULL ? table_init(&snapshot->groups_by_members, 0)
				   : CERTBIND_E_MEMORY;
}

void snapshot_plan_note_rival(struct snapshot *snapshot, const struct certificate *certificate)
{
	snapshot->plan->has_rivals = true;
	snapshot->plan->marks[snapshot_certificate_place(snapshot, certificate)] |= PLAN_HAS_RIVALS;
}

void snapshot_plan_release(struct snapshot *snapshot)
{
	struct snapshot_plan *plan = snapshot->plan;
	size_t i;

	if (plan == NULL ||
		atomic_fetch_sub_explicit(&plan->references, 1, memory_order_acq_rel) != 1)
		return;
	for (i = 0; snapshot->services != NULL && i < snapshot->config->services_length; i++) {
		struct snapshot_service *service = &snapshot->services[i];

		table_clear(&service->hosts);
		table_clear(&service->names);
		gnutls_priority_deinit(service->priority);
	}
	free(snapshot->domains);
	table_clear(&snapshot->domains_by_name);
	table_clear(&snapshot->groups_by_members);
	block_pool_clear(&snapshot->hosts);
	while (plan->holders_length > 0)
		der_unref(plan->holders[--plan->holders_length]);
	free(plan->holders);
	free(plan->marks);
	free(plan);
}

static bool names_equal(const struct pair *a, const struct pair *b)
{
	const char *a_name = a->names, *b_name = b->names;
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
	for (i = 0; i < former->pairs_length; i++)
		if (former->pairs[i].key_algorithm != certificate->pairs[i].key_algorithm ||
			!names_equal(&former->pairs[i], &certificate->pairs[i]))
			return false;
	return true;
}

/* Where several certificates cover a host, dates and trust have a part in it. */
static bool rivals_stay(const struct snapshot *snapshot, const struct snapshot *former)
{
	return !former->plan->has_rivals ||
	       (snapshot->config->trust_file != NULL && snapshot->built_at >= former->built_at &&
		       snapshot->built_at < former->totals.due);
}

static bool certificates_fit(const struct snapshot *snapshot, const struct snapshot *former)
{
	const struct snapshot_plan *plan = former->plan;
	size_t left = former->certificates_length / RENEWALS_SHARE + RENEWALS_MIN;
	size_t i;

	for (i = 0; i < former->certificates_length; i++) {
		const struct certificate *before = former->certificates[i];
		const struct certificate *now = snapshot->certificates[i];

		if (now == before)
			continue;
		if ((plan->marks[i] & PLAN_HAS_RIVALS) != 0 ||
			strcmp(now->name, before->name) != 0 || !is_alike(before, now))
			return false;
		if ((plan->marks[i] & PLAN_IS_HELD) == 0 && left-- <= plan->holders_length)
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
	       rivals_stay(snapshot, former) && certificates_fit(snapshot, former);
}

/* Names of the certificate that the plan was made with live on. */
static int plan_hold(struct snapshot_plan *plan, const struct certificate *former, size_t place)
{
	if ((plan->marks[place] & PLAN_IS_HELD) != 0)
		return CERTBIND_OK;
	if (!array_grow(&plan->holders, plan->holders_length, sizeof(struct der *)))
		return CERTBIND_E_MEMORY;
	plan->holders[plan->holders_length++] = der_ref(former->pairs[0].chain[0]);
	plan->marks[place] |= PLAN_IS_HELD;
	return CERTBIND_OK;
}

/* The certificate of that place with its bundle. */
static int share_certificate(struct snapshot *snapshot, const struct snapshot *former, size_t place)
{
	struct certificate *certificate = snapshot->certificates[place];
	struct bundle *bundle = former->singles[place];
	int status = CERTBIND_OK;

	if (certificate != former->certificates[place]) {
		certificate->place = (uint32_t)place;
		status = plan_hold(snapshot->plan, former->certificates[place], place);
	}
	if (status < 0 || bundle == NULL)
		return status;
	snapshot->singles[place] = certificate == former->certificates[place]
					   ? bundle_ref(bundle)
					   : bundle_new(snapshot->cache, &certificate, 1);
	return snapshot->singles[place] != NULL ? CERTBIND_OK : CERTBIND_E_MEMORY;
}

static int share_bundles(struct snapshot *snapshot, const struct snapshot *former)
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

static int share_services(struct snapshot *snapshot, const struct snapshot *former)
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

		service->snapshot = snapshot;
		service->default_bundle = snapshot_bundle_peek(snapshot, service->default_at);
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
	snapshot->domains_by_name = former->domains_by_name;
	snapshot->groups_by_members = former->groups_by_members;
	snapshot->hosts = former->hosts;
	status = share_bundles(snapshot, former);
	return status == CERTBIND_OK ? share_services(snapshot, former) : status;
}
