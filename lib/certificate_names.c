/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "certificate.h"
#include "certificate_facts.h"
#include "name.h"
#include <stdlib.h>
#include <string.h>

static size_t names_size(const struct certificate_facts *facts)
{
	const char *name = certificate_facts_names(facts);
	size_t i;

	for (i = 0; i < facts->names_length; i++)
		name += strlen(name) + 1;
	return (size_t)(name - certificate_facts_names(facts));
}

int certificate_names(struct der *der, char **names, size_t *names_length)
{
	const struct certificate_facts *facts;
	int gnutls_status;
	int status = certificate_facts(der, &facts, &gnutls_status);
	size_t size;

	*names = NULL;
	*names_length = 0;
	if (status != CERTBIND_OK)
		return status;
	size = names_size(facts);
	*names = malloc(size + 1);
	if (*names == NULL)
		return CERTBIND_E_MEMORY;
	memcpy(*names, certificate_facts_names(facts), size);
	*names_length = facts->names_length;
	return CERTBIND_OK;
}

int certificate_covers(struct der *der, const char *host, bool *covers)
{
	char folded[NAME_SIZE];
	char *names = NULL;
	const char *name;
	size_t names_length, i;
	int status;

	*covers = false;
	if (name_fold(host, strlen(host), folded) != NAME_OK)
		return CERTBIND_OK;
	status = certificate_names(der, &names, &names_length);
	if (status < 0) /* one that can't be parsed presents nothing */
		return status == CERTBIND_E_CERTIFICATE ? CERTBIND_OK : status;
	for (i = 0, name = names; i < names_length && !*covers; i++, name += strlen(name) + 1)
		*covers = name_matches(name, folded);
	free(names);
	return CERTBIND_OK;
}
