/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check.h"
#include "error.h"
#include "name.h"
#include <stdlib.h>
#include <string.h>

/* The walk of a check: what belongs to no domain, then the domains by name. */

/* Memory is bounded by twice this; a callback that ends the check has cost no more than that. */
enum { DOMAINS_AT_ONCE = 256 };

static int check_prepare(
	struct check *check, time_t at, struct certbind_store *store, struct certbind_error *error)
{
	int status = snapshot_anchors(check->snapshot, &check->anchors, error);

	if (status < 0)
		return status;
	check->options.at = (int64_t)(at != 0 ? at : clock_source_now(store->clock));
	check->options.expiry_warning =
		(int64_t)check->snapshot->config->expiry_warning_days * 86400;
	check->slots = calloc(check->snapshot->certificates_length + 1, sizeof(*check->slots));
	return check->slots == NULL ? CERTBIND_E_MEMORY : CERTBIND_OK;
}

static void check_clear(struct check *check)
{
	check_verdicts_clear(check);
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

/* The problems of domains, by name, and how many of them were told. */
struct problem_queue {
	const struct config_problem **sorted;
	size_t length;
	size_t next;
};

static int problem_queue_init(struct problem_queue *queue, const struct config *config)
{
	size_t i;

	memset(queue, 0, sizeof(*queue));
	queue->sorted = calloc(config->problems_length + 1, sizeof(const struct config_problem *));
	if (queue->sorted == NULL)
		return CERTBIND_E_MEMORY;
	for (i = 0; i < config->problems_length; i++)
		if (problem_has_domain(&config->problems[i]))
			queue->sorted[queue->length++] = &config->problems[i];
	qsort(queue->sorted, queue->length, sizeof(const struct config_problem *),
		compare_problems);
	return CERTBIND_OK;
}

/* Tells those of the domains up to `name`; NULL: all that are left. */
static int check_problems_up_to(
	const struct check *check, struct problem_queue *queue, const char *name)
{
	int status = CERTBIND_OK;

	while (status == CERTBIND_OK && queue->next < queue->length &&
		(name == NULL || strcmp(queue->sorted[queue->next]->name, name) <= 0))
		status = check_problem(check, queue->sorted[queue->next++]);
	return status;
}

/* At most a hundred times, and at the end. */
static int check_progress(certbind_progress_func *progress, void *data, size_t done, size_t total)
{
	size_t step = total / 100 + 1;

	if (progress == NULL || (done % step != 0 && done != total))
		return CERTBIND_OK;
	return progress(data, done, total);
}

/* Some domains that follow one another, and whose verdicts are made together. */
struct check_part {
	size_t first, length;
};

static struct check_part check_part_at(const struct config *config, size_t first)
{
	struct check_part part = { first, config->domains_length - first };

	if (part.length > DOMAINS_AT_ONCE)
		part.length = DOMAINS_AT_ONCE;
	return part;
}

static int check_part_begin(struct check *check, const struct check_part *part)
{
	return check_verdicts_begin(check, &check->snapshot->domains[part->first], part->length);
}

/* Its verdicts have been made. */
static int check_part_tell(struct check *check, const struct check_part *part,
	struct problem_queue *problems, certbind_progress_func *progress)
{
	const struct snapshot_domain *domains = &check->snapshot->domains[part->first];
	size_t i;
	int status = CERTBIND_OK;

	for (i = 0; i < part->length && status == CERTBIND_OK; i++) {
		status = check_problems_up_to(check, problems, domains[i].config->name);
		if (status == CERTBIND_OK)
			status = check_domain(check, &domains[i]);
		check_verdicts_release(check, &domains[i]);
		if (status == CERTBIND_OK)
			status = check_progress(progress, check->data, part->first + i + 1,
				check->snapshot->config->domains_length);
	}
	return status;
}

/* While one part is told, the verdicts of the next are made. */
static int check_domains(struct check *check, certbind_progress_func *progress)
{
	const struct config *config = check->snapshot->config;
	struct check_part part = check_part_at(config, 0);
	struct problem_queue problems;
	int status = problem_queue_init(&problems, config);

	if (status == CERTBIND_OK)
		status = check_part_begin(check, &part);
	while (status == CERTBIND_OK && part.length > 0) {
		struct check_part next = check_part_at(config, part.first + part.length);

		check_verdicts_end(check);
		status = check_part_begin(check, &next);
		if (status == CERTBIND_OK)
			status = check_part_tell(check, &part, &problems, progress);
		part = next;
	}
	if (status == CERTBIND_OK)
		status = check_problems_up_to(check, &problems, NULL);
	free(problems.sorted);
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
		status = check_verdicts_begin(check, domain, 1);
	check_verdicts_end(check);
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
