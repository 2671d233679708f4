/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "connect_pool.h"
#include "memory.h"
#include "probe.h"
#include "progress.h"
#include <certbind/check.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECTIONS_MOST = 8 };

static int keep(void *data, const struct certbind_finding *finding)
{
	struct target *target = data;

	findings_add(&target->findings, finding, 0);
	return 0;
}

static void add_unreachable(struct target *target, const char *fault)
{
	char *advice = memory_printf(
		"%s has no certificate for %s: %s. See that the daemon runs there and speaks TLS, "
		"or correct the endpoint.",
		target->endpoint->shown, target->host, fault);
	const struct certbind_finding finding = {
		.service = target->endpoint->service,
		.host = target->host,
		.code = "unreachable",
		.severity = CERTBIND_SEVERITY_ERROR,
		.not_after = -1,
		.advice = advice,
	};

	findings_add(&target->findings, &finding, 0);
	free(advice);
}

static void give_up(struct pool *pool, const struct certbind_error *error)
{
	(void)pthread_mutex_lock(&pool->lock);
	if (pool->error.status == CERTBIND_OK)
		pool->error = *error;
	(void)pthread_mutex_unlock(&pool->lock);
}

static void judge(struct pool *pool, struct target *target, const struct probe_result *result)
{
	const struct certbind_served served = {
		.endpoint = target->endpoint->shown,
		.service = target->endpoint->service,
		.host = target->host,
		.chain = result->chain,
		.chain_length = result->chain_length,
	};
	struct certbind_error error = { 0 };

	if (certbind_check_served(pool->store, &served, pool->at, keep, target, &error) < 0)
		give_up(pool, &error);
}

/* A dead endpoint would cost its time-out once for each of ten thousand hosts. */
static bool is_given_up(struct pool *pool, const struct endpoint *endpoint)
{
	bool is_dead;

	(void)pthread_mutex_lock(&pool->lock);
	is_dead = endpoint->was_late && !endpoint->has_answered;
	(void)pthread_mutex_unlock(&pool->lock);
	return is_dead;
}

static void learn(struct pool *pool, struct endpoint *endpoint, const struct probe_result *result)
{
	(void)pthread_mutex_lock(&pool->lock);
	if (result->is_late)
		endpoint->was_late = true;
	if (result->chain_length > 0)
		endpoint->has_answered = true;
	(void)pthread_mutex_unlock(&pool->lock);
}

static void ask(struct pool *pool, struct target *target)
{
	struct probe_result result;

	if (is_given_up(pool, target->endpoint)) {
		add_unreachable(target, "it did not answer another host in time");
		return;
	}
	probe_run(target->endpoint, target->host, pool->timeout, &result);
	learn(pool, target->endpoint, &result);
	if (result.chain_length > 0)
		judge(pool, target, &result);
	else
		add_unreachable(target, result.fault);
	probe_result_clear(&result);
}

/* The next one to be done; NULL: none is left, or it was given up. */
static struct target *take(struct pool *pool)
{
	struct target *target = NULL;

	(void)pthread_mutex_lock(&pool->lock);
	if (pool->next < pool->length && pool->error.status == CERTBIND_OK)
		target = &pool->targets[pool->next++];
	(void)pthread_mutex_unlock(&pool->lock);
	return target;
}

static void *work(void *data)
{
	struct pool *pool = data;
	struct target *target;

	while ((target = take(pool)) != NULL) {
		ask(pool, target);
		(void)pthread_mutex_lock(&pool->lock);
		pool->done++;
		progress_hosts(pool->done, pool->length);
		(void)pthread_mutex_unlock(&pool->lock);
	}
	return NULL;
}

int pool_run(struct pool *pool)
{
	pthread_t threads[CONNECTIONS_MOST];
	size_t wanted = pool->length < CONNECTIONS_MOST ? pool->length : CONNECTIONS_MOST;
	size_t started = 0;

	if (pthread_mutex_init(&pool->lock, NULL) != 0)
		memory_out();
	progress_begin("connecting");
	/* cppcheck-suppress knownConditionTrueFalse ; it takes the pool for empty */
	while (started < wanted && pthread_create(&threads[started], NULL, work, pool) == 0)
		started++;
	if (started == 0) /* none to be had */
		(void)work(pool);
	while (started > 0)
		(void)pthread_join(threads[--started], NULL);
	progress_end();
	(void)pthread_mutex_destroy(&pool->lock);
	return pool->error.status;
}
