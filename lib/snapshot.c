/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "snapshot.h"
#include "array.h"
#include "error.h"
#include "hot.h"
#include "snapshot_internal.h"
#include <stdlib.h>
#include <string.h>

HOT struct snapshot *snapshot_ref(struct snapshot *snapshot)
{
	atomic_fetch_add_explicit(&snapshot->references, 1, memory_order_relaxed);
	return snapshot;
}

static void bundles_free(struct bundle **bundles, size_t length)
{
	size_t i;

	for (i = 0; bundles != NULL && i < length; i++)
		bundle_unref(bundles[i]);
	free(bundles);
}

static void singles_clear(struct snapshot *snapshot)
{
	size_t i;

	for (i = 0; snapshot->singles != NULL && i < snapshot->certificates_length; i++)
		bundle_unref(atomic_exchange(&snapshot->singles[i], NULL));
}

static void snapshot_free(struct snapshot *snapshot)
{
	size_t i;

	snapshot_plan_unref(snapshot->plan);
	free(snapshot->services);
	singles_clear(snapshot);
	free(snapshot->singles);
	bundles_free(snapshot->groups, snapshot->groups_length);
	for (i = 0; i < snapshot->certificates_length; i++) {
		certificate_unref(snapshot->certificates[i]);
		snapshot_state_clear(&snapshot->states[i]);
	}
	free(snapshot->certificates);
	free(snapshot->states);
	config_problems_free(snapshot->problems, snapshot->problems_length);
	for (i = 0; i < snapshot->strings_length; i++)
		free(snapshot->strings[i]);
	free(snapshot->strings);
	anchors_unref(snapshot->anchors);
	snapshot_ticket_clear(&snapshot->ticket);
	if (snapshot->owns_config)
		config_unref(snapshot->config);
	(void)pthread_mutex_destroy(&snapshot->anchors_lock);
	free(snapshot);
}

HOT void snapshot_unref(struct snapshot *snapshot)
{
	if (snapshot != NULL &&
		atomic_fetch_sub_explicit(&snapshot->references, 1, memory_order_acq_rel) == 1)
		snapshot_free(snapshot);
}

int snapshot_anchors(
	struct snapshot *snapshot, struct anchors **anchors, struct certbind_error *error)
{
	int status = CERTBIND_OK;

	*anchors = NULL;
	(void)pthread_mutex_lock(&snapshot->anchors_lock);
	if (snapshot->anchors == NULL)
		status = anchors_read(snapshot->config->trust_file, &snapshot->anchors, error);
	if (status == CERTBIND_OK)
		*anchors = anchors_ref(snapshot->anchors);
	(void)pthread_mutex_unlock(&snapshot->anchors_lock);
	return status;
}

HOT struct snapshot_service *snapshot_service_peek(
	const struct snapshot *snapshot, const char *name)
{
	size_t i;

	/* A handful. */
	for (i = 0; i < snapshot->config->services_length; i++)
		if (strcmp(snapshot->services[i].config->name, name) == 0)
			return &snapshot->services[i];
	return NULL;
}

static int certificate_compare(const void *a, const void *b)
{
	struct certificate *const *certificate = b;

	return strcmp(a, (*certificate)->name);
}

size_t snapshot_certificate_index(const struct snapshot *snapshot, const char *name)
{
	struct certificate **found =
		snapshot->certificates_length > 0
			? bsearch(name, snapshot->certificates, snapshot->certificates_length,
				  sizeof(struct certificate *), certificate_compare)
			: NULL;

	return found != NULL ? (size_t)(found - snapshot->certificates)
			     : snapshot->certificates_length;
}

const struct snapshot_state *snapshot_configured_peek(
	const struct snapshot *snapshot, const struct certificate *certificate)
{
	size_t index = certificate != NULL ? snapshot_certificate_index(snapshot, certificate->name)
					   : snapshot->certificates_length;

	return index < snapshot->certificates_length ? &snapshot->states[index] : NULL;
}

struct snapshot_domain *snapshot_domain_peek(const struct snapshot *snapshot, const char *name)
{
	size_t index = config_domain_index(snapshot->config, name);

	return index < snapshot->config->domains_length ? &snapshot->domains[index] : NULL;
}

const char *snapshot_chosen_by(
	const struct snapshot_binding *binding, const struct snapshot_host *host)
{
	switch ((enum snapshot_choice)binding->choice) {
	case SNAPSHOT_EXPLICIT:
		return "explicit";
	case SNAPSHOT_AUTO:
		return host != NULL && host->bundle != 0 ? "auto" : "default";
	case SNAPSHOT_SHARED_HOST:
		return "shared-host";
	case SNAPSHOT_NONE:
		return "none";
	}
	return "none";
}

char *snapshot_string_dup(struct snapshot *snapshot, const char *string)
{
	char *copy;

	if (!array_grow(&snapshot->strings, snapshot->strings_length, sizeof(char *)))
		return NULL;
	copy = strdup(string);
	if (copy != NULL)
		snapshot->strings[snapshot->strings_length++] = copy;
	return copy;
}

size_t snapshot_certificate_place(
	const struct snapshot *snapshot, const struct certificate *certificate)
{
	size_t place = atomic_load_explicit(&certificate->place, memory_order_relaxed);

	/* Of another snapshot it tells where it mostly is here, too. */
	if (place < snapshot->certificates_length && snapshot->certificates[place] == certificate)
		return place;
	place = snapshot_certificate_index(snapshot, certificate->name);
	return place < snapshot->certificates_length && snapshot->certificates[place] == certificate
		       ? place
		       : snapshot->certificates_length;
}

static struct snapshot *snapshot_new(struct bundle_cache *cache)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	if (snapshot == NULL)
		return NULL;
	atomic_init(&snapshot->references, 1);
	snapshot->cache = cache;
	if (pthread_mutex_init(&snapshot->anchors_lock, NULL) != 0) {
		free(snapshot);
		return NULL;
	}
	return snapshot;
}

static int build_anchors(void *data, struct anchors **anchors)
{
	struct snapshot_build *build = data;

	return snapshot_anchors(build->snapshot, anchors, build->error);
}

/* A trust file that has not changed says the same; of the system's nothing tells. */
static void snapshot_share_anchors(const struct snapshot_build *build)
{
	struct snapshot *former = build->options->former;
	const struct changes *changes = build->options->changes;

	if (former == NULL || build->snapshot->config->trust_file == NULL ||
		changes_are_all(changes) || changes->has_configuration)
		return;
	(void)pthread_mutex_lock(&former->anchors_lock);
	if (former->anchors != NULL)
		build->snapshot->anchors = anchors_ref(former->anchors);
	(void)pthread_mutex_unlock(&former->anchors_lock);
}

static void build_clear(struct snapshot_build *build)
{
	candidate_index_clear(&build->index);
	snapshot_kept_clear(&build->kept);
	free(build->candidates);
	build->candidates = NULL;
}

void snapshot_plan_drop(struct snapshot_build *build)
{
	struct snapshot *snapshot = build->snapshot;

	build_clear(build);
	singles_clear(snapshot);
	bundles_free(snapshot->groups, snapshot->groups_length);
	snapshot->groups = NULL;
	snapshot->groups_length = 0;
	free(snapshot->services);
	snapshot->services = NULL;
	snapshot->domains = NULL;
	snapshot_plan_unref(snapshot->plan);
	snapshot->plan = NULL;
}

/* Decides which certificate serves which host. */
static int snapshot_build_plan(struct snapshot_build *build)
{
	int status = snapshot_plan_new(build->snapshot, NULL);

	if (status == CERTBIND_OK)
		status = snapshot_index_names(build);
	if (status == CERTBIND_OK)
		status = snapshot_keep(build);
	if (status == CERTBIND_OK)
		status = snapshot_index_candidates(build);
	if (status == CERTBIND_OK)
		status = snapshot_bind_services(build);
	if (status == CERTBIND_OK)
		status = snapshot_bind_domains(build);
	if (status == CERTBIND_OK)
		status = snapshot_bind_names(build);
	return status;
}

static int snapshot_build_steps(struct snapshot_build *build)
{
	struct snapshot *snapshot = build->snapshot;
	struct anchors *anchors;
	int status = CERTBIND_OK;

	snapshot_share_anchors(build);
	/* A trust file that the configuration names is part of it: an error there is told now. */
	if (snapshot->config->trust_file != NULL) {
		status = snapshot_anchors(snapshot, &anchors, build->error);
		anchors_unref(anchors);
	}
	if (status == CERTBIND_OK)
		status = snapshot_read_certificates(build);
	if (status == CERTBIND_OK)
		status = snapshot_read_ticket_key(build);
	if (status != CERTBIND_OK)
		return status;
	snapshot_count(snapshot);
	status = snapshot_plan_share(build);
	if (status == CERTBIND_OK && snapshot->plan == NULL)
		status = snapshot_plan_extend(build);
	return status == CERTBIND_OK && snapshot->plan == NULL ? snapshot_build_plan(build)
							       : status;
}

int snapshot_build(struct config *config, const struct snapshot_options *options,
	struct snapshot **snapshot, struct certbind_error *error)
{
	struct snapshot_build build = { .options = options, .error = error };
	int status;

	*snapshot = NULL;
	build.snapshot = snapshot_new(options->cache);
	if (build.snapshot == NULL)
		return error_memory(error);
	build.snapshot->config = config;
	build.snapshot->former = options->former;
	build.snapshot->built_at = options->now;
	build.judge.now = options->now;
	build.judge.anchors = build_anchors;
	build.judge.data = &build;
	status = snapshot_build_steps(&build);
	build_clear(&build);
	candidate_judge_clear(&build.judge);
	build.snapshot->former = NULL;
	if (status == CERTBIND_OK) {
		build.snapshot->owns_config = true;
		*snapshot = build.snapshot;
		return CERTBIND_OK;
	}
	if (status == CERTBIND_E_MEMORY)
		(void)error_memory(error);
	else if (status == CERTBIND_E_SYSTEM)
		(void)error_set(error, status, NULL, 0, "no random bytes, or no thread, to be had");
	snapshot_unref(build.snapshot);
	return status;
}
