/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "certificate.h"
#include "pki.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char directory[] = "/tmp/certbind-test-certificate-dir.XXXXXX";

static const char *path_of(const char *name)
{
	static char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static void put(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void make_directory(const char *name)
{
	assert_int_equal(mkdir(path_of(name), 0700), 0);
}

static void link_to(const char *target, const char *name)
{
	assert_int_equal(symlink(target, path_of(name)), 0);
}

static int set_up(void **state)
{
	(void)state;
	memcpy(directory + sizeof(directory) - 7, "XXXXXX", 6);
	return mkdtemp(directory) == NULL;
}

static int tear_down(void **state)
{
	char command[600];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -r %s", directory);
	return system(command);
}

struct list {
	struct config_certificate *entries;
	size_t length;
	size_t listed; /* with what is foreign, at the end */
	struct config_problem *problems;
	size_t problems_length;
};

/* As the loader sees it: what proves to be foreign is not there. */
static void list_prove(struct list *list)
{
	size_t kept = 0;
	size_t i;

	list->listed = list->length;
	for (i = 0; i < list->listed; i++) {
		struct config_certificate entry = list->entries[i];

		if (certificate_dir_is_foreign(&entry))
			continue;
		list->entries[i] = list->entries[kept];
		list->entries[kept++] = entry;
	}
	list->length = kept;
}

static struct list list_directory(const char *path)
{
	struct list list;

	assert_int_equal(certificate_dir_list(path, &list.entries, &list.length, &list.problems,
				 &list.problems_length, NULL),
		CERTBIND_OK);
	list_prove(&list);
	return list;
}

static void list_free(struct list *list)
{
	config_certificates_free(list->entries, list->listed);
	config_problems_free(list->problems, list->problems_length);
}

static void check_entry(const struct config_certificate *entry, const char *name, const char *chain,
	const char *key)
{
	assert_string_equal(entry->name, name);
	assert_string_equal(entry->place.file, directory);
	assert_int_equal(entry->place.line, 0);
	assert_int_equal(entry->pairs_length, 1);
	assert_int_equal(entry->pairs[0].chain.length, 1);
	assert_string_equal(entry->pairs[0].chain.items[0], path_of(chain));
	assert_string_equal(entry->pairs[0].key, path_of(key));
	assert_null(entry->pairs[0].key_password);
	assert_null(entry->pairs[0].staple);
}

/* As certbot makes it: the files in live/NAME are links into archive/NAME. */
static void put_certbot(const char *name, const char *chain, const char *key)
{
	char path[256];

	make_directory(name);
	if (chain != NULL) {
		(void)snprintf(path, sizeof(path), "%s/fullchain.pem", name);
		link_to(chain, path);
		(void)snprintf(path, sizeof(path), "%s/cert.pem", name);
		link_to(chain, path);
	}
	if (key != NULL) {
		(void)snprintf(path, sizeof(path), "%s/privkey.pem", name);
		link_to(key, path);
	}
}

static void lists_every_layout(void **state)
{
	const struct certificate_options options = { .now = PKI_NOW };
	struct list list;
	size_t i;

	(void)state;
	put("README", "This directory contains your keys and certificates.");
	put("notes.txt", "");
	put_certbot("san.example", PKI("san.pem"), PKI("san.key"));
	put_certbot("no-key.example", PKI("san.pem"), NULL);
	put_certbot("no-chain.example", NULL, PKI("san.key"));
	put_certbot("dangling.example", PKI("missing.pem"), PKI("san.key"));
	put_certbot(".hidden", PKI("san.pem"), PKI("san.key"));
	make_directory("empty.example");
	link_to(PKI("wildcard.pem"), "_.example.org.crt");
	link_to(PKI("wildcard.key"), "_.example.org.key");
	link_to(PKI("intermediate.crt"), "_.example.org.issuer.crt");
	put("_.example.org.json", "{}");
	link_to(PKI("san.key"), "key-only.key");
	link_to(PKI("san.pem"), "chain-only.crt");
	link_to(PKI("san-combined.pem"), "combined.example.pem");
	link_to(PKI("san.pem"), "chain-only.pem");
	link_to(PKI("san.key"), "key-only.pem");
	link_to(PKI("san-combined.pem"), ".hidden.pem");
	link_to(PKI("san-combined.pem"), ".pem");
	assert_int_equal(mkfifo(path_of("fifo.pem"), 0600), 0);
	list = list_directory(directory);
	assert_int_equal(list.problems_length, 0);
	assert_int_equal(list.length, 4);
	check_entry(&list.entries[0], "_.example.org", "_.example.org.crt", "_.example.org.key");
	check_entry(&list.entries[1], "combined.example", "combined.example.pem",
		"combined.example.pem");
	/* Reading will say what is wrong with it. */
	check_entry(&list.entries[2], "fifo", "fifo.pem", "fifo.pem");
	check_entry(&list.entries[3], "san.example", "san.example/fullchain.pem",
		"san.example/privkey.pem");
	for (i = 0; i < list.length; i++) {
		struct certificate *certificate;

		assert_int_equal(
			certificate_read(&list.entries[i], &options, &certificate, NULL), 0);
		assert_int_equal(certificate->pairs_length, i != 2);
		if (i == 2)
			assert_non_null(strstr(certificate->faults[0].message, "is a FIFO"));
		certificate_unref(certificate);
	}
	list_free(&list);
}

static void check_problem(
	const struct config_problem *problem, const char *name, const char *message)
{
	assert_int_equal(problem->scope, CONFIG_SCOPE_CERTIFICATE);
	assert_int_equal(problem->place.line, 0);
	if (name == NULL)
		assert_null(problem->name);
	else
		assert_string_equal(problem->name, name);
	if (strstr(problem->message, message) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", problem->message, message);
}

static void tells_names_that_are_none(void **state)
{
	struct list list;

	(void)state;
	put_certbot("twice", PKI("san.pem"), PKI("san.key"));
	link_to(PKI("san-combined.pem"), "twice.pem");
	link_to(PKI("san.pem"), "twice.crt");
	link_to(PKI("san.key"), "twice.key");
	put_certbot("auto", PKI("san.pem"), PKI("san.key"));
	link_to(PKI("san-combined.pem"), "none.pem");
	link_to(PKI("san-combined.pem"), "a\nb.pem");
	link_to(PKI("san-combined.pem"), "b\xff.pem");
	link_to(PKI("san-combined.pem"), "fine.pem");
	list = list_directory(directory);
	assert_int_equal(list.length, 1);
	assert_string_equal(list.entries[0].name, "fine");
	assert_int_equal(list.problems_length, 5);
	check_problem(&list.problems[0], "a\nb", "certificate \"a?b\": no name for a certificate");
	check_problem(&list.problems[1], "auto", "have a meaning of their own");
	check_problem(&list.problems[2], "b\xff", "it is not UTF-8");
	check_problem(&list.problems[3], "none", "have a meaning of their own");
	check_problem(&list.problems[4], "twice",
		"certificate \"twice\": is there more than once: /tmp/");
	assert_non_null(strstr(list.problems[4].message, "twice.crt and "));
	list_free(&list);
}

static void tells_directories_that_are_none(void **state)
{
	struct list list = list_directory(path_of("missing"));

	(void)state;
	assert_int_equal(list.length, 0);
	assert_int_equal(list.problems_length, 1);
	check_problem(&list.problems[0], NULL,
		"certificate directory can't be read: No such file or directory");
	list_free(&list);
	put("file", "");
	list = list_directory(path_of("file"));
	assert_int_equal(list.problems_length, 1);
	check_problem(&list.problems[0], NULL, "Not a directory");
	list_free(&list);
	list = list_directory(directory);
	assert_int_equal(list.length, 0);
	assert_int_equal(list.problems_length, 0);
	list_free(&list);
}

int main(void)
{
#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		IN_DIRECTORY(lists_every_layout),
		IN_DIRECTORY(tells_names_that_are_none),
		IN_DIRECTORY(tells_directories_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
