/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "connect.h"
#include "connect_pool.h"
#include "loading.h"
#include "memory.h"
#include <certbind/check.h>
#include <stdlib.h>
#include <string.h>

/* A host that the check told of, for one domain. */
struct subject_host {
	char *service;
	char *host;
	char *domain; /* NULL: of no domain */
	char *unicode;
	size_t argument;
};

struct connect {
	struct endpoint *endpoints;
	size_t endpoints_length;
	struct subject_host *hosts;
	size_t hosts_length;
	size_t hosts_capacity;
	unsigned int timeout; /* s */
	time_t at;
};

struct connect *connect_new(const struct options *options)
{
	struct connect *connect = memory_new(sizeof(*connect));
	size_t i;

	connect->endpoints = memory_new(options->connect_length * sizeof(*connect->endpoints));
	for (i = 0; i < options->connect_length; i++)
		if (endpoint_read(
			    options->connect[i], &connect->endpoints[connect->endpoints_length]))
			connect->endpoints_length++;
	connect->timeout = options->timeout;
	connect->at = options->at;
	return connect;
}

static void clear_host(struct subject_host *host)
{
	free(host->service);
	free(host->host);
	free(host->domain);
	free(host->unicode);
}

void connect_free(struct connect *connect)
{
	size_t i;

	if (connect == NULL)
		return;
	for (i = 0; i < connect->endpoints_length; i++)
		endpoint_clear(&connect->endpoints[i]);
	for (i = 0; i < connect->hosts_length; i++)
		clear_host(&connect->hosts[i]);
	free(connect->endpoints);
	free(connect->hosts);
	free(connect);
}

static bool is_asked(const struct connect *connect, const char *service)
{
	size_t i;

	for (i = 0; i < connect->endpoints_length; i++)
		if (strcmp(connect->endpoints[i].service, service) == 0)
			return true;
	return false;
}

static int compare_text(const char *left, const char *right)
{
	return strcmp(left == NULL ? "" : left, right == NULL ? "" : right);
}

/* By service and host, so that what one connection answers stands together. */
static int compare_hosts(const void *left, const void *right)
{
	const struct subject_host *a = left;
	const struct subject_host *b = right;
	int order = strcmp(a->service, b->service);

	if (order == 0)
		order = strcmp(a->host, b->host);
	if (order == 0)
		order = compare_text(a->domain, b->domain);
	return order != 0 ? order : (a->argument > b->argument) - (a->argument < b->argument);
}

static bool is_same_place(const struct subject_host *a, const struct subject_host *b)
{
	return strcmp(a->service, b->service) == 0 && strcmp(a->host, b->host) == 0;
}

void connect_add(struct connect *connect, const struct certbind_finding *finding, size_t argument)
{
	struct subject_host *host;

	if (finding->host == NULL || finding->service == NULL ||
		!is_asked(connect, finding->service))
		return;
	connect->hosts = memory_grow(connect->hosts, &connect->hosts_capacity,
		connect->hosts_length, sizeof(*connect->hosts));
	host = &connect->hosts[connect->hosts_length++];
	host->service = memory_string(finding->service);
	host->host = memory_string(finding->host);
	host->domain = memory_string(finding->domain);
	host->unicode = memory_string(finding->domain_unicode);
	host->argument = argument;
}

/* A host has several findings, and a domain may be named twice: the first argument's stays. */
static void sort_hosts(struct connect *connect)
{
	struct subject_host *hosts = connect->hosts;
	size_t kept = 0;
	size_t i;

	if (connect->hosts_length == 0)
		return;
	qsort(hosts, connect->hosts_length, sizeof(*hosts), compare_hosts);
	for (i = 1; i < connect->hosts_length; i++)
		if (is_same_place(&hosts[i], &hosts[kept]) &&
			compare_text(hosts[i].domain, hosts[kept].domain) == 0)
			clear_host(&hosts[i]);
		else
			hosts[++kept] = hosts[i];
	connect->hosts_length = kept + 1;
}

/* One target for each host and endpoint; the caller frees. */
static struct target *make_targets(const struct connect *connect, size_t *length)
{
	struct target *targets = NULL;
	size_t capacity = 0;
	size_t e, i;

	*length = 0;
	for (e = 0; e < connect->endpoints_length; e++)
		for (i = 0; i < connect->hosts_length; i++) {
			const struct subject_host *host = &connect->hosts[i];

			if (strcmp(host->service, connect->endpoints[e].service) != 0 ||
				(i > 0 && is_same_place(host, host - 1)))
				continue;
			targets = memory_grow(targets, &capacity, *length, sizeof(*targets));
			targets[(*length)++] = (struct target){
				.endpoint = &connect->endpoints[e], .host = host->host, .first = i
			};
		}
	return targets;
}

/* What was found on a host is said of every domain that has it. */
static void tell_target(
	const struct connect *connect, const struct target *target, struct findings *findings)
{
	const struct subject_host *first = &connect->hosts[target->first];
	const struct subject_host *end = connect->hosts + connect->hosts_length;
	const struct subject_host *host;
	struct certbind_finding finding;
	size_t i;

	for (host = first; host < end && is_same_place(host, first); host++)
		for (i = 0; i < target->findings.length; i++) {
			finding = target->findings.items[i].view;
			finding.domain = host->domain;
			finding.domain_unicode = host->unicode;
			findings_add(findings, &finding, host->argument);
		}
}

int connect_check_services(
	const struct connect *connect, struct certbind_store *store, struct problems *problems)
{
	struct certbind_selection ignored;
	struct certbind_error error = { 0 };
	size_t i;
	int status;

	for (i = 0; i < connect->endpoints_length; i++) {
		status = certbind_store_select(
			store, connect->endpoints[i].service, NULL, &ignored, &error);
		if (status < 0) {
			loading_complain(problems, &error);
			return status;
		}
	}
	return CERTBIND_OK;
}

int connect_run(struct connect *connect, struct certbind_store *store, struct findings *findings,
	struct problems *problems)
{
	struct pool pool = { .store = store, .at = connect->at, .timeout = connect->timeout };
	size_t i;
	int status;

	sort_hosts(connect);
	pool.targets = make_targets(connect, &pool.length);
	for (i = 0; pool.length > 0 && i < connect->endpoints_length; i++)
		endpoint_resolve(&connect->endpoints[i]);
	status = pool_run(&pool);
	if (status < 0)
		loading_complain(problems, &pool.error);
	for (i = 0; i < pool.length; i++) {
		if (status == CERTBIND_OK)
			tell_target(connect, &pool.targets[i], findings);
		findings_clear(&pool.targets[i].findings);
	}
	free(pool.targets);
	return status;
}
