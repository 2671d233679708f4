/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CERTBIND_ERROR_H
#define CERTBIND_ERROR_H

#if defined(__GNUC__) || defined(__clang__)
#define CERTBIND_API __attribute__((visibility("default")))
#else
#define CERTBIND_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** What a function returns: CERTBIND_OK, or one of the negative values. */
enum certbind_status {
	CERTBIND_OK = 0,
	/** An argument is NULL, empty, too long or out of range: a mistake in the calling program. */
	CERTBIND_E_INVALID = -1,
	/** Memory is exhausted. */
	CERTBIND_E_MEMORY = -2,
	/** A file can't be opened or read, or is no regular file, or is larger than its bound. */
	CERTBIND_E_FILE = -3,
	/** The configuration has an error outside its entries; nothing was loaded. */
	CERTBIND_E_CONFIG = -4,
	/** A file was read but holds no usable certificate, key or trust anchor. */
	CERTBIND_E_CERTIFICATE = -5,
	/** No domain of that name is configured. */
	CERTBIND_E_UNKNOWN_DOMAIN = -6,
	/** No service of that name is configured. */
	CERTBIND_E_UNKNOWN_SERVICE = -7,
	/** No certificate of that name is configured. */
	CERTBIND_E_UNKNOWN_CERTIFICATE = -8,
	/** GnuTLS refused; the message has its words. */
	CERTBIND_E_TLS = -9,
	/** The object is not in a state for that: a store with nothing loaded, a session whose handshake has begun. */
	CERTBIND_E_STATE = -10,
	/** The system refused something that is no file: a thread, a lock, random bytes. */
	CERTBIND_E_SYSTEM = -11,
	/** What was asked would break something, or is not certbind's to change; the message says what to do. */
	CERTBIND_E_REFUSED = -12
};

/**
 * One error, or one event of the log. It is the caller's, on its stack or anywhere else; there is
 * nothing to free. Every function that takes one accepts NULL, and writes it only when it fails.
 * The layout is frozen; `reserved` is zero.
 */
struct certbind_error {
	/** An enum certbind_status. */
	int status;
	/** The line in `file`, from 1; 0 where no line is to blame. */
	int line;
	/** The file to blame, as it was named; empty where none is. UTF-8, ends with NUL. */
	char file[1024];
	/** What is wrong and what was expected, one line without a newline; longer texts are cut. Never holds key bytes or passwords. */
	char message[1024];
	void *reserved[4];
};

/**
 * Gives the text of a status.
 *
 * @param status  an enum certbind_status; any other value gets "unknown status"
 * @return a string that lives for ever
 *
 * Threads: any thread. Since 0.1.
 */
CERTBIND_API const char *certbind_strerror(int status);

#ifdef __cplusplus
}
#endif
#endif
