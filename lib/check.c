/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check.h"
#include "error.h"
#include "name.h"
#include <stdlib.h>
#include <string.h>

/* The walk of a check: what belongs to no domain, then the domains by name. */

static int check_prepare(
	struct check *check, time_t at, struct certbind_store *store, struct certbind_error *error)
{
	struct anchors *anchors;
	int status = snapshot_anchors(check->snapshot, &anchors, error);

	if (status < 0)
		return status;
	check->options.at = (int64_t)(at != 0 ? at : clock_source_now(store->clock));
	check->options.expiry_warning =
		(int64_t)check->snapshot->config->expiry_warning_days * 86400;
	check->verdicts =
		calloc(check->snapshot->certificates_length + 1, sizeof(struct verdict *));
	status = check->verdicts == NULL
			 ? CERTBIND_E_MEMORY
			 : path_checker_new(anchors, check->options.at, &check->checker);
	check->options.checker = check->checker;
	anchors_unref(anchors);
	return status;
}

static void check_clear(struct check *check)
{
	size_t i;

	for (i = 0; check->verdicts != NULL && i < check->snapshot->certificates_length; i++)
		verdict_free(check->verdicts[i]);
	free(check->verdicts);
	path_checker_free(check->checker);
	store_refusal_unref(check->refusal);
	snapshot_unref(check->snapshot);
}

/* An entry that was left out. */
static int check_problem(const struct check *check, const struct config_problem *problem)
{
	bool is_domain = problem->scope == CONFIG_SCOPE_DOMAIN;
	char *unicode = NULL;
	struct certbind_finding finding = {
		.code = finding_word(FINDING_BAD_CONFIGURATION),
		.severity = finding_severity(FINDING_BAD_CONFIGURATION),
		.not_after = -1,
		.advice = problem->message,
		.file = problem->place.file,
		.line = problem->place.line,
	};
	int status;

	if (is_domain && problem->name != NULL) {
		unicode = name_unicode_dup(problem->name);
		if (unicode == NULL)
			return CERTBIND_E_MEMORY;
		finding.domain = problem->name;
		finding.domain_unicode = unicode;
	} else {
		finding.certificate = problem->name;
	}
	status = check->func(check->data, &finding);
	free(unicode);
	return status;
}

/* The configuration was wrong at the last reload; what is checked is what was loaded before. */
static int check_refusal(const struct check *check)
{
	struct certbind_error *why = &check->refusal->error;
	const struct config_problem problem = {
		.scope = CONFIG_SCOPE_LOAD,
		.place = { why->file[0] != '\0' ? why->file : NULL, why->line },
		.message = why->message,
	};

	return check_problem(check, &problem);
}

static bool problem_has_domain(const struct config_problem *problem)
{
	return problem->scope == CONFIG_SCOPE_DOMAIN && problem->name != NULL;
}

static int check_problems_of_no_domain(
	const struct check *check, const struct config_problem *problems, size_t length)
{
	size_t i;
	int status = CERTBIND_OK;

	for (i = 0; i < length && status == CERTBIND_OK; i++)
		if (!problem_has_domain(&problems[i]))
			status = check_problem(check, &problems[i]);
	return status;
}

static int compare_problems(const void *a, const void *b)
{
	const struct config_problem *const *left = a;
	const struct config_problem *const *right = b;
	int order = strcmp((*left)->name, (*right)->name);

	/* Equal names: in the order of the files. */
	return order != 0 ? order : (*left > *right) - (*left < *right);
}

/* The problems of domains, by name; the caller frees. */
static const struct config_problem **check_domain_problems(
	const struct config *config, size_t *length)
{
	const struct config_problem **sorted =
		calloc(config->problems_length + 1, sizeof(const struct config_problem *));
	size_t i;

	*length = 0;
	if (sorted == NULL)
		return NULL;
	for (i = 0; i < config->problems_length; i++)
		if (problem_has_domain(&config->problems[i]))
			sorted[(*length)++] = &config->problems[i];
	qsort(sorted, *length, sizeof(const struct config_problem *), compare_problems);
	return sorted;
}

/* At most a hundred times, and at the end. */
static int check_progress(certbind_progress_func *progress, void *data, size_t done, size_t total)
{
	size_t step = total / 100 + 1;

	if (progress == NULL || (done % step != 0 && done != total))
		return CERTBIND_OK;
	return progress(data, done, total);
}

static int check_domains(struct check *check, certbind_progress_func *progress)
{
	const struct config *config = check->snapshot->config;
	size_t problems_length;
	const struct config_problem **problems = check_domain_problems(config, &problems_length);
	size_t next = 0;
	size_t i;
	int status = problems == NULL ? CERTBIND_E_MEMORY : CERTBIND_OK;

	for (i = 0; i < config->domains_length && status == CERTBIND_OK; i++) {
		const struct snapshot_domain *domain = &check->snapshot->domains[i];

		while (status == CERTBIND_OK && next < problems_length &&
			strcmp(problems[next]->name, domain->config->name) <= 0)
			status = check_problem(check, problems[next++]);
		if (status == CERTBIND_OK)
			status = check_domain(check, domain);
		if (status == CERTBIND_OK)
			status = check_progress(
				progress, check->data, i + 1, config->domains_length);
	}
	while (status == CERTBIND_OK && next < problems_length)
		status = check_problem(check, problems[next++]);
	free(problems);
	return status;
}

static int check_all(struct check *check, certbind_progress_func *progress)
{
	const struct snapshot *snapshot = check->snapshot;
	int status = check->refusal != NULL ? check_refusal(check) : CERTBIND_OK;

	if (status == CERTBIND_OK)
		status = check_problems_of_no_domain(
			check, snapshot->config->problems, snapshot->config->problems_length);
	if (status == CERTBIND_OK)
		status = check_problems_of_no_domain(
			check, snapshot->problems, snapshot->problems_length);
	if (status == CERTBIND_OK)
		status = check_defaults(check);
	if (status == CERTBIND_OK)
		status = check_domains(check, progress);
	return status;
}

/* One domain: it may be one that was left out. */
static int check_one(struct check *check, const char *name, certbind_progress_func *progress,
	struct certbind_error *error)
{
	const struct config *config = check->snapshot->config;
	const struct snapshot_domain *domain = NULL;
	char folded[NAME_SIZE];
	bool is_known;
	size_t i;
	int status = CERTBIND_OK;

	if (name_fold(name, strlen(name), folded) == NAME_OK)
		domain = snapshot_domain_peek(check->snapshot, folded);
	else
		folded[0] = '\0';
	is_known = domain != NULL;
	for (i = 0; i < config->problems_length && status == CERTBIND_OK; i++) {
		if (!problem_has_domain(&config->problems[i]) ||
			strcmp(config->problems[i].name, folded) != 0)
			continue;
		is_known = true;
		status = check_problem(check, &config->problems[i]);
	}
	if (!is_known)
		return error_set(error, CERTBIND_E_UNKNOWN_DOMAIN, NULL, 0,
			"domain \"%s\": not configured", name);
	if (status == CERTBIND_OK && domain != NULL)
		status = check_domain(check, domain);
	return status == CERTBIND_OK ? check_progress(progress, check->data, 1, 1) : status;
}

/* The contract has seven parameters. NOLINTNEXTLINE(readability-function-size) */
int certbind_check_each(struct certbind_store *store, const char *domain, time_t at,
	certbind_finding_func *func, certbind_progress_func *progress, void *data,
	struct certbind_error *error)
{
	struct check check = { .func = func, .data = data };
	int status;

	if (store == NULL || func == NULL)
		return error_set(error, CERTBIND_E_INVALID, NULL, 0, "store or func is NULL");
	check.snapshot = store_snapshot(store);
	if (check.snapshot == NULL)
		return error_set(error, CERTBIND_E_STATE, NULL, 0, "nothing is loaded");
	check.refusal = store_refusal(store);
	status = check_prepare(&check, at, store, error);
	if (status == CERTBIND_OK)
		status = domain != NULL ? check_one(&check, domain, progress, error)
					: check_all(&check, progress);
	if (status == CERTBIND_E_MEMORY || status == CERTBIND_E_SYSTEM)
		(void)error_set(error, status, NULL, 0, "%s", certbind_strerror(status));
	check_clear(&check);
	return status;
}
