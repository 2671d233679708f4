/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "array.h"
#include "certificate_read.h"
#include "error.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct certificate *certificate_new(const char *name)
{
	size_t size = strlen(name) + 1;
	struct certificate *certificate = calloc(1, sizeof(*certificate) + size);

	if (certificate == NULL)
		return NULL;
	atomic_init(&certificate->references, 1);
	certificate->name = memcpy(certificate + 1, name, size);
	return certificate;
}

struct certificate *certificate_ref(struct certificate *certificate)
{
	atomic_fetch_add(&certificate->references, 1);
	return certificate;
}

void certificate_unref(struct certificate *certificate)
{
	size_t i;

	if (certificate == NULL || atomic_fetch_sub(&certificate->references, 1) != 1)
		return;
	for (i = 0; i < certificate->pairs_length; i++)
		pair_release(&certificate->pairs[i]);
	for (i = 0; i < certificate->faults_length; i++) {
		free(certificate->faults[i].file);
		free(certificate->faults[i].message);
	}
	sources_unref(certificate->sources);
	free(certificate->pairs);
	free(certificate->faults);
	free(certificate);
}

/* "FILE is a directory; expected a regular file." */
static char *sentence_dup(const char *file, const char *predicate)
{
	size_t size = strlen(file) + strlen(predicate) + 3;
	char *sentence = malloc(size);

	if (sentence != NULL)
		(void)snprintf(sentence, size, "%s %s.", file, predicate);
	return sentence;
}

/* Takes file and message whatever happens. */
static int fault_append(
	struct certificate *certificate, enum finding_code code, char *file, char *message)
{
	struct certificate_fault fault = { .code = code, .file = file, .message = message };

	if (file == NULL || message == NULL ||
		!array_grow(&certificate->faults, certificate->faults_length, sizeof(fault))) {
		free(file);
		free(message);
		return CERTBIND_E_MEMORY;
	}
	certificate->faults[certificate->faults_length++] = fault;
	return CERTBIND_E_CERTIFICATE;
}

int fault_add(
	struct reading *reading, enum finding_code code, const char *file, const char *format, ...)
{
	struct certbind_error text; /* bounded, and its control characters replaced */
	char predicate[sizeof(text.message)];
	char *shown = key_is_token(file) ? key_uri_dup(file) : strdup(file);
	va_list arguments;

	if (shown == NULL)
		return CERTBIND_E_MEMORY;
	va_start(arguments, format);
	(void)vsnprintf(predicate, sizeof(predicate), format, arguments);
	va_end(arguments);
	(void)error_set(&text, CERTBIND_E_CERTIFICATE, NULL, 0, "%s", predicate);
	return fault_append(reading->certificate, code, shown, sentence_dup(shown, text.message));
}

int fault_add_error(struct reading *reading, enum finding_code code, const char *file, int status,
	const struct certbind_error *error)
{
	if (status == CERTBIND_E_MEMORY)
		return status;
	return fault_add(reading, code, file, "%s", error->message);
}

int fault_check_mode(struct reading *reading, const char *file, mode_t mode)
{
	bool is_strict = reading->options->strict_key_permissions;
	struct certificate *certificate = reading->certificate;
	char text[FILE_MODE_FAULT_SIZE];
	int status;

	if (!file_mode_fault(mode, is_strict, text))
		return CERTBIND_OK;
	status = fault_add(reading, FINDING_KEY_PERMISSIONS, file, "%s", text);
	if (status == CERTBIND_E_MEMORY)
		return status;
	certificate->faults[certificate->faults_length - 1].is_fatal = is_strict;
	return is_strict ? CERTBIND_E_CERTIFICATE : CERTBIND_OK;
}

static int pairs_take(struct certificate *certificate, struct pair *pairs, size_t length)
{
	if (length == 0)
		return CERTBIND_OK;
	certificate->pairs = pairs_join(pairs, length);
	if (certificate->pairs == NULL)
		return CERTBIND_E_MEMORY;
	certificate->pairs_length = (uint32_t)length;
	return CERTBIND_OK;
}

static int read_pairs(const struct config_certificate *entry,
	const struct certificate_options *options, struct certificate *certificate)
{
	struct pair *pairs = calloc(entry->pairs_length, sizeof(*pairs));
	size_t length = 0;
	size_t i;
	int status = pairs != NULL ? CERTBIND_OK : CERTBIND_E_MEMORY;

	for (i = 0; i < entry->pairs_length && status != CERTBIND_E_MEMORY; i++) {
		struct reading reading = {
			.certificate = certificate, .options = options, .entry = &entry->pairs[i]
		};

		status = pair_read(&reading, &pairs[length]);
		if (status == CERTBIND_OK)
			length++;
	}
	if (status != CERTBIND_E_MEMORY)
		status = pairs_take(certificate, pairs, length);
	for (i = 0; status == CERTBIND_E_MEMORY && i < length; i++)
		pair_clear(&pairs[i]);
	free(pairs);
	return status;
}

int certificate_read(const struct config_certificate *entry,
	const struct certificate_options *options, struct certificate **certificate,
	struct certbind_error *error)
{
	*certificate = certificate_new(entry->name);
	if (*certificate == NULL)
		return error_memory(error);
	(*certificate)->sources = sources_new();
	if ((*certificate)->sources != NULL &&
		read_pairs(entry, options, *certificate) == CERTBIND_OK)
		return CERTBIND_OK;
	certificate_unref(*certificate);
	*certificate = NULL;
	return error_memory(error);
}

static int read_from_pem(struct certificate *certificate, const struct file_bytes *bytes,
	const struct certificate_options *options, struct certbind_error *error)
{
	struct config_pair entry = { .key = certificate->name };
	struct reading reading = {
		.certificate = certificate, .options = options, .entry = &entry
	};
	struct chain chain = { 0 };
	struct key key = { 0 };
	struct pair pair = { 0 };
	int status = key_from_bytes(&reading, certificate->name, bytes, &key);

	if (status == CERTBIND_OK)
		status = chain_from_bytes(&chain, options, certificate->name, bytes, error);
	if (status == CERTBIND_OK)
		status = pair_make(&reading, &key, &chain, &pair);
	if (status == CERTBIND_OK)
		status = pairs_take(certificate, &pair, 1);
	if (status == CERTBIND_E_MEMORY)
		(void)error_memory(error);
	else if (certificate->faults_length > 0)
		(void)error_set(error, status, NULL, 0, "%s", certificate->faults[0].message);
	pair_clear(&pair);
	key_clear(&key);
	chain_clear(&chain);
	return status;
}

int certificate_from_pem(const char *name, const unsigned char *pem, size_t size,
	const struct certificate_options *options, struct certificate **certificate,
	struct certbind_error *error)
{
	struct file_bytes bytes = { .is_secret = true, .secrets = der_pool_secrets(options->pool) };
	int status = CERTBIND_E_MEMORY;

	*certificate = certificate_new(name);
	/* The readers want a NUL behind the bytes. */
	if (*certificate == NULL || !file_bytes_room(&bytes, size)) {
		status = error_memory(error);
	} else {
		memcpy(bytes.data, pem, size);
		status = read_from_pem(*certificate, &bytes, options, error);
	}
	file_bytes_wipe(&bytes);
	if (status != CERTBIND_OK) {
		certificate_unref(*certificate);
		*certificate = NULL;
	}
	return status;
}
