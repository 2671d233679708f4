/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "connect_endpoint.h"
#include "memory.h"
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static const struct {
	const char *name;
	enum start start;
	const char *service; /* when none is named */
} protocols[] = {
	{ "https", START_TLS, "webmail" },
	{ "smtp", START_SMTP, "mail" },
	{ "submission", START_SMTP, "mail" },
	{ "submissions", START_TLS, "mail" },
	{ "imap", START_IMAP, "mail" },
	{ "imaps", START_TLS, "mail" },
	{ "pop3", START_POP3, "mail" },
	{ "pop3s", START_TLS, "mail" },
	{ "sieve", START_SIEVE, "mail" },
};

#define PROTOCOLS_LENGTH (sizeof(protocols) / sizeof(protocols[0]))

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

const char *endpoint_protocols(void)
{
	return "https, smtp, submission, submissions, imap, imaps, pop3, pop3s or sieve";
}

static bool is_service(const char *text, size_t length)
{
	return length > 0 && strspn(text, LOWER) > 0 && strspn(text, LOWER DIGITS "-") >= length;
}

static bool read_port(const char *text, struct endpoint *endpoint)
{
	size_t length = strlen(text);
	unsigned long number;

	if (length == 0 || length > 5 || strspn(text, DIGITS) != length)
		return false;
	number = strtoul(text, NULL, 10);
	if (number == 0 || number > 65535)
		return false;
	endpoint->port = memory_printf("%lu", number);
	return true;
}

/* RFC 3986, 3.2.2: only an IPv6 address has brackets, and it has them always. */
static bool read_address(const char *text, size_t length, struct endpoint *endpoint)
{
	struct in6_addr ignored;
	bool is_bracketed = length > 2 && text[0] == '[' && text[length - 1] == ']';

	if (is_bracketed) {
		endpoint->address = memory_printf("%.*s", (int)(length - 2), text + 1);
		return inet_pton(AF_INET6, endpoint->address, &ignored) == 1;
	}
	endpoint->address = memory_printf("%.*s", (int)length, text);
	return length > 0 && length < NI_MAXHOST &&
	       strspn(endpoint->address, LOWER DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZ.-_") == length;
}

/* What follows the service. */
static bool read_rest(const char *text, size_t service_length, struct endpoint *endpoint)
{
	const char *rest = text + (service_length > 0 ? service_length + 1 : 0);
	const char *address = strstr(rest, "://");
	const char *colon = strrchr(rest, ':');
	size_t i;

	if (address == NULL || colon < address + 3)
		return false;
	for (i = 0; i < PROTOCOLS_LENGTH; i++)
		if (strlen(protocols[i].name) == (size_t)(address - rest) &&
			strncmp(protocols[i].name, rest, (size_t)(address - rest)) == 0)
			break;
	if (i == PROTOCOLS_LENGTH)
		return false;
	endpoint->start = protocols[i].start;
	endpoint->shown = memory_string(rest);
	endpoint->service = service_length > 0 ? memory_printf("%.*s", (int)service_length, text)
					       : memory_string(protocols[i].service);
	return read_address(address + 3, (size_t)(colon - address) - 3, endpoint) &&
	       read_port(colon + 1, endpoint);
}

bool endpoint_read(const char *text, struct endpoint *endpoint)
{
	const char *equals = strchr(text, '=');
	size_t service_length = equals == NULL ? 0 : (size_t)(equals - text);

	memset(endpoint, 0, sizeof(*endpoint));
	if ((equals == NULL || is_service(text, service_length)) &&
		read_rest(text, service_length, endpoint))
		return true;
	endpoint_clear(endpoint);
	return false;
}

void endpoint_resolve(struct endpoint *endpoint)
{
	const struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV,
	};
	int result = getaddrinfo(endpoint->address, endpoint->port, &hints, &endpoint->places);

	if (result == 0)
		return;
	endpoint->places = NULL;
	endpoint->fault = memory_printf("looking its address up failed: %s", gai_strerror(result));
}

void endpoint_clear(struct endpoint *endpoint)
{
	free(endpoint->shown);
	free(endpoint->service);
	free(endpoint->address);
	free(endpoint->port);
	if (endpoint->places != NULL)
		freeaddrinfo(endpoint->places);
	free(endpoint->fault);
	memset(endpoint, 0, sizeof(*endpoint));
}
