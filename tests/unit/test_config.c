/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* The directory of the case files of test_config_cases.c. */
static char cases[4096];

static struct config *load(const char *path)
{
	struct certbind_error error;
	struct config *config = NULL;

	assert_int_equal(config_load(path, &config, &error), CERTBIND_OK);
	assert_non_null(config);
	return config;
}

static struct config *load_case(const char *name)
{
	char path[sizeof(cases) + 256];

	(void)snprintf(path, sizeof(path), "%s/%s", cases, name);
	return load(path);
}

/* A path as the case's directory resolves it. */
static void assert_case_path(const char *found, const char *name)
{
	char path[sizeof(cases) + 256];

	(void)snprintf(path, sizeof(path), "%s/%s", cases, name);
	assert_string_equal(found, path);
}

/* Asserts the list; the last of the expected items is NULL. */
static void assert_list(const struct config_list *list, const char *const *expected)
{
	size_t i;

	for (i = 0; expected[i] != NULL; i++) {
		assert_true(i < list->length);
		assert_string_equal(list->items[i], expected[i]);
	}
	assert_int_equal(list->length, i);
}

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

static const struct config_domain *domain_find(const struct config *config, const char *name)
{
	size_t i;

	for (i = 0; i < config->domains_length; i++)
		if (strcmp(config->domains[i]->name, name) == 0)
			return config->domains[i];
	return NULL;
}

static void test_defaults(void **state)
{
	struct config *config = load_case("good-empty.conf");

	(void)state;
	assert_int_equal(config->problems_length, 0);
	assert_non_null(strstr(config->state_dir, "/lib/certbind"));
	assert_null(config->trust_file);
	assert_null(config->ticket_key_file);
	assert_null(config->domains_dir);
	assert_int_equal(config->certificate_dirs.length, 0);
	assert_int_equal(config->cache_size, 10000);
	assert_int_equal(config->expiry_warning_days, 14);
	assert_int_equal(config->poll_interval, 60);
	assert_false(config->strict_key_permissions);
	assert_int_equal(config->certificates_length, 0);
	assert_int_equal(config->domains_length, 0);
	assert_int_equal(config->files_length, 1);
	assert_int_equal(config->services_length, 2);
	assert_string_equal(config->services[0].name, "webmail");
	assert_list(&config->services[0].hosts, LIST("webmail.%d"));
	assert_string_equal(config->services[1].name, "mail");
	assert_list(&config->services[1].hosts, LIST("mail.%d"));
	assert_null(config->services[1].default_certificate);
	assert_null(config->services[1].priority);
	assert_false(config->services[1].rejects_unknown);
	assert_false(config->services[1].has_alpn);
	assert_int_equal(config->services[1].shared_hosts.length, 0);
	assert_int_equal(config->services[1].place.line, 0);
	config_unref(config);
}

static void test_top_keys(void **state)
{
	struct config *config = load_case("good-every-key.conf");

	(void)state;
	assert_int_equal(config->problems_length, 0);
	assert_case_path(config->state_dir, "state");
	assert_case_path(config->trust_file, "ca.pem");
	assert_string_equal(config->ticket_key_file, "/run/certbind/ticket.key");
	assert_case_path(config->domains_dir, "good-every-key/domains.d");
	assert_int_equal(config->cache_size, 16);
	assert_int_equal(config->expiry_warning_days, 0);
	assert_int_equal(config->poll_interval, 86400);
	assert_true(config->strict_key_permissions);
	assert_int_equal(config->certificate_dirs.length, 3);
	assert_string_equal(config->certificate_dirs.items[0], "/etc/letsencrypt/live");
	assert_case_path(config->certificate_dirs.items[1], "good-every-key/live");
	assert_string_equal(config->certificate_dirs.items[2], "/srv/live");
	assert_int_equal(config->files_length, 2);
	assert_case_path(config->files[0], "good-every-key.conf");
	assert_case_path(config->files[1], "good-every-key/more.conf");
	assert_case_path(config_file_source(config->domain_files[0])->path,
		"good-every-key/domains.d/xn--mll-hoa.example.conf");
	config_unref(config);
}

static void test_services(void **state)
{
	struct config *config = load_case("good-every-key.conf");
	const struct config_service *service = config->services;

	(void)state;
	assert_int_equal(config->services_length, 4);
	assert_string_equal(service[0].name, "webmail");
	assert_list(&service[0].hosts, LIST("webmail.%d"));
	assert_string_equal(service[0].default_certificate, "panel");
	assert_case_path(service[0].place.file, "good-every-key/more.conf");
	assert_int_equal(service[0].default_place.line, 2);
	assert_string_equal(service[1].name, "mail");
	assert_list(&service[1].hosts, LIST("mail.%d"));
	assert_string_equal(service[1].default_certificate, "auto");
	assert_list(&service[1].shared_hosts, LIST("mail.provider.example", "mx.provider.example"));
	assert_true(service[1].rejects_unknown);
	assert_true(service[1].has_alpn);
	assert_int_equal(service[1].alpn.length, 0);
	assert_string_equal(service[1].priority, "SECURE256:-VERS-TLS1.2");
	assert_int_equal(service[1].priority_place.line, service[1].place.line + 1);
	assert_string_equal(service[2].name, "calendar");
	assert_list(&service[2].hosts, LIST("calendar.%d", "%d"));
	assert_list(&service[2].alpn, LIST("http/1.1"));
	assert_string_equal(service[3].name, "files");
	config_unref(config);
}

static void test_certificates(void **state)
{
	struct config *config = load_case("good-every-key.conf");
	const struct config_certificate *certificate = config->certificates;

	(void)state;
	assert_int_equal(config->certificates_length, 5);
	assert_string_equal(certificate[0].name, "panel");
	assert_int_equal(certificate[0].pairs_length, 1);
	assert_int_equal(certificate[0].pairs[0].chain.length, 1);
	assert_case_path(certificate[0].pairs[0].chain.items[0], "tls/panel.pem");
	assert_case_path(certificate[0].pairs[0].key, "tls/panel.key");
	assert_string_equal(
		(const char *)certificate[0].pairs[0].key_password->data, "p\u00e4ss\twort");
	assert_null(certificate[0].pairs[0].key_password_file);
	assert_case_path(certificate[0].pairs[0].staple, "tls/panel.ocsp");
	assert_string_equal(certificate[1].name, "b\u00fccher");
	assert_int_equal(certificate[1].pairs[0].chain.length, 2);
	assert_string_equal(certificate[1].pairs[0].chain.items[0], "/tls/b.crt");
	assert_string_equal(certificate[1].pairs[0].key, "pkcs11:token=certbind;object=b");
	assert_case_path(certificate[1].pairs[0].key_password_file, "pin.txt");
	assert_null(certificate[1].pairs[0].staple);
	assert_int_equal(certificate[2].pairs[0].chain.length, 0);
	assert_case_path(certificate[2].pairs[0].key, "tls/windows.PFX");
	assert_int_equal(certificate[3].pairs_length, 2);
	assert_case_path(certificate[3].pairs[0].key, "ec.key");
	assert_case_path(certificate[3].pairs[1].chain.items[0], "rsa.pem");
	assert_case_path(certificate[3].pairs[1].staple, "rsa.ocsp");
	assert_int_equal(
		certificate[3].pairs[1].place.line, certificate[3].pairs[0].place.line + 1);
	assert_string_equal(certificate[4].name, "more");
	assert_case_path(certificate[4].pairs[0].chain.items[0], "good-every-key/more.pem");
	config_unref(config);
}

static void test_domains(void **state)
{
	struct config *config = load_case("good-every-key.conf");
	struct config_domain *const *domain = config->domains;

	(void)state;
	assert_int_equal(config->domains_length, 5);
	assert_string_equal(domain[0]->name, "a.example");
	assert_int_equal(domain[0]->choices_length, 1);
	assert_int_equal(domain[0]->choices[0].service, 3);
	assert_string_equal(domain[0]->choices[0].certificate, "more");
	assert_list(&domain[0]->choices[0].hosts, LIST("f.example"));
	assert_string_equal(domain[1]->name, "example.org");
	assert_int_equal(domain[1]->choices_length, 3);
	assert_int_equal(domain[1]->choices[0].choice, CONFIG_NONE);
	assert_false(domain[1]->choices[0].has_hosts);
	assert_int_equal(domain[1]->choices[1].choice, CONFIG_NAMED);
	assert_string_equal(domain[1]->choices[1].certificate, "panel");
	assert_false(domain[1]->choices[2].names_service);
	assert_true(domain[1]->choices[2].has_hosts);
	assert_int_equal(domain[1]->choices[2].hosts.length, 0);
	assert_string_equal(domain[2]->name, "localhost");
	assert_int_equal(domain[2]->choices_length, 0);
	assert_string_equal(domain[3]->name, "xn--bcher-kva.example");
	assert_int_equal(domain[3]->choices_length, 3);
	assert_int_equal(domain[3]->choices[0].service, 0);
	assert_true(domain[3]->choices[0].names_service);
	assert_int_equal(domain[3]->choices[0].choice, CONFIG_AUTO);
	assert_list(&domain[3]->choices[1].hosts, LIST("mx1.example.net", "xn--mll-hoa.example"));
	assert_string_equal(domain[3]->choices[2].certificate, "b\u00fccher");
	assert_string_equal(domain[4]->name, "xn--mll-hoa.example");
	assert_int_equal(domain[4]->choices[0].choice, CONFIG_NONE);
	assert_int_equal(domain[4]->choices[0].place.line, 2);
	assert_list(&domain[4]->choices[1].hosts, LIST("cal.example"));
	config_unref(config);
}

/* An entry with a problem is left out, and nothing else is. */
static void test_bad_entries_only(void **state)
{
	struct config *config = load_case("domain-many-faults.conf");

	(void)state;
	assert_int_equal(config->domains_length, 2);
	assert_string_equal(config->domains[0]->name, "fine.example");
	assert_string_equal(config->domains[1]->name, "good.example");
	config_unref(config);
	config = load_case("certificate-pairs-incomplete.conf");
	assert_int_equal(config->certificates_length, 0);
	config_unref(config);
	config = load_case("certificate-twice.conf");
	assert_int_equal(config->certificates_length, 2);
	assert_string_equal(config->certificates[0].name, "a");
	assert_non_null(strstr(config->certificates[0].pairs[0].key, "a.key"));
	assert_string_equal(config->certificates[1].name, "A");
	config_unref(config);
	config = load_case("include-domain-again.conf");
	assert_int_equal(config->domains_length, 2);
	assert_int_equal(domain_find(config, "example.org")->choices_length, 0);
	config_unref(config);
	config = load_case("directory-files.conf");
	assert_int_equal(config->domains_length, 4);
	assert_int_equal(domain_find(config, "capital.example")->choices[0].choice, CONFIG_AUTO);
	assert_int_equal(domain_find(config, "empty.example")->choices_length, 0);
	assert_int_equal(domain_find(config, "good.example")->choices[0].choice, CONFIG_NONE);
	assert_int_equal(domain_find(config, "listed.example")->choices_length, 0);
	config_unref(config);
}

static void test_main_file(void **state)
{
	static const struct {
		const char *path;
		const char *message;
	} rows[] = {
		{ "nowhere.conf", "does not exist; expected a regular file" },
		{ ".", "is a directory; expected a regular file" },
		{ "/dev/null", "is a device; expected a regular file" },
	};
	struct certbind_error error;
	struct config *config;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(config_load(rows[i].path, &config, &error), CERTBIND_E_FILE);
		assert_null(config);
		assert_string_equal(error.file, rows[i].path);
		assert_string_equal(error.message, rows[i].message);
		assert_int_equal(config_load(rows[i].path, &config, NULL), CERTBIND_E_FILE);
	}
	config_unref(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_top_keys),
		cmocka_unit_test(test_services),
		cmocka_unit_test(test_certificates),
		cmocka_unit_test(test_domains),
		cmocka_unit_test(test_bad_entries_only),
		cmocka_unit_test(test_main_file),
	};
	const char *directory = getenv("CERTBIND_TEST_CONFIG");

	if (realpath(directory != NULL ? directory : "tests/unit/config", cases) == NULL) {
		perror("tests/unit/config");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
