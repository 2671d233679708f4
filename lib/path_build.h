/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PATH_BUILD_H
#define PATH_BUILD_H

#include "path_anchor.h"
#include "path_cache.h"
#include "path_report.h"
#include "path_rule.h"

enum {
	BUILD_DEPTH_MAX = 10, /* certificates before the anchor, the end-entity included */
	BUILD_SERVED_MAX = 128, /* certificates of a chain that are looked at */
	BUILD_CANDIDATES_MAX = 160,
	BUILD_SIGNATURES_MAX = 100, /* asked for in one chain */
	BUILD_VISITS_MAX = 4000 /* candidates tried for one chain */
};

/* One certificate of the path that is being tried, and who may have issued it. */
struct build_step {
	struct path_link link;
	struct path_link candidates[BUILD_CANDIDATES_MAX]; /* the likeliest first */
	int scores[BUILD_CANDIDATES_MAX];
	size_t length;
	size_t next;
	bool is_extended; /* one of them has signed it */
	bool has_circle; /* one that has signed it is in the path already */
};

/* A signature that was asked for. */
struct build_signature {
	const struct fact *subject, *issuer;
	bool holds;
};

/* How a path ended that reached no anchor. */
struct build_end {
	struct path_link link;
	size_t depth;
	bool is_self_signed;
	bool is_damaged; /* the issuer's very key is there, and did not sign it */
	bool has_circle;
	bool is_too_long;
};

/* The search for the best path of one chain. */
struct build {
	const struct anchors *anchors;
	struct path_cache *cache;
	int64_t at;
	struct path_link served[BUILD_SERVED_MAX]; /* without the end-entity, each once */
	size_t served_length;
	struct build_step steps[BUILD_DEPTH_MAX];
	size_t depth;
	struct build_signature signatures[BUILD_SIGNATURES_MAX]; /* each once */
	size_t signatures_length;
	unsigned int visits_left;
	bool is_found; /* a path to an anchor */
	struct path_report best; /* what is wrong with it, but for the end-entity itself */
	struct path_report current;
	struct build_end end; /* when none is found: the longest */
};

/* Looks for the best path from `end_entity`. build->served and what stands above it are set. */
void build_search(struct build *build, const struct path_link *end_entity);

/* Says why no path was found; `unreadable`: the position of a served certificate that is none, or 0. */
void build_report_end(struct build *build, size_t unreadable, struct path_report *report);

#endif
