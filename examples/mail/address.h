/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses of sockets as text, ADDRESS:PORT; IPv6 stands in brackets. */
#ifndef MAIL_ADDRESS_H
#define MAIL_ADDRESS_H

#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* The longest IPv6 address with a zone, brackets, colon and port. */
#define ADDRESS_TEXT_SIZE 80

/* Reads an address; the caller frees with freeaddrinfo(). Returns 0, or an error of getaddrinfo(). */
int address_resolve(const char *address, struct addrinfo **result);

/* What one client usually has for itself: an IPv4 address, or an IPv6 network of 64 bits. */
#define ADDRESS_NETWORK_SIZE 8
void address_network(int fd, uint8_t network[static ADDRESS_NETWORK_SIZE]);

/* A socket's own address, or its peer's; false, and "unknown", when it has none. */
bool address_print(int fd, bool is_peer, char text[static ADDRESS_TEXT_SIZE]);

#endif
