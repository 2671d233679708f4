/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CONFIG_H
#define CONFIG_H

#include "changes.h"
#include "der.h"
#include "source.h"
#include <certbind/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Plain structs that say what the files say: folded, bounded, resolved, with the place of each. */

/* A list of strings. */
struct config_list {
	char **items;
	size_t length;
};

/* Where something stands. `file` is owned by the config (interned: one copy a file). */
struct config_place {
	const char *file;
	int line;
};

struct config_service {
	char *name;
	struct config_list hosts; /* templates with one %d, as given: fold after replacing it */
	char *default_certificate; /* NULL: the self-signed one; may be "auto" */
	struct config_list shared_hosts; /* folded */
	bool rejects_unknown;
	bool has_alpn; /* an empty list narrows to nothing */
	struct config_list alpn;
	char *priority; /* NULL: the default; not checked */
	struct config_place priority_place;
	struct config_place place; /* line 0: nobody configured it */
	struct config_place default_place; /* of the value of `default` */
};

struct config_pair {
	struct config_list
		chain; /* paths, resolved; empty when `key` is a .p12 that stands for both */
	char *key; /* path, resolved, or a pkcs11: URI as given */
	struct der *key_password; /* secret, with a NUL; NULL: none */
	char *key_password_file; /* path, resolved; NULL: none */
	char *staple; /* path, resolved; NULL: none */
	bool may_be_foreign; /* a .pem of a certificate directory: nothing when it lacks certificate or key */
	bool is_listed; /* `key` is a file of a directory's listing: see file_wish */
	struct config_place place;
};

struct config_certificate {
	char *name; /* UTF-8, 1 to 255 bytes, no control characters */
	struct config_pair *pairs;
	size_t pairs_length; /* at least 1 */
	struct config_place place;
};

enum config_choice { CONFIG_AUTO, CONFIG_NONE, CONFIG_NAMED };

/* What a domain says of one service; a service it says nothing of has no such entry. */
struct config_choice_entry {
	size_t service; /* index into config.services */
	bool names_service; /* SERVICE was given: `choice` and `certificate` count */
	enum config_choice choice;
	char *certificate; /* of CONFIG_NAMED */
	bool has_hosts; /* SERVICE_hosts was given: `hosts` counts, even when empty */
	struct config_list hosts; /* folded */
	struct config_place place;
};

struct config_domain {
	const char *name; /* folded; behind it in the same block, or its file's */
	struct config_choice_entry *choices; /* by service index, at most one each */
	struct config_place place;
	uint32_t choices_length;
	bool has_own_file; /* of domains_dir, which less trusted users may write */
	bool is_in_file; /* a part of that file's struct; else it stands for itself */
};

/*
 * A file of domains_dir. Immutable, reference counted: an unchanged one goes from one config to the
 * next.
 */
struct config_file {
	atomic_uint references;
	bool is_link; /* another file's name decides what it says, too */
	struct config_domain domain; /* name NULL: the file is faulty */
	/* Behind it, in the same block: the source, and the domain's name. */
};

static inline struct source *config_file_source(const struct config_file *file)
{
	return (struct source *)(uintptr_t)(file + 1);
}

/* What kind of thing an error costs. */
enum config_scope {
	CONFIG_SCOPE_LOAD, /* outside the entries: the load is refused */
	CONFIG_SCOPE_CERTIFICATE, /* that entry of `certificates` is left out */
	CONFIG_SCOPE_DOMAIN /* that entry of `domains`, or file of `domains_dir`, is left out */
};

struct config_problem {
	enum config_scope scope;
	char *name; /* of the certificate or domain (folded), where it is known; else NULL */
	struct config_place place;
	char *message; /* without FILE:LINE, as style.md has it: domain "X": … */
};

/* Immutable once it is loaded, reference counted. */
struct config {
	atomic_uint references;
	struct der_pool *pool; /* of passwords */
	char *state_dir;
	char *trust_file; /* NULL: the system's */
	char *ticket_key_file; /* NULL: a random key a store */
	struct config_list certificate_dirs;
	struct config_list include_dirs; /* where patterns of `include` look for files */
	char *domains_dir; /* NULL: none */
	uint32_t cache_size;
	uint32_t expiry_warning_days;
	uint32_t poll_interval; /* s */
	bool strict_key_permissions;
	struct config_service *services; /* "webmail" and "mail" first, then as configured */
	size_t services_length;
	struct config_certificate
		*certificates; /* of `certificates` only, not of the directories */
	size_t certificates_length;
	struct config_domain **domains; /* sorted by name, no name twice */
	size_t domains_length;
	struct config_file **domain_files; /* of domains_dir, by path */
	size_t domain_files_length;
	size_t domain_files_failed; /* of which so many were there and could not be read */
	struct config_problem *problems; /* in the order of files and lines */
	size_t problems_length;
	struct sources *sources; /* the files it was read from, but for those of domains_dir */
	char **files; /* every file read, interned, but for those of domains_dir */
	size_t files_length;
};

/*
 * Reads a configuration with all that it includes. (Not called config_read: libconfig is.)
 *
 * path: NULL for CERTBIND_SYSCONFDIR "/certbind/certbind.conf".
 * Returns CERTBIND_OK with *config set, also when there are problems: the caller looks at their
 * scopes. CERTBIND_E_FILE when `path` itself can't be read, CERTBIND_E_MEMORY, CERTBIND_E_SYSTEM (no random
 * bytes); then *config is NULL.
 */
int config_load(const char *path, struct config **config, struct certbind_error *error);

/*
 * The same again: takes from `former`, with a reference to each part, what has not changed. NULL
 * as former, or as changes: nothing is taken from it.
 */
int config_load_changes(const char *path, struct config *former, const struct changes *changes,
	struct config **config, struct certbind_error *error);

/*
 * Is a configuration without problems still what its files say, those of domains_dir included?
 * `path`: as it was loaded. Where something can't be told it is not.
 */
bool config_is_current(const struct config *config, const char *path);

/* The same without the files of domains_dir, so that what is wrong with them is not told either. */
int config_load_outline(const char *path, struct config **config, struct certbind_error *error);

struct config *config_ref(struct config *config);
void config_unref(struct config *config); /* wipes passwords, frees; NULL does nothing */

/* The file of domains_dir that has this name there; NULL: none. */
const struct config_file *config_file_peek(const struct config *config, const char *name);

void config_domains_sort(struct config *config); /* by name, as they are looked for */

/* The place of a name among config->domains; config->domains_length: nowhere. */
size_t config_domain_index(const struct config *config, const char *name);

/* What the domain says of a service by its place among config->services; NULL: nothing. */
const struct config_choice_entry *config_domain_choice(
	const struct config_domain *domain, size_t service);

/* A domain of that name that stands for itself; NULL: memory. */
struct config_domain *config_domain_new(const char *name);

/* The same for lists that others make of these structs: their elements, and the list. */
void config_certificates_free(struct config_certificate *entries, size_t length);
void config_problems_free(struct config_problem *problems, size_t length);

/* Is it a name that a binding can give? NULL: it is; otherwise what is wrong with it, for ever. */
const char *config_certificate_name_fault(const char *name);

#endif
