/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path_extension.h"
#include "path_match.h"
#include "pkix.h"
#include "plain.h"
#include <certbind/error.h>
#include <gnutls/x509-ext.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int read_func(struct fact *fact, asn1_node definitions, const gnutls_datum_t *value);

static int status_of(int gnutls_status)
{
	if (gnutls_status >= 0)
		return CERTBIND_OK;
	return gnutls_status == GNUTLS_E_MEMORY_ERROR ? CERTBIND_E_MEMORY : CERTBIND_E_CERTIFICATE;
}

static int read_subject_key_id(
	struct fact *fact, asn1_node definitions, const gnutls_datum_t *value)
{
	(void)definitions;
	return status_of(gnutls_x509_ext_import_subject_key_id(value, &fact->subject_key_id));
}

static int keep_authority_key_id(struct fact *fact, const unsigned char *id, unsigned int size)
{
	fact->authority_key_id.data = gnutls_malloc(size);
	if (fact->authority_key_id.data == NULL)
		return GNUTLS_E_MEMORY_ERROR;
	memcpy(fact->authority_key_id.data, id, size);
	fact->authority_key_id.size = size;
	return 0;
}

/* As nearly all are: GnuTLS takes eight times as long. */
static bool is_plain_key_id(asn1_node definitions, const gnutls_datum_t *value, unsigned char *id,
	size_t room, size_t *size)
{
	asn1_node tree = pkix_decode(
		definitions, "CertbindPKIX.PlainAuthorityKeyIdentifier", value->data, value->size);
	bool is_it = tree != NULL && plain_read(tree, "keyIdentifier", id, room, size);

	(void)asn1_delete_structure(&tree);
	return is_it;
}

static int read_authority_key_id(
	struct fact *fact, asn1_node definitions, const gnutls_datum_t *value)
{
	unsigned char plain_id[64];
	size_t plain_size;
	gnutls_x509_aki_t aki;
	gnutls_datum_t id;
	int status;

	if (is_plain_key_id(definitions, value, plain_id, sizeof(plain_id), &plain_size))
		return status_of(keep_authority_key_id(fact, plain_id, (unsigned int)plain_size));
	status = gnutls_x509_aki_init(&aki);
	if (status != 0)
		return CERTBIND_E_MEMORY;
	status = gnutls_x509_ext_import_authority_key_id(value, aki, 0);
	if (status == 0 && gnutls_x509_aki_get_id(aki, &id) == 0 && id.size > 0)
		status = keep_authority_key_id(fact, id.data, id.size);
	gnutls_x509_aki_deinit(aki);
	return status_of(status);
}

static int read_key_usage(struct fact *fact, asn1_node definitions, const gnutls_datum_t *value)
{
	(void)definitions;
	return status_of(gnutls_x509_ext_import_key_usage(value, &fact->key_usage));
}

static int read_basic_constraints(
	struct fact *fact, asn1_node definitions, const gnutls_datum_t *value)
{
	unsigned int is_ca = 0;
	int length = -1;
	int status = gnutls_x509_ext_import_basic_constraints(value, &is_ca, &length);

	(void)definitions;
	if (status == 0) {
		fact->is_ca = is_ca != 0;
		fact->path_length = length;
	}
	return status_of(status);
}

static void purpose_note(struct fact *fact, const char *oid)
{
	static const char *const others[] = { GNUTLS_KP_CODE_SIGNING, GNUTLS_KP_EMAIL_PROTECTION,
		GNUTLS_KP_TIME_STAMPING, GNUTLS_KP_OCSP_SIGNING };

	if (strcmp(oid, GNUTLS_KP_TLS_WWW_SERVER) == 0)
		fact->has_server_auth = true;
	if (strcmp(oid, GNUTLS_KP_ANY) == 0)
		fact->has_any_purpose = true;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strcmp(oid, others[i]) == 0)
			fact->has_other_purpose = true;
	}
}

static int read_key_purposes(struct fact *fact, asn1_node definitions, const gnutls_datum_t *value)
{
	gnutls_x509_key_purposes_t purposes;
	gnutls_datum_t oid;
	int status = gnutls_x509_key_purpose_init(&purposes);

	(void)definitions;
	if (status != 0)
		return CERTBIND_E_MEMORY;
	status = gnutls_x509_ext_import_key_purposes(value, purposes, 0);
	for (unsigned int i = 0; status == 0; i++) {
		if (gnutls_x509_key_purpose_get(purposes, i, &oid) != 0)
			break;
		purpose_note(fact, (const char *)oid.data);
	}
	gnutls_x509_key_purpose_deinit(purposes);
	return status_of(status);
}

static int read_alt_names(struct fact *fact, asn1_node definitions, const gnutls_datum_t *value)
{
	int status = general_names_read(definitions, value, &fact->names);

	if (status != CERTBIND_OK)
		names_clear(&fact->names);
	return status;
}

/* RFC 5280, 4.2.1.10: addresses come with a mask, and distances are not used. */
static bool subtrees_are_usable(const struct fact_names *list)
{
	for (size_t i = 0; i < list->length; i++) {
		const struct fact_name *base = &list->items[i];

		if (base->has_distance ||
			(base->type == FACT_NAME_IP && !match_is_address_range(base)))
			return false;
	}
	return true;
}

static int read_constraints(struct fact *fact, asn1_node definitions, const gnutls_datum_t *value)
{
	int status = name_constraints_read(definitions, value, &fact->permitted, &fact->excluded);

	if (status == CERTBIND_OK &&
		!(subtrees_are_usable(&fact->permitted) && subtrees_are_usable(&fact->excluded)))
		return CERTBIND_E_CERTIFICATE;
	return status;
}

static int read_inhibit_any(struct fact *fact, asn1_node definitions, const gnutls_datum_t *value)
{
	unsigned int skip = 0;
	int status = gnutls_x509_ext_import_inhibit_anypolicy(value, &skip);

	(void)definitions;
	if (status == 0 && skip < FACT_SKIP_NEVER)
		fact->inhibit_any = (int)skip;
	return status_of(status);
}

/* An AIA that can't be read keeps nobody from using the certificate: no fault of its own here. */
static int read_authority_info(
	struct fact *fact, asn1_node definitions, const gnutls_datum_t *value)
{
	gnutls_x509_aia_t aia;
	gnutls_datum_t oid;
	unsigned int type;
	int status;

	(void)definitions;
	if (gnutls_x509_aia_init(&aia) != 0)
		return CERTBIND_E_MEMORY;
	status = gnutls_x509_ext_import_aia(value, aia, 0);
	if (status != 0 || gnutls_x509_aia_get(aia, 0, &oid, &type, NULL) ==
				   GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
		fact->has_bad_authority_info = true;
	gnutls_x509_aia_deinit(aia);
	return status == GNUTLS_E_MEMORY_ERROR ? CERTBIND_E_MEMORY : CERTBIND_OK;
}

static const struct {
	const char *oid;
	const char *name;
	enum fact_extension bit;
	read_func *read; /* NULL: that it is there is all that counts */
} known[] = {
	{ "2.5.29.14", "subjectKeyIdentifier", FACT_SUBJECT_KEY_ID, read_subject_key_id },
	{ "2.5.29.15", "keyUsage", FACT_KEY_USAGE, read_key_usage },
	{ "2.5.29.17", "subjectAltName", FACT_SUBJECT_ALT_NAME, read_alt_names },
	{ "2.5.29.18", "issuerAltName", FACT_ISSUER_ALT_NAME, NULL },
	{ "2.5.29.19", "basicConstraints", FACT_BASIC_CONSTRAINTS, read_basic_constraints },
	{ "2.5.29.30", "nameConstraints", FACT_NAME_CONSTRAINTS, read_constraints },
	{ "2.5.29.31", "cRLDistributionPoints", FACT_CRL_POINTS, NULL },
	{ "2.5.29.32", "certificatePolicies", FACT_POLICIES, policies_read },
	{ "2.5.29.33", "policyMappings", FACT_POLICY_MAPPINGS, policy_mappings_read },
	{ "2.5.29.35", "authorityKeyIdentifier", FACT_AUTHORITY_KEY_ID, read_authority_key_id },
	{ "2.5.29.36", "policyConstraints", FACT_POLICY_CONSTRAINTS, policy_constraints_read },
	{ "2.5.29.37", "extKeyUsage", FACT_EXTENDED_KEY_USAGE, read_key_purposes },
	{ "2.5.29.54", "inhibitAnyPolicy", FACT_INHIBIT_ANY_POLICY, read_inhibit_any },
	{ "1.3.6.1.5.5.7.1.1", "authorityInfoAccess", FACT_AUTHORITY_INFO, read_authority_info },
	{ "1.3.6.1.5.5.7.1.24", "tlsFeature", FACT_TLS_FEATURE, NULL },
};

enum { KNOWN_LENGTH = sizeof(known) / sizeof(known[0]) };

/* What most end-entities say, in the only bytes for it, is known by sight: GnuTLS takes 6 us. */
static const struct {
	enum fact_extension bit;
	unsigned int key_usage;
	bool has_server_auth;
	unsigned int size;
	unsigned char value[22];
} usual[] = {
	{ FACT_KEY_USAGE, GNUTLS_KEY_DIGITAL_SIGNATURE, false, 4, { 3, 2, 7, 0x80 } },
	{ FACT_KEY_USAGE, GNUTLS_KEY_DIGITAL_SIGNATURE | GNUTLS_KEY_KEY_ENCIPHERMENT, false, 4,
		{ 3, 2, 5, 0xa0 } },
	{ FACT_BASIC_CONSTRAINTS, 0, false, 2, { 0x30, 0 } },
	/* serverAuth; the same with clientAuth */
	{ FACT_EXTENDED_KEY_USAGE, 0, true, 12, { 0x30, 10, 6, 8, 43, 6, 1, 5, 5, 7, 3, 1 } },
	{ FACT_EXTENDED_KEY_USAGE, 0, true, 22,
		{ 0x30, 20, 6, 8, 43, 6, 1, 5, 5, 7, 3, 1, 6, 8, 43, 6, 1, 5, 5, 7, 3, 2 } },
};

static bool read_usual(
	struct fact *fact, enum fact_extension extension, const gnutls_datum_t *value)
{
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		if (usual[i].bit != extension || usual[i].size != value->size ||
			memcmp(usual[i].value, value->data, value->size) != 0)
			continue;
		fact->key_usage |= usual[i].key_usage;
		fact->has_server_auth = fact->has_server_auth || usual[i].has_server_auth;
		return true;
	}
	return false;
}

int extension_read(struct fact *fact, asn1_node definitions, const struct extension *extension)
{
	int status = CERTBIND_OK;
	size_t i = 0;

	while (i < KNOWN_LENGTH && strcmp(known[i].oid, extension->oid) != 0)
		i++;
	if (i == KNOWN_LENGTH) {
		if (extension->is_critical != 0 && fact->unknown_critical[0] == '\0')
			(void)snprintf(fact->unknown_critical, sizeof(fact->unknown_critical), "%s",
				extension->oid);
		return CERTBIND_OK;
	}
	if (fact_has(fact, known[i].bit)) {
		(void)snprintf(fact->malformed, sizeof(fact->malformed),
			"it has the extension %s twice", known[i].name);
		return CERTBIND_OK;
	}
	fact->extensions |= (uint32_t)known[i].bit;
	if (extension->is_critical != 0)
		fact->critical |= (uint32_t)known[i].bit;
	if (known[i].read != NULL && !read_usual(fact, known[i].bit, &extension->value))
		status = known[i].read(fact, definitions, &extension->value);
	if (status == CERTBIND_E_CERTIFICATE && fact->malformed[0] == '\0')
		(void)snprintf(fact->malformed, sizeof(fact->malformed),
			"its extension %s can't be read", known[i].name);
	return status == CERTBIND_E_MEMORY ? CERTBIND_E_MEMORY : CERTBIND_OK;
}

int extensions_read(struct fact *fact, asn1_node definitions)
{
	int status = CERTBIND_OK;

	for (unsigned int i = 0; status == CERTBIND_OK; i++) {
		struct extension extension = { .oid = "" };
		size_t size = sizeof(extension.oid);
		int result = gnutls_x509_crt_get_extension_info(
			fact_certificate(fact), i, extension.oid, &size, &extension.is_critical);

		if (result == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			break;
		if (result != 0) {
			(void)snprintf(fact->malformed, sizeof(fact->malformed),
				"its extension number %u can't be read", i + 1);
			break;
		}
		/* It fails for an empty value, which some extensions may have. */
		if (gnutls_x509_crt_get_extension_data2(
			    fact_certificate(fact), i, &extension.value) != 0)
			extension.value.size = 0;
		status = extension_read(fact, definitions, &extension);
		gnutls_free(extension.value.data);
	}
	return status;
}
