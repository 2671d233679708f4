/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CERTIFICATE_PLAIN_H
#define CERTIFICATE_PLAIN_H

#include "certificate_facts.h"
#include <libtasn1.h>

/*
 * Reads the facts of a plain certificate, as nearly all are, with libtasn1 alone: a quarter of what
 * importing it into GnuTLS and asking for them costs. Plain is only what GnuTLS takes as well:
 * version 3, a key of RSA or of a NIST curve, dates as RFC 5280 wants them, no extension
 * twice, names that are dNSName, rfc822Name, URI or iPAddress, no issuerAltName, no TLS features.
 * `names` has room for as many bytes as the certificate has. False: GnuTLS has to read it.
 */
bool certificate_plain_read(const struct der *der, asn1_node definitions,
	struct certificate_facts *facts, char *names, size_t *names_size);

#endif
