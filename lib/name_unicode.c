/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "name.h"
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Writes the U-label of an A-label, or, where that would not fold back to it, the label itself:
 * gnutls_idna_reverse_map() decodes what IDNA 2008 does not allow, too.
 */
static void write_label(FILE *stream, const char *label, size_t length)
{
	gnutls_datum_t decoded = { NULL, 0 };
	char folded[NAME_SIZE];

	if (length > 4 && memcmp(label, "xn--", 4) == 0 &&
		gnutls_idna_reverse_map(label, (unsigned int)length, &decoded, 0) >= 0 &&
		name_fold((const char *)decoded.data, decoded.size, folded) == NAME_OK &&
		strlen(folded) == length && memcmp(folded, label, length) == 0)
		(void)fwrite(decoded.data, 1, decoded.size, stream);
	else
		(void)fwrite(label, 1, length, stream);
	gnutls_free(decoded.data);
}

char *name_unicode_dup(const char *folded)
{
	char *text = NULL;
	size_t size = 0;
	size_t length;
	bool failed;
	FILE *stream;

	if (strstr(folded, "xn--") == NULL)
		return strdup(folded);
	stream = open_memstream(&text, &size);
	if (stream == NULL)
		return NULL;
	for (const char *label = folded; *label != '\0'; label += length) {
		length = strcspn(label, ".");
		write_label(stream, label, length);
		if (label[length] == '.') {
			(void)fputc('.', stream);
			length++;
		}
	}
	failed = ferror(stream) != 0;
	if (fclose(stream) != 0 || failed) {
		free(text);
		return NULL;
	}
	return text;
}
