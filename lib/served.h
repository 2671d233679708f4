/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SERVED_H
#define SERVED_H

#include "snapshot.h"
#include <certbind/check.h>

enum { SERVED_TEXT_SIZE = 4096 };

/* What a live endpoint served, and what it should have. */
struct served {
	struct snapshot *snapshot;
	const struct snapshot_service *service;
	const char *endpoint;
	const char *host; /* folded, or as given when it is no host name */
	struct der **chain;
	size_t chain_length;
	struct snapshot_result selected;
	struct bundle_members expected; /* none: unknown */
	int64_t at;
};

/*
 * The sentences of `served-differs`; returns the certificate of `expected` that they name as the
 * right one.
 */
const struct certificate *served_text_differs(
	const struct served *served, char text[SERVED_TEXT_SIZE]);

/* The certificate of the snapshot that this is an end-entity of; NULL: none. */
const struct certificate *served_certificate_peek(
	const struct snapshot *snapshot, const struct der *der);

#endif
