/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CREDENTIALS_H
#define CREDENTIALS_H

#include "certificate.h"
#include "clock.h"
#include "ticket_recent.h"

/* The staple of one pair, as GnuTLS' callback is given it. */
struct credentials_staple {
	const struct staple *staple; /* of a member */
	struct clock_source *clock; /* of the credentials */
};

/*
 * What a session is given: GnuTLS credentials with every pair of one certificate, or of several
 * that are presented together. Immutable once made but for the ticket key, reference counted: a
 * session holds what it uses, whatever happens to the configuration meanwhile.
 */
struct credentials {
	atomic_uint references;
	gnutls_certificate_credentials_t handle;
	struct clock_source *clock;
	struct credentials_staple *staples;
	struct ticket_recent ticket; /* of its sessions */
	size_t members_length;
	struct certificate *members[]; /* in order of preference */
};

/* Makes credentials of certificates that have usable pairs (about 20 us for a key of a curve). Touches no file. */
int credentials_make(struct certificate *const *members, size_t members_length,
	struct clock_source *clock, struct credentials **credentials, struct certbind_error *error);
struct credentials *credentials_ref(struct credentials *credentials);
void credentials_unref(struct credentials *credentials); /* NULL does nothing */

#endif
