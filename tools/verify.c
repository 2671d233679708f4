/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "command.h"
#include "findings.h"
#include "json.h"
#include "loading.h"
#include "report.h"
#include <certbind/check.h>
#include <stdio.h>

static int verify_host(const struct options *options, size_t argument, const char *host,
	struct findings *findings, struct certbind_error *error)
{
	struct certbind_report *report;
	size_t count;
	size_t i;
	int status = certbind_verify(
		options->arguments[0], options->trust, host, options->at, &report, error);

	if (status < 0)
		return status;
	findings_add_subject(findings, host, NULL, argument);
	count = certbind_report_count(report);
	for (i = 0; i < count; i++)
		findings_add(findings, certbind_report_get(report, i), argument);
	certbind_report_free(report);
	return CERTBIND_OK;
}

static int verify_hosts(
	const struct options *options, struct findings *findings, struct problems *problems)
{
	struct certbind_error error = { 0 };
	size_t hosts = (size_t)options->arguments_length - 1;
	size_t i;
	int status;

	for (i = 0; i < hosts; i++) {
		status = verify_host(options, i, options->arguments[i + 1], findings, &error);
		if (status < 0) {
			loading_complain(problems, &error);
			return status;
		}
	}
	findings_settle_by_argument(findings);
	return CERTBIND_OK;
}

static int run(const struct options *options)
{
	static const struct report_words words = { "HOST", "host", "hosts", "accepted", "REFUSED",
		false };
	struct findings findings = { 0 };
	struct problems problems;
	int status = STATUS_TROUBLE;

	problems_open(&problems);
	if (verify_hosts(options, &findings, &problems) == CERTBIND_OK)
		status = findings_status(&findings);
	else
		findings_clear(&findings);
	if (options->is_json)
		json_report(stdout, &findings, &problems);
	else if (status != STATUS_TROUBLE)
		report_print(stdout, &findings, &words, false);
	findings_clear(&findings);
	problems_close(&problems);
	return status;
}

const struct command command_verify = {
	.word = "verify",
	.synopsis = "[--trust FILE] [--at TIME] [--json] CHAIN.pem HOST ...",
	.purpose = "tell whether a strict client would accept a chain of certificates",
	.text = "CHAIN.pem has the end-entity certificate, then its intermediates. In the\n"
		"JSON, which is that of check, \"domains\" counts the hosts asked for and\n"
		"\"domains_secured\" those that a client would accept.\n"
		"\n"
		"Exit status: 0 accepted, 1 at least one is refused, 2 a file can't be used,\n"
		"3 accepted with warnings.\n",
	.options = OPTION_JSON | OPTION_AT | OPTION_TRUST,
	.arguments_least = 2,
	.arguments_most = -1,
	.run = run,
};
