/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base64.h"
#include <stdint.h>

/* What a character stands for; the two that stand for nothing have this bit. */
enum { NO_DIGIT = 0x80, X = NO_DIGIT, BLANK = NO_DIGIT + 1, QUARTET = 4 };

/* clang-format off */
static const unsigned char digits[256] = {
	X, X, X, X, X, X, X, X, X, BLANK, BLANK, X, X, BLANK, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	BLANK, X, X, X, X, X, X, X, X, X, X, 62, X, X, X, 63,
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61, X, X, X, X, X, X,
	X, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, X, X, X, X, X,
	X, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
};
/* clang-format on */

/* The bits of four digits, or something with bits above those where one is none. */
static inline uint32_t join(const unsigned char *text)
{
	uint32_t a = digits[text[0]], b = digits[text[1]], c = digits[text[2]], d = digits[text[3]];

	return ((a | b | c | d) & NO_DIGIT) != 0 ? UINT32_MAX : a << 18 | b << 12 | c << 6 | d;
}

/* The next characters that are no blanks, up to four of them. */
static size_t gather(const unsigned char **text, const unsigned char *end, unsigned char *quartet)
{
	size_t length = 0;

	while (*text < end && length < QUARTET) {
		if (digits[**text] != BLANK)
			quartet[length++] = **text;
		(*text)++;
	}
	return length;
}

/* The last four characters may be padded; 0: they are no end. */
static size_t decode_last(unsigned char *quartet, unsigned char *data)
{
	size_t padding = quartet[3] != '=' ? 0 : (quartet[2] != '=' ? 1 : 2);
	uint32_t bits;

	if (padding > 0)
		quartet[3] = 'A';
	if (padding > 1)
		quartet[2] = 'A';
	bits = join(quartet);
	if (bits == UINT32_MAX || (bits & ((UINT32_C(1) << (8 * padding)) - 1)) != 0)
		return 0;
	data[0] = (unsigned char)(bits >> 16);
	if (padding < 2)
		data[1] = (unsigned char)(bits >> 8);
	if (padding < 1)
		data[2] = (unsigned char)bits;
	return 3 - padding;
}

bool base64_decode(const char *text, size_t length, unsigned char *data, size_t *size)
{
	const unsigned char *from = (const unsigned char *)text;
	const unsigned char *end = from + length;
	unsigned char quartet[QUARTET];
	size_t done = 0;
	size_t gathered, added;

	for (;;) {
		uint32_t bits = end - from >= QUARTET ? join(from) : UINT32_MAX;

		if (bits != UINT32_MAX) {
			data[done++] = (unsigned char)(bits >> 16);
			data[done++] = (unsigned char)(bits >> 8);
			data[done++] = (unsigned char)bits;
			from += QUARTET;
			continue;
		}
		gathered = gather(&from, end, quartet);
		if (gathered == 0)
			break;
		added = gathered == QUARTET ? decode_last(quartet, data + done) : 0;
		done += added;
		if (added == 0 || (added < 3 && gather(&from, end, quartet) > 0))
			return false;
	}
	*size = done;
	return done > 0;
}
