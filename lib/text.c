/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text.h"
#include <stddef.h>

/* RFC 3629, section 4: no overlong forms, no surrogates, nothing above U+10FFFF. */
static size_t utf8_length(const unsigned char *text)
{
	static const struct {
		unsigned char first_min, first_max, second_min, second_max, length;
	} forms[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	size_t i;
	size_t k;

	if (text[0] < 0x80)
		return 1;
	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (text[0] >= forms[i].first_min && text[0] <= forms[i].first_max)
			break;
	if (i == sizeof(forms) / sizeof(forms[0]) || text[1] < forms[i].second_min ||
		text[1] > forms[i].second_max)
		return 0;
	for (k = 2; k < forms[i].length; k++)
		if (text[k] < 0x80 || text[k] > 0xbf)
			return 0;
	return forms[i].length;
}

bool text_is_utf8(const char *text)
{
	size_t length;

	for (; *text != '\0'; text += length) {
		length = utf8_length((const unsigned char *)text);
		if (length == 0)
			return false;
	}
	return true;
}

/* C0, DEL and C1 (which terminals act on as well), in UTF-8. */
static bool is_control(const char *text)
{
	return (unsigned char)text[0] < 0x20 || text[0] == 0x7f ||
	       ((unsigned char)text[0] == 0xc2 && (unsigned char)text[1] < 0xa0);
}

bool text_has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if (is_control(text))
			return true;
	return false;
}

void text_make_plain(char *text)
{
	size_t length;

	for (; *text != '\0'; text += length) {
		length = utf8_length((const unsigned char *)text);
		if (length == 0 || is_control(text)) {
			*text = '?';
			length = 1;
		}
	}
}

bool text_is_plain(const char *text)
{
	return text_is_utf8(text) && !text_has_control(text);
}
