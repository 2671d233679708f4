/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "error.h"
#include "snapshot_internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Which version of a certificate is in service: the files', or the last good one. */

enum { GONE_SECONDS = 60 /* a certificate that has disappeared stays for so long */ };

void snapshot_state_clear(struct snapshot_state *state)
{
	sources_unref(state->sources);
	free(snapshot_trouble(state)->stale_file);
	free(snapshot_trouble(state)->stale_message);
	free(state->trouble);
	memset(state, 0, sizeof(*state));
}

/* Of a sequence of texts; 64 bits of a keyed hash, whose collisions nobody can look for. */
struct definition {
	const struct der_pool *pool;
	uint64_t digest;
};

/* NULL is another text than any other. */
static void define(struct definition *definition, const char *text)
{
	uint64_t parts[3] = { definition->digest };

	if (text != NULL) {
		parts[1] = 1;
		parts[2] = der_pool_hash(definition->pool, text, strlen(text));
	}
	definition->digest = der_pool_hash(definition->pool, parts, sizeof(parts));
}

static void define_pair(struct definition *definition, const struct config_pair *pair)
{
	const struct der *password = pair->key_password;
	size_t i;

	for (i = 0; i < pair->chain.length; i++)
		define(definition, pair->chain.items[i]);
	/* Ends the chain; what follows is always as much. */
	define(definition, NULL);
	define(definition, pair->key);
	define(definition, password != NULL ? (const char *)password->data : NULL);
	define(definition, pair->key_password_file);
	define(definition, pair->staple);
}

/* What the configuration says of a certificate, but for where. */
static uint64_t definition_digest(
	const struct config_certificate *entry, const struct certificate_options *options)
{
	struct definition definition = { .pool = options->pool };
	size_t i;

	define(&definition, options->strict_key_permissions ? "strict" : "lax");
	for (i = 0; i < entry->pairs_length; i++)
		define_pair(&definition, &entry->pairs[i]);
	return definition.digest;
}

/* Both may be NULL: none. */
static bool is_same(const struct der *a, const struct der *b)
{
	return a == NULL || b == NULL ? a == b : der_equal(a, b);
}

static bool staples_equal(const struct staple *a, const struct staple *b)
{
	return a == NULL || b == NULL ? a == b : der_equal(a->der, b->der);
}

static bool pairs_equal(const struct pair *a, const struct pair *b)
{
	unsigned int i;

	/* Nothing tells whether a key in a token is still the same. */
	if (pair_more(a)->token_key != NULL || pair_more(b)->token_key != NULL ||
		!is_same(a->key, b->key) ||
		!staples_equal(pair_more(a)->staple, pair_more(b)->staple) ||
		a->chain_length != b->chain_length || a->chain_extra != b->chain_extra)
		return false;
	for (i = 0; i < a->chain_length; i++)
		if (!der_equal(a->chain[i], b->chain[i]))
			return false;
	return true;
}

static bool faults_equal(const struct certificate *a, const struct certificate *b)
{
	size_t i;

	if (a->faults_length != b->faults_length)
		return false;
	for (i = 0; i < a->faults_length; i++)
		if (a->faults[i].code != b->faults[i].code ||
			strcmp(a->faults[i].message, b->faults[i].message) != 0)
			return false;
	return true;
}

/* The same bytes: the same object goes on, with all that was made of it. */
static bool certificates_equal(const struct certificate *a, const struct certificate *b)
{
	size_t i;

	if (a->pairs_length != b->pairs_length || !faults_equal(a, b))
		return false;
	for (i = 0; i < a->pairs_length; i++)
		if (!pairs_equal(&a->pairs[i], &b->pairs[i]))
			return false;
	return true;
}

static bool is_within_dates(const struct certificate *certificate, int64_t now)
{
	size_t i;

	for (i = 0; i < certificate->pairs_length; i++)
		if (now < certificate->pairs[i].facts->not_before ||
			now > certificate->pairs[i].facts->not_after)
			return false;
	return true;
}

static int64_t since(int64_t former, int64_t now)
{
	if (former != 0)
		return former;
	return now != 0 ? now : 1;
}

/* What is written to; NULL: memory. */
static struct snapshot_trouble *state_trouble(struct snapshot_state *state)
{
	if (state->trouble == NULL)
		state->trouble = calloc(1, sizeof(*state->trouble));
	return state->trouble;
}

static int state_stale(struct snapshot_state *state, const struct snapshot_state *former,
	int64_t now, const char *file, const char *message)
{
	struct snapshot_trouble *trouble = state_trouble(state);

	if (trouble == NULL)
		return CERTBIND_E_MEMORY;
	trouble->stale_since = since(snapshot_trouble(former)->stale_since, now);
	trouble->stale_file = strdup(file);
	trouble->stale_message = strdup(message);
	return trouble->stale_file != NULL && trouble->stale_message != NULL ? CERTBIND_OK
									     : CERTBIND_E_MEMORY;
}

/* Its files, or its directory's entry, are missing now. *is_gone: for so long that it goes. */
static int state_missing(struct snapshot_state *state, const struct snapshot_state *former,
	int64_t now, bool *is_gone)
{
	struct snapshot_trouble *trouble = state_trouble(state);

	if (trouble == NULL)
		return CERTBIND_E_MEMORY;
	trouble->missing_since = since(snapshot_trouble(former)->missing_since, now);
	*is_gone = now - trouble->missing_since >= GONE_SECONDS;
	return CERTBIND_OK;
}

/*
 * Decides between what was read and what serves. Design rule 3: what can't be read or parsed, whose
 * key does not match, or that is outside its dates while the other is inside, is not taken.
 */
static int take_or_keep(struct snapshot_taking *taking, struct certificate *former,
	const struct snapshot_state *former_state, int64_t now)
{
	struct certificate *read = taking->certificate;
	struct snapshot_state *state = &taking->state;
	bool is_worse = read->pairs_length < taking->entry->pairs_length &&
			read->pairs_length < former->pairs_length;
	bool is_gone = false;
	int status = CERTBIND_OK;

	if (is_worse && sources_have_missing(state->sources))
		status = state_missing(state, former_state, now, &is_gone);
	if (status < 0 || is_gone)
		return status;
	if (is_worse)
		status = state_stale(
			state, former_state, now, read->faults[0].file, read->faults[0].message);
	else if (former->pairs_length > 0 && is_within_dates(former, now) &&
		 !is_within_dates(read, now))
		status = state_stale(state, former_state, now, sources_first(state->sources)->path,
			"The certificate in the files is outside its dates.");
	else
		return CERTBIND_OK;
	taking->certificate = certificate_ref(former);
	certificate_unref(read);
	return status;
}

/* `former` has the certificate at `index`; NULL: it is new. */
static int take_fresh(const struct snapshot *former, size_t index, uint64_t definition,
	const struct certificate_options *options, struct snapshot_taking *taking)
{
	int status = certificate_read(taking->entry, options, &taking->certificate, NULL);
	struct certificate *served;

	if (status < 0)
		return status;
	if (taking->certificate->is_foreign) {
		certificate_unref(taking->certificate);
		taking->certificate = NULL;
		return CERTBIND_OK;
	}
	taking->state.sources = sources_ref(taking->certificate->sources);
	taking->state.sources->definition = definition;
	if (former == NULL)
		return CERTBIND_OK;
	served = former->certificates[index];
	if (!certificates_equal(served, taking->certificate))
		return take_or_keep(taking, served, &former->states[index], options->now);
	certificate_unref(taking->certificate);
	taking->certificate = certificate_ref(served);
	return CERTBIND_OK;
}

/* Nothing has changed since: neither what the configuration says nor the files. */
static bool is_unchanged(const struct snapshot_state *state, uint64_t definition, bool is_watched)
{
	return snapshot_trouble(state)->stale_since == 0 && state->sources != NULL &&
	       state->sources->definition == definition &&
	       (is_watched || sources_are_current(state->sources));
}

/* Neither what the configuration says of it nor its files have changed, as far as anybody can tell. */
static bool is_known(const struct snapshot_options *build, const char *name)
{
	return !changes_are_all(build->changes) && !build->changes->has_configuration &&
	       !changes_have_certificate(build->changes, name);
}

/* False: there is nothing that could go on as it is. */
static bool state_take_over(
	const struct snapshot *former, size_t index, struct snapshot_taking *taking)
{
	const struct snapshot_state *state = &former->states[index];

	if (index == former->certificates_length || snapshot_trouble(state)->stale_since != 0 ||
		state->sources == NULL)
		return false;
	taking->certificate = certificate_ref(former->certificates[index]);
	taking->state.sources = sources_ref(state->sources);
	return true;
}

int snapshot_take(const struct snapshot_options *build, const struct certificate_options *options,
	struct snapshot_taking *taking)
{
	const struct snapshot *former = build->former;
	uint64_t definition;
	size_t index = 0;

	if (taking->entry == NULL) /* decided already: gone from its directory */
		return CERTBIND_OK;
	taking->state.is_from_directory = taking->is_from_directory;
	taking->state.line = taking->entry->place.line;
	taking->state.file = taking->entry->place.file != NULL ? taking->entry->place.file : "";
	if (former != NULL && is_known(build, taking->entry->name)) {
		index = snapshot_certificate_index(former, taking->entry->name);
		if (state_take_over(former, index, taking))
			return CERTBIND_OK;
	}
	definition = definition_digest(taking->entry, options);
	if (former != NULL)
		index = snapshot_certificate_index(former, taking->entry->name);
	if (former == NULL || index == former->certificates_length)
		return take_fresh(NULL, 0, definition, options, taking);
	if (!is_unchanged(&former->states[index], definition,
		    !changes_have_certificate(build->changes, taking->entry->name)))
		return take_fresh(former, index, definition, options, taking);
	(void)state_take_over(former, index, taking);
	return CERTBIND_OK;
}

int snapshot_take_gone(const struct snapshot *former, size_t index, bool is_excused, int64_t now,
	struct snapshot_taking *taking)
{
	const struct snapshot_state *former_state = &former->states[index];
	bool is_gone = false;
	int status = CERTBIND_OK;

	memset(taking, 0, sizeof(*taking));
	if (former->certificates[index]->pairs_length == 0)
		return CERTBIND_OK;
	if (!is_excused)
		status = state_missing(&taking->state, former_state, now, &is_gone);
	if (status == CERTBIND_OK && !is_gone)
		status = state_stale(&taking->state, former_state, now, former_state->file,
			is_excused ? "Its directory can't be read, or has its name twice."
				   : "It is in its directory no more.");
	if (status < 0 || is_gone) {
		snapshot_state_clear(&taking->state);
		return status;
	}
	taking->is_from_directory = true;
	taking->state.is_from_directory = true;
	taking->state.line = former_state->line;
	taking->certificate = certificate_ref(former->certificates[index]);
	return CERTBIND_OK;
}
