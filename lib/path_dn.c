/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path_dn.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RDN_MAX = 4096, AVA_MAX = 16 };

/* Universal tags of the string types (X.680, 8.6). */
enum {
	TAG_UTF8 = 12,
	TAG_PRINTABLE = 19,
	TAG_TELETEX = 20,
	TAG_IA5 = 22,
	TAG_UNIVERSAL = 28,
	TAG_BMP = 30
};

struct text {
	char *data; /* NULL once memory failed */
	size_t size;
	size_t room;
};

static void text_add(struct text *text, const char *bytes, size_t size)
{
	char *grown;

	if (text->data == NULL)
		return;
	if (text->size + size + 1 > text->room) {
		text->room = 2 * (text->size + size + 1);
		grown = realloc(text->data, text->room);
		if (grown == NULL) {
			free(text->data);
			text->data = NULL;
			return;
		}
		text->data = grown;
	}
	memcpy(text->data + text->size, bytes, size);
	text->size += size;
	text->data[text->size] = '\0';
}

/* Bytes that would end or join something, and NUL, are written as two digits. */
static void text_add_byte(struct text *text, unsigned char byte)
{
	static const char digits[] = "0123456789abcdef";
	char escaped[3] = { '\\', digits[byte >> 4], digits[byte & 15] };
	char plain = (char)byte;

	if (byte < ' ' || byte == 0x7f || strchr("\\,+=#", byte) != NULL)
		text_add(text, escaped, sizeof(escaped));
	else
		text_add(text, &plain, 1);
}

static void text_add_code_point(struct text *text, uint32_t point)
{
	if (point < 0x80) {
		text_add_byte(text, (unsigned char)point);
	} else if (point < 0x800) {
		text_add_byte(text, (unsigned char)(0xc0 | point >> 6));
		text_add_byte(text, (unsigned char)(0x80 | (point & 0x3f)));
	} else {
		if (point >= 0x10000)
			text_add_byte(text, (unsigned char)(0xf0 | (point >> 18 & 7)));
		text_add_byte(text, (unsigned char)(point < 0x10000 ? 0xe0 | point >> 12
								    : 0x80 | (point >> 12 & 0x3f)));
		text_add_byte(text, (unsigned char)(0x80 | (point >> 6 & 0x3f)));
		text_add_byte(text, (unsigned char)(0x80 | (point & 0x3f)));
	}
}

/* How many bytes a character has in a string type; 0: it is no string that is compared as text. */
static size_t tag_width(unsigned long tag)
{
	switch (tag) {
	case TAG_UTF8:
	case TAG_PRINTABLE:
	case TAG_TELETEX:
	case TAG_IA5:
		return 1;
	case TAG_BMP:
		return 2;
	case TAG_UNIVERSAL:
		return 4;
	default:
		return 0;
	}
}

/* RFC 4518 in short: spaces at the ends dropped, runs of them one, ASCII letters lower case. */
static void text_add_string(struct text *text, const gnutls_datum_t *value, size_t width)
{
	bool is_begun = false;
	bool has_space = false;

	for (size_t i = 0; i + width <= value->size; i += width) {
		uint32_t point = 0;

		for (size_t j = 0; j < width; j++)
			point = point << 8 | value->data[i + j];
		if (point == ' ') {
			has_space = is_begun;
			continue;
		}
		if (has_space)
			text_add(text, " ", 1);
		has_space = false;
		is_begun = true;
		if (point >= 'A' && point <= 'Z')
			point += 'a' - 'A';
		if (width == 1)
			text_add_byte(text, (unsigned char)point);
		else
			text_add_code_point(text, point);
	}
}

static char *ava_fold_dup(const gnutls_x509_ava_st *ava)
{
	struct text text = { .data = calloc(1, 64), .room = 64 };
	size_t width = tag_width(ava->value_tag);
	size_t oid_size = strnlen((const char *)ava->oid.data, ava->oid.size);
	char other[32];

	text_add(&text, (const char *)ava->oid.data, oid_size);
	text_add(&text, "=", 1);
	if (width != 0 && ava->value.size % width == 0) {
		text_add_string(&text, &ava->value, width);
	} else {
		int length = snprintf(other, sizeof(other), "#%lu#", ava->value_tag);

		text_add(&text, other, (size_t)length);
		for (unsigned int i = 0; i < ava->value.size; i++)
			text_add_byte(&text, ava->value.data[i]);
	}
	return text.data;
}

static int compare_avas(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One RDN, its attributes in the order of their folded form. Returns false at the name's end. */
static bool rdn_fold(dn_ava_func *get, void *source, int index, struct text *text)
{
	char *avas[AVA_MAX] = { NULL };
	size_t length = 0;
	gnutls_x509_ava_st ava;

	while (length < AVA_MAX && get(source, index, (int)length, &ava)) {
		avas[length] = ava_fold_dup(&ava);
		if (avas[length] == NULL) {
			free(text->data);
			text->data = NULL;
			break;
		}
		length++;
	}
	qsort(avas, length, sizeof(avas[0]), compare_avas);
	for (size_t i = 0; i < length; i++) {
		if (i > 0)
			text_add(text, "+", 1);
		text_add(text, avas[i], strlen(avas[i]));
		free(avas[i]);
	}
	if (length > 0)
		text_add(text, ",", 1);
	return length > 0;
}

char *dn_fold_each_dup(dn_ava_func *get, void *source)
{
	struct text text = { .data = calloc(1, 128), .room = 128 };
	int index = 0;

	while (index < RDN_MAX && text.data != NULL && rdn_fold(get, source, index, &text))
		index++;
	return text.data;
}

static bool dn_ava(void *source, int rdn, int index, gnutls_x509_ava_st *ava)
{
	return gnutls_x509_dn_get_rdn_ava(source, rdn, index, ava) == 0;
}

char *dn_fold_dup(gnutls_x509_dn_t dn)
{
	return dn_fold_each_dup(dn_ava, dn);
}

char *dn_fold_der_dup(const gnutls_datum_t *der)
{
	gnutls_x509_dn_t dn;
	char *folded = NULL;

	if (gnutls_x509_dn_init(&dn) != 0)
		return NULL;
	if (gnutls_x509_dn_import(dn, der) == 0)
		folded = dn_fold_dup(dn);
	gnutls_x509_dn_deinit(dn);
	return folded;
}

bool dn_is_within(const char *name, const char *ancestor)
{
	return strncmp(name, ancestor, strlen(ancestor)) == 0;
}
