/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FINDING_H
#define FINDING_H

#include <certbind/check.h>

/* Every code of a finding: identifier, word (fixed: other programs read it), severity. */
#define FINDING_CODES(CODE)                                                                        \
	CODE(COVERED, "covered", OK)                                                               \
	CODE(COVERED_BY_SHARED_HOST, "covered-by-shared-host", OK)                                 \
	CODE(NOT_COVERED, "not-covered", ERROR)                                                    \
	CODE(DEFAULT_CERTIFICATE, "default-certificate", ERROR)                                    \
	CODE(SELF_SIGNED, "self-signed", ERROR)                                                    \
	CODE(UNTRUSTED_CHAIN, "untrusted-chain", ERROR)                                            \
	CODE(MISSING_INTERMEDIATE, "missing-intermediate", ERROR)                                  \
	CODE(EXPIRED, "expired", ERROR)                                                            \
	CODE(NOT_YET_VALID, "not-yet-valid", ERROR)                                                \
	CODE(KEY_MISMATCH, "key-mismatch", ERROR)                                                  \
	CODE(UNREADABLE, "unreadable", ERROR)                                                      \
	CODE(MALFORMED, "malformed", ERROR)                                                        \
	CODE(NOT_SERVER_AUTH, "not-server-auth", ERROR)                                            \
	CODE(IS_CA, "is-ca", ERROR)                                                                \
	CODE(COMMON_NAME_ONLY, "common-name-only", ERROR)                                          \
	CODE(NAME_CONSTRAINT, "name-constraint", ERROR)                                            \
	CODE(WEAK_KEY, "weak-key", ERROR)                                                          \
	CODE(WEAK_SIGNATURE, "weak-signature", ERROR)                                              \
	CODE(PROFILE, "profile", WARNING)                                                          \
	CODE(STALE_LAST_GOOD, "stale-last-good", WARNING)                                          \
	CODE(EXPIRES_SOON, "expires-soon", WARNING)                                                \
	CODE(CHAIN_ORDER, "chain-order", WARNING)                                                  \
	CODE(STAPLE_INVALID, "staple-invalid", WARNING)                                            \
	CODE(STAPLE_MISSING, "staple-missing", WARNING)                                            \
	CODE(KEY_PERMISSIONS, "key-permissions", WARNING)                                          \
	CODE(BAD_CONFIGURATION, "bad-configuration", ERROR)                                        \
	CODE(HOST_CONFLICT, "host-conflict", ERROR)                                                \
	CODE(NO_CERTIFICATE, "no-certificate", ERROR)                                              \
	CODE(SERVED_DIFFERS, "served-differs", ERROR)                                              \
	CODE(SERVED_INVALID, "served-invalid", ERROR)                                              \
	CODE(UNREACHABLE, "unreachable", ERROR)                                                    \
	CODE(NEEDS_SNI, "needs-sni", NOTE)

enum finding_code {
#define FINDING_ENUM(identifier, word, severity) FINDING_##identifier,
	FINDING_CODES(FINDING_ENUM)
#undef FINDING_ENUM
		FINDING_CODE_COUNT
};

/* The word of a code; lives for ever. */
const char *finding_word(enum finding_code code);

/* The severity that section "findings" of the manual gives the code: an enum certbind_severity. */
int finding_severity(enum finding_code code);

#endif
