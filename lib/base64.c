/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base64.h"
#include <nettle/base64.h>

bool base64_decode(const char *text, size_t length, unsigned char *data, size_t *size)
{
	struct base64_decode_ctx context;

	base64_decode_init(&context);
	return base64_decode_update(&context, size, data, length, text) != 0 &&
	       base64_decode_final(&context) != 0 && *size > 0;
}
