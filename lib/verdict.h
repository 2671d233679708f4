/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VERDICT_H
#define VERDICT_H

#include "certificate.h"
#include "path.h"
#include "table.h"

/* One thing that is wrong with a certificate, whatever host it is for. */
struct verdict_item {
	enum finding_code code;
	int severity; /* enum certbind_severity */
	char *advice;
	char *file; /* NULL: the place where the certificate is configured */
};

/* What a check found out about one certificate; the same for all the hosts that it serves. */
struct verdict {
	const struct certificate *certificate;
	struct verdict_item *items;
	size_t items_length;
	struct table names; /* identifiers that every usable pair has */
	int64_t not_after; /* the first of its pairs; -1: no usable pair */
	bool is_refused; /* an item is an error */
	bool is_named_by_common_name; /* an item is common-name-only: not-covered would say it twice */
};

/* What the verdict depends on beside the certificate. */
struct verdict_options {
	struct path_checker *checker;
	int64_t at; /* s since the epoch */
	int64_t expiry_warning; /* s */
};

/* CERTBIND_OK, CERTBIND_E_MEMORY, CERTBIND_E_SYSTEM. */
int verdict_new(const struct certificate *certificate, const struct verdict_options *options,
	struct verdict **verdict);
void verdict_free(struct verdict *verdict); /* NULL does nothing */

/* Does every usable pair present an identifier that matches the folded host? */
bool verdict_covers(const struct verdict *verdict, const char *host);

#endif
