/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bench's client:
 *
 *     bench-client load --port PORT --host webmail.d%d.example [--first N] [--domains N]
 *             [--stride N] [--shuffled] [--connections N] [--handshakes N | --seconds S] [--resumed]
 *     bench-client watch --port PORT --host HOST [--pause MICROSECONDS]
 *
 *     bench-client sink
 *
 * `load` prints one JSON object. `watch` makes one handshake after the other, prints a line
 * "NANOSECONDS SHA256" (CLOCK_MONOTONIC) for the first certificate and whenever it is another,
 * and ends with a JSON object when its standard input does. `sink` prints its port and closes what
 * connects to it, until its standard input ends.
 */
#include "client_pool.h"
#include "client_sink.h"
#include "client_watch.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const struct option options[] = { { "port", required_argument, NULL, 'p' },
	{ "host", required_argument, NULL, 'h' }, { "first", required_argument, NULL, 'f' },
	{ "domains", required_argument, NULL, 'd' }, { "stride", required_argument, NULL, 't' },
	{ "shuffled", no_argument, NULL, 'x' }, { "connections", required_argument, NULL, 'c' },
	{ "handshakes", required_argument, NULL, 'n' }, { "seconds", required_argument, NULL, 's' },
	{ "resumed", no_argument, NULL, 'r' }, { "pause", required_argument, NULL, 'w' },
	{ NULL, 0, NULL, 0 } };

static _Noreturn void usage(void)
{
	(void)fputs("usage: bench-client load|watch|sink --port PORT --host HOST [OPTION ...]\n",
		stderr);
	exit(2);
}

static void parse(int argc, char **argv, struct pool_options *pool, unsigned int *pause_us)
{
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'p':
			pool->port = (int)strtol(optarg, NULL, 10);
			break;
		case 'h':
			pool->host = optarg;
			break;
		case 'f':
			pool->first = strtoul(optarg, NULL, 10);
			break;
		case 'd':
			pool->length = strtoul(optarg, NULL, 10);
			break;
		case 't':
			pool->stride = strtoul(optarg, NULL, 10);
			break;
		case 'x':
			pool->is_shuffled = true;
			break;
		case 'c':
			pool->connections = strtoul(optarg, NULL, 10);
			break;
		case 'n':
			pool->handshakes = strtoul(optarg, NULL, 10);
			break;
		case 's':
			pool->seconds = strtod(optarg, NULL);
			break;
		case 'r':
			pool->resumes = true;
			break;
		case 'w':
			*pause_us = (unsigned int)strtoul(optarg, NULL, 10);
			break;
		default:
			usage();
		}
	}
	if (pool->port <= 0 || pool->host == NULL || pool->length == 0 || pool->connections == 0)
		usage();
}

static double milliseconds(const struct histogram *histogram, double share)
{
	return (double)histogram_quantile(histogram, share) / 1e6;
}

static void print_result(const struct pool_result *result)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage);
	(void)printf("{\"handshakes\": %llu, \"resumed\": %llu, \"failed\": %llu, \"tickets\": %u, "
		     "\"seconds\": %.6f, \"client_cpu\": %.6f, ",
		(unsigned long long)result->handshakes, (unsigned long long)result->resumed,
		(unsigned long long)result->failed, result->tickets, result->seconds,
		(double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6 +
			(double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6);
	(void)printf(
		"\"p50\": %.4f, \"p99\": %.4f, \"p999\": %.4f, \"max\": %.4f, \"error\": \"%s\"}\n",
		milliseconds(&result->latency, 0.5), milliseconds(&result->latency, 0.99),
		milliseconds(&result->latency, 0.999), milliseconds(&result->latency, 1),
		result->error);
}

int main(int argc, char **argv)
{
	struct pool_options pool = { .connections = 8, .length = 1, .stride = 1 };
	static struct pool_result result;
	unsigned int pause_us = 500;
	int status;

	if (argc < 2)
		usage();
	if (strcmp(argv[1], "sink") == 0)
		return sink_run();
	parse(argc - 1, argv + 1, &pool, &pause_us);
	tls_client_prepare();
	if (strcmp(argv[1], "load") == 0 && (pool.handshakes > 0 || pool.seconds > 0))
		status = pool_run(&pool, &result);
	else if (strcmp(argv[1], "watch") == 0)
		status = watch_run(pool.port, pool.host, pause_us, &result);
	else
		usage();
	print_result(&result);
	return status < 0 || result.failed > 0 ? 1 : 0;
}
