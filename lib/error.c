/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "error.h"
#include <certbind/certbind.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* No default: a status without a text must not compile (-Wswitch). */
static const char *status_text(enum certbind_status status)
{
	switch (status) {
	case CERTBIND_OK:
		return "success";
	case CERTBIND_E_INVALID:
		return "invalid argument";
	case CERTBIND_E_MEMORY:
		return "out of memory";
	case CERTBIND_E_FILE:
		return "file can't be read";
	case CERTBIND_E_CONFIG:
		return "error in the configuration";
	case CERTBIND_E_CERTIFICATE:
		return "no usable certificate or key";
	case CERTBIND_E_UNKNOWN_DOMAIN:
		return "unknown domain";
	case CERTBIND_E_UNKNOWN_SERVICE:
		return "unknown service";
	case CERTBIND_E_UNKNOWN_CERTIFICATE:
		return "unknown certificate";
	case CERTBIND_E_TLS:
		return "refused by GnuTLS";
	case CERTBIND_E_STATE:
		return "not in a state for that";
	case CERTBIND_E_SYSTEM:
		return "refused by the system";
	case CERTBIND_E_REFUSED:
		return "refused";
	}
	return "unknown status";
}

const char *certbind_strerror(int status)
{
	return status_text((enum certbind_status)status);
}

const char *certbind_version(void)
{
	return CERTBIND_VERSION;
}

/* Names and file contents end up in messages: a log line must stay one line. */
static void replace_controls(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

int error_set(struct certbind_error *error, int status, const char *file, int line,
	const char *format, ...)
{
	va_list arguments;

	if (error == NULL)
		return status;
	memset(error, 0, sizeof(*error));
	error->status = status;
	error->line = line;
	if (file != NULL)
		(void)snprintf(error->file, sizeof(error->file), "%s", file);
	va_start(arguments, format);
	(void)vsnprintf(error->message, sizeof(error->message), format, arguments);
	va_end(arguments);
	replace_controls(error->message);
	return status;
}

int error_memory(struct certbind_error *error)
{
	return error_set(error, CERTBIND_E_MEMORY, NULL, 0, "out of memory");
}
