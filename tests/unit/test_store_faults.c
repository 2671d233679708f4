/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every system call on files of a load, of a reload and of a context's making fails once, with
 * each error that may happen to it. What was in service stays, whatever is not as it should be is
 * told with the file's name, and the next try goes well.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "checker.h"
#include "fault.h"
#include "handshake.h"
#include "scratch.h"
#include "store.h"

static const int numbers[] = { EIO, ENOSPC, EMFILE, EINTR };

static const char configuration[] =
	"state_dir = \"state\";\n"
	"trust_file = \"trust.pem\";\n"
	"include = [ \"conf.d/*.conf\" ];\n"
	"services = ( { name = \"webmail\"; default = \"panel\"; } );\n"
	"certificates = (\n"
	"  { name = \"panel\"; chain = \"panel.pem\"; key = \"panel.key\";\n"
	"    key_password_file = \"password\"; },\n"
	"  { name = \"site\"; chain = \"site.pem\"; key = \"site.key\"; }\n"
	");\n"
	"certificate_dirs = [ \"live\" ];\n"
	"domains_dir = \"domains.d\";\n";

/* The names that are asked for; the last is the default's. */
static const char *const hosts[] = { "webmail.good.example", "webmail.both.example",
	"webmail.ed.example", "webmail.names.example", "webmail.nobody.example" };

enum { HOSTS = sizeof(hosts) / sizeof(hosts[0]), TEXT_SIZE = 16384 };

static time_t test_clock(void *data)
{
	(void)data;
	return 1780272000; /* 2026-06-01 */
}

static void run(const char *command)
{
	char text[2048];

	(void)snprintf(text, sizeof(text), "cd '%s' && P='%s' && { %s; }", scratch_path(),
		getenv("PKI"), command);
	assert_int_equal(system(text), 0);
}

/* certbot's, lego's and the joined way in a certificate directory; an included file; two domains. */
static const char *prepare(void)
{
	run("rm -rf state live conf.d domains.d && mkdir live live/ed conf.d domains.d && "
	    "cp $P/ca.pem trust.pem && cp $P/panel.pem panel.pem && "
	    "echo secret > password && openssl pkcs8 -topk8 -v2 aes-256-cbc -iter 1 "
	    "-passout file:password -in $P/panel.key -out panel.key && "
	    "cp $P/wildcard.pem site.pem && cp $P/wildcard.key site.key && "
	    "cp $P/ed.pem live/ed/fullchain.pem && cp $P/ed.key live/ed/privkey.pem && "
	    "cp $P/names.pem live/names.crt && cp $P/names.key live/names.key && "
	    "cat $P/ecdsa.key $P/ecdsa.pem > live/both.pem && "
	    "echo 'domains = ( { name = \"good.example\"; webmail = \"site\"; mail = \"none\"; },"
	    " { name = \"both.example\"; mail = \"none\"; } );' > conf.d/first.conf && "
	    "echo 'mail = \"none\";' > domains.d/ed.example.conf && "
	    "echo 'mail = \"none\";' > domains.d/names.example.conf");
	return scratch_write("certbind.conf", configuration);
}

/* Puts a file's bytes under another name, as a new file. */
static void copy(const char *from_directory, const char *from, const char *to)
{
	char path[512], temporary[512];
	char bytes[8192];
	size_t length;
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", from_directory, from);
	file = fopen(path, "r");
	assert_non_null(file);
	length = fread(bytes, 1, sizeof(bytes), file);
	assert_true(length < sizeof(bytes));
	assert_int_equal(fclose(file), 0);
	(void)snprintf(temporary, sizeof(temporary), "%s/new", scratch_path());
	file = fopen(temporary, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
	(void)snprintf(path, sizeof(path), "%s/%s", scratch_path(), to);
	assert_int_equal(rename(temporary, path), 0);
}

/* Another certificate, and new files with the bytes of before: they are read again, all of them. */
static void renew(unsigned int turn)
{
	static const char *const files[] = { "certbind.conf", "panel.key", "live/both.pem",
		"live/names.key", "live/ed/privkey.pem", "conf.d/first.conf",
		"domains.d/ed.example.conf" };
	size_t i;

	copy(getenv("PKI"), turn != 0 ? "exact.pem" : "wildcard.pem", "site.pem");
	copy(getenv("PKI"), turn != 0 ? "exact.key" : "wildcard.key", "site.key");
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		copy(scratch_path(), files[i], files[i]);
}

/* Everything that was told, to be searched for a file's name. */
struct told {
	char text[TEXT_SIZE];
};

static void told_add(struct told *told, const char *file, const char *message)
{
	size_t length = strlen(told->text);

	(void)snprintf(told->text + length, sizeof(told->text) - length, "%s: %s\n", file, message);
}

static void told_log(void *data, int level, const struct certbind_error *event)
{
	(void)level;
	told_add(data, event->file, event->message);
}

static int told_finding(void *data, const struct certbind_finding *finding)
{
	char text[2048];

	if (finding->severity == CERTBIND_SEVERITY_OK ||
		finding->severity == CERTBIND_SEVERITY_NOTE)
		return 0;
	(void)snprintf(text, sizeof(text), "%s: %s: %s", finding->code,
		finding->host != NULL ? finding->host : "", finding->advice);
	told_add(data, finding->file != NULL ? finding->file : "", text);
	return 0;
}

static void told_check(struct told *told, struct certbind_store *store)
{
	assert_int_equal(certbind_check_each(store, NULL, 0, told_finding, NULL, told, NULL), 0);
}

/* What clients get: the first name in a host's certificate. */
struct served {
	char subjects[HOSTS][64];
};

/* As a handshake would; the first host's is one. */
static void serve(
	struct certbind_store *store, struct certbind_context *context, struct served *served)
{
	static struct handshake handshake;
	const struct handshake_client client = { .server_name = hosts[0] };
	struct snapshot *snapshot = store_snapshot(store);
	const struct snapshot_service *service = snapshot_service_peek(snapshot, "webmail");
	size_t i;

	for (i = 0; i < HOSTS; i++) {
		struct snapshot_result result;
		struct bundle_members members;

		snapshot_select(service, hosts[i], strlen(hosts[i]), &result);
		members = snapshot_members_peek(snapshot, result.bundle);
		(void)snprintf(served->subjects[i], sizeof(served->subjects[i]), "%s",
			members.length > 0
				? certificate_facts_names(members.items[0]->pairs[0].facts)
				: "certbind's own");
	}
	snapshot_unref(snapshot);
	handshake_whole(&handshake, context, &client);
	assert_int_equal(handshake.client_status, 0);
	assert_int_equal(handshake.server_status, 0);
	if (strcmp(served->subjects[0], "certbind's own") != 0)
		assert_string_equal(handshake.subject, served->subjects[0]);
}

static bool served_equal(const struct served *a, const struct served *b)
{
	size_t i;

	for (i = 0; i < HOSTS; i++)
		if (strcmp(a->subjects[i], b->subjects[i]) != 0)
			return false;
	return true;
}

static const struct served expected[] = {
	{ { "*.good.example", "webmail.both.example", "webmail.ed.example", "webmail.names.example",
		"panel.provider.example" } },
	{ { "webmail.good.example", "webmail.both.example", "webmail.ed.example",
		"webmail.names.example", "panel.provider.example" } },
};

/* The file that the failed call was about, or the directory that it is in, is told. */
static void expect_named(const struct told *told, long at, int number)
{
	const char *path = fault_path();
	const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;

	if (strstr(told->text, name) == NULL)
		fail_msg("call %ld, error %d on %s is not told: \"%s\"", at, number, path,
			told->text);
}

static long stride(void)
{
	return (long)checker_stride(57);
}

static struct certbind_store *new_store(struct told *told)
{
	struct certbind_store *store;

	assert_int_equal(certbind_store_new(&store), 0);
	certbind_store_set_clock(store, test_clock, NULL);
	certbind_store_set_log(store, told_log, told);
	told->text[0] = '\0';
	return store;
}

static void add_error(struct told *told, const struct certbind_error *error, int status)
{
	if (status < 0)
		told_add(told, error->file, error->message);
}

/* One load with one fault. Whether there was one. */
static bool load_with_fault(const char *path, long at, int number)
{
	struct told told;
	struct certbind_store *store = new_store(&told);
	struct certbind_context *context;
	struct certbind_error error;
	struct served served;
	int status;

	fault_set(FAULT_ANY, at, number);
	status = certbind_store_load(store, path, &error);
	fault_set(NULL, 0, 0);
	add_error(&told, &error, status);
	if (status < 0) {
		assert_non_null(fault_path());
		expect_named(&told, at, number);
		assert_int_equal(certbind_store_load(store, path, NULL), 0);
	}
	told_check(&told, store);
	assert_int_equal(certbind_context_new(&context, store, "webmail", &error), 0);
	serve(store, context, &served);
	if (status >= 0 && (told.text[0] != '\0' || !served_equal(&served, &expected[0]))) {
		if (fault_path() == NULL)
			fail_msg("told without any fault: %s", told.text);
		expect_named(&told, at, number);
	}
	/* What was left out comes in. */
	told.text[0] = '\0';
	assert_int_equal(certbind_store_reload(store, NULL), 0);
	serve(store, context, &served);
	assert_true(served_equal(&served, &expected[0]));
	told_check(&told, store);
	assert_string_equal(told.text, "");
	certbind_context_free(context);
	certbind_store_close(store);
	return fault_path() != NULL;
}

static void a_load_survives(void **state)
{
	const char *path = prepare();
	char kept[512];
	size_t i;

	(void)state;
	(void)snprintf(kept, sizeof(kept), "%s", path);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		long at = 1;

		while (load_with_fault(kept, at, numbers[i]))
			at += stride();
		print_message("load, error %d: %ld calls\n", numbers[i], at - 1);
		assert_true(at > 50);
	}
}

/* One reload with one fault. Whether there was one. */
static bool reload_with_fault(struct certbind_store *store, struct certbind_context *context,
	struct told *told, unsigned int turn, long at, int number)
{
	struct certbind_error error;
	struct served served;
	int status;
	size_t i;

	told->text[0] = '\0';
	fault_set(FAULT_ANY, at, number);
	status = certbind_store_reload(store, &error);
	fault_set(NULL, 0, 0);
	add_error(told, &error, status);
	told_check(told, store);
	serve(store, context, &served);
	if (status < 0)
		assert_true(served_equal(&served, &expected[turn ^ 1]));
	for (i = 0; i < HOSTS; i++) /* the old one or the new one, and nothing worse */
		if (strcmp(served.subjects[i], expected[0].subjects[i]) != 0 &&
			strcmp(served.subjects[i], expected[1].subjects[i]) != 0)
			fail_msg("call %ld, error %d on %s: %s is served %s; \"%s\"", at, number,
				fault_path(), hosts[i], served.subjects[i], told->text);
	if (told->text[0] != '\0' || !served_equal(&served, &expected[turn])) {
		if (fault_path() == NULL)
			fail_msg("told without any fault: %s", told->text);
		expect_named(told, at, number);
	}
	told->text[0] = '\0';
	assert_int_equal(certbind_store_reload(store, NULL), 0);
	serve(store, context, &served);
	assert_true(served_equal(&served, &expected[turn]));
	told_check(told, store);
	assert_string_equal(told->text, "");
	return fault_path() != NULL;
}

static void a_reload_survives(void **state)
{
	struct told told;
	struct certbind_store *store = new_store(&told);
	struct certbind_context *context;
	unsigned int turn = 0;
	size_t i;

	(void)state;
	assert_int_equal(certbind_store_load(store, prepare(), NULL), 0);
	assert_int_equal(certbind_context_new(&context, store, "webmail", NULL), 0);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		bool is_hit = true;
		long at;

		for (at = 1; is_hit; at += stride()) {
			turn ^= 1;
			renew(turn);
			is_hit = reload_with_fault(store, context, &told, turn, at, numbers[i]);
		}
		print_message("reload, error %d: %ld calls\n", numbers[i], at - stride() - 1);
		assert_true(at > 50);
	}
	certbind_context_free(context);
	certbind_store_close(store);
}

static bool is_kept(void)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/state/default.pem", scratch_path());
	return access(path, F_OK) == 0;
}

/*
 * certbind's own certificate is made and kept in state_dir. Where that fails, the context has one
 * that is kept in memory only.
 */
static void a_context_survives(void **state)
{
	char path[512];
	size_t i;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s", prepare());
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		bool is_hit = true;
		long at;

		for (at = 1; is_hit; at += stride() > 1 ? 5 : 1) {
			struct told told;
			struct certbind_store *store = new_store(&told);
			struct certbind_context *context;

			run("rm -rf state");
			assert_int_equal(certbind_store_load(store, path, NULL), 0);
			fault_set(FAULT_ANY, at, numbers[i]);
			assert_int_equal(certbind_context_new(&context, store, "mail", NULL), 0);
			fault_set(NULL, 0, 0);
			is_hit = fault_path() != NULL;
			if (told.text[0] != '\0' || !is_kept())
				assert_non_null(strstr(told.text, "/state"));
			certbind_context_free(context);
			certbind_store_close(store);
		}
		assert_true(at > 10);
	}
}

/* Files that come a byte at a time, with interruptions, are read whole. */
static void short_reads_are_read_on(void **state)
{
	struct told told;
	struct certbind_store *store = new_store(&told);
	struct certbind_context *context;
	struct served served;
	const char *path = prepare();

	(void)state;
	fault_set_short(1);
	assert_int_equal(certbind_store_load(store, path, NULL), 0);
	assert_int_equal(certbind_context_new(&context, store, "webmail", NULL), 0);
	serve(store, context, &served);
	assert_true(served_equal(&served, &expected[0]));
	renew(1);
	assert_int_equal(certbind_store_reload(store, NULL), 0);
	fault_set_short(0);
	serve(store, context, &served);
	assert_true(served_equal(&served, &expected[1]));
	told_check(&told, store);
	assert_string_equal(told.text, "");
	certbind_context_free(context);
	certbind_store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_load_survives),
		cmocka_unit_test(a_reload_survives),
		cmocka_unit_test(a_context_survives),
		cmocka_unit_test(short_reads_are_read_on),
	};

	(void)umask(077); /* keys are for nobody else */
	return cmocka_run_group_tests(tests, scratch_set_up, scratch_tear_down);
}
