/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "array.h"
#include "check.h"
#include "error.h"
#include "parallel.h"
#include <stdlib.h>

/*
 * The certificates' verdicts, which are what a check costs: made on several cores before they are
 * asked for, and freed when nothing will ask for them any more.
 */

enum { VERDICT_THREAD_WORTH = 8 }; /* verdicts: fewer are made before a thread has started */

/* Something that is done with each use of a certificate. */
typedef int use_func(struct check *check, size_t certificate);

static int use(struct check *check, const struct certificate *certificate, use_func *func)
{
	if (certificate == NULL)
		return CERTBIND_OK;
	return func(check, snapshot_certificate_place(check->snapshot, certificate));
}

/* Those that a place stands for. */
static int use_place(struct check *check, uint32_t place, use_func *func)
{
	const struct bundle_members members = snapshot_members_peek(check->snapshot, place);
	size_t i;
	int status = CERTBIND_OK;

	for (i = 0; i < members.length && status == CERTBIND_OK; i++)
		status = use(check, members.items[i], func);
	return status;
}

static int each_use_of_service(
	struct check *check, const struct snapshot_service *service, use_func *func)
{
	size_t i;
	int status = use(check, service->default_certificate, func);

	if (status == CERTBIND_OK)
		status = use_place(check, service->default_at, func);
	for (i = 0; i < service->config->shared_hosts.length && status == CERTBIND_OK; i++)
		status = use_place(check, service->shared_hosts[i].bundle, func);
	return status;
}

static int each_use_of_domain(
	struct check *check, const struct snapshot_domain *domain, use_func *func)
{
	size_t i, j;
	int status = CERTBIND_OK;

	for (i = 0; i < check->snapshot->config->services_length; i++) {
		const struct snapshot_binding *binding = &domain->bindings[i];

		status = use(check, snapshot_binding_certificate(check->snapshot, binding), func);
		for (j = 0; j < binding->hosts_length && status == CERTBIND_OK; j++)
			status = use_place(check, binding->hosts[j].bundle, func);
		if (status != CERTBIND_OK)
			break;
	}
	return status;
}

static int count_use(struct check *check, size_t certificate)
{
	check->slots[certificate].uses++;
	return CERTBIND_OK;
}

void check_count_uses(struct check *check)
{
	const struct snapshot *snapshot = check->snapshot;
	size_t i;

	for (i = 0; i < snapshot->config->services_length; i++)
		(void)each_use_of_service(check, &snapshot->services[i], count_use);
	for (i = 0; i < snapshot->config->domains_length; i++)
		(void)each_use_of_domain(check, &snapshot->domains[i], count_use);
}

static int verdict_make(struct check *check, size_t worker, size_t certificate)
{
	struct path_checker **checker = &check->checkers[worker];
	struct verdict_options options = check->options;
	int status = CERTBIND_OK;

	if (*checker == NULL)
		status = path_checker_new(check->anchors, options.at, checker);
	if (status < 0)
		return status;
	options.checker = *checker;
	return verdict_new(check->snapshot->certificates[certificate], &options,
		&check->slots[certificate].verdict);
}

/* What fails here fails again, and is told, where the verdict is asked for. */
static void make_wanted(void *data, size_t worker, size_t index)
{
	struct check *check = data;

	(void)verdict_make(check, worker, check->wanted[index]);
}

static int want(struct check *check, size_t certificate)
{
	struct check_slot *slot = &check->slots[certificate];

	if (slot->verdict != NULL || slot->is_wanted)
		return CERTBIND_OK;
	if (!array_grow(&check->wanted, check->wanted_length, sizeof(*check->wanted)))
		return CERTBIND_E_MEMORY;
	check->wanted[check->wanted_length++] = certificate;
	slot->is_wanted = true;
	return CERTBIND_OK;
}

int check_verdicts_begin(struct check *check, const struct snapshot_domain *domains, size_t length)
{
	size_t i;
	int status = CERTBIND_OK;

	for (i = 0; i < length && status == CERTBIND_OK; i++)
		status = each_use_of_domain(check, &domains[i], want);
	if (status < 0)
		return status;
	parallel_begin(
		&check->making, check->wanted_length, VERDICT_THREAD_WORTH, make_wanted, check);
	check->is_making = true;
	return CERTBIND_OK;
}

void check_verdicts_end(struct check *check)
{
	size_t i;

	if (check->is_making)
		parallel_end(&check->making);
	check->is_making = false;
	for (i = 0; i < check->wanted_length; i++)
		check->slots[check->wanted[i]].is_wanted = false;
	free(check->wanted);
	check->wanted = NULL;
	check->wanted_length = 0;
}

static int release_use(struct check *check, size_t certificate)
{
	struct check_slot *slot = &check->slots[certificate];

	if (--slot->uses == 0) {
		verdict_free(slot->verdict);
		slot->verdict = NULL;
	}
	return CERTBIND_OK;
}

void check_verdicts_release(struct check *check, const struct snapshot_domain *domain)
{
	(void)each_use_of_domain(check, domain, release_use);
}

int check_verdict(
	struct check *check, struct certificate *certificate, const struct verdict **verdict)
{
	size_t index = snapshot_certificate_place(check->snapshot, certificate);
	int status = CERTBIND_OK;

	/*
	 * None that is being made for later domains: what a domain asks for is among its own uses, or,
	 * of shared hosts, what check_defaults() asked for before the first one.
	 */
	if (check->slots[index].verdict == NULL)
		status = verdict_make(check, 0, index);
	*verdict = check->slots[index].verdict;
	return status;
}

void check_verdicts_clear(struct check *check)
{
	size_t i;

	if (check->is_making)
		parallel_cancel(&check->making);
	check_verdicts_end(check);
	for (i = 0; check->slots != NULL && i < check->snapshot->certificates_length; i++)
		verdict_free(check->slots[i].verdict);
	for (i = 0; i < PARALLEL_WORKERS_MAX; i++)
		path_checker_free(check->checkers[i]);
	free(check->slots);
	free(check->wanted);
	anchors_unref(check->anchors);
}
