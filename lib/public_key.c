/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "public_key.h"

enum { BITS_MAX = 16384, EXPONENT_SIZE_MAX = 8, SUBGROUP_SIZE_MAX = 64 };

/* Without the sign's zero, if there is one. */
static bool is_in(const gnutls_datum_t *number, unsigned int size_max)
{
	unsigned int zeros = 0;

	while (zeros < number->size && number->data[zeros] == 0)
		zeros++;
	return number->size - zeros <= size_max;
}

bool public_key_is_affordable(gnutls_pubkey_t key)
{
	gnutls_datum_t exponent = { NULL, 0 };
	unsigned int bits = 0;
	int algorithm = gnutls_pubkey_get_pk_algorithm(key, &bits);
	int status = 0;
	bool is_affordable;

	if (algorithm < 0 || bits > BITS_MAX)
		return false;
	if (algorithm == GNUTLS_PK_RSA || algorithm == GNUTLS_PK_RSA_PSS)
		status = gnutls_pubkey_export_rsa_raw2(key, NULL, &exponent, 0);
	else if (algorithm == GNUTLS_PK_DSA)
		status = gnutls_pubkey_export_dsa_raw2(key, NULL, &exponent, NULL, NULL, 0);
	is_affordable =
		status >= 0 && is_in(&exponent, algorithm == GNUTLS_PK_DSA ? SUBGROUP_SIZE_MAX
									   : EXPONENT_SIZE_MAX);
	gnutls_free(exponent.data);
	return is_affordable;
}
