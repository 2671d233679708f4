/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STAPLE_H
#define STAPLE_H

#include "der.h"
#include "source.h"
#include <certbind/error.h>

/* An OCSP response that was found to be good, and when it may be served. */
struct staple {
	struct der *der;
	int64_t from, until; /* s since the epoch */
};

/* What a response is to say, and where it stands. Everything is borrowed. */
struct staple_question {
	const char *path;
	const struct der *certificate;
	const struct der *issuer; /* NULL: the chain has none, and nothing can be verified */
	int64_t now;
	struct sources **sources; /* notes the file; NULL: nobody does */
};

/*
 * Reads an OCSP response (DER or PEM) and verifies it: successful, about this certificate, status
 * good, signed by its issuer or by a responder that the issuer has delegated (RFC 6960, 4.2.2.2),
 * not past its end. One that begins in the future is taken. Returns CERTBIND_OK; CERTBIND_E_FILE
 * or CERTBIND_E_CERTIFICATE with a message that is a predicate of the file ("has expired");
 * CERTBIND_E_MEMORY. On failure `staple` is zeroed. Threads: any.
 */
int staple_read(const struct staple_question *question, struct staple *staple,
	struct certbind_error *error);

/* The same from bytes with a NUL behind them. */
int staple_from_bytes(const struct staple_question *question, const unsigned char *data,
	size_t size, struct staple *staple, struct certbind_error *error);

#endif
