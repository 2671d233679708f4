/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hello.h"
#include "hot.h"
#include <string.h>

/* IANA, TLS ExtensionType Values. */
enum { EXTENSION_SERVER_NAME = 0, EXTENSION_ALPN = 16 };

enum { NAME_TYPE_HOST_NAME = 0 };

static size_t read_16(const unsigned char *bytes)
{
	return (size_t)bytes[0] << 8 | bytes[1];
}

/*
 * RFC 6066, 3: a list of (type, name). The first host_name counts, as GnuTLS takes it. A list that
 * is malformed further on is GnuTLS' to refuse: it parses the same bytes right after the hook.
 */
static void hello_read_server_name(struct hello *hello, const unsigned char *data, size_t size)
{
	size_t name_length;

	if (size < 2 || read_16(data) != size - 2)
		return;
	data += 2;
	size -= 2;
	while (size >= 3) {
		name_length = read_16(data + 1);
		if (name_length > size - 3)
			return;
		if (data[0] == NAME_TYPE_HOST_NAME) {
			hello->server_name = data + 3;
			hello->server_name_length = name_length;
			return;
		}
		data += 3 + name_length;
		size -= 3 + name_length;
	}
}

HOT static int hello_extension(
	void *context, unsigned int type, const unsigned char *data, unsigned int size)
{
	struct hello *hello = context;

	if (type == EXTENSION_SERVER_NAME && hello->server_name == NULL) {
		hello_read_server_name(hello, data, size);
	} else if (type == EXTENSION_ALPN && hello->protocols == NULL) {
		/* One that is malformed names no protocol: it is not taken for none. */
		hello->protocols = data;
		if (size >= 2 && read_16(data) == size - 2) {
			hello->protocols = data + 2;
			hello->protocols_length = size - 2;
		}
	}
	return 0;
}

HOT int hello_read(const gnutls_datum_t *message, struct hello *hello)
{
	int status;

	memset(hello, 0, sizeof(*hello));
	status = gnutls_ext_raw_parse(
		hello, hello_extension, message, GNUTLS_EXT_RAW_FLAG_TLS_CLIENT_HELLO);
	/* A hello without extensions. */
	return status == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE ? 0 : status;
}

bool hello_has_protocol(const struct hello *hello, const char *protocol)
{
	const unsigned char *data = hello->protocols;
	size_t size = hello->protocols_length;
	size_t length = strlen(protocol);

	while (size > 0 && (size_t)data[0] < size) {
		if (data[0] == length && memcmp(data + 1, protocol, length) == 0)
			return true;
		size -= 1 + (size_t)data[0];
		data += 1 + (size_t)data[0];
	}
	return false;
}
