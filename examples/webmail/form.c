/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "form.h"

#include <gnutls/gnutls.h>
#include <string.h>

/* A piece of a field; a long one comes in several. */
/* NOLINTNEXTLINE(readability-function-size): the type is libmicrohttpd's. */
static enum MHD_Result take_field(void *data, enum MHD_ValueKind kind, const char *key,
	const char *filename, const char *content_type, const char *encoding, const char *value,
	uint64_t offset, size_t size)
{
	struct form *form = data;
	size_t *length, room;
	char *field;

	(void)kind;
	(void)filename;
	(void)content_type;
	(void)encoding;
	if (key != NULL && strcmp(key, "user") == 0) {
		field = form->user;
		length = &form->user_length;
		room = sizeof(form->user) - 1;
	} else if (key != NULL && strcmp(key, "password") == 0) {
		field = form->password;
		length = &form->password_length;
		room = sizeof(form->password) - 1;
	} else {
		return MHD_YES;
	}
	/* A field that comes twice, or holds a NUL, is nothing that a browser sends. */
	if (offset != *length || size > room - *length ||
		(size > 0 && memchr(value, '\0', size) != NULL)) {
		form->is_cut = true;
		return MHD_YES;
	}
	if (size > 0)
		memcpy(field + *length, value, size);
	*length += size;
	field[*length] = '\0';
	return MHD_YES;
}

void form_begin(struct form *form, struct MHD_Connection *http)
{
	/* NULL also for another content type. */
	form->parser = MHD_create_post_processor(http, 1024, take_field, form);
}

bool form_feed(struct form *form, const char *data, size_t size)
{
	if (size > FORM_BODY_MAX - form->body_bytes)
		return false;
	form->body_bytes += size;
	return form->parser == NULL || MHD_post_process(form->parser, data, size) == MHD_YES;
}

void form_end(struct form *form)
{
	/* It hands out the last piece only here. */
	if (form->parser != NULL && MHD_destroy_post_processor(form->parser) != MHD_YES)
		form->is_cut = true;
	form->parser = NULL;
}

void form_clear(struct form *form)
{
	if (form->parser != NULL)
		(void)MHD_destroy_post_processor(form->parser);
	form->parser = NULL;
	gnutls_memset(form, 0, sizeof(*form));
}
