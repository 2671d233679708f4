/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pem.h"
#include "base64.h"
#include "secret.h"
#include <stdint.h>
#include <string.h>

static const char begin[] = "-----BEGIN ";
static const char end[] = "-----END ";
static const char dashes[] = "-----";

/* `what` begins with dashes, of which a block has none inside: strchr() is faster than strstr(). */
static const char *find(const char *text, const char *what)
{
	size_t length = strlen(what);

	for (text = strchr(text, '-'); text != NULL; text = strchr(text + 1, '-'))
		if (strncmp(text, what, length) == 0)
			return text;
	return NULL;
}

bool pem_is_text(const char *text)
{
	return find(text, begin) != NULL;
}

/*
 * Not only at the start of a line: files that were joined with one lacking its last newline are
 * common, and no harm.
 */
enum pem_result pem_next(const char **text, struct pem_block *block)
{
	const char *start = find(*text, begin);
	const char *close;
	const char *stop;

	if (start == NULL)
		return PEM_END;
	block->start = start;
	block->label = start + sizeof(begin) - 1;
	close = find(block->label, dashes);
	stop = find(block->label, end);
	if (close == NULL || stop == NULL || close >= stop)
		return PEM_UNTERMINATED;
	block->label_length = (size_t)(close - block->label);
	/* Another begins before this one ends. */
	close = find(close, begin);
	if (close != NULL && close < stop)
		return PEM_UNTERMINATED;
	block->body = block->label + block->label_length + sizeof(dashes) - 1;
	block->body_size = (size_t)(stop - block->body);
	stop = find(stop + sizeof(end) - 1, dashes);
	if (stop == NULL)
		return PEM_UNTERMINATED;
	stop += sizeof(dashes) - 1;
	block->size = (size_t)(stop - start);
	*text = stop;
	return PEM_BLOCK;
}

bool pem_has_label(const struct pem_block *block, const char *label)
{
	return strlen(label) == block->label_length &&
	       memcmp(label, block->label, block->label_length) == 0;
}

bool pem_is_encrypted(const struct pem_block *block)
{
	const char *header = strstr(block->start, "Proc-Type:");

	return header != NULL && header < block->start + block->size;
}

/* GnuTLS frees its copy of the text without wiping it. */
static int decode_otherwise(const struct pem_block *block, gnutls_datum_t *der)
{
	gnutls_datum_t text = { (unsigned char *)(uintptr_t)block->start,
		(unsigned int)block->size };

	der->data = NULL;
	der->size = 0;
	return gnutls_pem_base64_decode2(NULL, &text, der);
}

int pem_decode(const struct pem_block *block, gnutls_datum_t *der)
{
	size_t size;

	der->data = gnutls_malloc(block->size);
	if (der->data == NULL)
		return GNUTLS_E_MEMORY_ERROR;
	if (base64_decode(block->body, block->body_size, der->data, &size)) {
		der->size = (unsigned int)size;
		return 0;
	}
	gnutls_free(der->data);
	return decode_otherwise(block, der);
}

/* Four characters of the block make three bytes, so that there is room for them. */
static int decode_secret_otherwise(const struct pem_block *block, gnutls_datum_t *der)
{
	gnutls_datum_t whole;
	int status = decode_otherwise(block, &whole);

	if (status < 0)
		return status;
	memcpy(der->data, whole.data, whole.size);
	der->size = whole.size;
	pem_wipe(&whole);
	return status;
}

int pem_decode_secret(
	struct secret_arena *secrets, const struct pem_block *block, gnutls_datum_t *der)
{
	size_t size;
	int status;

	der->size = 0;
	der->data = secret_alloc(secrets, block->size);
	if (der->data == NULL)
		return GNUTLS_E_MEMORY_ERROR;
	if (base64_decode(block->body, block->body_size, der->data, &size)) {
		der->size = (unsigned int)size;
		return 0;
	}
	status = decode_secret_otherwise(block, der);
	if (status < 0)
		pem_secret_free(secrets, block, der);
	return status;
}

void pem_secret_free(
	struct secret_arena *secrets, const struct pem_block *block, gnutls_datum_t *der)
{
	secret_free(secrets, der->data, block->size);
	der->data = NULL;
	der->size = 0;
}

void pem_wipe(gnutls_datum_t *data)
{
	if (data->data != NULL)
		gnutls_memset(data->data, 0, data->size);
	gnutls_free(data->data);
	data->data = NULL;
	data->size = 0;
}
