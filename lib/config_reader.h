/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CONFIG_READER_H
#define CONFIG_READER_H

#include "config.h"
#include "file.h"
#include "table.h"
#include <limits.h>
#include <sys/types.h>

/*
 * What the parts of the configuration reader (config.c and config_*.c) share. Nobody else includes
 * this. Exhausted memory is remembered in the reader and looked at once, at the end: until then
 * every function goes on with what it has.
 */

struct config_t;
struct config_setting_t;

enum {
	CONFIG_FILE_SIZE_MAX = 64 * 1024 * 1024, /* of the main and of included files */
	CONFIG_DOMAIN_FILE_SIZE_MAX = 64 * 1024, /* of a file of domains_dir */
	CONFIG_INCLUDE_DEPTH_MAX = 8,
	CONFIG_NESTING_MAX = 64, /* brackets in one another */
	CONFIG_STRING_MAX = 4096, /* bytes of any string value; a path can't be longer */
	CONFIG_NAME_MAX = 255, /* bytes of a certificate's name */
	CONFIG_LIST_MAX = 1000, /* strings in an array, unless there is a smaller bound */
	CONFIG_CHAIN_MAX = 16,
	CONFIG_PAIRS_MAX = 8,
	CONFIG_ALPN_MAX = 8,
	CONFIG_ALPN_LENGTH_MAX = 255, /* RFC 7301, 3.1 */
	CONFIG_SERVICE_NAME_MAX = 63
};

/* A string or a number of the text, in the order of the text. */
struct config_token {
	int line;
	bool is_string;
	bool is_joined; /* adjacent strings, which libconfig makes one */
	bool is_integer; /* decimal or hexadecimal */
	long long number;
};

/* What keeps libconfig from being asked at all. */
struct config_scan {
	struct config_token *tokens;
	size_t tokens_length;
	int error_line; /* 0: none */
	const char *error_text;
};

/* A parsed file. Its settings point to `scan` with their hooks. */
struct config_source {
	const char *file; /* interned */
	size_t order; /* of reading: the order of problems */
	struct config_scan scan;
	struct config_t *tree; /* NULL: not parsed */
	const struct config_source *parent; /* that includes it; NULL: the main file */
	char *identity; /* device and inode */
};

/* Names taken, with the place that took them. */
struct config_claim;
struct config_claims {
	struct table table;
	struct config_claim *first;
};

struct config_reader_problem {
	struct config_reader_problem *next; /* the one before it */
	struct config_problem problem;
	size_t order; /* of the file */
	size_t sequence;
};

struct config_reader {
	struct config *config;
	bool is_out_of_memory;
	bool is_outline; /* the files of domains_dir are not read */
	const struct config *former; /* what an unchanged file is taken from; NULL: nothing */
	const struct changes *changes; /* since then; NULL: everything */
	size_t former_files; /* of former->domain_files that were passed already */
	bool is_incomplete; /* a main or included file could not be read: services may be missing */
	size_t orders; /* files read so far */
	struct config_source **sources; /* main and included files */
	size_t sources_length;
	struct config_reader_problem *last_problem;
	size_t problems_length;
	struct config_claims files; /* by identity */
	struct config_claims service_names;
	struct config_claims certificate_names;
	struct config_claims domain_names;
	struct table services; /* name to index + 1 */
	struct config_claims scalars; /* given outside the entries */
	const struct config_setting_t *domains_dir; /* where it is named; NULL: nowhere */
	const struct config_source *domains_dir_source;
};

/* Where a problem belongs: an entry, or the text outside the entries. */
struct config_entry {
	struct config_reader *reader;
	const struct config_source *source;
	enum config_scope scope;
	const char *kind; /* "domain", "certificate", "service"; NULL: outside */
	const char *label; /* its name as written; NULL: not known (yet) */
	const char *name; /* for config_problem.name; NULL: not known (yet) */
	bool is_bad;
};

/* config_reader.c */

void config_problem(struct config_entry *entry, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Room for one more element in an array of `length` that only grows here; NULL: memory, the array stays. */
void *config_grow(void *array, size_t length, size_t size);
void *config_grow_or_note(struct config_reader *reader, void *array, size_t length, size_t size);
char *config_text_dup(struct config_reader *reader, const char *text);
void config_list_append_take(struct config_reader *reader, struct config_list *list, char *item);
void config_list_clear(struct config_list *list);
/* The place that took the name, or NULL. Good until the claims are cleared. */
const struct config_place *config_claim_peek(const struct config_claims *claims, const char *name);
/* The same, or NULL: it is the caller's now. */
const struct config_place *config_claim(struct config_reader *reader, struct config_claims *claims,
	const char *name, struct config_place place);
void config_claims_clear(struct config_claims *claims);
const char *config_file_intern(struct config_reader *reader, const char *path);
/* Moves the problems to the config, in order. */
void config_problems_finish(struct config_reader *reader);
void config_problems_clear(struct config_reader *reader);

/* config_order.c */

#define CONFIG_SYNTAX_ERROR                                                                        \
	"syntax error; is there a comma, quote, bracket or \"=\" missing, here or above?"

/* Tokens other than punctuation, which stands for itself. */
enum { CONFIG_ORDER_NAME = 'n', CONFIG_ORDER_STRING = 's', CONFIG_ORDER_SCALAR = 'v' };

/* How far a text has come in libconfig's grammar; starts as zero. */
struct config_order {
	char closers[CONFIG_NESTING_MAX]; /* of the brackets that are open */
	size_t depth;
	int place;
	bool is_over; /* libconfig finds a syntax error here at the latest */
};

/* Takes the next token (adjacent strings are one); what is wrong with it, or NULL: let libconfig decide. */
const char *config_order_step(struct config_order *order, char token);

/* config_scan.c */

/* Finds what libconfig must not see, and the line of each string and number. False: memory. */
bool config_scan_text(const char *text, size_t size, struct config_scan *scan);

/* config_text.c */

/* Parses a file's text (NUL after it); entry->source has file, order and parent. NULL: reported. */
struct config_source *config_source_parse(
	struct config_entry *entry, const char *text, size_t size);
void config_source_free(struct config_source *source);

/* config_value.c: readers of values; those with a `target` fit into key tables */

int config_value_line(const struct config_setting_t *setting);
/* A checked, non-empty string; NULL: reported. Lives as long as the source. */
const char *config_value_peek(struct config_entry *entry, const struct config_setting_t *setting);
/* The same within a set of words; -1: reported. */
int config_value_word(struct config_entry *entry, const struct config_setting_t *setting,
	const char *const *words, const char *expected);
void config_value_text(
	struct config_entry *entry, const struct config_setting_t *setting, void *target);
void config_value_path(
	struct config_entry *entry, const struct config_setting_t *setting, void *target);
void config_value_secret(
	struct config_entry *entry, const struct config_setting_t *setting, void *target);
void config_value_bool(
	struct config_entry *entry, const struct config_setting_t *setting, void *target);
/* An integer of at least min and at most max; false: reported. */
bool config_value_integer(struct config_entry *entry, const struct config_setting_t *setting,
	uint32_t min, uint32_t max, uint32_t *value);

/* config_array.c */

/* Makes of one string of an array what is kept; NULL: reported, or memory. */
typedef char *config_convert_func(
	struct config_entry *entry, const struct config_setting_t *element, const char *text);
/* Reads an array of strings (or one string, or a list of strings) and appends it to `list`. */
void config_array_read(struct config_entry *entry, const struct config_setting_t *setting,
	size_t length_max, config_convert_func *convert, struct config_list *list);
void config_array_paths(
	struct config_entry *entry, const struct config_setting_t *setting, void *target);
void config_array_chain(
	struct config_entry *entry, const struct config_setting_t *setting, void *target);
void config_array_hosts(
	struct config_entry *entry, const struct config_setting_t *setting, void *target);
/* Is the setting a list of groups? Otherwise reports, and returns false. */
bool config_array_is_groups(struct config_entry *entry, const struct config_setting_t *setting);

/* config_key.c */

struct config_key {
	const char *name;
	/* NULL: read elsewhere */
	void (*read)(
		struct config_entry *entry, const struct config_setting_t *setting, void *target);
	size_t offset; /* of the target */
};

/* Reads all members of a group with a table of keys; unknown ones are reported. */
void config_keys_read(struct config_entry *entry, const struct config_setting_t *group,
	const struct config_key *keys, size_t keys_length, void *target);
/* The most similar name so far; starts as zero. */
struct config_guess {
	const char *name;
	size_t distance;
};
void config_guess_try(struct config_guess *guess, const char *word, const char *candidate);
/* `hint` stands behind what has no guess. */
void config_key_unknown(struct config_entry *entry, const struct config_setting_t *member,
	const struct config_guess *guess, const char *hint);
/* The name of an entry, checked as config_value_peek does; NULL: reported. */
const char *config_key_name(struct config_entry *entry, const struct config_setting_t *group);

/* config_include.c */

/* Reads a file with all that it includes into reader->sources; an error only of the main file itself. */
int config_include_main(
	struct config_reader *reader, const char *path, struct certbind_error *error);

/* config_service.c */

bool config_services_default(struct config_reader *reader);
void config_services_read(struct config_entry *entry, const struct config_setting_t *setting);
void config_service_clear(struct config_service *service);

/* config_certificate.c */

void config_certificates_read(struct config_entry *top, const struct config_setting_t *setting);
void config_certificate_clear(struct config_certificate *certificate);

/* config_domain.c */

void config_domains_read(struct config_entry *top, const struct config_setting_t *setting);
/* Reads a domain's group and keeps it; in a file of its own (else NULL), without the key `name`. */
void config_domain_read(
	struct config_entry *entry, const struct config_setting_t *group, struct config_file *file);
void config_domain_clear(struct config_domain *domain); /* not the block itself */
/* Adds one to the config; its owner stays the owner. False: memory, noted. */
bool config_domain_append(struct config_reader *reader, struct config_domain *domain);

/* config_link.c */

/*
 * Whoever writes the files of a directory need not have the right to read what a link of theirs
 * leads to. `id`: what was read as `path`. NULL: it is in the directory; otherwise what is wrong.
 */
const char *config_link_fault(const char *path, const struct file_id *id);

/* config_file.c: a file of domains_dir */

/* `name`: of the file without its suffix. NULL: memory, noted. */
struct config_file *config_file_new(
	struct config_reader *reader, const char *path, const char *name);
const char *config_file_name(const struct config_file *file); /* as it was given */
struct config_file *config_file_ref(struct config_file *file);
void config_file_unref(struct config_file *file); /* NULL does nothing */

/* config_domain_file.c: one file of domains_dir that is being read */

struct config_file_reading {
	const char *name; /* NAME.conf; lives as long as the reading */
	bool is_listed; /* see file_wish */
	struct config_file *file; /* NULL: not begun, or its name can't be written down */
	struct file_bytes bytes;
	bool is_read; /* `status` says how that ended */
	int status;
};

/* Is it the name of one? */
bool config_domain_file_is(const char *name);
/* Makes reading->file, where that is possible. */
void config_domain_file_begin(
	struct config_reader *reader, const char *directory, struct config_file_reading *reading);
/* Reads what was begun, ahead of loading. Threads: any. */
void config_domain_file_read(struct config_file_reading *reading);
/* Reads what was not read so far, adds it to the config, and clears the reading. */
void config_domain_file_load(
	struct config_reader *reader, const char *directory, struct config_file_reading *reading);
void config_domain_file_clear(struct config_file_reading *reading);
/* Adds it to the config, which has it then. False: memory, noted. */
bool config_domain_file_append(struct config_reader *reader, struct config_file *file);

/* config_directory.c */

/* Reads the files of domains_dir. */
void config_directory_read(struct config_reader *reader);

/* Does the directory have the same files, in the same state? */
bool config_directory_is_current(const struct config *config);

#endif
