/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "token.h"

static int token_sign_data(gnutls_privkey_t key, gnutls_sign_algorithm_t algorithm, void *token_key,
	unsigned int flags, const gnutls_datum_t *data, gnutls_datum_t *signature)
{
	(void)key;
	return gnutls_privkey_sign_data2(token_key, algorithm, flags, data, signature);
}

static int token_sign_hash(gnutls_privkey_t key, gnutls_sign_algorithm_t algorithm, void *token_key,
	unsigned int flags, const gnutls_datum_t *hash, gnutls_datum_t *signature)
{
	(void)key;
	/* TLS 1.0's RSA signatures have no algorithm of their own (gnutls_privkey_import_ext4(3)). */
	if (algorithm == GNUTLS_SIGN_RSA_RAW)
		return gnutls_privkey_sign_hash(token_key, GNUTLS_DIG_UNKNOWN,
			flags | GNUTLS_PRIVKEY_SIGN_FLAG_TLS1_RSA, hash, signature);
	return gnutls_privkey_sign_hash2(token_key, algorithm, flags, hash, signature);
}

static int token_decrypt(gnutls_privkey_t key, void *token_key, const gnutls_datum_t *ciphertext,
	gnutls_datum_t *plaintext)
{
	(void)key;
	return gnutls_privkey_decrypt_data(token_key, 0, ciphertext, plaintext);
}

static int token_info(gnutls_privkey_t key, unsigned int flags, void *token_key)
{
	unsigned int bits = 0;
	int algorithm = gnutls_privkey_get_pk_algorithm(token_key, &bits);

	(void)key;
	if ((flags & GNUTLS_PRIVKEY_INFO_PK_ALGO) != 0)
		return algorithm;
	if ((flags & GNUTLS_PRIVKEY_INFO_PK_ALGO_BITS) != 0)
		return (int)bits;
	if ((flags & GNUTLS_PRIVKEY_INFO_HAVE_SIGN_ALGO) != 0)
		return gnutls_sign_supports_pk_algorithm(GNUTLS_FLAGS_TO_SIGN_ALGO(flags),
			       (gnutls_pk_algorithm_t)algorithm) != 0;
	return -1;
}

int token_key_borrow(gnutls_privkey_t token_key, gnutls_privkey_t *key)
{
	int status = gnutls_privkey_init(key);

	if (status < 0)
		return status;
	status = gnutls_privkey_import_ext4(*key, token_key, token_sign_data, token_sign_hash,
		token_decrypt, NULL, token_info, 0);
	if (status < 0) {
		gnutls_privkey_deinit(*key);
		*key = NULL;
	}
	return status;
}
