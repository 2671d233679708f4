/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "command.h"
#include "json.h"
#include "loading.h"
#include "memory.h"
#include "terminal.h"
#include "text.h"
#include <certbind/check.h>
#include <stdlib.h>
#include <string.h>

/* What tells why a host got the default. */
struct search {
	const struct certbind_selection *selection;
	bool is_claimed; /* domains have the host, but it was given to none of them */
	bool is_shared; /* the host is one of the service's shared hosts */
	bool is_not_offered; /* the host lies in a domain that does not offer the service */
	char domain[sizeof(((struct certbind_selection *)0)->domain)];
};

static const char *rule_word(int rule)
{
	switch ((enum certbind_rule)rule) {
	case CERTBIND_RULE_EXACT:
		return "exact";
	case CERTBIND_RULE_WILDCARD:
		return "wildcard";
	case CERTBIND_RULE_DEFAULT:
		return "default";
	case CERTBIND_RULE_NONE: /* nothing is served to whom nothing was selected for */
	case CERTBIND_RULE_REJECT:
		return "reject";
	}
	return "reject";
}

static bool is_within(const char *host, const char *domain)
{
	size_t host_length = strlen(host);
	size_t domain_length = strlen(domain);

	if (host_length < domain_length || strcmp(host + host_length - domain_length, domain) != 0)
		return false;
	return host_length == domain_length || host[host_length - domain_length - 1] == '.';
}

/* Of the domains around the host the innermost counts. */
static int look_at_binding(void *data, const struct certbind_binding *binding)
{
	struct search *search = data;
	size_t i;

	if (strcmp(binding->service, search->selection->service) != 0)
		return 0;
	for (i = 0; i < binding->hosts_length; i++)
		if (strcmp(binding->hosts[i], search->selection->host) == 0)
			search->is_claimed = true;
	if (!is_within(search->selection->host, binding->domain) ||
		strlen(binding->domain) < strlen(search->domain))
		return 0;
	(void)snprintf(search->domain, sizeof(search->domain), "%s", binding->domain);
	search->is_not_offered = strcmp(binding->chosen_by, "none") == 0;
	return 0;
}

/* The findings of no domain come first; among them is at least one of every shared host. */
static int look_at_finding(void *data, const struct certbind_finding *finding)
{
	struct search *search = data;

	if (finding->domain != NULL)
		return 1;
	if (finding->service != NULL && finding->host != NULL &&
		strcmp(finding->service, search->selection->service) == 0 &&
		strcmp(finding->host, search->selection->host) == 0)
		search->is_shared = true;
	return search->is_shared ? 1 : 0;
}

/* No binding has the host: is it the service's own, or that of a domain that does not offer it? */
static int look_around(
	struct certbind_store *store, struct search *search, struct certbind_error *error)
{
	int status;

	if (search->selection->host[0] == '\0' || search->selection->domain[0] != '\0')
		return CERTBIND_OK;
	if (search->selection->rule == CERTBIND_RULE_DEFAULT) {
		status = certbind_check_each(store, NULL, 0, look_at_finding, NULL, search, error);
		if (status < 0)
			return status;
	}
	return certbind_store_each_binding(store, NULL, look_at_binding, search, error);
}

/* Why no binding decided, as the first half of a reason. */
static const char *no_binding(const struct search *search)
{
	return search->is_claimed ? "several domains claim this host, so that it belongs to none"
				  : "no binding has this host";
}

/* What the client gets, as the first half of a sentence. */
static char *outcome_dup(const struct certbind_selection *selection)
{
	if (selection->rule == CERTBIND_RULE_REJECT)
		return memory_string("is refused with the alert unrecognized_name");
	if (selection->certificate[0] == '\0')
		return memory_string("gets certbind's own self-signed certificate");
	if (selection->rule == CERTBIND_RULE_DEFAULT)
		return memory_printf("gets the certificate \"%s\", the service's default",
			selection->certificate);
	return memory_printf("gets the certificate \"%s\"", selection->certificate);
}

/* Why no certificate was found for the name: the service's policy for unknown names decides. */
static char *policy_reason_dup(
	const struct certbind_selection *selection, const char *host, const struct search *search)
{
	const char *policy = selection->rule == CERTBIND_RULE_REJECT
				     ? "the service's unknown_sni is \"reject\""
				     : "the service's unknown_sni is \"default\"";

	if (host == NULL)
		return memory_string("without a server name (SNI) there is nothing to choose by");
	if (selection->host[0] == '\0')
		return memory_printf("\"%s\" is no host name, and %s", host, policy);
	if (search->is_shared)
		return memory_string("the name is one of the service's shared hosts, which its "
				     "default certificate is for");
	if (selection->domain[0] != '\0')
		return memory_printf("the name is a host of the domain %s, but no usable "
				     "certificate is bound to it: see `certbind check %s`",
			selection->domain, selection->domain);
	if (search->is_not_offered)
		return memory_printf("the domain %s does not offer this service, so its names are "
				     "unknown, and %s",
			search->domain, policy);
	return memory_printf("%s, no certificate that is bound has the name, and %s",
		no_binding(search), policy);
}

static char *reason_dup(
	const struct certbind_selection *selection, const char *host, const struct search *search)
{
	if (selection->rule == CERTBIND_RULE_EXACT && selection->domain[0] != '\0')
		return memory_printf(
			"the name is a host of the domain %s, which this certificate is bound to",
			selection->domain);
	if (selection->rule == CERTBIND_RULE_EXACT)
		return memory_printf("%s, but a certificate that is bound has exactly this name",
			no_binding(search));
	if (selection->rule == CERTBIND_RULE_WILDCARD)
		return memory_printf(
			"%s, but a certificate that is bound has a wildcard that matches it",
			no_binding(search));
	return policy_reason_dup(selection, host, search);
}

static void print_sentence(
	const struct certbind_selection *selection, const char *host, const struct search *search)
{
	struct terminal terminal = terminal_look();
	char *outcome = outcome_dup(selection);
	char *reason = reason_dup(selection, host, search);
	char *asking = host == NULL ? memory_string("without a server name")
				    : memory_printf("that asks for %s",
					      selection->host[0] == '\0' ? host : selection->host);
	char *sentence = memory_printf("%s: a client %s %s. Rule %s: %s.", selection->service,
		asking, outcome, rule_word(selection->rule), reason);
	char *escaped = text_escape_dup(sentence, terminal.is_unicode);

	text_wrap(stdout, escaped, 0, terminal.width);
	free(escaped);
	free(sentence);
	free(asking);
	free(reason);
	free(outcome);
}

static int explain(
	struct certbind_store *store, const struct options *options, struct certbind_error *error)
{
	const char *host = options->arguments_length > 1 ? options->arguments[1] : NULL;
	struct certbind_selection selection = { 0 };
	struct search search = { .selection = &selection };
	int status = certbind_store_select(store, options->arguments[0], host, &selection, error);

	if (status < 0)
		return status;
	if (options->is_json) {
		json_selection(stdout, &selection, rule_word(selection.rule));
		return CERTBIND_OK;
	}
	status = look_around(store, &search, error);
	if (status == CERTBIND_OK)
		print_sentence(&selection, host, &search);
	return status;
}

static int run(const struct options *options)
{
	return loading_show(options, explain);
}

const struct command command_explain = {
	.word = "explain",
	.synopsis = "[-c FILE] [--json] SERVICE [HOST]",
	.purpose = "tell which certificate a client gets, and by which rule",
	.text = "HOST is the server name (SNI) that the client sends; without it, it sends\n"
		"none. The answer is that of the code that handshakes use.\n"
		"\n"
		"Exit status: 0 whenever the configuration loads and the service is known,\n"
		"also for a name that is refused; 2 otherwise.\n",
	.options = OPTION_CONFIG | OPTION_JSON,
	.arguments_least = 1,
	.arguments_most = 2,
	.run = run,
};
