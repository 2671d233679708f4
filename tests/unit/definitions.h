/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DEFINITIONS_H
#define DEFINITIONS_H

#include "pkix.h"

/* The definitions that libtasn1 reads certificates by, while a group of tests runs. */

static asn1_node definitions;

static int definitions_make(void **state)
{
	(void)state;
	return pkix_definitions(&definitions);
}

static int definitions_free(void **state)
{
	(void)state;
	(void)asn1_delete_structure(&definitions);
	return 0;
}

#endif
