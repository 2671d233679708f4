/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FUZZ_STORE_H
#define FUZZ_STORE_H

#include <certbind/certbind.h>

/* A store with the certificates of the unit tests (the environment's PKI, by context_pki.sh). */
struct fuzz_store {
	struct certbind_store *store;
	struct certbind_context *contexts[3]; /* webmail, mail, strict */
};

/* Opens it, to be closed at the end of the program. */
void fuzz_store_open(struct fuzz_store *fuzz);

#endif
