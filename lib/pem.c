/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pem.h"
#include "secret.h"
#include <stdint.h>
#include <string.h>

static const char begin[] = "-----BEGIN ";
static const char end[] = "-----END ";
static const char dashes[] = "-----";

bool pem_is_text(const char *text)
{
	return strstr(text, begin) != NULL;
}

/*
 * Not only at the start of a line: files that were joined with one lacking its last newline are
 * common, and no harm.
 */
enum pem_result pem_next(const char **text, struct pem_block *block)
{
	const char *start = strstr(*text, begin);
	const char *close;
	const char *stop;

	if (start == NULL)
		return PEM_END;
	block->start = start;
	block->label = start + sizeof(begin) - 1;
	close = strstr(block->label, dashes);
	stop = strstr(block->label, end);
	if (close == NULL || stop == NULL || close >= stop)
		return PEM_UNTERMINATED;
	block->label_length = (size_t)(close - block->label);
	/* Another begins before this one ends. */
	close = strstr(close, begin);
	if (close != NULL && close < stop)
		return PEM_UNTERMINATED;
	stop = strstr(stop + sizeof(end) - 1, dashes);
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

int pem_decode(const struct pem_block *block, gnutls_datum_t *der)
{
	gnutls_datum_t text = { (unsigned char *)(uintptr_t)block->start,
		(unsigned int)block->size };

	der->data = NULL;
	der->size = 0;
	return gnutls_pem_base64_decode2(NULL, &text, der);
}

/* The next line that is not empty, without its line break; NULL: none before `end`. */
static const char *next_line(const char *from, const char *stop, size_t *length)
{
	from += strspn(from, "\r\n \t");
	if (from >= stop)
		return NULL;
	*length = strcspn(from, "\r\n \t-");
	return *length == 0 ? NULL : from;
}

/* Each group of four characters stands for itself, so whole lines can be decoded one by one. */
static int decode_line(const char *line, size_t length, gnutls_datum_t *der)
{
	gnutls_datum_t text = { (unsigned char *)(uintptr_t)line, (unsigned int)length };
	gnutls_datum_t bytes = { NULL, 0 };
	int status = length % 4 == 0 ? gnutls_base64_decode2(&text, &bytes)
				     : GNUTLS_E_BASE64_DECODING_ERROR;

	if (status >= 0 && bytes.size > 0) {
		memcpy(der->data + der->size, bytes.data, bytes.size);
		der->size += bytes.size;
	}
	pem_wipe(&bytes);
	return status;
}

/* Puts zeros where GnuTLS had a line of that length. */
static void overwrite(size_t length)
{
	static const char zeros[] =
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		"AAAAAAAAAAAA";
	gnutls_datum_t text = { (unsigned char *)(uintptr_t)zeros, (unsigned int)length };
	gnutls_datum_t bytes;

	if (length < sizeof(zeros) && gnutls_base64_decode2(&text, &bytes) >= 0)
		gnutls_free(bytes.data);
}

static int decode_lines(const struct pem_block *block, gnutls_datum_t *der)
{
	const char *stop = block->start + block->size;
	const char *line = block->label + block->label_length + sizeof(dashes) - 1;
	size_t longest = 0;
	size_t last = 0;
	size_t length;
	int status = GNUTLS_E_BASE64_DECODING_ERROR;

	while ((line = next_line(line, stop, &length)) != NULL) {
		status = decode_line(line, length, der);
		if (status < 0)
			break;
		last = length;
		if (longest < length)
			longest = length;
		line += length;
	}
	overwrite(longest);
	overwrite(last);
	return status;
}

/* Lines of another length than a multiple of four are rare, but allowed. */
static int decode_whole(const struct pem_block *block, gnutls_datum_t *der)
{
	gnutls_datum_t whole;
	int status = pem_decode(block, &whole);

	if (status < 0)
		return status;
	/* Four characters of the block make three bytes. */
	memcpy(der->data, whole.data, whole.size);
	der->size = whole.size;
	pem_wipe(&whole);
	return status;
}

int pem_decode_secret(
	struct secret_arena *secrets, const struct pem_block *block, gnutls_datum_t *der)
{
	int status;

	der->size = 0;
	der->data = secret_alloc(secrets, block->size);
	if (der->data == NULL)
		return GNUTLS_E_MEMORY_ERROR;
	status = decode_lines(block, der);
	if (status < 0)
		status = decode_whole(block, der);
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
