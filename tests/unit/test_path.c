/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path.h"
#include <gnutls/gnutls.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "chain_case.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

enum { AT = 1767225600, /* 2026-01-01T00:00:00Z */ CODES_MAX = 3 };

#define NOTHING                                                                                    \
	{                                                                                          \
		FINDING_CODE_COUNT                                                                 \
	}
#define CODE(code)                                                                                 \
	{                                                                                          \
		FINDING_##code, FINDING_CODE_COUNT                                                 \
	}
#define CODES(code, other)                                                                         \
	{                                                                                          \
		FINDING_##code, FINDING_##other, FINDING_CODE_COUNT                                \
	}

/* A rule (a section of RFC 5280 unless it says otherwise), its chain, and all that is said of it. */
struct row {
	const char *rule;
	const char *name;
	enum finding_code codes[CODES_MAX];
	bool is_trusted;
};

static const struct row rows[] = {
	/* building */
	{ "6.1: intermediate and anchor", "plain", NOTHING, true },
	{ "6.1: no intermediate", "issued_by_the_anchor", NOTHING, true },
	{ "6.1: the anchor is served too", "anchor_served_too", NOTHING, true },
	{ "6.1: an intermediate is the anchor", "anchor_is_an_intermediate", NOTHING, true },
	{ "6.1: something else is served", "unrelated_served", NOTHING, true },
	{ "6.1: self-signed", "self_signed", CODE(SELF_SIGNED), false },
	{ "6.1: self-signed, as openssl req makes it", "self_signed_is_ca", CODE(SELF_SIGNED),
		false },
	{ "6.1: self-signed but an anchor", "self_signed_is_the_anchor", NOTHING, true },
	{ "6.1: self-signed and over", "self_signed_and_over", CODES(SELF_SIGNED, EXPIRED), false },
	{ "6.1: ends at a foreign root", "untrusted_root", CODE(UNTRUSTED_CHAIN), false },
	{ "6.1: issued by a foreign root", "untrusted_root_of_the_leaf", CODE(UNTRUSTED_CHAIN),
		false },
	{ "6.1: intermediate not served", "missing_intermediate", CODE(MISSING_INTERMEDIATE),
		false },
	{ "6.1: second intermediate not served", "missing_second_intermediate",
		CODE(MISSING_INTERMEDIATE), false },
	{ "6.1: the first of two not served", "missing_between", CODE(MISSING_INTERMEDIATE),
		false },
	{ "6.1: its name has control characters", "missing_with_a_hostile_name",
		CODE(MISSING_INTERMEDIATE), false },
	{ "6.1: two intermediates", "two_intermediates", NOTHING, true },
	{ "6.1: in any order", "two_intermediates_wrong_order", NOTHING, true },
	{ "6.1.3 (a)(1): another key of that name", "same_name_other_key",
		CODE(MISSING_INTERMEDIATE), false },
	{ "6.1.3 (a)(1): both keys of that name", "same_name_both_keys", NOTHING, true },
	{ "6.1.3 (a)(1): the anchor has another key", "anchor_same_name_other_key",
		CODE(MISSING_INTERMEDIATE), false },
	{ "6.1.3 (a)(1): signature damaged", "signature_of_leaf_damaged", CODE(MALFORMED), false },
	{ "6.1.3 (a)(1): an issuer's damaged", "signature_of_ca_damaged", CODE(MALFORMED), false },
	{ "6.1: cross-signed, not needed", "cross_signed_root_served", NOTHING, true },
	{ "6.1: cross-signed, needed", "cross_signed_root_needed", NOTHING, true },
	{ "6.1: cross-signed, both trusted", "cross_signed_root_between_both", NOTHING, true },
	{ "6.1: another version is over", "two_versions_one_over", NOTHING, true },
	{ "6.1: another version is untrusted", "two_versions_one_untrusted", NOTHING, true },
	{ "6.1: a circle ends", "circle", CODE(MISSING_INTERMEDIATE), false },
	{ "6.1: ten certificates", "chain_of_ten", NOTHING, true },
	{ "6.1: the bound on their number", "chain_of_eleven", CODE(UNTRUSTED_CHAIN), false },
	{ "6.1: the fifty-first of that name", "issuer_behind_50", CODE(PROFILE), true },
	{ "6.1: the hundred and eleventh", "issuer_behind_110", CODE(MISSING_INTERMEDIATE), false },
	{ "6.1: a hundred certificates", "chain_of_hundred", CODE(UNTRUSTED_CHAIN), false },
	{ "6.1: a hundred of one name", "hundred_of_one_name", CODE(MISSING_INTERMEDIATE), false },
	{ "6.1: no certificate", "certificate_damaged", CODE(MALFORMED), false },
	{ "6.1: the bound on its size", "certificate_of_100_kb", CODE(MALFORMED), false },
	{ "6.1: the bound on its name", "subject_of_20_kb", CODE(MALFORMED), false },
	{ "6.1: no intermediate certificate", "intermediate_damaged", CODE(MALFORMED), false },
	{ "6.1: none, and not needed", "damaged_but_not_needed", NOTHING, true },
	{ "7.1: case and white space", "names_fold", NOTHING, true },
	{ "7.1: kind of string", "names_fold_bmp", NOTHING, true },
	{ "7.1: another name", "names_differ", CODE(MISSING_INTERMEDIATE), false },
	{ "7.1: characters of four bytes", "names_fold_universal", NOTHING, true },
	{ "7.1: only ASCII letters have a case", "names_differ_universal",
		CODE(MISSING_INTERMEDIATE), false },
	{ "7.1: characters of three bytes and one", "names_differ_universal_cut",
		CODE(MISSING_INTERMEDIATE), false },
	{ "7.1: no text", "names_of_no_text", NOTHING, true },
	{ "7.1: no text, another", "names_of_no_text_differ", CODE(MISSING_INTERMEDIATE), false },
	{ "7.1: several attributes in one", "names_of_several", NOTHING, true },
	{ "7.1: one after the other", "names_of_several_differ", CODE(MISSING_INTERMEDIATE),
		false },
	{ "7.1: signs that part names", "names_with_signs", NOTHING, true },
	{ "7.1: a sign is no part", "names_with_signs_differ", CODE(MISSING_INTERMEDIATE), false },

	/* dates */
	{ "4.1.2.5: over", "leaf_over", CODE(EXPIRED), true },
	{ "4.1.2.5: the end is inside", "leaf_ends_now", NOTHING, true },
	{ "4.1.2.5: a second over", "leaf_ended_a_second_ago", CODE(EXPIRED), true },
	{ "4.1.2.5: the beginning is inside", "leaf_begins_now", NOTHING, true },
	{ "4.1.2.5: a second before", "leaf_begins_in_a_second", CODE(NOT_YET_VALID), true },
	{ "4.1.2.5: no well-defined end", "leaf_without_end", NOTHING, true },
	{ "4.1.2.5: an end after 2038", "leaf_ends_after_2038", NOTHING, true },
	{ "4.1.2.5.2: a beginning before 1970", "leaf_begins_in_1900", NOTHING, true },
	{ "4.1.2.5.2: the year 0", "leaf_begins_in_year_0", NOTHING, true },
	{ "4.1.2.5.2: a negative year", "leaf_begins_in_a_negative_year", CODE(MALFORMED), false },
	{ "4.1.2.5.2: a year of five digits", "leaf_ends_in_year_10000", CODE(EXPIRED), true },
	{ "4.1.2.5: an end before the beginning", "leaf_ends_before_it_begins", CODE(EXPIRED),
		true },
	{ "4.1.2.5: intermediate over", "ca_over", CODE(EXPIRED), false },
	{ "4.1.2.5: intermediate not begun", "ca_not_yet", CODE(NOT_YET_VALID), false },
	{ "4.1.2.5: anchor over", "root_over", CODE(EXPIRED), false },
	{ "4.1.2.5: two are over", "leaf_and_ca_over", CODE(EXPIRED), false },

	/* version, serial number, algorithms */
	{ "4.1.2.1: version 1", "leaf_version_1", CODE(MALFORMED), false },
	{ "4.1.2.1: issuer of version 1", "ca_version_1", CODE(MALFORMED), false },
	{ "4.1.2.1: anchor of version 1", "root_version_1", NOTHING, true },
	{ "4.1.2.2: zero", "serial_zero", CODE(PROFILE), true },
	{ "4.1.2.2: negative", "serial_negative", CODE(PROFILE), true },
	{ "4.1.2.2: 20 octets", "serial_20_octets", NOTHING, true },
	{ "4.1.2.2: 21 octets", "serial_21_octets", CODE(PROFILE), true },
	{ "4.1.2.2: 60 kB", "serial_60_kb", CODE(PROFILE), true },
	{ "4.1.2.2: zero in an issuer", "ca_serial_zero", CODE(PROFILE), true },
	{ "4.1.2.2: zero in an anchor", "root_serial_zero", NOTHING, true },
	{ "4.1.1.2: algorithms differ", "algorithms_differ", CODE(MALFORMED), false },
	{ "4.1.2.4: no issuer", "issuer_empty", CODE(MISSING_INTERMEDIATE), false },

	/* signatures and keys */
	{ "BR 7.1.3.2: RSA with SHA-256", "rsa_sha256", NOTHING, true },
	{ "BR 7.1.3.2: RSA with SHA-384", "rsa_sha384", NOTHING, true },
	{ "BR 7.1.3.2: RSA with SHA-512", "rsa_sha512", NOTHING, true },
	{ "BR 7.1.3.2: RSA-PSS", "rsa_pss", NOTHING, true },
	{ "BR 7.1.3.2: RSA with SHA-1", "rsa_sha1", CODE(WEAK_SIGNATURE), false },
	{ "BR 7.1.3.2: RSA with MD5", "rsa_md5", CODE(WEAK_SIGNATURE), false },
	{ "BR 7.1.3.2: ECDSA with SHA-1", "ecdsa_sha1", CODE(WEAK_SIGNATURE), false },
	{ "BR 7.1.3.2: ECDSA with SHA-384", "ecdsa_sha384", NOTHING, true },
	{ "BR 7.1.3.2: ECDSA with SHA-512", "ecdsa_sha512", NOTHING, true },
	{ "BR 7.1.3.2: SHA-1 in an issuer", "ca_sha1", CODE(WEAK_SIGNATURE), false },
	{ "BR 7.1.3.2: SHA-1 in an anchor", "root_sha1", NOTHING, true },
	{ "BR 7.1.3.2: Ed25519", "ed25519_signs", NOTHING, true },
	/* Each of the last three would take seconds to hours. */
	{ "6.1.3 (a)(1): not by 16,384 bits", "ca_key_rsa_16384", CODE(MALFORMED), false },
	{ "6.1.3 (a)(1): not by a great exponent", "ca_key_rsa_16384_great_exponent",
		CODE(MALFORMED), false },
	{ "6.1.3 (a)(1): not by one of 65 bits", "ca_key_rsa_2048_great_exponent", CODE(MALFORMED),
		false },
	{ "6.1.3 (a)(1): not by 65,536 bits", "ca_key_rsa_65536", CODE(MALFORMED), false },
	{ "BR 6.1.5: RSA 2048", "key_rsa_2048", NOTHING, true },
	{ "BR 6.1.5: RSA 1024", "key_rsa_1024", CODE(WEAK_KEY), false },
	{ "BR 6.1.5: RSA 2052", "key_rsa_2052", CODE(PROFILE), true },
	{ "BR 6.1.5: P-384", "key_p384", NOTHING, true },
	{ "BR 6.1.5: P-521", "key_p521", NOTHING, true },
	{ "BR 6.1.5: P-224", "key_p224", CODE(WEAK_KEY), false },
	{ "BR 6.1.5: P-192", "key_p192", CODE(WEAK_KEY), false },
	{ "BR 6.1.5: Ed25519", "key_ed25519", NOTHING, true },
	{ "BR 6.1.5: Ed448", "key_ed448", NOTHING, true },
	{ "BR 6.1.5: DSA", "key_dsa", CODE(WEAK_KEY), false },
	{ "BR 6.1.5: P-192 in an issuer", "ca_key_p192", CODE(WEAK_KEY), false },
	{ "BR 6.1.5: P-192 in an anchor", "root_key_p192", NOTHING, true },
	{ "BR 6.1.5: DSA in an issuer", "ca_key_dsa", CODES(WEAK_KEY, WEAK_SIGNATURE), false },
	{ "4.1.2.7: a key nobody knows", "key_unknown", CODE(MALFORMED), false },

	/* extensions */
	{ "4.2: unknown", "leaf_unknown_extension", NOTHING, true },
	{ "4.2: unknown and critical", "leaf_unknown_critical", CODE(MALFORMED), false },
	{ "4.2: unknown, critical, empty", "leaf_unknown_critical_empty", CODE(MALFORMED), false },
	{ "RFC 6962, 3.1: a precertificate", "leaf_poisoned", CODE(MALFORMED), false },
	{ "4.2: unknown, critical, in an issuer", "ca_unknown_critical", CODE(MALFORMED), false },
	{ "4.2: unknown, critical, in an anchor", "root_unknown_critical", NOTHING, true },
	{ "4.2.1.2: malformed", "ca_ski_malformed", CODE(MALFORMED), false },
	{ "4.2.1.3: malformed", "ca_ku_malformed", CODE(MALFORMED), false },
	{ "4.2.1.9: malformed", "ca_bc_malformed", CODE(MALFORMED), false },
	{ "4.2.1.1: malformed", "ca_aki_malformed", CODE(MALFORMED), false },
	{ "4.2.1.10: malformed", "ca_name_constraints_malformed", CODE(MALFORMED), false },
	{ "4.2.1.4: malformed", "ca_policies_malformed", CODE(MALFORMED), false },
	{ "4.2.1.5: malformed", "ca_policy_mappings_malformed", CODE(MALFORMED), false },
	{ "4.2.1.11: malformed", "ca_policy_constraints_malformed", CODE(MALFORMED), false },
	{ "4.2.1.14: malformed", "ca_inhibit_any_malformed", CODE(MALFORMED), false },
	{ "4.2.1.12: malformed", "leaf_eku_malformed", CODES(MALFORMED, NOT_SERVER_AUTH), false },
	{ "4.2.1.11: a negative number", "ca_policy_constraints_negative", CODE(MALFORMED), false },
	{ "4.2.1.6: 8,000 values in each other", "name_nested", NOTHING, true },
	{ "4.2: twice", "leaf_extension_twice", CODE(MALFORMED), false },
	{ "4.2: twice in an issuer", "ca_extension_twice", CODE(MALFORMED), false },
	{ "4.2.1.1: absent", "aki_absent", CODE(PROFILE), true },
	{ "4.2.1.1: without key identifier", "aki_without_id", CODE(PROFILE), true },
	{ "4.2.1.1: critical", "aki_critical", CODE(PROFILE), true },
	{ "4.2.1.1: a hint only", "aki_wrong", NOTHING, true },
	{ "4.2.1.1: absent in an issuer", "ca_aki_absent", CODE(PROFILE), true },
	{ "4.2.1.1: critical in an issuer", "ca_aki_critical", CODE(PROFILE), true },
	{ "4.2.1.1: critical in an anchor", "root_aki_critical", NOTHING, true },
	{ "4.2.1.2: absent in an issuer", "ca_ski_absent", CODE(PROFILE), true },
	{ "4.2.1.2: critical in an issuer", "ca_ski_critical", CODE(PROFILE), true },
	{ "4.2.1.2: in the end-entity", "leaf_ski", NOTHING, true },
	{ "4.2.1.2: critical", "leaf_ski_critical", CODE(PROFILE), true },
	{ "4.2.1.2: absent in an anchor", "root_ski_absent", NOTHING, true },
	{ "4.2.1.3: absent", "usage_absent", NOTHING, true },
	{ "4.2.1.3: for both key exchanges", "usage_sign_and_encipher", NOTHING, true },
	{ "4.2.1.3: does not sign", "usage_encipher_only", CODE(NOT_SERVER_AUTH), false },
	{ "4.2.1.3: only agrees", "usage_agree_only", CODE(NOT_SERVER_AUTH), false },
	{ "4.2.1.3: keyCertSign", "usage_cert_sign", CODE(PROFILE), true },
	{ "4.2.1.3: absent in an issuer", "ca_usage_absent", NOTHING, true },
	{ "4.2.1.3: no keyCertSign in an issuer", "ca_usage_without_cert_sign", CODE(MALFORMED),
		false },
	{ "4.2.1.3: no keyCertSign in an anchor", "root_usage_without_cert_sign", NOTHING, true },

	/* policies */
	{ "4.2.1.4: policies", "policies", NOTHING, true },
	{ "4.2.1.4: critical", "policies_critical", NOTHING, true },
	{ "4.2.1.4: unknown qualifier", "policies_unknown_qualifier", NOTHING, true },
	{ "4.2.1.4: unknown qualifier, critical", "policies_critical_unknown_qualifier",
		CODE(MALFORMED), false },
	{ "4.2.1.4: known qualifier, critical", "policies_critical_cps", NOTHING, true },
	{ "4.2.1.11: not critical", "policy_constraints_not_critical", CODE(PROFILE), true },
	{ "6.1.5 (g): there", "policy_required_and_there", NOTHING, true },
	{ "6.1.5 (g): absent", "policy_required_and_absent", CODE(PROFILE), true },
	{ "6.1.5 (g): another", "policy_required_and_other", CODE(PROFILE), true },
	{ "6.1.3 (d): any in the issuer", "policy_required_any_of_ca", NOTHING, true },
	{ "6.1.3 (d): any in the end-entity", "policy_required_any_of_leaf", NOTHING, true },
	{ "6.1.4 (i): required further down", "policy_required_later", NOTHING, true },
	{ "6.1.3 (e): none in the issuer", "policy_required_absent_in_ca", CODE(PROFILE), true },
	{ "6.1.5 (b): required by the end-entity", "policy_required_by_leaf", CODE(PROFILE), true },
	{ "6.1.4 (j): any inhibited", "policy_any_inhibited", CODE(PROFILE), true },
	{ "6.1.4 (b): mapped", "policy_mapped", NOTHING, true },
	{ "6.1.4 (b): mapping inhibited", "policy_mapping_inhibited", CODE(PROFILE), true },
	{ "6.1.4 (a): mapping of anyPolicy", "policy_mapping_of_any", CODE(PROFILE), true },

	/* names */
	{ "RFC 9525, 6.4: Common Name only", "san_absent", CODE(COMMON_NAME_ONLY), false },
	{ "RFC 9525, 6.4: no host at all", "san_absent_no_host", NOTHING, true },
	{ "RFC 9525, 6.4: mail address only", "san_mail_only", CODES(COMMON_NAME_ONLY, PROFILE),
		false },
	{ "4.2.1.6: IPv4 address", "san_address_only", NOTHING, true },
	{ "4.2.1.6: IPv6 address", "san_address_v6", NOTHING, true },
	{ "BR 7.1.4.3: IPv6 address as RFC 5952 writes it", "san_address_v6_long_text",
		CODE(PROFILE), true },
	{ "4.2.1.6: empty", "san_empty", CODE(MALFORMED), false },
	{ "4.2.1.6: no GeneralNames", "san_malformed", CODE(MALFORMED), false },
	{ "4.2.1.6: address of 5 octets", "san_address_of_5_octets", CODE(MALFORMED), false },
	{ "4.2.1.6: not ASCII", "san_not_ascii", CODE(MALFORMED), false },
	{ "4.2.1.6: underscore", "san_underscore", CODE(PROFILE), true },
	{ "4.2.1.6: wildcard", "san_wildcard", NOTHING, true },
	{ "4.2.1.6: critical beside a subject", "san_critical", CODE(PROFILE), true },
	{ "4.2.1.6: critical without one", "subject_empty_san_critical", NOTHING, true },
	{ "4.2.1.6: not critical without one", "subject_empty", CODE(PROFILE), true },
	{ "4.2.1.6: all kinds of names", "san_other_kinds", NOTHING, true },
	{ "BR 7.1.4.3: no such SAN", "common_name_other", CODE(PROFILE), true },
	{ "BR 7.1.4.3: in other letters", "common_name_case", CODE(PROFILE), true },
	{ "BR 7.1.4.3: a second one", "common_name_second", CODE(PROFILE), true },
	{ "BR 7.1.4.3: none", "common_name_absent", NOTHING, true },
	{ "4.1.2.6: issuer without name", "ca_subject_empty", CODE(PROFILE), true },

	/* basic constraints */
	{ "4.2.1.9: end-entity is a CA", "leaf_is_ca", CODE(IS_CA), false },
	{ "4.2.1.9: a true CA in its place", "leaf_is_a_true_ca", CODE(IS_CA), false },
	{ "4.2.1.9: it is none", "leaf_is_no_ca", NOTHING, true },
	{ "4.2.1.9: path length without CA", "leaf_is_no_ca_with_length", CODE(PROFILE), true },
	{ "6.1.4 (k): absent in an issuer", "ca_without_basic_constraints", CODE(MALFORMED),
		false },
	{ "6.1.4 (k): issuer is no CA", "ca_is_no_ca", CODE(MALFORMED), false },
	{ "4.2.1.9: not critical", "ca_basic_constraints_not_critical", CODE(PROFILE), true },
	{ "6.1.4 (k): absent in an anchor", "root_without_basic_constraints", NOTHING, true },
	{ "6.1.4 (k): anchor is no CA", "root_is_no_ca", NOTHING, true },
	{ "6.1.4 (m): 0, none below", "length_0_direct", NOTHING, true },
	{ "6.1.4 (l): 0, one below", "length_0_violated", CODE(MALFORMED), false },
	{ "6.1.4 (m): 1, one below", "length_1_kept", NOTHING, true },
	{ "6.1.4 (l): 1, two below", "length_1_violated", CODE(MALFORMED), false },
	{ "6.1.4 (m): growing is no widening", "length_may_grow", NOTHING, true },
	{ "6.1.4 (l): self-issued do not count", "length_0_self_issued", NOTHING, true },
	{ "6.1.4 (l): self-issued between", "length_1_self_issued_between", NOTHING, true },
	{ "6.1.2 (k): of an anchor, kept", "length_of_root_kept", NOTHING, true },
	{ "6.1.2 (k): of an anchor, exceeded", "length_of_root_exceeded", CODE(PROFILE), true },

	/* name constraints */
	{ "4.2.1.10: below a permitted name", "dns_permitted", NOTHING, true },
	{ "4.2.1.10: the permitted name", "dns_permitted_itself", NOTHING, true },
	{ "4.2.1.10: in other letters", "dns_permitted_case", NOTHING, true },
	{ "4.2.1.10: not permitted", "dns_permitted_other", CODE(NAME_CONSTRAINT), false },
	{ "4.2.1.10: whole labels", "dns_permitted_not_a_label", CODE(NAME_CONSTRAINT), false },
	{ "4.2.1.10: every name", "dns_permitted_second_name", CODE(NAME_CONSTRAINT), false },
	{ "4.2.1.10: all permitted", "dns_permitted_all", NOTHING, true },
	{ "4.2.1.10: a dot in front", "dns_permitted_dotted", CODE(PROFILE), true },
	{ "4.2.1.10: a dot in front, the name itself", "dns_permitted_dotted_itself",
		CODES(NAME_CONSTRAINT, PROFILE), false },
	{ "4.2.1.10: excluded", "dns_excluded", CODE(NAME_CONSTRAINT), false },
	{ "4.2.1.10: another excluded", "dns_excluded_other", NOTHING, true },
	{ "4.2.1.10: excluded outweighs", "dns_excluded_and_permitted", CODE(NAME_CONSTRAINT),
		false },
	{ "4.2.1.10: all excluded", "dns_excluded_all", CODE(NAME_CONSTRAINT), false },
	{ "4.2.1.10: wildcard inside", "wildcard_permitted", NOTHING, true },
	{ "4.2.1.10: wildcard partly inside", "wildcard_permitted_partly", CODE(NAME_CONSTRAINT),
		false },
	{ "4.2.1.10: wildcard excluded", "wildcard_excluded", CODE(NAME_CONSTRAINT), false },
	{ "4.2.1.10: wildcard partly excluded", "wildcard_excluded_partly", CODE(NAME_CONSTRAINT),
		false },
	{ "4.2.1.10: wildcard can't reach it", "wildcard_excluded_deeper", NOTHING, true },
	{ "4.2.1.10: on the anchor", "dns_on_root", CODE(NAME_CONSTRAINT), false },
	{ "4.2.1.10: on the anchor, kept", "dns_on_root_kept", NOTHING, true },
	{ "4.2.1.10: of a Common Name", "dns_common_name_only",
		CODES(NAME_CONSTRAINT, COMMON_NAME_ONLY), false },
	{ "4.2.1.10: of a kind that is not there", "dns_other_kind_only", NOTHING, true },
	{ "6.1.4 (g): two levels down", "dns_two_levels", CODE(NAME_CONSTRAINT), false },
	{ "6.1.4 (g): narrowed", "dns_narrowed", CODE(NAME_CONSTRAINT), false },
	{ "6.1.4 (g): not widened", "dns_not_widened", CODE(NAME_CONSTRAINT), false },
	{ "6.1.3 (b): an issuer's own name", "dns_of_intermediate", CODE(NAME_CONSTRAINT), false },
	{ "6.1.3 (b): not of a self-issued one", "dns_of_self_issued", NOTHING, true },
	{ "4.2.1.10: address inside", "address_permitted", NOTHING, true },
	{ "4.2.1.10: address outside", "address_permitted_other", CODE(NAME_CONSTRAINT), false },
	{ "4.2.1.10: address excluded", "address_excluded", CODE(NAME_CONSTRAINT), false },
	{ "4.2.1.10: another excluded", "address_excluded_other", NOTHING, true },
	{ "4.2.1.10: of the other family", "address_v6_in_v4", CODE(NAME_CONSTRAINT), false },
	{ "4.2.1.10: no mask", "address_range_malformed", CODE(MALFORMED), false },
	{ "4.2.1.10: mask with holes", "address_mask_with_holes", CODE(MALFORMED), false },
	{ "4.2.1.10: no mask, on the anchor", "address_range_malformed_on_root", NOTHING, true },
	{ "4.2.1.10: subject inside", "directory_permitted", NOTHING, true },
	{ "4.2.1.10: subject outside", "directory_permitted_other", CODE(NAME_CONSTRAINT), false },
	{ "4.2.1.10: subject excluded", "directory_excluded", CODE(NAME_CONSTRAINT), false },
	{ "4.2.1.10: another excluded", "directory_excluded_other", NOTHING, true },
	{ "4.2.1.10: directoryName outside", "directory_in_san", CODE(NAME_CONSTRAINT), false },
	{ "4.2.1.10: mail at a host", "mail_host", NOTHING, true },
	{ "4.2.1.10: mailbox", "mail_box", NOTHING, true },
	{ "4.2.1.10: another mailbox", "mail_box_other", CODE(NAME_CONSTRAINT), false },
	{ "4.2.1.10: mail in a domain", "mail_domain", NOTHING, true },
	{ "4.2.1.10: mail at the domain itself", "mail_domain_itself", CODE(NAME_CONSTRAINT),
		false },
	{ "4.2.1.10: no mailbox", "mail_malformed", CODE(NAME_CONSTRAINT), false },
	{ "4.2.1.10: mail address in the subject", "mail_in_subject", CODE(NAME_CONSTRAINT),
		false },
	{ "4.2.1.10: a kind not understood", "other_kind_excluded", CODE(NAME_CONSTRAINT), false },
	{ "4.2.1.10: and not there", "other_kind_excluded_not_there", NOTHING, true },
	{ "4.2.1.10: and not critical", "other_kind_not_critical", CODE(PROFILE), true },
	{ "4.2.1.10: URI", "uri_permitted", CODE(NAME_CONSTRAINT), false },
	{ "4.2.1.10: URI, not there", "uri_not_there", NOTHING, true },
	{ "4.2.1.10: registeredID", "registered_permitted", CODE(NAME_CONSTRAINT), false },
	{ "4.2.1.10: minimum", "distance_minimum", CODE(MALFORMED), false },
	{ "4.2.1.10: maximum", "distance_maximum", CODE(MALFORMED), false },
	{ "4.2.1.10: not critical", "constraints_not_critical", CODE(PROFILE), true },
	{ "4.2.1.10: empty", "constraints_empty", CODE(PROFILE), true },
	{ "4.2.1.10: empty list", "constraints_empty_list", CODE(PROFILE), true },
	{ "4.2.1.10: in an end-entity", "constraints_in_leaf", CODE(PROFILE), true },
	{ "4.2.1.10: many", "constraints_many", NOTHING, true },
	{ "4.2.1.10: too many", "constraints_too_many", CODE(NAME_CONSTRAINT), false },
	{ "4.2.1.10: another path is free of them", "better_path_around_constraints", NOTHING,
		true },

	/* extended key usage */
	{ "4.2.1.12: absent", "purposes_absent", CODE(PROFILE), true },
	{ "4.2.1.12: server", "purposes_server_only", NOTHING, true },
	{ "4.2.1.12: client", "purposes_client_only", CODE(NOT_SERVER_AUTH), false },
	{ "4.2.1.12: empty", "purposes_empty", CODE(NOT_SERVER_AUTH), false },
	{ "4.2.1.12: any", "purposes_any", CODE(PROFILE), true },
	{ "BR 7.1.2.7.10: server and any", "purposes_server_and_any", CODE(PROFILE), true },
	{ "BR 7.1.2.7.10: server and code", "purposes_server_and_code", CODE(PROFILE), true },
	{ "BR 7.1.2.7.6: critical", "purposes_critical", CODE(PROFILE), true },
	{ "4.2.1.12: server in an issuer", "ca_purposes_server", NOTHING, true },
	{ "4.2.1.12: client in an issuer", "ca_purposes_client", CODE(NOT_SERVER_AUTH), false },
	{ "4.2.1.12: any in an issuer", "ca_purposes_any", CODE(PROFILE), true },
	{ "4.2.1.12: client in an anchor", "root_purposes_client", CODE(PROFILE), true },

	/* authority information access */
	{ "4.2.2.1: there", "authority_info", NOTHING, true },
	{ "4.2.2.1: malformed", "authority_info_malformed", CODE(PROFILE), true },
	{ "4.2.2.1: empty", "authority_info_empty", CODE(PROFILE), true },
	{ "4.2.2.1: critical", "authority_info_critical", CODE(PROFILE), true },
};

struct heard {
	bool has[FINDING_CODE_COUNT];
	char detail[FINDING_CODE_COUNT][1024];
	unsigned int count;
};

static void hear(void *data, enum finding_code code, const char *detail)
{
	struct heard *heard = data;

	assert_false(heard->has[code]);
	assert_true(strlen(detail) > 20);
	heard->has[code] = true;
	heard->count++;
	(void)snprintf(heard->detail[code], sizeof(heard->detail[code]), "%s", detail);
}

static const struct chain_case *chain_find(const char *name)
{
	for (size_t i = 0; i < COUNT(chains); i++) {
		if (strcmp(chains[i].name, name) == 0)
			return &chains[i];
	}
	fail_msg("chains.py makes no \"%s\"", name);
	return NULL;
}

/* Reads anchors the way the library does, from a file. */
static struct anchors *anchors_make(const struct chain_case *chain)
{
	char path[] = "/tmp/test-path-XXXXXX";
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "w");
	struct anchors *anchors = NULL;
	struct certbind_error error;

	assert_non_null(file);
	for (size_t i = 0; i < chain->anchors_length; i++) {
		gnutls_datum_t pem;

		assert_int_equal(
			gnutls_pem_base64_encode2("CERTIFICATE", &chain->anchors[i], &pem), 0);
		assert_int_equal(fwrite(pem.data, 1, pem.size, file), pem.size);
		gnutls_free(pem.data);
	}
	assert_int_equal(fclose(file), 0);
	assert_int_equal(anchors_read(path, &anchors, &error), CERTBIND_OK);
	assert_int_equal(unlink(path), 0);
	return anchors;
}

static struct der **chain_make(const struct chain_case *chain)
{
	struct der **made = calloc(chain->chain_length, sizeof(made[0]));

	assert_non_null(made);
	for (size_t i = 0; i < chain->chain_length; i++) {
		made[i] = der_new(NULL, chain->chain[i].data, chain->chain[i].size, false);
		assert_non_null(made[i]);
	}
	return made;
}

static void chain_free(const struct chain_case *chain, struct der **made)
{
	for (size_t i = 0; i < chain->chain_length; i++)
		der_unref(made[i]);
	free(made);
}

/* Checks a chain by its name, at a time. */
static void check(const char *name, int64_t at, struct heard *heard, bool *is_trusted)
{
	const struct chain_case *chain = chain_find(name);
	struct anchors *anchors = anchors_make(chain);
	struct der **made = chain_make(chain);
	struct path_checker *checker = NULL;

	memset(heard, 0, sizeof(*heard));
	assert_int_equal(path_checker_new(anchors, at, &checker), CERTBIND_OK);
	anchors_unref(anchors);
	assert_int_equal(path_check(checker, made, chain->chain_length, hear, heard, is_trusted),
		CERTBIND_OK);
	path_checker_free(checker);
	chain_free(chain, made);
}

static bool row_holds(const struct row *row, const struct heard *heard, bool is_trusted)
{
	unsigned int expected = 0;
	bool holds = is_trusted == row->is_trusted;

	for (; row->codes[expected] != FINDING_CODE_COUNT; expected++)
		holds = holds && heard->has[row->codes[expected]];
	return holds && heard->count == expected;
}

static void test_rules(void **state)
{
	unsigned int failures = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct heard heard;
		bool is_trusted;

		check(rows[i].name, AT, &heard, &is_trusted);
		if (row_holds(&rows[i], &heard, is_trusted))
			continue;
		failures++;
		print_error("%s (%s): trusted %d\n", rows[i].rule, rows[i].name, is_trusted);
		for (int code = 0; code < FINDING_CODE_COUNT; code++) {
			if (heard.has[code])
				print_error("  %s: %s\n", finding_word((enum finding_code)code),
					heard.detail[code]);
		}
	}
	assert_int_equal(failures, 0);
}

static void test_every_chain_is_checked(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(chains); i++) {
		size_t j = 0;

		while (j < COUNT(rows) && strcmp(rows[j].name, chains[i].name) != 0)
			j++;
		if (j == COUNT(rows))
			fail_msg("no row for \"%s\"", chains[i].name);
	}
	assert_int_equal(COUNT(chains), COUNT(rows));
}

/* What is said, word for word: it goes to administrators. */
static void test_details(void **state)
{
	static const struct {
		const char *name;
		enum finding_code code;
		const char *detail;
	} details[] = {
		{ "leaf_over", FINDING_EXPIRED, "The certificate ended on 2025-01-01. Renew it." },
		{ "ca_over", FINDING_EXPIRED,
			"Certificate 2 of the chain (\"CN=Test CA\") ended on 2025-01-01. Replace "
			"it by the one that its issuer offers now." },
		{ "ca_not_yet", FINDING_NOT_YET_VALID,
			"Certificate 2 of the chain (\"CN=Test CA\") begins only on 2030-01-01. "
			"Wait until then, or use another one." },
		{ "missing_intermediate", FINDING_MISSING_INTERMEDIATE,
			"The certificate's issuer \"CN=Test CA\" is neither served nor trusted. "
			"Add the issuer's intermediate certificate to the chain file." },
		{ "missing_with_a_hostile_name", FINDING_MISSING_INTERMEDIATE,
			"The certificate's issuer \"CN=?[31mCA? \xc3\xbc??\" is neither served "
			"nor trusted. Add the issuer's intermediate certificate to the chain "
			"file." },
		{ "missing_between", FINDING_MISSING_INTERMEDIATE,
			"The chain ends at \"CN=Lower CA\" (certificate 2), whose issuer "
			"\"CN=Test CA\" is neither served nor trusted. Add the intermediate "
			"certificate of the issuer to the chain file." },
		{ "untrusted_root", FINDING_UNTRUSTED_CHAIN,
			"The chain ends at the self-signed \"CN=Stranger Root\" (certificate 3), "
			"which is no trust anchor. Get a certificate from an authority that "
			"clients trust." },
		{ "leaf_unknown_critical", FINDING_MALFORMED,
			"The certificate has the critical extension 1.3.6.1.4.1.99999.4, which "
			"clients do not know and so refuse. Have it issued again." },
		{ "key_rsa_1024", FINDING_WEAK_KEY,
			"The certificate has a key that is too weak (RSA, 1024 bits). Use an ECDSA "
			"key on P-256, or RSA with 2048 bits or more." },
		{ "dns_permitted_other", FINDING_NAME_CONSTRAINT,
			"The certificate has a name that its issuer may not issue for: "
			"www.example.org. The name constraints are those of: Certificate 2 of the "
			"chain (\"CN=Test CA\"). Get a certificate without that name, or from "
			"another issuer." },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(details); i++) {
		struct heard heard;

		check(details[i].name, AT, &heard, NULL);
		assert_string_equal(heard.detail[details[i].code], details[i].detail);
	}
}

/* The time is the checker's alone. */
static void test_time(void **state)
{
	struct heard heard;
	bool is_trusted;

	(void)state;
	check("plain", 1500000000, &heard, &is_trusted); /* 2017 */
	assert_true(heard.has[FINDING_NOT_YET_VALID]);
	assert_false(is_trusted); /* the intermediate has not begun either */
	check("plain", INT64_C(4102444800), &heard, &is_trusted); /* 2100 */
	assert_true(heard.has[FINDING_EXPIRED]);
	assert_int_equal(heard.count, 1);
}

/* One checker for many chains, again and again: nothing of one sticks to the next. */
static void test_one_checker(void **state)
{
	const struct chain_case *good = chain_find("plain");
	const struct chain_case *bad = chain_find("untrusted_root");
	struct anchors *anchors = anchors_make(good);
	struct der **good_chain = chain_make(good);
	struct der **bad_chain = chain_make(bad);
	struct path_checker *checker = NULL;

	(void)state;
	assert_int_equal(path_checker_new(anchors, AT, &checker), CERTBIND_OK);
	for (int i = 0; i < 20; i++) {
		struct heard heard = { .count = 0 };
		bool is_trusted = false;

		assert_int_equal(path_check(checker, good_chain, good->chain_length, hear, &heard,
					 &is_trusted),
			CERTBIND_OK);
		assert_true(is_trusted);
		assert_int_equal(heard.count, 0);
		assert_int_equal(path_check(checker, bad_chain, bad->chain_length, hear, &heard,
					 &is_trusted),
			CERTBIND_OK);
		assert_false(is_trusted);
		assert_true(heard.has[FINDING_UNTRUSTED_CHAIN]);
		assert_int_equal(heard.count, 1);
	}
	assert_int_equal(path_check(checker, good_chain, 0, NULL, NULL, NULL), CERTBIND_OK);
	assert_int_equal(path_check(checker, good_chain, 2, NULL, NULL, NULL), CERTBIND_OK);
	path_checker_free(checker);
	path_checker_free(NULL);
	anchors_unref(anchors);
	anchors_unref(NULL);
	chain_free(good, good_chain);
	chain_free(bad, bad_chain);
}

/* What is tried for a chain does not become more when the checker knows a part of it already. */
static void test_same_bound_again(void **state)
{
	const struct chain_case *chain = chain_find("issuer_behind_110");
	struct anchors *anchors = anchors_make(chain);
	struct der **made = chain_make(chain);
	struct path_checker *checker = NULL;

	(void)state;
	assert_int_equal(path_checker_new(anchors, AT, &checker), CERTBIND_OK);
	for (int i = 0; i < 3; i++) {
		struct heard heard = { .count = 0 };
		bool is_trusted = true;

		assert_int_equal(
			path_check(checker, made, chain->chain_length, hear, &heard, &is_trusted),
			CERTBIND_OK);
		assert_false(is_trusted);
		assert_true(heard.has[FINDING_MISSING_INTERMEDIATE]);
	}
	path_checker_free(checker);
	anchors_unref(anchors);
	chain_free(chain, made);
}

static void test_anchors(void **state)
{
	struct anchors *anchors = NULL;
	struct certbind_error error = { .status = 0 };

	(void)state;
	assert_int_equal(
		anchors_read("/nonexistent/anchors.pem", &anchors, &error), CERTBIND_E_FILE);
	assert_null(anchors);
	assert_string_equal(error.file, "/nonexistent/anchors.pem");
	assert_int_equal(anchors_read("/dev/null", &anchors, &error), CERTBIND_E_FILE);
	assert_null(anchors);
	assert_int_equal(anchors_read("/etc/passwd", &anchors, &error), CERTBIND_E_CERTIFICATE);
	assert_null(anchors);
	assert_int_equal(anchors_read(NULL, &anchors, &error), CERTBIND_OK);
	assert_non_null(anchors);
	anchors_unref(anchors_ref(anchors));
	anchors_unref(anchors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_every_chain_is_checked),
		cmocka_unit_test(test_details),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_one_checker),
		cmocka_unit_test(test_same_bound_again),
		cmocka_unit_test(test_anchors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
