/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CERTIFICATE_PLAIN_H
#define CERTIFICATE_PLAIN_H

#include "certificate_facts.h"
#include <libtasn1.h>

/*
 * Reads the facts of a plain certificate (see plain.h). `names` has room for as many bytes as the
 * certificate has. False: GnuTLS has to read it.
 */
bool certificate_plain_read(const struct der *der, asn1_node definitions,
	struct certificate_facts *facts, char *names, size_t *names_size);

#endif
