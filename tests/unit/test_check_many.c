/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <certbind/certbind.h>
#include "checker.h"
#include "own_threads.h"
#include "scratch.h"

/* A check of many domains: what it says does not depend on how many threads make the verdicts. */

enum { ENDED_BY_TEST = 77, CALLERS = 3 };

/* The library makes the verdicts of 256 at a time. */
static unsigned int domains_length;

/* How many cores the library is told that there are. */
static atomic_long cores = 1;

long __real_sysconf(int name);
long __wrap_sysconf(int name);
long __wrap_sysconf(int name)
{
	return name == _SC_NPROCESSORS_ONLN ? atomic_load(&cores) : __real_sysconf(name);
}

/* 2026-06-01, 00:00 UTC. */
static time_t june_2026(void *data)
{
	(void)data;
	return 1780272000;
}

/* Everything that a check tells, a line each. */
struct told {
	FILE *out;
	char *text;
	size_t size;
	size_t findings;
	size_t findings_left; /* the check is ended when these are told */
	size_t done_at_most; /* or when more domains than these are done */
	pthread_t thread; /* which must be told everything */
};

static const char *text_or_dash(const char *text)
{
	return text != NULL ? text : "-";
}

static int tell(void *data, const struct certbind_finding *finding)
{
	struct told *told = data;

	assert_true(pthread_equal(told->thread, pthread_self()));
	(void)fprintf(told->out, "%s %s %s %s %s %s %d %lld %s:%d %s\n",
		text_or_dash(finding->domain), text_or_dash(finding->domain_unicode),
		text_or_dash(finding->service), text_or_dash(finding->host),
		text_or_dash(finding->certificate), finding->code, finding->severity,
		(long long)finding->not_after, text_or_dash(finding->file), finding->line,
		finding->advice);
	told->findings++;
	return --told->findings_left == 0 ? ENDED_BY_TEST : 0;
}

static int tell_progress(void *data, size_t done, size_t total)
{
	struct told *told = data;

	assert_true(pthread_equal(told->thread, pthread_self()));
	(void)fprintf(told->out, "%zu of %zu\n", done, total);
	return done > told->done_at_most ? ENDED_BY_TEST : 0;
}

static void told_begin(struct told *told)
{
	memset(told, 0, sizeof(*told));
	told->out = open_memstream(&told->text, &told->size);
	assert_non_null(told->out);
	told->findings_left = SIZE_MAX;
	told->done_at_most = SIZE_MAX;
	told->thread = pthread_self();
}

static int check(struct certbind_store *store, const char *domain, struct told *told)
{
	int status = certbind_check_each(store, domain, 0, tell, tell_progress, told, NULL);

	assert_int_equal(fclose(told->out), 0);
	return status;
}

/* Every fault that a certificate can have, one after the other; each a certificate of its own. */
static const char *const files[] = { "wildcard", "old", "future", "client", "isca", "cn", "sha1",
	"weak", "noeku", "soon", "must", "chained", "constrained", "strange", "alone", "missing",
	"garbage", "names" };

enum { FILES = sizeof(files) / sizeof(files[0]) };

static void write_domain(FILE *out, unsigned int i)
{
	/* Some share one certificate, far from each other; some leave all to auto. */
	if (i % 7 == 0)
		(void)fprintf(out, "{ name = \"d%03u.good.example\"; webmail = \"shared\"; }", i);
	else if (i % 7 == 1)
		(void)fprintf(out, "{ name = \"d%03u.good.example\"; }", i);
	else if (i % 7 == 2)
		(void)fprintf(out,
			"{ name = \"d%03u.good.example\"; webmail_hosts = [ \"www.good.example\" ];"
			" mail = \"none\"; }",
			i);
	else
		(void)fprintf(out,
			"{ name = \"d%03u.good.example\"; webmail = \"c%u\"; mail = \"c%u\"; }", i,
			i, (i + 13) % domains_length);
}

static struct certbind_store *open_store(void)
{
	struct certbind_error error = { 0 };
	struct certbind_store *store;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	unsigned int i;

	assert_non_null(out);
	(void)fputs("trust_file = \"@PKI@/ca.pem\";\n"
		    "services = ( { name = \"mail\"; default = \"shared\";\n"
		    "  shared_hosts = [ \"mail.provider.example\" ]; } );\n"
		    "certificates = (\n{ name = \"shared\"; chain = \"@PKI@/panel.pem\"; "
		    "key = \"@PKI@/panel.key\"; }",
		out);
	for (i = 0; i < domains_length; i++)
		(void)fprintf(out,
			",\n{ name = \"c%u\"; chain = \"@PKI@/%s.pem\"; key = \"@PKI@/%s.key\"; }",
			i, files[i % FILES], files[i % FILES]);
	(void)fputs(" );\ndomains = (\n", out);
	for (i = 0; i < domains_length; i++) {
		(void)fputs(i == 0 ? "" : ",\n", out);
		write_domain(out, i);
	}
	(void)fputs(" );\n", out);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(certbind_store_new(&store), CERTBIND_OK);
	certbind_store_set_clock(store, june_2026, NULL);
	if (certbind_store_load(store, scratch_write("many.conf", text), &error) < 0)
		fail_msg("%s:%d: %s", error.file, error.line, error.message);
	free(text);
	return store;
}

static int set_up(void **state)
{
	if (scratch_set_up(state) != 0)
		return -1;
	domains_length = checker_is_valgrind() ? 264 : 520;
	*state = open_store();
	return 0;
}

static int tear_down(void **state)
{
	certbind_store_close(*state);
	return scratch_tear_down(state);
}

static void any_number_of_threads_says_the_same(void **state)
{
	struct told one, several;
	long i;

	atomic_store(&cores, 1);
	atomic_store(&own_threads_started, 0);
	told_begin(&one);
	assert_int_equal(check(*state, NULL, &one), CERTBIND_OK);
	assert_int_equal(atomic_load(&own_threads_started), 0);
	assert_true(one.findings > domains_length);
	for (i = 2; i <= 32; i *= 16) {
		atomic_store(&cores, i);
		atomic_store(&own_threads_started, 0);
		told_begin(&several);
		assert_int_equal(check(*state, NULL, &several), CERTBIND_OK);
		assert_true(atomic_load(&own_threads_started) > 0);
		assert_string_equal(several.text, one.text);
		free(several.text);
	}
	free(one.text);
}

/* A domain by itself says what it says among all, and needs no thread. */
static void one_domain_says_the_same(void **state)
{
	struct told all, alone;
	unsigned int i;

	atomic_store(&cores, 4);
	told_begin(&all);
	assert_int_equal(check(*state, NULL, &all), CERTBIND_OK);
	atomic_store(&own_threads_started, 0);
	for (i = 0; i < domains_length; i += 11) {
		char domain[32];
		const char *end;
		size_t length;

		(void)snprintf(domain, sizeof(domain), "d%03u.good.example", i);
		told_begin(&alone);
		assert_int_equal(check(*state, domain, &alone), CERTBIND_OK);
		end = strstr(alone.text, "1 of 1\n");
		assert_non_null(end);
		length = (size_t)(end - alone.text);
		if (length > 0) {
			alone.text[length] = '\0';
			assert_non_null(strstr(all.text, alone.text));
		}
		free(alone.text);
	}
	assert_int_equal(atomic_load(&own_threads_started), 0);
	free(all.text);
}

/* It is ended where it was asked to, with what it was told, wherever that is. */
static void callbacks_end_it(void **state)
{
	struct told all, ended;
	size_t i;

	atomic_store(&cores, 4);
	told_begin(&all);
	assert_int_equal(check(*state, NULL, &all), CERTBIND_OK);
	for (i = 1; i < all.findings; i += 1 + all.findings / 4) {
		told_begin(&ended);
		ended.findings_left = i;
		assert_int_equal(check(*state, NULL, &ended), ENDED_BY_TEST);
		assert_int_equal(ended.findings, i);
		assert_memory_equal(ended.text, all.text, ended.size);
		free(ended.text);
	}
	for (i = 0; i < domains_length; i += 200) {
		told_begin(&ended);
		ended.done_at_most = i;
		assert_int_equal(check(*state, NULL, &ended), ENDED_BY_TEST);
		assert_memory_equal(ended.text, all.text, ended.size);
		free(ended.text);
	}
	free(all.text);
}

static int tell_candidate(void *data, const struct certbind_candidate *candidate)
{
	struct told *told = data;

	assert_true(pthread_equal(told->thread, pthread_self()));
	(void)fprintf(told->out, "%s %zu %zu %s %d\n", candidate->certificate,
		candidate->covers_length, candidate->missing_length, candidate->reason,
		candidate->chosen);
	told->findings++;
	return 0;
}

/* The same of the certificates that a domain could have, of which many cover it. */
static void any_number_of_threads_has_the_same_candidates(void **state)
{
	struct told one, several;

	atomic_store(&cores, 1);
	atomic_store(&own_threads_started, 0);
	told_begin(&one);
	assert_int_equal(certbind_candidates(*state, "d002.good.example", "webmail", tell_candidate,
				 &one, NULL),
		CERTBIND_OK);
	assert_int_equal(fclose(one.out), 0);
	assert_int_equal(atomic_load(&own_threads_started), 0);
	assert_int_equal(one.findings, domains_length + 1);
	atomic_store(&cores, 4);
	told_begin(&several);
	assert_int_equal(certbind_candidates(*state, "d002.good.example", "webmail", tell_candidate,
				 &several, NULL),
		CERTBIND_OK);
	assert_int_equal(fclose(several.out), 0);
	assert_true(atomic_load(&own_threads_started) > 0);
	assert_string_equal(several.text, one.text);
	free(several.text);
	free(one.text);
}

static void *check_in_thread(void *data)
{
	struct told *told = malloc(sizeof(*told));

	assert_non_null(told);
	told_begin(told);
	assert_int_equal(check(data, NULL, told), CERTBIND_OK);
	return told;
}

/* "Any thread": several callers check one store at once. */
static void several_callers_check_at_once(void **state)
{
	pthread_t threads[CALLERS];
	struct told *first = NULL;
	unsigned int i;

	atomic_store(&cores, 2);
	for (i = 0; i < CALLERS; i++)
		assert_int_equal(
			__real_pthread_create(&threads[i], NULL, check_in_thread, *state), 0);
	for (i = 0; i < CALLERS; i++) {
		void *result;
		struct told *told;

		assert_int_equal(pthread_join(threads[i], &result), 0);
		told = result;
		if (first == NULL) {
			first = told;
			continue;
		}
		assert_string_equal(told->text, first->text);
		free(told->text);
		free(told);
	}
	free(first->text);
	free(first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_number_of_threads_says_the_same),
		cmocka_unit_test(one_domain_says_the_same),
		cmocka_unit_test(callbacks_end_it),
		cmocka_unit_test(any_number_of_threads_has_the_same_candidates),
		cmocka_unit_test(several_callers_check_at_once),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
