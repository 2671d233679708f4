/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A build that looks only at what the watch tells of ends where one ends that looks at everything:
 * hundreds of random changes, and after each of them two stores are compared.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "checker.h"
#include "file.h"
#include "scratch.h"
#include "store.h"
#include "watch.h"

enum { STEPS = 400, STEPS_SLOW = 60 };

/* Shortly before the end of 2021-12-30: while the steps are made some certificates end. */
static time_t now = 1640908800 - 1000;

static time_t test_clock(void *data)
{
	(void)data;
	return now;
}

static uint64_t seed;

static unsigned int any(unsigned int below)
{
	seed = seed * 6364136223846793005U + 1442695040888963407U;
	return (unsigned int)((seed >> 33) % below);
}

/* Several have names in common, and two end. */
static const char *const pairs[] = { "panel", "wildcard", "exact", "names", "old", "later",
	"twoways", "wildlater", "ecdsa", "rsa", "brief", "mail", "renewed" };
static const char *const names[] = { "one", "two", "three", "four", "five", "six" };
static const char *const domains[] = { "good.example", "names.example", "more.example",
	"least.example", "both.example", "old.example" };
static const char *const texts[] = { "", "mail = \"none\";\n", "webmail = \"one\";\n",
	"webmail = \"two\"; mail = \"panel\";\n", "webmail_hosts = [ \"webmail.good.example\" ];\n",
	"webmail_hosts = [ \"imap.elsewhere.example\", \"webmail.both.example\" ];\n",
	"mail_hosts = [ \"panel.provider.example\", \"other.names.example\" ];\n",
	"webmail = \"three\"; webmail_hosts = [ \"sub.good.example\" ];\n", "webmail = \"si\n",
	"nonsense = 1;\n" };
/* Beside "webmail" as it is. */
static const char shared_mail[] =
	"{ name = \"mail\"; default = \"auto\";\n"
	"  shared_hosts = [ \"webmail.good.example\", \"panel.provider.example\" ]; },\n";
static const char *const services[] = { "", shared_mail,
	"{ name = \"mail\"; default = \"two\"; shared_hosts = [ \"mail.both.example\" ]; },\n",
	"{ name = \"extra\"; hosts = [ \"x.%d\", \"%d\" ]; }," };

enum {
	PAIRS = sizeof(pairs) / sizeof(pairs[0]),
	NAMES = sizeof(names) / sizeof(names[0]),
	DOMAINS = sizeof(domains) / sizeof(domains[0]),
	TEXTS = sizeof(texts) / sizeof(texts[0]),
	SERVICES = sizeof(services) / sizeof(services[0])
};

static const char two_domains[] = "domains = ( { name = \"main.example\"; webmail = \"site\"; },\n"
				  "            { name = \"least.example\"; } );\n";
static const char *const mains[] = { "", "include = [ \"conf.d/*.conf\" ];\n", two_domains,
	"domains = ( { name = \"main.example\"; unknown = 1; } );\n", "expiry_warning_days = 3;\n",
	"nonsense = 1;\n" };

static char path_text[4][512];

/* A path in the scratch directory; good for four calls. */
__attribute__((format(printf, 1, 2))) static const char *in(const char *format, ...)
{
	static unsigned int turn;
	char *text = path_text[turn++ % 4];
	int length = snprintf(text, sizeof(path_text[0]), "%s/", scratch_path());
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text + length, sizeof(path_text[0]) - (size_t)length, format, arguments);
	va_end(arguments);
	return text;
}

static void write_bytes(const char *path, const void *bytes, size_t size, const char *mode)
{
	FILE *file = fopen(path, mode);

	if (file == NULL) /* a directory, or nothing that it could be in */
		return;
	(void)fwrite(bytes, 1, size, file);
	(void)fclose(file);
}

static void put(const char *path, const char *pair, const char *suffix, const char *mode)
{
	struct file_bytes bytes;
	char from[512];

	(void)snprintf(from, sizeof(from), "%s/%s.%s", getenv("PKI"), pair, suffix);
	assert_int_equal(file_read(from, 1U << 20, &bytes, NULL), 0);
	write_bytes(path, bytes.data, bytes.size, mode);
	file_bytes_wipe(&bytes);
}

static void write_main(const char *service, const char *more)
{
	char text[2048];

	(void)snprintf(text, sizeof(text),
		"trust_file = \"%s/ca.pem\";\nstate_dir = \"state\";\n"
		"certificates = ( { name = \"panel\"; chain = \"%s/panel.pem\"; key = "
		"\"%s/panel.key\"; },\n"
		"  { name = \"site\"; chain = \"site.pem\"; key = \"site.key\"; } );\n"
		"certificate_dirs = [ \"live\", \"flat\" ];\ndomains_dir = \"domains.d\";\n"
		"services = (\n%s{ name = \"other\"; hosts = [ \"o.%%d\" ]; } );\n%s",
		getenv("PKI"), getenv("PKI"), getenv("PKI"), service, more);
	write_bytes(in("new.conf"), text, strlen(text), "w");
	(void)rename(in("new.conf"), in("certbind.conf"));
}

static void put_main(const char *more)
{
	write_main(services[any(SERVICES)], more);
}

/* As certbot: archive/NAME/fullchainN.pem, and a link to it. */
static void renew_linked(const char *name, const char *pair)
{
	unsigned int number = any(1000);
	const char *const kinds[] = { "fullchain", "privkey" };
	size_t i;

	(void)mkdir(in("archive/%s", name), 0700);
	(void)mkdir(in("live/%s", name), 0700);
	for (i = 0; i < 2; i++) {
		char target[256];

		put(in("archive/%s/%s%u.pem", name, kinds[i], number), pair, i == 0 ? "pem" : "key",
			"w");
		(void)snprintf(target, sizeof(target), "../../archive/%s/%s%u.pem", name, kinds[i],
			number);
		(void)unlink(in("live/%s/%s.pem", name, kinds[i]));
		(void)symlink(target, in("live/%s/%s.pem", name, kinds[i]));
	}
}

static void remove_linked(const char *name)
{
	(void)unlink(in("live/%s/fullchain.pem", name));
	if (any(2) == 0)
		return;
	(void)unlink(in("live/%s/privkey.pem", name));
	(void)rmdir(in("live/%s", name));
}

/* What a link leads to changes in place. */
static void break_linked(const char *name)
{
	const char *const bytes[] = { "", "x\n" };
	const char *path = in("live/%s/%s.pem", name, any(2) == 0 ? "fullchain" : "privkey");
	const char *text = bytes[any(2)];

	write_bytes(path, text, strlen(text), "w");
}

static void change_certificate(const char *name, const char *pair)
{
	switch (any(8)) {
	case 0:
		renew_linked(name, pair);
		break;
	case 1:
		remove_linked(name);
		break;
	case 2:
		break_linked(name);
		break;
	case 3: /* combined */
		put(in("flat/%s.pem", name), pair, "pem", "w");
		if (any(4) > 0)
			put(in("flat/%s.pem", name), pair, "key", "a");
		break;
	case 4: /* lego's */
		put(in("flat/%s.crt", name), pair, "pem", "w");
		if (any(2) > 0)
			put(in("flat/%s.key", name), pair, "key", "w");
		break;
	case 5:
		(void)unlink(in("flat/%s.%s", name, any(2) == 0 ? "pem" : "crt"));
		break;
	case 6:
		(void)rename(in("live/%s", name), in("live/%s", names[any(NAMES)]));
		break;
	default:
		put(in("site.pem"), pair, "pem", "w");
		if (any(3) > 0)
			put(in("site.key"), pair, "key", "w");
		break;
	}
}

static void change_domain(const char *domain)
{
	const char *text = texts[any(TEXTS)];

	switch (any(5)) {
	case 0:
		(void)unlink(in("domains.d/%s.conf", domain));
		break;
	case 1:
		(void)unlink(in("domains.d/%s.conf", domain));
		(void)symlink(any(2) == 0 ? "shared.inc" : "../site.pem",
			in("domains.d/%s.conf", domain));
		break;
	case 2:
		write_bytes(in("domains.d/shared.inc"), text, strlen(text), "w");
		break;
	case 3:
		write_bytes(in("domains.d/.new"), text, strlen(text), "w");
		(void)rename(in("domains.d/.new"), in("domains.d/%s.conf", domain));
		break;
	default:
		write_bytes(in("domains.d/%s.conf", domain), text, strlen(text), "w");
		break;
	}
}

static void change_main(void)
{
	static const char included[] = "domains = ( { name = \"included.example\"; } );\n";

	switch (any(6)) {
	case 0:
		write_bytes(in("conf.d/a.conf"), included, strlen(included), "w");
		break;
	case 1:
		(void)unlink(in("conf.d/a.conf"));
		break;
	case 2: /* the directory is another one from now on */
		(void)rename(in("live"), in("other"));
		(void)mkdir(in("live"), 0700);
		break;
	case 3:
		(void)rename(in("other"), in("live"));
		break;
	default:
		put_main(mains[any(sizeof(mains) / sizeof(mains[0]))]);
		break;
	}
}

static void change(void)
{
	unsigned int kind = any(10);

	if (kind < 6)
		change_certificate(names[any(NAMES)], pairs[any(PAIRS)]);
	else if (kind < 9)
		change_domain(domains[any(DOMAINS)]);
	else
		change_main();
	if (any(5) == 0)
		now += any(70);
}

/* What a store says of everything, in no order. */
struct lines {
	char *items[4096];
	size_t length;
};

__attribute__((format(printf, 2, 3))) static void lines_add(
	struct lines *lines, const char *format, ...)
{
	char text[4096];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	assert_true(lines->length < sizeof(lines->items) / sizeof(lines->items[0]));
	lines->items[lines->length++] = strdup(text);
}

static int add_finding(void *data, const struct certbind_finding *finding)
{
	const char *host = finding->host != NULL ? finding->host : "";
	const char *domain = finding->domain != NULL ? finding->domain : "";
	const char *service = finding->service != NULL ? finding->service : "";
	const char *certificate = finding->certificate != NULL ? finding->certificate : "";

	lines_add(data, "%s %s %s %s %s %lld %s %s:%d", domain, service, host, certificate,
		finding->code, (long long)finding->not_after, finding->advice,
		finding->file != NULL ? finding->file : "", finding->line);
	return 0;
}

static void add_selections(struct certbind_store *store, struct lines *lines)
{
	static const char *const asked[] = { "webmail", "mail", "extra" };
	struct certbind_selection selection;
	char host[128];
	size_t i, j;

	for (i = 0; i < 3; i++)
		for (j = 0; j < DOMAINS; j++) {
			(void)snprintf(host, sizeof(host), "%s.%s", asked[i], domains[j]);
			if (certbind_store_select(store, asked[i], host, &selection, NULL) == 0)
				lines_add(lines, "%s: %d %s %s", host, selection.rule,
					selection.domain, selection.certificate);
		}
}

static void add_states(struct certbind_store *store, struct lines *lines)
{
	struct snapshot *snapshot = store_snapshot(store);
	size_t i;

	for (i = 0; i < snapshot->certificates_length; i++) {
		const struct certificate *certificate = snapshot->certificates[i];
		const struct snapshot_state *state = &snapshot->states[i];
		size_t bytes =
			certificate->pairs_length > 0 ? certificate->pairs[0].chain[0]->size : 0;

		lines_add(lines, "certificate %s %s:%d %d %lld %s %s %lld %zu %zu",
			certificate->name, state->file, state->line, state->is_from_directory,
			(long long)snapshot_trouble(state)->stale_since,
			snapshot_trouble(state)->stale_file != NULL
				? snapshot_trouble(state)->stale_file
				: "",
			snapshot_trouble(state)->stale_message != NULL
				? snapshot_trouble(state)->stale_message
				: "",
			(long long)snapshot_trouble(state)->missing_since,
			(size_t)certificate->pairs_length, bytes);
	}
	for (i = 0; i < snapshot->config->domains_length; i++)
		lines_add(lines, "domain %s %s:%d", snapshot->config->domains[i]->name,
			snapshot->config->domains[i]->place.file,
			snapshot->config->domains[i]->place.line);
	snapshot_unref(snapshot);
}

/* What is served is what was read last. */
static const char *members(const struct snapshot *snapshot, uint32_t place)
{
	static char text[512];
	const struct bundle_members presented = snapshot_members_peek(snapshot, place);
	size_t length = 0;
	size_t i;

	text[0] = '\0';
	for (i = 0; i < presented.length; i++) {
		const struct certificate *member = presented.items[i];

		assert_ptr_equal(member,
			snapshot->certificates[snapshot_certificate_index(snapshot, member->name)]);
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s(%s) ",
			member->name, certificate_facts_names(member->pairs[0].facts));
	}
	return text;
}

static void add_binding(const struct snapshot *snapshot, const struct snapshot_binding *binding,
	struct lines *lines)
{
	const struct certificate *named = snapshot_binding_certificate(snapshot, binding);
	const char *service = snapshot->services[binding->service].config->name;
	size_t i;

	lines_add(lines, "binding %s %s %d %s", binding->domain->name, service,
		(int)binding->choice, named != NULL ? named->name : "");
	for (i = 0; i < binding->hosts_length; i++) {
		const struct snapshot_host *host = &binding->hosts[i];

		assert_ptr_equal(host->binding, binding);
		lines_add(lines, "host %s %s %s %s: %d%d%d%d%d %d", binding->domain->name, service,
			host->name, members(snapshot, host->bundle), host->is_in_domain,
			host->is_none, host->is_foreign, host->is_contested, host->is_lost,
			host->domain_at);
	}
}

static void add_service(const struct snapshot *snapshot, const struct snapshot_service *service,
	struct lines *lines)
{
	const struct certificate *named = service->default_certificate;
	size_t i;

	assert_ptr_equal(service->snapshot, snapshot);
	assert_true(
		named == NULL ||
		named == snapshot->certificates[snapshot_certificate_index(snapshot, named->name)]);

	lines_add(lines, "service %s %s %s", service->config->name,
		named != NULL ? named->name : "", members(snapshot, service->default_at));
	for (i = 0; i < service->names->slots_length; i++)
		if (service->names->slots[i].value != NULL)
			lines_add(lines, "name %s %s %s", service->config->name,
				service->names->slots[i].key,
				members(snapshot,
					(uint32_t)(uintptr_t)service->names->slots[i].value));
	for (i = 0; i < service->hosts->slots_length; i++) {
		const struct snapshot_host *host = service->hosts->slots[i].value;

		if (host == NULL)
			continue;
		assert_string_equal(host->name, service->hosts->slots[i].key);
		lines_add(lines, "owner %s %s %s", service->config->name, host->name,
			host->binding != NULL ? host->binding->domain->name : "");
	}
}

static void add_bindings(struct certbind_store *store, struct lines *lines)
{
	struct snapshot *snapshot = store_snapshot(store);
	size_t i, j;

	for (i = 0; i < snapshot->config->services_length; i++)
		add_service(snapshot, &snapshot->services[i], lines);
	for (i = 0; i < snapshot->config->domains_length; i++)
		for (j = 0; j < snapshot->config->services_length; j++)
			add_binding(snapshot, &snapshot->domains[i].bindings[j], lines);
	snapshot_unref(snapshot);
}

static int compare(const void *a, const void *b)
{
	const char *const *left = a;
	const char *const *right = b;

	return strcmp(*left, *right);
}

static void describe(struct certbind_store *store, struct lines *lines)
{
	lines->length = 0;
	assert_int_equal(certbind_check_each(store, NULL, now, add_finding, NULL, lines, NULL), 0);
	add_selections(store, lines);
	add_states(store, lines);
	add_bindings(store, lines);
	qsort(lines->items, lines->length, sizeof(lines->items[0]), compare);
}

static void forget(struct lines *lines)
{
	while (lines->length > 0)
		free(lines->items[--lines->length]);
}

/* Builds on what is in service, and takes that into service. What the log would be told is noted. */
static void build(struct certbind_store *store, const struct changes *changes, struct lines *lines,
	bool *is_read)
{
	struct snapshot *former = store_snapshot(store);
	struct store_build *built;
	size_t i;

	assert_int_equal(store_build(store, former, changes, &built, NULL), 0);
	for (i = 0; i < built->events.length; i++)
		lines_add(lines, "event %s:%d %s", built->events.items[i].error.file,
			built->events.items[i].error.line, built->events.items[i].error.message);
	*is_read = built->snapshot != NULL;
	(void)store_publish(store, built, NULL, NULL);
	snapshot_unref(former);
	qsort(lines->items, lines->length, sizeof(lines->items[0]), compare);
}

static void expect_same(struct lines *some, struct lines *whole, unsigned int step)
{
	size_t i;

	for (i = 0; i < some->length || i < whole->length; i++) {
		const char *left = i < some->length ? some->items[i] : "nothing";
		const char *right = i < whole->length ? whole->items[i] : "nothing";

		if (strcmp(left, right) != 0)
			fail_msg("step %u:\n  %s\n  %s", step, left, right);
	}
	forget(some);
	forget(whole);
}

static struct certbind_store *open_store(void)
{
	struct certbind_store *store;

	assert_int_equal(certbind_store_new(&store), 0);
	certbind_store_set_clock(store, test_clock, NULL);
	assert_int_equal(certbind_store_load(store, in("certbind.conf"), NULL), 0);
	return store;
}

/* One store as the reading thread does it. */
struct watched {
	struct certbind_store *store;
	struct watch *watch;
	struct changes changes;
	unsigned int little; /* how often not everything was looked at */
};

static void watched_build(struct watched *watched, struct lines *lines)
{
	struct changes taken;
	struct snapshot *snapshot;
	bool is_read;

	(void)watch_read(watched->watch, &watched->changes);
	taken = watched->changes;
	memset(&watched->changes, 0, sizeof(watched->changes));
	watched->little += taken.is_all ? 0 : 1;
	snapshot = store_snapshot(watched->store);
	if (taken.is_all)
		assert_int_equal(watch_follow(watched->watch, snapshot, NULL, NULL), 0);
	snapshot_unref(snapshot);
	build(watched->store, &taken, lines, &is_read);
	if (!is_read) {
		watched->changes = taken;
		return;
	}
	snapshot = store_snapshot(watched->store);
	assert_int_equal(watch_follow(watched->watch, snapshot, &taken, &watched->changes), 0);
	snapshot_unref(snapshot);
	changes_clear(&taken);
}

static void random_changes(unsigned int first)
{
	static struct lines some, whole;
	struct watched watched = { 0 };
	struct certbind_store *store;
	unsigned int steps = checker_is_valgrind() ? STEPS_SLOW : STEPS;
	unsigned int step;
	bool is_read;

	seed = first;
	put_main("");
	put(in("site.pem"), "wildcard", "pem", "w");
	put(in("site.key"), "wildcard", "key", "w");
	store = open_store();
	watched.store = open_store();
	watched.watch = watch_new();
	assert_non_null(watched.watch);
	watched.changes.is_all = true;
	for (step = 0; step < steps; step++) {
		unsigned int length = 1 + any(3);

		while (step > 0 && length-- > 0)
			change();
		watched_build(&watched, &some);
		build(store, NULL, &whole, &is_read);
		expect_same(&some, &whole, step);
		describe(watched.store, &some);
		describe(store, &whole);
		expect_same(&some, &whole, step);
	}
	print_message("%u of %u builds looked at little\n", watched.little, steps);
	assert_true(watched.little > steps / 3);
	watch_free(watched.watch);
	changes_clear(&watched.changes);
	certbind_store_close(watched.store);
	certbind_store_close(store);
}

static void make_directories(void)
{
	static const char *const directories[] = { "live", "archive", "flat", "domains.d",
		"conf.d" };
	size_t i;

	for (i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
		(void)mkdir(in("%s", directories[i]), 0700);
}

static void put_combined(const char *name, const char *pair)
{
	put(in("flat/%s.pem", name), pair, "pem", "w");
	put(in("flat/%s.pem", name), pair, "key", "a");
}

/* What a build has in common with the one before. */
enum common { COMMON_PLAN, COMMON_GROUND, COMMON_NOTHING };

static enum common common_of(const struct snapshot *a, const struct snapshot *b)
{
	if (a->plan == b->plan)
		return COMMON_PLAN;
	return a->plan->ground == b->plan->ground ? COMMON_GROUND : COMMON_NOTHING;
}

/* Builds with these changes, which are cleared, and compares with a store that is new. */
static enum common build_with(struct certbind_store *store, struct changes *changes)
{
	static struct lines some, whole;
	struct snapshot *former = store_snapshot(store);
	struct certbind_store *other;
	struct snapshot *snapshot;
	enum common common;
	bool is_read;

	build(store, changes, &some, &is_read);
	assert_true(is_read);
	forget(&some);
	changes_clear(changes);
	other = open_store();
	describe(store, &some);
	describe(other, &whole);
	expect_same(&some, &whole, 0);
	certbind_store_close(other);
	snapshot = store_snapshot(store);
	common = common_of(former, snapshot);
	snapshot_unref(former); /* what they have in common goes with the last one */
	snapshot_unref(snapshot);
	return common;
}

static enum common renew(struct certbind_store *store, const char *name, const char *pair)
{
	struct changes changes = { 0 };

	put_combined(name, pair);
	changes_note_certificate(&changes, name);
	return build_with(store, &changes);
}

/* NULL as text: the domain goes. */
static enum common put_domain(struct certbind_store *store, const char *domain, const char *text)
{
	struct changes changes = { 0 };

	if (text != NULL)
		write_bytes(in("domains.d/%s.conf", domain), text, strlen(text), "w");
	else
		(void)unlink(in("domains.d/%s.conf", domain));
	changes_note_domain_file(&changes, strrchr(in("domains.d/%s.conf", domain), '/') + 1);
	return build_with(store, &changes);
}

static struct certbind_store *open_with(const char *one, const char *two)
{
	make_directories();
	write_main("", "");
	put(in("site.pem"), "wildcard", "pem", "w");
	put(in("site.key"), "wildcard", "key", "w");
	put_combined("one", one);
	if (two != NULL)
		put_combined("two", two);
	return open_store();
}

static void close_and_remove(struct certbind_store *store)
{
	size_t i;

	certbind_store_close(store);
	for (i = 0; i < DOMAINS; i++)
		(void)unlink(in("domains.d/%s.conf", domains[i]));
	(void)unlink(in("flat/one.pem"));
	(void)unlink(in("flat/two.pem"));
}

static void a_renewal_decides_nothing(void **state)
{
	struct certbind_store *store = open_with("panel", NULL);
	unsigned int i;

	(void)state;
	(void)put_domain(store, "good.example", "webmail = \"one\"; mail = \"one\";\n");
	(void)put_domain(store, "names.example", "webmail = \"two\";\n");
	for (i = 0; i < 40; i++)
		assert_int_equal(
			renew(store, "one", i % 2 == 0 ? "renewed" : "panel"), COMMON_PLAN);
	/* Other names; another one that has them; and a renewal of what has such a rival. */
	assert_int_equal(renew(store, "one", "mail"), COMMON_NOTHING);
	assert_int_equal(renew(store, "one", "mail"), COMMON_PLAN);
	assert_int_equal(renew(store, "one", "panel"), COMMON_NOTHING);
	assert_int_equal(renew(store, "two", "renewed"), COMMON_NOTHING);
	assert_int_equal(renew(store, "one", "renewed"), COMMON_NOTHING);
	close_and_remove(store);
}

static void an_added_domain_decides_for_itself(void **state)
{
	struct certbind_store *store = open_with("panel", "names");

	(void)state;
	(void)put_domain(store, "more.example", "webmail = \"one\";\n");
	/* Its host was a certificate's name; its certificate's names are new; and are renewed. */
	assert_int_equal(renew(store, "one", "renewed"), COMMON_PLAN);
	assert_int_equal(put_domain(store, "good.example", "mail = \"one\"; webmail = \"two\";\n"),
		COMMON_GROUND);
	assert_int_equal(renew(store, "one", "panel"), COMMON_PLAN);
	assert_int_equal(renew(store, "one", "renewed"), COMMON_PLAN);
	assert_int_equal(put_domain(store, "names.example", ""), COMMON_GROUND);
	assert_int_equal(renew(store, "one", "panel"), COMMON_PLAN);
	assert_int_equal(put_domain(store, "least.example", "mail = \"none\";\n"), COMMON_GROUND);
	/* What has gone, what another one has, and what is not its own. */
	assert_int_equal(put_domain(store, "names.example", NULL), COMMON_NOTHING);
	assert_int_equal(put_domain(store, "names.example",
				 "webmail_hosts = [ \"webmail.good.example\" ];\n"),
		COMMON_NOTHING);
	assert_int_equal(put_domain(store, "both.example", ""), COMMON_NOTHING);
	close_and_remove(store);
}

/* At some time it is worth to decide anew. */
static void additions_come_to_an_end(void **state)
{
	struct certbind_store *store = open_with("panel", NULL);
	unsigned int left = 100;
	char name[32];

	(void)state;
	(void)put_domain(store, "good.example", "");
	do {
		(void)snprintf(name, sizeof(name), "d%u.example", --left);
	} while (put_domain(store, name, "webmail = \"one\";\n") == COMMON_GROUND && left > 0);
	assert_true(left > 0);
	assert_true(left < 90);
	for (; left < 100; left++)
		(void)unlink(in("domains.d/d%u.example.conf", left));
	close_and_remove(store);
}

static void little_is_looked_at(void **state)
{
	(void)state;
	make_directories();
	random_changes(getenv("SEED") != NULL ? (unsigned int)atoi(getenv("SEED")) : 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_renewal_decides_nothing),
		cmocka_unit_test(an_added_domain_decides_for_itself),
		cmocka_unit_test(additions_come_to_an_end),
		cmocka_unit_test(little_is_looked_at),
	};

	return cmocka_run_group_tests(tests, scratch_set_up, scratch_tear_down);
}
