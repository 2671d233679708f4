/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PATH_ANCHOR_H
#define PATH_ANCHOR_H

#include "path.h"
#include "path_fact.h"

/* One anchor, and the next one of the same subject. */
struct anchor {
	struct fact *fact;
	struct anchor *next;
};

/* Those whose (folded) subject it is; NULL: none. Lives as long as `anchors`. */
const struct anchor *anchors_peek(const struct anchors *anchors, const char *subject);

/* The ASN.1 definitions that facts are made with; lives as long as `anchors`. */
asn1_node anchors_definitions_peek(const struct anchors *anchors);

#endif
