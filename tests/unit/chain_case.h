/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CHAIN_CASE_H
#define CHAIN_CASE_H

#include <gnutls/gnutls.h>
#include <stddef.h>

/* Chains that chains.py makes; see there what each is. */
struct chain_case {
	const char *name;
	size_t chain_length;
	const gnutls_datum_t *chain;
	size_t anchors_length;
	const gnutls_datum_t *anchors;
};

#include "chains.h"

#endif
