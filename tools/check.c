/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "command.h"
#include "connect.h"
#include "findings.h"
#include "json.h"
#include "loading.h"
#include "progress.h"
#include "report.h"
#include <certbind/check.h>
#include <stdio.h>

/* One argument's part of the check. */
struct check {
	struct findings *findings;
	struct connect *connect; /* NULL: no endpoint is asked */
	size_t argument;
	bool is_ok_kept; /* what is fine is needed only where it is shown */
	bool is_streamed; /* JSON of a million findings needs none of them in memory */
	bool is_begun; /* the JSON of findings */
	bool has_printed;
};

static void print_finding(void *data, const struct certbind_finding *finding)
{
	struct check *check = data;

	json_report_finding(stdout, finding, !check->has_printed);
	check->has_printed = true;
}

static int add_binding(void *data, const struct certbind_binding *binding)
{
	struct check *check = data;

	findings_add_subject(
		check->findings, binding->domain, binding->domain_unicode, check->argument);
	return 0;
}

static int add_finding(void *data, const struct certbind_finding *finding)
{
	struct check *check = data;

	if (check->connect != NULL)
		connect_add(check->connect, finding, check->argument);
	if (check->is_ok_kept || finding->severity != CERTBIND_SEVERITY_OK)
		findings_add(check->findings, finding, check->argument);
	return 0;
}

static int report_progress(void *data, size_t done, size_t total)
{
	(void)data;
	return progress_domains(NULL, done, total);
}

/*
 * A domain counts although nothing is said of it: so the bindings are walked, too. An entry that
 * was left out has no binding, and is known only to the check.
 */
static int check_domain(struct certbind_store *store, const char *domain, time_t at,
	struct check *check, struct certbind_error *error)
{
	int status = certbind_store_each_binding(store, domain, add_binding, check, error);

	if (status < 0 && status != CERTBIND_E_UNKNOWN_DOMAIN)
		return status;
	if (check->is_streamed) {
		findings_hand_on(check->findings, print_finding, check);
		json_report_begin(stdout);
		check->is_begun = true;
	}
	return certbind_check_each(store, domain, at, add_finding, report_progress, check, error);
}

static int check_arguments(struct certbind_store *store, const struct options *options,
	struct check *check, struct problems *problems)
{
	struct certbind_error error = { 0 };
	int status;
	int i = 0;

	do {
		check->argument = (size_t)i;
		progress_begin("checking");
		status = check_domain(store,
			options->arguments_length == 0 ? NULL : options->arguments[i], options->at,
			check, &error);
		progress_end();
		if (status < 0) {
			loading_complain(problems, &error);
			return status;
		}
		i++;
	} while (i < options->arguments_length);
	return CERTBIND_OK;
}

static int check_all(struct certbind_store *store, const struct options *options,
	struct check *check, struct problems *problems)
{
	int status = CERTBIND_OK;

	if (options->connect_length > 0)
		check->connect = connect_new(options);
	if (check->connect != NULL)
		status = connect_check_services(check->connect, store, problems);
	if (status == CERTBIND_OK)
		status = check_arguments(store, options, check, problems);
	if (status == CERTBIND_OK && check->connect != NULL)
		status = connect_run(check->connect, store, check->findings, problems);
	connect_free(check->connect);
	if (status == CERTBIND_OK)
		findings_settle_by_domain(check->findings);
	return status;
}

static int run(const struct options *options)
{
	static const struct report_words words = { "DOMAIN", "domain", "domains", "secured",
		"NOT secured", true };
	struct findings findings = { 0 };
	struct check check = {
		.findings = &findings,
		.is_ok_kept = options->is_all || options->is_json,
		/* Of several arguments one may fail, or say again what another said. */
		.is_streamed = options->is_json && options->connect_length == 0 &&
			       options->arguments_length <= 1,
	};
	struct problems problems;
	struct certbind_store *store;
	int status = STATUS_TROUBLE;

	problems_open(&problems);
	store = loading_open(options, &problems);
	if (store != NULL && check_all(store, options, &check, &problems) == CERTBIND_OK)
		status = findings_status(&findings);
	else
		findings_clear(&findings);
	if (check.is_begun)
		json_report_end(stdout, &findings, &problems);
	else if (options->is_json)
		json_report(stdout, &findings, &problems);
	else if (status != STATUS_TROUBLE)
		report_print(stdout, &findings, &words, options->is_all);
	certbind_store_close(store);
	findings_clear(&findings);
	problems_close(&problems);
	return status;
}

const struct command command_check = {
	.word = "check",
	.synopsis =
		"[-c FILE] [--json] [--all] [--at TIME] [--timeout SECONDS]\n"
		"                      [--connect [SERVICE=]PROTOCOL://ADDRESS:PORT] [DOMAIN ...]",
	.purpose = "tell which domains are secured, what is wrong, and what to do",
	.text = "Without DOMAIN all domains are checked, and the services' default\n"
		"certificates. A domain is secured when a strict client accepts every one of\n"
		"its hosts: browsers its webmail, mail programs and sending mail servers its\n"
		"mail host.\n"
		"\n"
		"With --connect it also connects to a daemon, for every host of the service,\n"
		"and tells where it serves another certificate, or one that clients refuse.\n"
		"Protocols: https, submissions, imaps, pop3s; with STARTTLS smtp, submission,\n"
		"imap, pop3, sieve. An IPv6 address stands in brackets. Without SERVICE, https\n"
		"is webmail and the others are mail.\n"
		"\n"
		"Exit status: 0 fine, 1 errors, 2 nothing could be checked, 3 warnings only.\n",
	.options = OPTION_CONFIG | OPTION_JSON | OPTION_ALL | OPTION_AT | OPTION_CONNECT,
	.arguments_most = -1,
	.run = run,
};
