/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path_dn.h"
#include "path_match.h"
#include "path_rule.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* Names times subtrees, beyond which clients give up (BoringSSL's and OpenSSL's bound). */
enum { CHECKS_MAX = 1 << 20 };

enum { SUBJECT_VALUES_MAX = 64, VALUE_SIZE = 256 };

/* The constraints of one issuer, applied to one certificate below. */
struct application {
	const struct path_link *issuer;
	const struct path_link *link;
	struct path_report *report;
};

static bool matches(
	const struct fact_name *name, const struct fact_name *subtree, enum match_side side)
{
	switch (name->type) {
	case FACT_NAME_DNS:
		return match_dns(name, subtree, side);
	case FACT_NAME_IP:
		return match_address(name, subtree, side);
	case FACT_NAME_EMAIL:
		return match_email(name, subtree, side);
	case FACT_NAME_DIRECTORY:
		return dn_is_within((const char *)name->data, (const char *)subtree->data);
	default:
		return false;
	}
}

static bool is_in_list(
	const struct fact_name *name, const struct fact_names *list, enum match_side side)
{
	for (size_t i = 0; i < list->length; i++) {
		if (list->items[i].type == name->type && matches(name, &list->items[i], side))
			return true;
	}
	return false;
}

static bool has_type(const struct fact_names *list, enum fact_name_type type)
{
	for (size_t i = 0; i < list->length; i++) {
		if (list->items[i].type == type)
			return true;
	}
	return false;
}

static bool is_understood(enum fact_name_type type)
{
	return type == FACT_NAME_DNS || type == FACT_NAME_IP || type == FACT_NAME_EMAIL ||
	       type == FACT_NAME_DIRECTORY;
}

static size_t count_understood(const struct fact_names *list)
{
	size_t count = 0;

	for (size_t i = 0; i < list->length; i++) {
		if (is_understood(list->items[i].type))
			count++;
	}
	return count;
}

/*
 * RFC 5280, 4.2.1.10: a constraint on a kind of name that is not understood counts only when it is
 * critical and a name of that kind is there; then nothing of that kind is allowed.
 */
static bool is_allowed(const struct fact *issuer, const struct fact_name *name)
{
	if (!is_understood(name->type))
		return !fact_has_critical(issuer, FACT_NAME_CONSTRAINTS) ||
		       !(has_type(&issuer->permitted, name->type) ||
			       has_type(&issuer->excluded, name->type));
	if (is_in_list(name, &issuer->excluded, MATCH_EXCLUDED))
		return false;
	return !has_type(&issuer->permitted, name->type) ||
	       is_in_list(name, &issuer->permitted, MATCH_PERMITTED);
}

/* A name as messages show it. */
static void name_text(const struct fact_name *name, char text[FACT_LABEL_SIZE])
{
	gnutls_datum_t datum = { name->data, (unsigned int)name->size };
	char address[INET6_ADDRSTRLEN] = "an IP address";

	switch (name->type) {
	case FACT_NAME_DNS:
	case FACT_NAME_EMAIL:
	case FACT_NAME_URI:
		label_copy(text, &datum);
		break;
	case FACT_NAME_IP:
		if (name->size == sizeof(struct in_addr) || name->size == sizeof(struct in6_addr))
			(void)inet_ntop(name->size == sizeof(struct in_addr) ? AF_INET : AF_INET6,
				name->data, address, sizeof(address));
		(void)snprintf(text, FACT_LABEL_SIZE, "%s", address);
		break;
	case FACT_NAME_DIRECTORY:
		(void)snprintf(text, FACT_LABEL_SIZE, "its distinguished name");
		break;
	default:
		(void)snprintf(text, FACT_LABEL_SIZE, "a name of another kind");
	}
}

static void name_check(const struct application *application, const struct fact_name *name)
{
	char text[FACT_LABEL_SIZE];
	char issuer[LINK_NAME_SIZE];
	char link[LINK_NAME_SIZE];

	if (is_allowed(application->issuer->fact, name))
		return;
	name_text(name, text);
	link_name(application->issuer, issuer);
	link_name(application->link, link);
	report_add(application->report, FINDING_NAME_CONSTRAINT,
		"%s has a name that its issuer may not issue for: %s. The name constraints are "
		"those of: %s. Get a certificate without that name, or from another issuer.",
		link, text, issuer);
}

/* Values of the subject that count as names of another kind: hosts and mailboxes. */
static void subject_values_check(
	const struct application *application, const char *oid, enum fact_name_type type)
{
	gnutls_x509_crt_t certificate = fact_certificate(application->link->fact);
	unsigned char value[VALUE_SIZE];

	for (unsigned int i = 0; i < SUBJECT_VALUES_MAX; i++) {
		size_t size = sizeof(value);
		struct fact_name name = { .type = type, .data = value };

		if (gnutls_x509_crt_get_dn_by_oid(certificate, oid, i, 0, value, &size) != 0)
			break;
		name.size = strnlen((const char *)value, size);
		if (type == FACT_NAME_DNS && !rule_is_host((const char *)value))
			continue;
		name_check(application, &name);
	}
}

static void subject_check(const struct application *application)
{
	const struct fact *fact = application->link->fact;
	struct fact_name subject = { .type = FACT_NAME_DIRECTORY,
		.data = (unsigned char *)fact->subject,
		.size = strlen(fact->subject) };

	if (subject.size > 0)
		name_check(application, &subject);
	if (!fact_has(fact, FACT_SUBJECT_ALT_NAME))
		subject_values_check(application, GNUTLS_OID_PKCS9_EMAIL, FACT_NAME_EMAIL);
	/* Some clients still match it where there is no other name. */
	if (application->link->position == 1 && !has_type(&fact->names, FACT_NAME_DNS) &&
		!has_type(&fact->names, FACT_NAME_IP))
		subject_values_check(application, GNUTLS_OID_X520_COMMON_NAME, FACT_NAME_DNS);
}

static void certificate_check(const struct application *application)
{
	const struct fact *issuer = application->issuer->fact;
	const struct fact_names *names = &application->link->fact->names;
	size_t subtrees =
		count_understood(&issuer->permitted) + count_understood(&issuer->excluded);
	char name[LINK_NAME_SIZE];

	if (subtrees > 0 && count_understood(names) > CHECKS_MAX / subtrees) {
		link_name(application->issuer, name);
		report_add(application->report, FINDING_NAME_CONSTRAINT,
			"%s has %zu name constraints, too many to compare with %zu names; clients "
			"refuse that. Get a certificate with fewer names.",
			name, subtrees, names->length);
		return;
	}
	for (size_t i = 0; i < names->length; i++)
		name_check(application, &names->items[i]);
	subject_check(application);
}

void constraint_check_path(const struct path_link *path, size_t length, struct path_report *report)
{
	for (size_t issuer = 1; issuer < length; issuer++) {
		/* A malformed issuer is reported already; an anchor never is. */
		if (!fact_has(path[issuer].fact, FACT_NAME_CONSTRAINTS) ||
			(path[issuer].position != 0 && path[issuer].fact->malformed[0] != '\0'))
			continue;
		for (size_t below = 0; below < issuer; below++) {
			struct application application = { &path[issuer], &path[below], report };

			/* RFC 5280, 6.1.3 (b): a change of keys is no new name. */
			if (below == 0 || !fact_is_self_issued(path[below].fact))
				certificate_check(&application);
		}
	}
}
