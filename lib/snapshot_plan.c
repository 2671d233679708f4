/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "array.h"
#include "snapshot_internal.h"
#include <stdlib.h>
#include <string.h>

/* What several snapshots have in common: all but the certificates. */

/* After changes of one part in so many certificates, and these, it is worth to decide anew. */
enum { CHANGES_SHARE = 16, CHANGES_MIN = 16 };

static struct snapshot_ground *ground_new(size_t services_length)
{
	struct snapshot_ground *ground = calloc(1, sizeof(*ground));

	if (ground == NULL)
		return NULL;
	atomic_init(&ground->references, 1);
	ground->priorities = calloc(services_length + 1, sizeof(gnutls_priority_t));
	if (ground->priorities == NULL ||
		table_init(&ground->groups_by_members, 0) != CERTBIND_OK) {
		free(ground->priorities);
		free(ground);
		return NULL;
	}
	ground->priorities_length = services_length;
	return ground;
}

static void ground_unref(struct snapshot_ground *ground)
{
	size_t i;

	if (ground == NULL ||
		atomic_fetch_sub_explicit(&ground->references, 1, memory_order_acq_rel) != 1)
		return;
	block_pool_clear(&ground->pool);
	for (i = 0; i < ground->priorities_length; i++)
		gnutls_priority_deinit(ground->priorities[i]);
	free(ground->priorities);
	table_clear(&ground->groups_by_members);
	for (i = 0; i < ground->holders_length; i++)
		der_unref(ground->holders[i]);
	free(ground->holders);
	free(ground);
}

int snapshot_plan_new(struct snapshot *snapshot, struct snapshot_ground *ground)
{
	size_t services_length = snapshot->config->services_length;
	struct snapshot_plan *plan = calloc(1, sizeof(*plan));

	if (plan == NULL)
		return CERTBIND_E_MEMORY;
	atomic_init(&plan->references, 1);
	snapshot->plan = plan;
	if (ground != NULL)
		atomic_fetch_add_explicit(&ground->references, 1, memory_order_relaxed);
	plan->ground = ground != NULL ? ground : ground_new(services_length);
	plan->marks = calloc(snapshot->certificates_length + 1, sizeof(*plan->marks));
	plan->tables = calloc(2 * services_length, sizeof(*plan->tables));
	if (plan->ground == NULL || plan->marks == NULL || plan->tables == NULL)
		return CERTBIND_E_MEMORY;
	plan->tables_length = 2 * services_length;
	return CERTBIND_OK;
}

void snapshot_plan_give_tables(const struct snapshot_plan *plan, struct snapshot_service *service)
{
	service->hosts = &plan->tables[2 * service->index];
	service->names = &plan->tables[2 * service->index + 1];
}

void snapshot_plan_note_rivals(struct snapshot *snapshot, const struct candidate_list *list)
{
	size_t i;

	for (i = 0; list != NULL && i < list->length; i++) {
		size_t place = snapshot_certificate_place(snapshot, list->items[i]->certificate);

		snapshot->plan->has_rivals = true;
		snapshot->plan->marks[place] |= PLAN_HAS_RIVALS;
	}
}

size_t snapshot_plan_room(const struct snapshot *former)
{
	size_t bound = former->certificates_length / CHANGES_SHARE + CHANGES_MIN;
	size_t weight = former->plan->ground->weight;

	return weight < bound ? bound - weight : 0;
}

void snapshot_plan_unref(struct snapshot_plan *plan)
{
	size_t i;

	if (plan == NULL ||
		atomic_fetch_sub_explicit(&plan->references, 1, memory_order_acq_rel) != 1)
		return;
	for (i = 0; i < plan->tables_length; i++)
		table_clear(&plan->tables[i]);
	free(plan->tables);
	free(plan->domains);
	free(plan->marks);
	ground_unref(plan->ground);
	free(plan);
}
