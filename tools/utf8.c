/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "utf8.h"
#include "memory.h"
#include <string.h>

/* How many bytes the lead byte asks for, and the smallest character that needs as many. */
static size_t sequence_length(unsigned char lead, uint32_t *least)
{
	if (lead < 0x80) {
		*least = 0;
		return 1;
	}
	if (lead >= 0xc2 && lead <= 0xdf) {
		*least = 0x80;
		return 2;
	}
	if (lead >= 0xe0 && lead <= 0xef) {
		*least = 0x800;
		return 3;
	}
	if (lead >= 0xf0 && lead <= 0xf4) {
		*least = 0x10000;
		return 4;
	}
	return 0;
}

size_t utf8_decode(const char *text, uint32_t *character)
{
	static const unsigned char lead_bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	const unsigned char *bytes = (const unsigned char *)text;
	uint32_t least = 0;
	uint32_t value;
	size_t length = sequence_length(bytes[0], &least);
	size_t i;

	*character = bytes[0];
	if (length == 0)
		return 0;
	value = bytes[0] & lead_bits[length];
	for (i = 1; i < length; i++) {
		/* The string's end is no continuation, so this never reads past it. */
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (bytes[i] & 0x3f);
	}
	if (value < least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*character = value;
	return length;
}

char *utf8_repair_dup(const char *text)
{
	static const char replacement[] = "\xef\xbf\xbd";
	char *copy = memory_new(3 * strlen(text) + 1);
	char *end = copy;
	uint32_t character;
	size_t length;

	while (*text != '\0') {
		length = utf8_decode(text, &character);
		if (length == 0) {
			memcpy(end, replacement, 3);
			end += 3;
			text++;
			continue;
		}
		memcpy(end, text, length);
		end += length;
		text += length;
	}
	*end = '\0';
	return copy;
}
