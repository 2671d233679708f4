/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Makes what the bench serves:
 *
 *     bench-generate DIRECTORY COUNT
 *     bench-generate --renew NUMBER DIRECTORY
 *
 * DIRECTORY gets ca.pem, intermediate.pem and .key; for each domain dN.example, N below COUNT,
 * pem/webmail.dN.example.pem with certificate, intermediate and key, which every server can read,
 * and domains.d/dN.example.conf, empty, so that certbind chooses by itself; and certbind.conf. A
 * directory that has some of the domains is completed.
 *
 * --renew gives a domain a new certificate for the key it has, puts its file in place, and prints
 * when that was (ns of CLOCK_MONOTONIC) and the SHA-256 of what is to be served.
 */
#include "issue.h"
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <gnutls/crypto.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { THREADS_MAX = 16, PATH_SIZE = 512 };

struct job {
	struct authority intermediate;
	struct issued intermediate_pem;
	unsigned long first, count;
	unsigned int threads;
};

struct part {
	const struct job *job;
	unsigned int number;
	pthread_t thread;
};

static _Noreturn void die(const char *what, const char *why)
{
	(void)fprintf(stderr, "bench-generate: %s: %s\n", what, why);
	exit(2);
}

static void must(const char *what, int status)
{
	if (status < 0)
		die(what, gnutls_strerror(status));
}

static void make_directory(const char *path)
{
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		die(path, strerror(errno));
}

/* Writes what is in `parts`, which ends with one of no data. */
static void write_file(const char *path, mode_t mode, const gnutls_datum_t *parts)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	if (fd < 0)
		die(path, strerror(errno));
	for (; parts->data != NULL; parts++)
		if (write(fd, parts->data, parts->size) != (ssize_t)parts->size)
			die(path, "not written");
	if (close(fd) < 0)
		die(path, strerror(errno));
}

static void read_file(const char *path, gnutls_datum_t *bytes)
{
	must(path, gnutls_load_file(path, bytes));
}

static void issued_free(struct issued *issued)
{
	gnutls_free(issued->certificate.data);
	gnutls_free(issued->key.data);
}

/* The domain's file, put in place at once; the moment before is in `moment`. */
static void write_domain(const struct job *job, unsigned long number, const struct issued *issued,
	struct timespec *moment)
{
	const gnutls_datum_t parts[] = { issued->certificate, job->intermediate_pem.certificate,
		issued->key, { NULL, 0 } };
	char path[PATH_SIZE], new[PATH_SIZE];

	(void)snprintf(path, sizeof(path), "pem/webmail.d%lu.example.pem", number);
	(void)snprintf(new, sizeof(new), "pem/.webmail.d%lu.example.pem", number);
	write_file(new, 0600, parts);
	(void)clock_gettime(CLOCK_MONOTONIC, moment);
	if (rename(new, path) < 0)
		die(path, strerror(errno));
}

static void issue_domain(const struct job *job, unsigned long number, gnutls_x509_privkey_t key,
	struct issued *issued)
{
	char webmail[64], mail[64];
	const char *const names[] = { webmail, mail };

	(void)snprintf(webmail, sizeof(webmail), "webmail.d%lu.example", number);
	(void)snprintf(mail, sizeof(mail), "mail.d%lu.example", number);
	must(webmail, issue_leaf(&job->intermediate, key, names, 2, issued));
}

static void *make_part(void *data)
{
	const struct part *part = data;
	const struct job *job = part->job;
	const gnutls_datum_t nothing = { NULL, 0 };
	gnutls_x509_privkey_t key;
	struct timespec moment;
	struct issued issued;
	char path[PATH_SIZE];
	unsigned long i;

	for (i = job->first + part->number; i < job->count; i += job->threads) {
		must("key", issue_key(&key));
		issue_domain(job, i, key, &issued);
		gnutls_x509_privkey_deinit(key);
		write_domain(job, i, &issued, &moment);
		issued_free(&issued);
		(void)snprintf(path, sizeof(path), "domains.d/d%lu.example.conf", i);
		write_file(path, 0644, &nothing);
	}
	return NULL;
}

static void make_all(struct job *job)
{
	struct part parts[THREADS_MAX];
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int i;

	job->threads = cores < 1 ? 1 : cores > THREADS_MAX ? THREADS_MAX : (unsigned int)cores;
	for (i = 0; i < job->threads; i++) {
		parts[i].job = job;
		parts[i].number = i;
		if (pthread_create(&parts[i].thread, NULL, make_part, &parts[i]) != 0)
			die("thread", strerror(errno));
	}
	for (i = 0; i < job->threads; i++)
		(void)pthread_join(parts[i].thread, NULL);
}

/* The authorities that the directory has, or new ones. */
static void prepare_authorities(struct job *job)
{
	const gnutls_datum_t end = { NULL, 0 };
	struct authority root;
	struct issued pem;

	if (access("intermediate.key", R_OK) == 0) {
		read_file("intermediate.pem", &job->intermediate_pem.certificate);
		read_file("intermediate.key", &job->intermediate_pem.key);
		must("intermediate.pem",
			authority_import(&job->intermediate, &job->intermediate_pem));
		return;
	}
	must("root", issue_authority(&root, "Bench root", NULL));
	must("root", authority_export(&root, &pem));
	must("intermediate", issue_authority(&job->intermediate, "Bench intermediate", &root));
	must("intermediate", authority_export(&job->intermediate, &job->intermediate_pem));
	write_file("ca.pem", 0644, (const gnutls_datum_t[]){ pem.certificate, end });
	write_file("intermediate.pem", 0644,
		(const gnutls_datum_t[]){ job->intermediate_pem.certificate, end });
	write_file("intermediate.key", 0600,
		(const gnutls_datum_t[]){ job->intermediate_pem.key, end });
	gnutls_x509_crt_deinit(root.certificate);
	gnutls_x509_privkey_deinit(root.key);
	issued_free(&pem);
}

static void write_config(void)
{
	static char text[] = "state_dir = \"state\";\n"
			     "trust_file = \"ca.pem\";\n"
			     "certificate_dirs = [ \"pem\" ];\n"
			     "domains_dir = \"domains.d\";\n"
			     "services = (\n"
			     "  { name = \"webmail\"; default = \"webmail.d0.example\"; },\n"
			     "  { name = \"mail\"; default = \"webmail.d0.example\"; }\n"
			     ");\n";
	const gnutls_datum_t parts[] = { { (unsigned char *)text, sizeof(text) - 1 }, { NULL, 0 } };

	write_file("certbind.conf", 0644, parts);
}

static void generate(struct job *job)
{
	char path[PATH_SIZE];

	make_directory("pem");
	make_directory("domains.d");
	make_directory("state");
	write_config();
	do { /* those that are there */
		(void)snprintf(path, sizeof(path), "domains.d/d%lu.example.conf", job->first);
	} while (access(path, F_OK) == 0 && ++job->first > 0);
	make_all(job);
}

static void print_renewed(gnutls_datum_t pem, const struct timespec *moment)
{
	unsigned char digest[32];
	gnutls_x509_crt_t certificate;
	size_t size = sizeof(digest), i;

	must("renewed", gnutls_x509_crt_init(&certificate));
	must("renewed", gnutls_x509_crt_import(certificate, &pem, GNUTLS_X509_FMT_PEM));
	must("renewed",
		gnutls_x509_crt_get_fingerprint(certificate, GNUTLS_DIG_SHA256, digest, &size));
	gnutls_x509_crt_deinit(certificate);
	(void)printf("%llu ", (unsigned long long)moment->tv_sec * 1000000000 +
				      (unsigned long long)moment->tv_nsec);
	for (i = 0; i < size; i++)
		(void)printf("%02x", digest[i]);
	(void)printf("\n");
}

static void renew(const struct job *job, unsigned long number)
{
	gnutls_x509_privkey_t key;
	struct timespec moment;
	gnutls_datum_t pem;
	struct issued issued;
	char path[PATH_SIZE];

	(void)snprintf(path, sizeof(path), "pem/webmail.d%lu.example.pem", number);
	read_file(path, &pem);
	must(path, gnutls_x509_privkey_init(&key));
	must(path, gnutls_x509_privkey_import(key, &pem, GNUTLS_X509_FMT_PEM));
	gnutls_free(pem.data);
	issue_domain(job, number, key, &issued);
	gnutls_x509_privkey_deinit(key);
	write_domain(job, number, &issued, &moment);
	print_renewed(issued.certificate, &moment);
	issued_free(&issued);
}

static const struct option options[] = { { "renew", required_argument, NULL, 'r' },
	{ NULL, 0, NULL, 0 } };

int main(int argc, char **argv)
{
	static struct job job;
	const char *renewed = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 'r')
			return 2;
		renewed = optarg;
	}
	if (argc - optind != (renewed != NULL ? 1 : 2))
		die("usage", "bench-generate DIRECTORY COUNT | --renew NUMBER DIRECTORY");
	if (renewed == NULL)
		make_directory(argv[optind]);
	if (chdir(argv[optind]) < 0)
		die(argv[optind], strerror(errno));
	prepare_authorities(&job);
	if (renewed != NULL) {
		renew(&job, strtoul(renewed, NULL, 10));
	} else {
		job.count = strtoul(argv[optind + 1], NULL, 10);
		generate(&job);
	}
	gnutls_x509_crt_deinit(job.intermediate.certificate);
	gnutls_x509_privkey_deinit(job.intermediate.key);
	issued_free(&job.intermediate_pem);
	return 0;
}
