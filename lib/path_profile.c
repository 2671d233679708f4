/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path_rule.h"
#include <arpa/inet.h>
#include <string.h>

static void say(const struct path_link *link, struct path_report *report, const char *what)
{
	char name[LINK_NAME_SIZE];

	link_name(link, name);
	report_add(report, FINDING_PROFILE, "%s %s.", name, what);
}

static void check_serial(const struct path_link *link, struct path_report *report)
{
	switch (link->fact->serial) {
	case FACT_SERIAL_FINE:
		break;
	case FACT_SERIAL_LONG:
		say(link, report, "has a serial number of more than 20 octets");
		break;
	case FACT_SERIAL_ZERO:
		say(link, report, "has the serial number zero");
		break;
	case FACT_SERIAL_NEGATIVE:
		say(link, report, "has a negative serial number");
		break;
	}
}

/* RFC 5280, 4.2.1.1 and 4.2.1.2 */
static void check_key_ids(const struct path_link *link, struct path_report *report)
{
	const struct fact *fact = link->fact;

	if (fact_has_critical(fact, FACT_AUTHORITY_KEY_ID))
		say(link, report, "has a critical authorityKeyIdentifier");
	if (fact_has_critical(fact, FACT_SUBJECT_KEY_ID))
		say(link, report, "has a critical subjectKeyIdentifier");
	if (fact->is_ca && fact->subject_key_id.size == 0)
		say(link, report, "has no subjectKeyIdentifier");
}

/* CA/Browser Forum, Baseline Requirements, 6.1.5 */
static void check_key_size(const struct path_link *link, struct path_report *report)
{
	const struct fact *fact = link->fact;

	if ((fact->key_algorithm == GNUTLS_PK_RSA || fact->key_algorithm == GNUTLS_PK_RSA_PSS) &&
		fact->key_bits % 8 != 0)
		say(link, report, "has an RSA key whose size is no multiple of 8 bits");
}

/* RFC 5280, 4.2.1.6 */
static void check_alt_names(const struct path_link *link, struct path_report *report)
{
	const struct fact *fact = link->fact;

	for (size_t i = 0; i < fact->names.length; i++) {
		const struct fact_name *name = &fact->names.items[i];

		if (name->type != FACT_NAME_DNS || memchr(name->data, '_', name->size) == NULL)
			continue;
		say(link, report, "has a name with an underscore among its subjectAltName");
		break;
	}
	if (!fact_has(fact, FACT_SUBJECT_ALT_NAME))
		return;
	if (fact->subject[0] == '\0' && !fact_has_critical(fact, FACT_SUBJECT_ALT_NAME))
		say(link, report, "has no subject, but a subjectAltName that is not critical");
	if (fact->subject[0] != '\0' && fact_has_critical(fact, FACT_SUBJECT_ALT_NAME))
		say(link, report, "has a subject, and a critical subjectAltName");
}

void profile_check_authority_key_id(
	const struct path_link *link, const struct path_link *issuer, struct path_report *report)
{
	if (link->fact->authority_key_id.size == 0 && issuer->fact->subject_key_id.size != 0)
		say(link, report, "has no authorityKeyIdentifier");
}

/* What holds for end-entities and issuers. */
static void check_common(const struct path_link *link, struct path_report *report)
{
	const struct fact *fact = link->fact;

	check_serial(link, report);
	check_key_ids(link, report);
	check_key_size(link, report);
	check_alt_names(link, report);
	if (fact->has_bad_authority_info)
		say(link, report, "has an authorityInfoAccess that can't be read");
	if (fact_has_critical(fact, FACT_AUTHORITY_INFO))
		say(link, report, "has a critical authorityInfoAccess");
	if (fact_has(fact, FACT_POLICY_CONSTRAINTS) &&
		!fact_has_critical(fact, FACT_POLICY_CONSTRAINTS))
		say(link, report, "has policyConstraints that are not critical");
}

/* Is a Common Name the text of an iPAddress (RFC 5952 for IPv6)? */
static bool is_address_text(const struct fact_name *name, const char *text)
{
	char address[INET6_ADDRSTRLEN];
	int family = name->size == sizeof(struct in_addr) ? AF_INET : AF_INET6;

	if (name->size != sizeof(struct in_addr) && name->size != sizeof(struct in6_addr))
		return false;
	return inet_ntop(family, name->data, address, sizeof(address)) != NULL &&
	       strcmp(address, text) == 0;
}

static bool is_alt_name(const struct fact_names *names, const char *text)
{
	for (size_t i = 0; i < names->length; i++) {
		const struct fact_name *name = &names->items[i];

		if (name->type == FACT_NAME_DNS && name->size == strlen(text) &&
			memcmp(name->data, text, name->size) == 0)
			return true;
		if (name->type == FACT_NAME_IP && is_address_text(name, text))
			return true;
	}
	return false;
}

/* Baseline Requirements, 7.1.4.3: a copy, character for character, of one of the SANs. */
static void check_common_name(const struct path_link *link, struct path_report *report)
{
	const struct fact *fact = link->fact;
	bool is_alone = fact->has_strange_common_name;

	if (fact->names.length == 0)
		return;
	for (size_t i = 0; i < fact->common_names.length && !is_alone; i++)
		is_alone =
			!is_alt_name(&fact->names, (const char *)fact->common_names.items[i].data);
	if (is_alone)
		say(link, report, "has a Common Name that is not among its subjectAltName");
}

void profile_check_end_entity(const struct path_link *link, struct path_report *report)
{
	const struct fact *fact = link->fact;

	check_common(link, report);
	check_common_name(link, report);
	if (fact_has(fact, FACT_NAME_CONSTRAINTS))
		say(link, report, "has name constraints, which only issuers may have");
	if (fact_has(fact, FACT_KEY_USAGE) && (fact->key_usage & GNUTLS_KEY_KEY_CERT_SIGN) != 0)
		say(link, report, "has the keyUsage keyCertSign, which only issuers may have");
	if (fact->path_length >= 0)
		say(link, report, "has a path length constraint, which only issuers may have");
	if (!fact_has(fact, FACT_EXTENDED_KEY_USAGE))
		say(link, report, "has no extKeyUsage");
	if (fact_has_critical(fact, FACT_EXTENDED_KEY_USAGE))
		say(link, report, "has a critical extKeyUsage");
	if (fact->has_any_purpose)
		say(link, report, "has anyExtendedKeyUsage in its extKeyUsage");
	if (fact->has_other_purpose)
		say(link, report,
			"has a purpose in its extKeyUsage that no certificate of a TLS server may "
			"have (codeSigning, emailProtection, timeStamping or OCSPSigning)");
}

static bool has_dotted_subtree(const struct fact_names *list)
{
	for (size_t i = 0; i < list->length; i++) {
		const struct fact_name *name = &list->items[i];

		if (name->type == FACT_NAME_DNS && name->size > 0 && name->data[0] == '.')
			return true;
	}
	return false;
}

void profile_check_issuer(const struct path_link *link, struct path_report *report)
{
	const struct fact *fact = link->fact;

	check_common(link, report);
	if (fact->subject[0] == '\0')
		say(link, report, "is of an issuer without a name");
	if (fact_has(fact, FACT_BASIC_CONSTRAINTS) &&
		!fact_has_critical(fact, FACT_BASIC_CONSTRAINTS))
		say(link, report, "has basicConstraints that are not critical");
	if (fact->has_any_purpose && !fact->has_server_auth)
		say(link, report,
			"has anyExtendedKeyUsage, but not serverAuth, in its extKeyUsage");
	if (!fact_has(fact, FACT_NAME_CONSTRAINTS))
		return;
	if (!fact_has_critical(fact, FACT_NAME_CONSTRAINTS))
		say(link, report, "has name constraints that are not critical");
	if (fact->permitted.length + fact->excluded.length == 0)
		say(link, report, "has empty name constraints");
	if (has_dotted_subtree(&fact->permitted) || has_dotted_subtree(&fact->excluded))
		say(link, report, "has a name constraint that begins with a dot");
}
