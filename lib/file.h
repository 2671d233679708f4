/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FILE_H
#define FILE_H

#include <certbind/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* What tells one version of a file from another without reading it. */
struct file_id {
	dev_t device;
	ino_t inode;
	off_t size;
	/* st_mtim and st_ctim, ns since the epoch: one is kept for each file that was read. */
	int64_t changed, status_changed;
};

struct secret_arena;

struct file_bytes {
	unsigned char *data; /* followed by a NUL that `size` does not count */
	size_t size;
	struct file_id id;
	mode_t mode; /* st_mode of the very file that was read */
	uid_t owner;
	bool is_direct; /* no link was followed: the file is the one that `path` itself names */
	bool is_secret; /* `data` is secret memory */
	struct secret_arena *secrets; /* of that: which; NULL: pages of its own */
};

/*
 * Reads a whole regular file into memory, once, from one descriptor. Never hangs on a FIFO or a
 * device; refuses what is larger than size_max bytes, and what changes while it is read.
 * Returns CERTBIND_OK, CERTBIND_E_FILE (error->file is `path`, the message says what is wrong) or
 * CERTBIND_E_MEMORY. On failure `bytes` is zeroed.
 */
int file_read(
	const char *path, size_t size_max, struct file_bytes *bytes, struct certbind_error *error);

/* The same for a file of secrets: into memory of secret_alloc(). */
int file_read_secret(struct secret_arena *secrets, const char *path, size_t size_max,
	struct file_bytes *bytes, struct certbind_error *error);

/*
 * What to read, and how. `is_listed`: the listing of its directory has just said that it is a regular
 * file; so nothing is asked before it is opened, once, as what it is there and through no link. What
 * proves to be a link is read as any other.
 */
struct file_wish {
	const char *path;
	size_t size_max;
	bool is_listed;
	bool is_secret;
	struct secret_arena *secrets; /* of a secret; NULL: pages of its own */
};
int file_read_wish(
	const struct file_wish *wish, struct file_bytes *bytes, struct certbind_error *error);

/*
 * Gives `bytes` room for `size` bytes and a NUL, as its `is_secret` and `secrets` say. False:
 * memory.
 */
bool file_bytes_room(struct file_bytes *bytes, size_t size);

/* Wipes and frees; may run twice. */
void file_bytes_wipe(struct file_bytes *bytes);

/*
 * May others read a secret's file, or others or its group write it? Then `text`, a predicate of the
 * file like those of file_read(), says so; `is_strict`: and that it is not used for that.
 */
enum { FILE_MODE_FAULT_SIZE = 256 };
bool file_mode_fault(mode_t mode, bool is_strict, char *text);

/* `path` as seen from the directory of the file that names it; the caller frees; NULL: memory. */
char *file_resolve_dup(const char *naming_file, const char *path);

struct file_id file_id_of(const struct stat *status);
bool file_id_equal(const struct file_id *a, const struct file_id *b);

#endif
