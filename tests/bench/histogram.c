/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "histogram.h"

enum { STEPS = 32, STEPS_BITS = 5 };

/* Below 64 each has its own bucket; above, each power of two has 32. */
static size_t bucket(uint64_t ns)
{
	unsigned int shift = 0;

	while (ns >> shift >= 2 * STEPS)
		shift++;
	return ((size_t)shift << STEPS_BITS) + (size_t)(ns >> shift);
}

static uint64_t bucket_end(size_t index)
{
	size_t shift = index < 2 * STEPS ? 0 : (index >> STEPS_BITS) - 1;

	return ((uint64_t)(index - (shift << STEPS_BITS) + 1) << shift) - 1;
}

void histogram_add(struct histogram *histogram, uint64_t ns)
{
	size_t index = bucket(ns);

	histogram->counts[index < HISTOGRAM_BUCKETS ? index : HISTOGRAM_BUCKETS - 1]++;
	histogram->total++;
	if (ns > histogram->max)
		histogram->max = ns;
}

uint64_t histogram_quantile(const struct histogram *histogram, double share)
{
	uint64_t seen = 0, wanted = (uint64_t)(share * (double)histogram->total + 0.5);
	size_t i;

	for (i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += histogram->counts[i];
		if (seen > 0 && seen >= wanted)
			return bucket_end(i) < histogram->max ? bucket_end(i) : histogram->max;
	}
	return histogram->max;
}
