/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PUBLIC_ID_H
#define PUBLIC_ID_H

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Half of SHA-256: to find another key with the digest of a given one takes 2^128 tries, and two of
 * one's own with the same serve nobody but to break one's own certificate.
 */
enum { PUBLIC_ID_SIZE = 16 };

/*
 * A digest of a public key: the same for a certificate and for the private key that belongs to
 * it. Not GnuTLS' key id, which encodes the key again and takes twice as long. Each returns
 * GnuTLS' status. Threads: any.
 */
int public_id_of_certificate(gnutls_x509_crt_t crt, unsigned char id[PUBLIC_ID_SIZE]);
int public_id_of_x509_key(gnutls_x509_privkey_t key, unsigned char id[PUBLIC_ID_SIZE]);
int public_id_of_key(gnutls_privkey_t key, unsigned char id[PUBLIC_ID_SIZE]);

/*
 * The same from a key's encoding: a point of a NIST curve (SEC 1, 2.3.3, uncompressed), and the
 * contents of RSA's two integers. False: GnuTLS has to say what that is.
 */
bool public_id_of_point(gnutls_ecc_curve_t curve, const unsigned char *point, size_t size,
	unsigned char id[PUBLIC_ID_SIZE]);
bool public_id_takes_point(gnutls_ecc_curve_t curve, const unsigned char *point, size_t size);
bool public_id_of_rsa(const unsigned char *modulus, size_t modulus_size,
	const unsigned char *exponent, size_t exponent_size, unsigned char id[PUBLIC_ID_SIZE]);

#endif
