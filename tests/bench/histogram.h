/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

/* Counts of durations in ns, in buckets of 1/32 of their size: any number of them in 16 kB. */
enum { HISTOGRAM_BUCKETS = 60 * 32 };

struct histogram {
	uint64_t counts[HISTOGRAM_BUCKETS];
	uint64_t total, max;
};

void histogram_add(struct histogram *histogram, uint64_t ns);

/* The duration that `share` (0 to 1) of all do not exceed; 0 when there are none. */
uint64_t histogram_quantile(const struct histogram *histogram, double share);

#endif
