/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text.h"
#include "memory.h"
#include "utf8.h"
#include <string.h>
#include <wchar.h>
#include <wctype.h>

/* Characters that glibc calls printable and that change how others are shown, or show nothing. */
static const struct {
	uint32_t first;
	uint32_t last;
} invisible[] = {
	{ 0xad, 0xad }, /* soft hyphen */
	{ 0x61c, 0x61c }, /* Arabic letter mark */
	{ 0x200b, 0x200f }, /* zero width, direction marks */
	{ 0x2028, 0x202e }, /* separators, direction overrides */
	{ 0x2060, 0x206f }, /* word joiner, direction isolates */
	{ 0xfe00, 0xfe0f }, /* variation selectors */
	{ 0xfeff, 0xfeff }, /* byte order mark */
	{ 0xfff9, 0xfffb }, /* interlinear annotation */
	{ 0xe0000, 0xe0fff }, /* tags */
};

static bool is_control(uint32_t character)
{
	return character < 0x20 || (character >= 0x7f && character < 0xa0);
}

/* wcwidth and iswprint answer for the locale; glibc's wchar_t holds the code point in UTF-8 ones. */
static bool is_showable(uint32_t character, bool is_unicode)
{
	size_t i;

	if (is_control(character))
		return false;
	if (character < 0x80)
		return true;
	if (!is_unicode)
		return false;
	for (i = 0; i < sizeof(invisible) / sizeof(invisible[0]); i++)
		if (character >= invisible[i].first && character <= invisible[i].last)
			return false;
	return iswprint((wint_t)character) != 0 && wcwidth((wchar_t)character) >= 0;
}

static void write_escape(FILE *out, uint32_t character, bool is_byte)
{
	if (character == '\n')
		(void)fputs("\\n", out);
	else if (character == '\t')
		(void)fputs("\\t", out);
	else if (is_byte || character < 0x80)
		(void)fprintf(out, "\\x%02x", (unsigned int)character);
	else if (character < 0x10000)
		(void)fprintf(out, "\\u%04x", (unsigned int)character);
	else
		(void)fprintf(out, "\\U%08x", (unsigned int)character);
}

/* What is to be kept of a text: everything but controls, or what is_showable() says. */
enum keep { KEEP_ALL_BUT_CONTROLS, KEEP_ASCII, KEEP_UNICODE };

static bool is_kept(uint32_t character, enum keep keep)
{
	if (keep == KEEP_ALL_BUT_CONTROLS)
		return !is_control(character);
	return is_showable(character, keep == KEEP_UNICODE);
}

/* How many of the first bytes, `most` or fewer, are printable ASCII: mostly all, and quickly told. */
static size_t printable_run(const char *text, size_t most)
{
	size_t length = 0;

	while (length < most && text[length] >= ' ' && text[length] <= '~')
		length++;
	return length;
}

static bool is_all_kept(const char *text, enum keep keep)
{
	uint32_t character;
	size_t length;

	for (text += printable_run(text, SIZE_MAX); *text != '\0'; text += length) {
		length = utf8_decode(text, &character);
		if (length == 0 || !is_kept(character, keep))
			return false;
	}
	return true;
}

static char *escape_with_marks_dup(const char *text, enum keep keep)
{
	char *copy = NULL;
	size_t copy_size = 0;
	FILE *out = open_memstream(&copy, &copy_size);
	uint32_t character;
	size_t length;

	if (out == NULL)
		memory_out();
	while (*text != '\0') {
		length = utf8_decode(text, &character);
		if (length != 0 && is_kept(character, keep))
			(void)fwrite(text, 1, length, out);
		else
			write_escape(out, character, length == 0);
		text += length == 0 ? 1 : length;
	}
	if (fclose(out) != 0)
		memory_out();
	return copy;
}

/* Nearly all texts are harmless, and a table has many. */
static char *escape_dup(const char *text, enum keep keep)
{
	return is_all_kept(text, keep) ? memory_string(text) : escape_with_marks_dup(text, keep);
}

char *text_escape_dup(const char *text, bool is_unicode)
{
	return escape_dup(text, is_unicode ? KEEP_UNICODE : KEEP_ASCII);
}

char *text_escape_controls_dup(const char *text)
{
	return escape_dup(text, KEEP_ALL_BUT_CONTROLS);
}

bool text_is_showable(const char *text, bool is_unicode)
{
	return is_all_kept(text, is_unicode ? KEEP_UNICODE : KEEP_ASCII);
}

/* The columns and, in *length, the bytes of the first character. */
static size_t character_width(const char *text, size_t *length)
{
	uint32_t character;
	int width;

	*length = 1;
	if ((unsigned char)*text < 0x80)
		return 1;
	*length = utf8_decode(text, &character);
	if (*length == 0) {
		*length = 1;
		return 1;
	}
	width = wcwidth((wchar_t)character);
	return width < 0 ? 1 : (size_t)width;
}

size_t text_width_of(const char *text, size_t size)
{
	const char *end = text + size;
	size_t width = printable_run(text, size);
	size_t length;

	for (text += width; text < end; text += length)
		width += character_width(text, &length);
	return width;
}

size_t text_width(const char *text)
{
	return text_width_of(text, strlen(text));
}

/* How many bytes fit, whatever they are; at least one character with what combines with it. */
static size_t bytes_that_fit(const char *text, size_t columns)
{
	size_t at = printable_run(text, columns);
	size_t used = at;
	size_t length;
	size_t width;

	while (text[at] != '\0') {
		width = character_width(text + at, &length);
		if (used + width > columns && used > 0)
			break;
		used += width;
		at += length;
	}
	return at;
}

size_t text_line(const char *text, size_t columns, size_t *next)
{
	size_t fit = bytes_that_fit(text, columns);
	size_t end = fit;
	size_t i;

	if (text[fit] != '\0' && text[fit] != ' ') {
		for (i = fit; i > 0 && text[i] != ' '; i--)
			;
		if (i == 0)
			for (i = fit; i > 0 && strchr("./,@", text[i - 1]) == NULL; i--)
				;
		if (i > 0)
			end = i;
	}
	*next = end + strspn(text + end, " ");
	while (end > 0 && text[end - 1] == ' ')
		end--;
	return end;
}

void text_wrap(FILE *out, const char *text, size_t indent, size_t width)
{
	size_t columns = width > indent ? width - indent : 1;
	size_t next;
	size_t length;

	text += strspn(text, " ");
	while (*text != '\0') {
		length = text_line(text, columns, &next);
		(void)fprintf(out, "%*s%.*s\n", (int)indent, "", (int)length, text);
		text += next;
	}
}
