/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "advice.h"
#include "certificate.h"
#include "certificate_facts.h"
#include "error.h"
#include "name.h"
#include "path.h"
#include "report.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Verifying a chain file by itself: no configuration, no store. */

struct verify {
	struct der **chain;
	size_t chain_length;
	const char *chain_path;
	const char *host; /* folded, or as given when it is no host name */
	struct certbind_report *report;
	bool has_error;
	bool is_named_by_common_name;
	int64_t not_after;
	int status;
};

static void verify_add(struct verify *verify, enum finding_code code, const char *advice)
{
	const struct certbind_finding finding = {
		.host = verify->host,
		.code = finding_word(code),
		.severity = finding_severity(code),
		.not_after = (time_t)verify->not_after,
		.advice = advice,
		.file = verify->chain_path,
	};

	if (finding.severity == CERTBIND_SEVERITY_ERROR)
		verify->has_error = true;
	if (code == FINDING_COMMON_NAME_ONLY)
		verify->is_named_by_common_name = true;
	if (verify->status == CERTBIND_OK)
		verify->status = report_keep(verify->report, &finding);
}

static void verify_report(void *data, enum finding_code code, const char *detail)
{
	verify_add(data, code, detail);
}

static int verify_path(
	struct verify *verify, const char *trust_path, int64_t at, struct certbind_error *error)
{
	struct path_checker *checker = NULL;
	struct anchors *anchors;
	int status = anchors_read(trust_path, &anchors, error);

	if (status < 0)
		return status;
	status = path_checker_new(anchors, at, &checker);
	anchors_unref(anchors);
	if (status == CERTBIND_OK)
		status = path_check(
			checker, verify->chain, verify->chain_length, verify_report, verify, NULL);
	path_checker_free(checker);
	return status == CERTBIND_OK ? verify->status : status;
}

static int verify_host(struct verify *verify)
{
	char advice[ADVICE_SIZE];
	bool covers;
	int status = certificate_covers(verify->chain[0], verify->host, &covers);

	if (status < 0)
		return status;
	if (!covers && !verify->is_named_by_common_name) {
		advice_get_certificate(NULL, &verify->host, 1, advice);
		verify_add(verify, FINDING_NOT_COVERED, advice);
	}
	if (!verify->has_error)
		verify_add(verify, FINDING_COVERED, "");
	return verify->status;
}

static int64_t chain_not_after(struct der *der)
{
	const struct certificate_facts *facts;
	int gnutls_status;

	return certificate_facts(der, &facts, &gnutls_status) < 0 ? -1 : facts->not_after;
}

static int verify_run(
	struct verify *verify, const char *trust_path, time_t at, struct certbind_error *error)
{
	int status;

	status = certificate_chain_read(
		verify->chain_path, NULL, &verify->chain, &verify->chain_length, error);
	if (status < 0)
		return status;
	verify->not_after = chain_not_after(verify->chain[0]);
	status = verify_path(verify, trust_path, (int64_t)(at != 0 ? at : time(NULL)), error);
	if (status == CERTBIND_OK)
		status = verify_host(verify);
	certificate_chain_free(verify->chain, verify->chain_length);
	if (status == CERTBIND_E_MEMORY || status == CERTBIND_E_SYSTEM)
		(void)error_set(error, status, NULL, 0, "%s", certbind_strerror(status));
	return status;
}

int certbind_verify(const char *chain_path, const char *trust_path, const char *host, time_t at,
	struct certbind_report **report, struct certbind_error *error)
{
	char folded[NAME_SIZE];
	struct verify verify = { .chain_path = chain_path, .host = host };
	int status;

	if (report != NULL)
		*report = NULL;
	if (chain_path == NULL || host == NULL || report == NULL)
		return error_set(
			error, CERTBIND_E_INVALID, NULL, 0, "chain_path, host or report is NULL");
	if (name_fold(host, strlen(host), folded) == NAME_OK)
		verify.host = folded;
	verify.report = report_new();
	if (verify.report == NULL)
		return error_memory(error);
	status = verify_run(&verify, trust_path, at, error);
	if (status < 0) {
		certbind_report_free(verify.report);
		return status;
	}
	*report = verify.report;
	return CERTBIND_OK;
}

int certbind_covers(
	const char *chain_path, const char *host, int *covered, struct certbind_error *error)
{
	struct der **chain;
	size_t chain_length;
	bool covers = false;
	int status;

	if (chain_path == NULL || host == NULL || covered == NULL)
		return error_set(
			error, CERTBIND_E_INVALID, NULL, 0, "chain_path, host or covered is NULL");
	status = certificate_chain_read(chain_path, NULL, &chain, &chain_length, error);
	if (status < 0)
		return status;
	status = certificate_covers(chain[0], host, &covers);
	certificate_chain_free(chain, chain_length);
	if (status < 0)
		return error_memory(error);
	*covered = covers;
	return CERTBIND_OK;
}
