/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path_rule.h"
#include "name.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { RSA_BITS_MIN = 2048, CURVE_BITS_MIN = 256 };

void link_name(const struct path_link *link, char name[LINK_NAME_SIZE])
{
	if (link->position == 0)
		(void)snprintf(
			name, LINK_NAME_SIZE, "The trust anchor \"%s\"", fact_label(link->fact));
	else if (link->position == 1)
		(void)snprintf(name, LINK_NAME_SIZE, "The certificate");
	else
		(void)snprintf(name, LINK_NAME_SIZE, "Certificate %zu of the chain (\"%s\")",
			link->position, fact_label(link->fact));
}

/* What to do about a certificate: the end-entity is the administrator's, others are not. */
static const char *cure_peek(const struct path_link *link)
{
	if (link->position == 0)
		return "Bring the trust anchors up to date, or get a certificate from another "
		       "authority.";
	return link->position == 1 ? "Have it issued again."
				   : "Replace it by the one that its issuer offers now.";
}

static void check_dates(const struct path_link *link, int64_t at, struct path_report *report)
{
	const struct fact *fact = link->fact;
	bool is_over = at > fact->not_after;
	time_t moment = (time_t)(is_over ? fact->not_after : fact->not_before);
	char name[LINK_NAME_SIZE];
	char date[32] = "";
	struct tm tm;

	if (!is_over && at >= fact->not_before)
		return;
	link_name(link, name);
	if (gmtime_r(&moment, &tm) != NULL)
		(void)strftime(date, sizeof(date), "%Y-%m-%d", &tm);
	if (is_over)
		report_add(report, FINDING_EXPIRED, "%s ended on %s. %s", name, date,
			link->position == 1 ? "Renew it." : cure_peek(link));
	else
		report_add(report, FINDING_NOT_YET_VALID,
			"%s begins only on %s. Wait until then, or use another one.", name, date);
}

bool rule_is_weak_signature(gnutls_sign_algorithm_t algorithm)
{
	switch (algorithm) {
	case GNUTLS_SIGN_EDDSA_ED25519:
	case GNUTLS_SIGN_EDDSA_ED448:
		return false;
	default:
		break;
	}
	switch (gnutls_sign_get_hash_algorithm(algorithm)) {
	case GNUTLS_DIG_SHA224:
	case GNUTLS_DIG_SHA256:
	case GNUTLS_DIG_SHA384:
	case GNUTLS_DIG_SHA512:
	case GNUTLS_DIG_SHA3_224:
	case GNUTLS_DIG_SHA3_256:
	case GNUTLS_DIG_SHA3_384:
	case GNUTLS_DIG_SHA3_512:
		return gnutls_sign_get_pk_algorithm(algorithm) == GNUTLS_PK_DSA;
	default:
		return true;
	}
}

static void check_signature(const struct path_link *link, struct path_report *report)
{
	const char *algorithm = gnutls_sign_get_name(link->fact->signature_algorithm);
	char name[LINK_NAME_SIZE];

	if (!rule_is_weak_signature(link->fact->signature_algorithm))
		return;
	link_name(link, name);
	report_add(report, FINDING_WEAK_SIGNATURE,
		"%s is signed with %s, which clients refuse; expected RSA or ECDSA with SHA-256 "
		"or better. %s",
		name, algorithm != NULL ? algorithm : "an unknown algorithm", cure_peek(link));
}

static bool is_weak_key(const struct fact *fact)
{
	switch (fact->key_algorithm) {
	case GNUTLS_PK_RSA:
	case GNUTLS_PK_RSA_PSS:
		return fact->key_bits < RSA_BITS_MIN;
	case GNUTLS_PK_ECDSA:
		return fact->key_bits < CURVE_BITS_MIN;
	case GNUTLS_PK_EDDSA_ED25519:
	case GNUTLS_PK_EDDSA_ED448:
		return false;
	default:
		return true; /* DSA, and what no client knows */
	}
}

static void check_key(const struct path_link *link, struct path_report *report)
{
	const struct fact *fact = link->fact;
	char name[LINK_NAME_SIZE];

	link_name(link, name);
	if (!fact->has_key)
		report_add(report, FINDING_MALFORMED,
			"%s has a public key that can't be read, or of a kind or size that clients "
			"do not take. Use an ECDSA key on P-256, or RSA with 2048 bits or more.",
			name);
	else if (is_weak_key(fact))
		report_add(report, FINDING_WEAK_KEY,
			"%s has a key that is too weak (%s, %u bits). Use an ECDSA key on P-256, "
			"or RSA with 2048 bits or more.",
			name, gnutls_pk_get_name(fact->key_algorithm), fact->key_bits);
}

/* Forms that no client takes, whatever the certificate is for. */
static void check_form(const struct path_link *link, struct path_report *report)
{
	const struct fact *fact = link->fact;
	char name[LINK_NAME_SIZE];

	link_name(link, name);
	if (fact->malformed[0] != '\0')
		report_add(report, FINDING_MALFORMED, "%s is malformed: %s. %s", name,
			fact->malformed, cure_peek(link));
	if (fact->unknown_critical[0] != '\0')
		report_add(report, FINDING_MALFORMED,
			"%s has the critical extension %s, which clients do not know and so "
			"refuse. "
			"%s",
			name, fact->unknown_critical, cure_peek(link));
	if (fact->has_unknown_qualifier && fact_has_critical(fact, FACT_POLICIES))
		report_add(report, FINDING_MALFORMED,
			"%s has a critical policy with a qualifier that clients do not know. %s",
			name, cure_peek(link));
	if (fact->version != 3)
		report_add(report, FINDING_MALFORMED,
			"%s is of X.509 version %d; clients take version 3 only. %s", name,
			fact->version, cure_peek(link));
}

bool rule_is_host(const char *common_name)
{
	char folded[NAME_SIZE];

	return strchr(common_name, '.') != NULL &&
	       name_fold_identifier(common_name, strlen(common_name), folded) == NAME_OK;
}

static bool has_host_common_name(const struct fact *fact)
{
	return fact->common_names.length > 0 &&
	       rule_is_host((const char *)fact->common_names.items[0].data);
}

static bool has_name_of_type(const struct fact_names *names, enum fact_name_type type)
{
	for (size_t i = 0; i < names->length; i++) {
		if (names->items[i].type == type)
			return true;
	}
	return false;
}

static void check_purpose(const struct fact *fact, struct path_report *report)
{
	if (fact_has(fact, FACT_EXTENDED_KEY_USAGE) && !fact->has_server_auth &&
		!fact->has_any_purpose)
		report_add(report, FINDING_NOT_SERVER_AUTH,
			"The certificate is not made for TLS servers: its extKeyUsage lacks "
			"serverAuth. Get one that has it.");
	/* Every client checks it when the server signs its key exchange, as all of certbind do. */
	if (fact_has(fact, FACT_KEY_USAGE) && !fact->is_ca &&
		(fact->key_usage & GNUTLS_KEY_DIGITAL_SIGNATURE) == 0)
		report_add(report, FINDING_NOT_SERVER_AUTH,
			"The certificate is not made for TLS servers: its keyUsage lacks "
			"digitalSignature. Get one that has it.");
}

void rule_check_end_entity(
	const struct path_link *link, int64_t at, bool is_anchor, struct path_report *report)
{
	const struct fact *fact = link->fact;

	check_dates(link, at, report);
	check_form(link, report);
	check_key(link, report);
	check_purpose(fact, report);
	if (!is_anchor)
		check_signature(link, report);
	if (fact->is_ca)
		report_add(report, FINDING_IS_CA,
			"The certificate is one of a certificate authority (basicConstraints says "
			"CA), which Firefox and Thunderbird refuse for a server. Get an end-entity "
			"certificate.");
	if (report->has[FINDING_MALFORMED] || fact->is_ca)
		return;
	if (!is_anchor)
		profile_check_end_entity(link, report);
	if (!has_name_of_type(&fact->names, FACT_NAME_DNS) &&
		!has_name_of_type(&fact->names, FACT_NAME_IP) && has_host_common_name(fact))
		report_add(report, FINDING_COMMON_NAME_ONLY,
			"The certificate names its host only in the Common Name, which clients "
			"ignore. Get one that has the name among its subject alternative names.");
}

/* RFC 5280, 6.1.4 (k) and (n), and what EKU in an issuer means to all clients. */
static void check_issuer(const struct path_link *link, struct path_report *report)
{
	const struct fact *fact = link->fact;
	char name[LINK_NAME_SIZE];

	link_name(link, name);
	if (!fact->is_ca)
		report_add(report, FINDING_MALFORMED,
			"%s signs another one but is not that of a certificate authority: its "
			"basicConstraints do not say CA. %s",
			name, cure_peek(link));
	if (fact_has(fact, FACT_KEY_USAGE) && (fact->key_usage & GNUTLS_KEY_KEY_CERT_SIGN) == 0)
		report_add(report, FINDING_MALFORMED,
			"%s signs another one but must not: its keyUsage lacks keyCertSign. %s",
			name, cure_peek(link));
	if (fact_has(fact, FACT_EXTENDED_KEY_USAGE) && !fact->has_server_auth &&
		!fact->has_any_purpose)
		report_add(report, FINDING_NOT_SERVER_AUTH,
			"%s may not issue certificates for TLS servers: its extKeyUsage lacks "
			"serverAuth. Get a certificate from an issuer that may.",
			name);
}

/*
 * RFC 5280, 4.2.1.9: how many issuers may stand between one and the end-entity. Self-issued ones
 * do not count. An anchor's own limit is outside RFC 5280, and only some clients mind it.
 */
static void check_path_length(
	const struct path_link *path, size_t index, struct path_report *report)
{
	int below = 0;
	char name[LINK_NAME_SIZE];

	for (size_t i = 1; i < index; i++) {
		if (!fact_is_self_issued(path[i].fact))
			below++;
	}
	if (path[index].fact->path_length < 0 || below <= path[index].fact->path_length)
		return;
	link_name(&path[index], name);
	report_add(report, path[index].position == 0 ? FINDING_PROFILE : FINDING_MALFORMED,
		"%s allows %d issuers below itself, and there are %d (path length constraint). Get "
		"a certificate from an issuer that may issue it.",
		name, path[index].fact->path_length, below);
}

static void check_anchor(const struct path_link *path, size_t index, struct path_report *report)
{
	const struct fact *fact = path[index].fact;
	char name[LINK_NAME_SIZE];

	check_path_length(path, index, report);
	link_name(&path[index], name);
	if (fact_has(fact, FACT_EXTENDED_KEY_USAGE) && !fact->has_server_auth &&
		!fact->has_any_purpose)
		report_add(report, FINDING_PROFILE,
			"%s is not for TLS servers: its extKeyUsage lacks serverAuth.", name);
}

/* Malformed certificates have one fault already. */
static bool has_profile(const struct fact *fact)
{
	return fact->malformed[0] == '\0' && fact->version == 3;
}

static void check_intermediate(
	const struct path_link *path, size_t index, struct path_report *report)
{
	check_form(&path[index], report);
	check_key(&path[index], report);
	check_signature(&path[index], report);
	check_issuer(&path[index], report);
	check_path_length(path, index, report);
	if (has_profile(path[index].fact))
		profile_check_issuer(&path[index], report);
}

void rule_check_path(
	const struct path_link *path, size_t length, int64_t at, struct path_report *report)
{
	for (size_t i = 1; i < length; i++) {
		check_dates(&path[i], at, report);
		if (path[i].position == 0)
			check_anchor(path, i, report);
		else
			check_intermediate(path, i, report);
		if (has_profile(path[i - 1].fact) && (i > 1 || !path[0].fact->is_ca))
			profile_check_authority_key_id(&path[i - 1], &path[i], report);
	}
	constraint_check_path(path, length, report);
	policy_check_path(path, length, report);
}
