/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CERTIFICATE_READ_H
#define CERTIFICATE_READ_H

#include "certificate.h"
#include "certificate_facts.h"

/*
 * What the parts of reading share. Unless it says otherwise, each function returns CERTBIND_OK,
 * CERTBIND_E_CERTIFICATE (the pair can't be used; a fault says why) or CERTBIND_E_MEMORY.
 */

/* One pair that is being read. */
struct reading {
	struct certificate *certificate; /* receives the faults */
	const struct certificate_options *options;
	const struct config_pair *entry;
	struct der *password; /* without its newline, with a NUL; NULL: none */
	/* The key's file: a chain that names the same file is taken from these very bytes. */
	struct file_bytes key_file;
	bool has_key_file;
};

/* A private key, by itself or in a token. */
struct key {
	struct der *der;
	gnutls_privkey_t token;
	struct der *token_pin;
	bool has_id;
	bool is_plain; /* no library had to read it but libtasn1 */
	unsigned char id[PUBLIC_ID_SIZE];
	/* The certificates of a .p12. */
	bool is_bundle;
	struct der **chain;
	size_t chain_length;
};

/* A growing list of certificates. */
struct chain {
	struct der **items;
	size_t length;
};

/*
 * Adds a fault. The message is a predicate of `file`, like those of file_read(): "is a directory".
 * Returns CERTBIND_E_CERTIFICATE or CERTBIND_E_MEMORY, for `return fault_add(…)`.
 */
int fault_add(struct reading *reading, enum finding_code code, const char *file, const char *format,
	...) __attribute__((format(printf, 4, 5)));

/* The same from what file_read() has said. */
int fault_add_error(struct reading *reading, enum finding_code code, const char *file, int status,
	const struct certbind_error *error);

/* Looks at the mode of a secret's file; a fault is fatal with strict_key_permissions. */
int fault_check_mode(struct reading *reading, const char *file, mode_t mode);

/* certificate_key.c: key_password, key_password_file; then the key from its file's bytes. */
int key_read_password(struct reading *reading);
int key_read(struct reading *reading, struct key *key);
int key_from_bytes(
	struct reading *reading, const char *file, const struct file_bytes *bytes, struct key *key);
void key_clear(struct key *key);

/* Takes over a key that GnuTLS has parsed: its id, and its bytes: `plain`, or exported when that is NULL. Returns GnuTLS' status. */
int key_take(struct reading *reading, struct key *key, gnutls_x509_privkey_t private_key,
	const gnutls_datum_t *plain);

/*
 * certificate_key_plain.c: the id of a plain key, a curve's in PKCS#8 with its public key, read by
 * libtasn1 alone in a third of the time. False: GnuTLS has to read it.
 */
bool key_plain_id(
	asn1_node definitions, const gnutls_datum_t *data, unsigned char id[PUBLIC_ID_SIZE]);

/* The password as a string; NULL: none. Lives as long as the reading. */
const char *key_password_peek(const struct reading *reading);
/* How often decrypting hashes the password. `data` is an encrypted PKCS#8 key's DER; 0: not known. */
unsigned int key_iterations(const gnutls_datum_t *data);
int key_fault_costly(struct reading *reading, const char *file);
/* What GnuTLS says when it can't decrypt, as a fault. */
int key_fault_decrypt(struct reading *reading, const char *file, int gnutls_status);

/* certificate_pkcs12.c: when the bytes are no PKCS#12 at all, *is_pkcs12 is false and nothing is said. */
int key_from_pkcs12(struct reading *reading, const char *file, const gnutls_datum_t *data,
	bool *is_pkcs12, struct key *key);

/* certificate_token.c */
bool key_is_token(const char *name);
int key_from_token(struct reading *reading, const char *uri, struct key *key);
/* Where the key has no id: does it make signatures that this certificate verifies? */
bool key_token_fits(
	const struct key *key, const struct der *der, const struct certificate_facts *facts);
/* A URI without what may be secret in it, for messages; NULL: memory. */
char *key_uri_dup(const char *uri);

/* certificate_chain.c */
int chain_add(struct chain *chain, struct der_pool *pool, const void *data, size_t size);
void chain_clear(struct chain *chain);
int chain_from_bytes(struct chain *chain, const struct certificate_options *options,
	const char *file, const struct file_bytes *bytes, struct certbind_error *error);
int chain_read(struct reading *reading, const struct key *key, struct chain *chain);

/* certificate_order.c: puts the end-entity first, each issuer behind; `extra` at the end do not belong. */
int chain_sort(
	struct reading *reading, const struct key *key, struct chain *chain, unsigned int *extra);

/* certificate_pair.c */
int pair_read(struct reading *reading, struct pair *pair);
int pair_make(struct reading *reading, struct key *key, struct chain *chain, struct pair *pair);
void pair_clear(struct pair *pair);
/* Takes them over into one block, with their chains. NULL: memory. */
struct pair *pairs_join(struct pair *pairs, size_t length);
void pair_release(struct pair *pair); /* what one of the block holds; the block is the caller's */

#endif
