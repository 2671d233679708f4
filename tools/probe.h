/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PROBE_H
#define PROBE_H

#include "connect_endpoint.h"
#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stdint.h>

enum { PROBE_FAULT_SIZE = 512 };

/* One connection that is made to see which certificate is served. */
struct probe {
	int descriptor; /* non-blocking; -1: none */
	int64_t deadline; /* ms of the monotonic clock */
	char fault[PROBE_FAULT_SIZE]; /* what went wrong: half a sentence; empty: nothing */
	bool is_late; /* that is that the time is over */
};

/* What was served. */
struct probe_result {
	gnutls_datum_t *chain; /* DER, the end-entity first */
	unsigned int chain_length; /* 0: nothing; then `fault` says why */
	char fault[PROBE_FAULT_SIZE];
	bool is_late;
};

/*
 * Connects, asks for TLS the way the protocol does, and makes a handshake with `host` as server
 * name; believes whatever certificate comes. Takes `timeout` seconds at most. Threads: any.
 */
void probe_run(const struct endpoint *endpoint, const char *host, unsigned int timeout,
	struct probe_result *result);
void probe_result_clear(struct probe_result *result);

/* Of the parts of a probe: false when something went wrong, which `fault` then says. */

/* Waits for events of poll(2) until the deadline. */
bool probe_wait(struct probe *probe, short events);

/* Notes what went wrong, what others sent included; false. */
bool probe_fail(struct probe *probe, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for what the system refused, by its errno. */
bool probe_fail_errno(struct probe *probe, const char *what, int number);

/* The dialogue before TLS: nothing where TLS comes first. */
bool probe_starttls(struct probe *probe, enum start start);

/* The handshake. */
bool probe_handshake(struct probe *probe, const char *host, struct probe_result *result);

#endif
