/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "context.h"
#include "error.h"
#include "hello.h"
#include "hot.h"
#include "name.h"
#include "transport.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Where a session keeps certbind's state: under an extension of its own, for GnuTLS calls that
 * extension's destructor in gnutls_deinit(). The number is of TLS' private use (RFC 8447, 7:
 * 65282 to 65535); nothing is ever sent or read under it.
 */
enum { SESSION_EXTENSION = 65483 };

/* Most sessions' names fit into it: one block less of a handshake's memory. */
enum { SESSION_NAMES_ROOM = 72 };

/* What a session holds; freed with it. */
struct session_state {
	struct certbind_context *context;
	struct credentials *credentials; /* NULL: certbind's hook has not chosen */
	bool has_tickets; /* it may have them */
	gnutls_anti_replay_t anti_replay; /* see session_refuse_early_data(); NULL: not needed */
	bool is_selected; /* a ClientHello was seen: the rest counts */
	int rule;
	const char *protocol; /* of the context's, that ALPN agrees on; NULL: none was offered */
	bool may_start_early;
	struct transport *transport; /* NULL: the daemon's own */
	char *names; /* host, domain: each with its NUL; NULL: nothing is selected */
	char room[SESSION_NAMES_ROOM]; /* for them, where it is enough */
};

static struct session_state *session_state_peek(gnutls_session_t session)
{
	gnutls_ext_priv_data_t data;

	if (session == NULL || gnutls_ext_get_data(session, SESSION_EXTENSION, &data) < 0)
		return NULL;
	return data;
}

HOT static void session_state_free(gnutls_ext_priv_data_t data)
{
	struct session_state *state = data;

	credentials_unref(state->credentials);
	context_unref(state->context);
	gnutls_anti_replay_deinit(state->anti_replay);
	transport_free(state->transport);
	if (state->names != state->room)
		free(state->names);
	free(state);
}

static const char *state_host(const struct session_state *state)
{
	return state->names;
}

static const char *state_domain(const struct session_state *state)
{
	return state->names + strlen(state->names) + 1;
}

/* The first of them, where several are presented together. */
static const char *state_certificate(const struct session_state *state)
{
	return state->credentials != NULL ? state->credentials->members[0]->name : "";
}

static int state_set_names(struct session_state *state, const char *host, const char *domain)
{
	size_t host_size = strlen(host) + 1, domain_size = strlen(domain) + 1;
	size_t size = host_size + domain_size;
	char *names = size <= sizeof(state->room) ? state->room : malloc(size);

	if (names == NULL)
		return GNUTLS_E_MEMORY_ERROR;
	memcpy(names, host, host_size);
	memcpy(names + host_size, domain, domain_size);
	state->names = names;
	return 0;
}

static void session_log(
	const struct session_state *state, int level, int status, const char *message)
{
	struct certbind_error event;

	(void)error_set(&event, status, NULL, 0, "service \"%s\": host \"%s\": %s",
		state->context->service, state->names != NULL ? state->names : "", message);
	store_log(state->context->store, level, &event);
}

/* What the daemon speaks and the configuration leaves of it, in the daemon's order. */
static unsigned int protocols_narrow(const struct certbind_context *context,
	const struct config_service *config, gnutls_datum_t *protocols)
{
	unsigned int length = 0;
	unsigned int i;
	size_t j;

	for (i = 0; i < context->protocols_length; i++) {
		bool is_left = !config->has_alpn;

		for (j = 0; j < config->alpn.length && !is_left; j++)
			is_left = strcmp(config->alpn.items[j], context->protocols[i]) == 0;
		if (!is_left)
			continue;
		protocols[length].data = (unsigned char *)context->protocols[i];
		protocols[length].size = (unsigned int)strlen(context->protocols[i]);
		length++;
	}
	return length;
}

/* Strict ALPN (RFC 7301, 3.2): a client that speaks only other protocols is not served. */
static int session_negotiate_protocol(gnutls_session_t session, struct session_state *state,
	const struct config_service *config, const struct hello *hello)
{
	gnutls_datum_t protocols[CONTEXT_PROTOCOLS_MAX];
	unsigned int length, i;

	if (state->context->protocols_length == 0 || hello->protocols == NULL)
		return 0;
	length = protocols_narrow(state->context, config, protocols);
	for (i = 0; i < length; i++)
		if (hello_has_protocol(hello, (const char *)protocols[i].data))
			break;
	if (i == length) {
		session_log(state, CERTBIND_LEVEL_NOTICE, CERTBIND_E_TLS,
			"refused: the client offers only protocols that this socket does not "
			"speak");
		/* gnutls_handshake() sends no alert by itself. */
		(void)gnutls_alert_send(session, GNUTLS_AL_FATAL, GNUTLS_A_NO_APPLICATION_PROTOCOL);
		return GNUTLS_E_NO_APPLICATION_PROTOCOL;
	}
	state->protocol = (const char *)protocols[i].data;
	return gnutls_alpn_set_protocols(
		session, protocols, length, GNUTLS_ALPN_MANDATORY | GNUTLS_ALPN_SERVER_PRECEDENCE);
}

/* Where the certificate that it is about is configured. */
static void locate_error(const struct snapshot *snapshot, const struct certificate *certificate,
	struct certbind_error *error)
{
	const struct snapshot_state *state = snapshot_configured_peek(snapshot, certificate);

	if (error->status != CERTBIND_E_TLS || state == NULL)
		return;
	(void)snprintf(error->file, sizeof(error->file), "%s", state->file);
	error->line = state->line;
}

/* NULL: there is no bundle, or its credentials can't be made. `snapshot` has it; NULL: none does. */
HOT static struct credentials *session_try_bundle(
	const struct session_state *state, const struct snapshot *snapshot, struct bundle *bundle)
{
	struct credentials *credentials = NULL;
	struct certbind_error why;

	if (bundle == NULL || bundle_credentials(bundle, &credentials, &why) == CERTBIND_OK)
		return credentials;
	if (snapshot != NULL)
		locate_error(snapshot, bundle->members[0], &why);
	store_log(state->context->store, CERTBIND_LEVEL_ERROR, &why);
	return NULL;
}

static struct credentials *session_try_place(
	const struct session_state *state, const struct snapshot *snapshot, uint32_t place)
{
	return session_try_bundle(state, snapshot, snapshot_bundle_peek(snapshot, place));
}

/* The result's credentials; where they can't be made, the next best, down to certbind's own. */
static struct credentials *session_make_credentials(const struct session_state *state,
	const struct snapshot_service *service, const struct snapshot_result *result)
{
	struct credentials *credentials =
		session_try_place(state, service->snapshot, result->bundle);
	struct bundle *own;

	if (credentials == NULL && service->default_at != result->bundle)
		credentials = session_try_place(state, service->snapshot, service->default_at);
	if (credentials != NULL)
		return credentials;
	own = store_own_bundle(state->context->store);
	credentials = session_try_bundle(state, NULL, own);
	bundle_unref(own);
	return credentials;
}

static enum ticket_kind ticket_kind(const struct snapshot_result *result)
{
	if (result->binding != NULL)
		return TICKET_BINDING;
	return result->rule == CERTBIND_RULE_DEFAULT ? TICKET_DEFAULT : TICKET_CERTIFICATE;
}

/*
 * Here and nowhere else: a session whose certificate certbind did not choose resumes nothing.
 * GnuTLS takes a key once a session; so this is for the first hello only.
 */
static int session_enable_tickets(gnutls_session_t session, const struct session_state *state,
	const struct snapshot_result *result)
{
	const struct ticket_scope scope = {
		.kind = ticket_kind(result),
		.service = state->context->service,
		.domain = state_domain(state),
		.members = state->credentials->members,
		.members_length = state->credentials->members_length,
	};
	struct der *master;
	int status = 0;

	if (!state->has_tickets || !state->context->has_tickets)
		return 0;
	master = store_ticket_key(state->context->store);
	if (master != NULL)
		status = ticket_recent_enable(&state->credentials->ticket, master, &scope, session);
	der_unref(master);
	return status;
}

static int session_serve(gnutls_session_t session, struct session_state *state,
	const struct snapshot_service *service, const struct snapshot_result *result)
{
	struct credentials *credentials = session_make_credentials(state, service, result);
	int status;

	if (credentials == NULL)
		return GNUTLS_E_INSUFFICIENT_CREDENTIALS;
	status = gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials->handle);
	if (status < 0) {
		credentials_unref(credentials);
		return status;
	}
	state->credentials = credentials;
	return session_enable_tickets(session, state, result);
}

HOT static int session_select(gnutls_session_t session, struct session_state *state,
	const struct snapshot_service *service, const struct hello *hello)
{
	struct snapshot_result result;
	int status;

	snapshot_select(
		service, (const char *)hello->server_name, hello->server_name_length, &result);
	state->rule = result.rule;
	status = state_set_names(state, result.host, result.domain);
	if (status < 0)
		return status;
	state->is_selected = true;
	if (result.rule == CERTBIND_RULE_REJECT) {
		session_log(state, CERTBIND_LEVEL_NOTICE, CERTBIND_E_TLS,
			"refused: the server name is unknown here");
		(void)gnutls_alert_send(session, GNUTLS_AL_FATAL, GNUTLS_A_UNRECOGNIZED_NAME);
		return GNUTLS_E_UNRECOGNIZED_NAME;
	}
	status = session_negotiate_protocol(session, state, service->config, hello);
	if (status < 0)
		return status;
	return session_serve(session, state, service, &result);
}

static bool session_is_same_protocol(const struct session_state *state, const struct hello *hello)
{
	if (state->context->protocols_length == 0)
		return true;
	if (state->protocol == NULL || hello->protocols == NULL)
		return (state->protocol == NULL) == (hello->protocols == NULL);
	return hello_has_protocol(hello, state->protocol);
}

/*
 * Only the first hello selects; a later one must say the same (RFC 8446, 4.1.2). GnuTLS itself looks
 * at ALPN in the first only.
 */
static int session_compare(const struct session_state *state, const struct hello *hello)
{
	char folded[NAME_SIZE] = "";

	if (hello->server_name != NULL)
		(void)name_fold(
			(const char *)hello->server_name, hello->server_name_length, folded);
	return strcmp(folded, state_host(state)) == 0 && session_is_same_protocol(state, hello)
		       ? 0
		       : GNUTLS_E_RECEIVED_ILLEGAL_PARAMETER;
}

/* Called by GnuTLS before it reads a ClientHello itself. */
HOT static int session_client_hello(gnutls_session_t session, unsigned int type, unsigned int when,
	unsigned int incoming, const gnutls_datum_t *message)
{
	struct session_state *state = session_state_peek(session);
	struct snapshot *snapshot;
	struct snapshot_service *service;
	struct hello hello;
	int status;

	if (incoming == 0 || type != GNUTLS_HANDSHAKE_CLIENT_HELLO || when != GNUTLS_HOOK_PRE)
		return 0;
	if (state == NULL)
		return GNUTLS_E_INTERNAL_ERROR;
	status = hello_read(message, &hello);
	if (status < 0)
		return status;
	if (state->is_selected)
		return session_compare(state, &hello);
	snapshot = store_service_snapshot(state->context->store, state->context->service, &service);
	status = service != NULL ? session_select(session, state, service, &hello)
				 : GNUTLS_E_INTERNAL_ERROR;
	snapshot_unref(snapshot);
	return status;
}

bool session_is_attached(gnutls_session_t session)
{
	return session_state_peek(session) != NULL;
}

int session_refuse_early_data(gnutls_session_t session)
{
	struct session_state *state = session_state_peek(session);
	int status;

	if (state == NULL)
		return GNUTLS_E_INVALID_REQUEST;
	status = gnutls_anti_replay_init(&state->anti_replay);
	/* With nowhere to note what was seen, everything counts as replayed. */
	if (status >= 0)
		gnutls_anti_replay_enable(session, state->anti_replay);
	return status;
}

HOT void session_rule_out_early_start(gnutls_session_t session)
{
	struct session_state *state = session_state_peek(session);

	if (state != NULL)
		state->may_start_early = false;
}

HOT bool session_may_start_early(gnutls_session_t session)
{
	const struct session_state *state = session_state_peek(session);

	return state == NULL || state->may_start_early;
}

HOT struct transport **session_transport_peek(gnutls_session_t session)
{
	struct session_state *state = session_state_peek(session);

	return state != NULL ? &state->transport : NULL;
}

HOT int session_attach(gnutls_session_t session, struct certbind_context *context, bool has_tickets)
{
	struct session_state *state;
	int status;

	status = gnutls_session_ext_register(session, "certbind", SESSION_EXTENSION,
		GNUTLS_EXT_APPLICATION, NULL, NULL, session_state_free, NULL, NULL, 0);
	if (status < 0)
		return status;
	state = calloc(1, sizeof(*state));
	if (state == NULL)
		return GNUTLS_E_MEMORY_ERROR;
	state->context = context_ref(context);
	state->has_tickets = has_tickets;
	state->may_start_early = true;
	/* From here on the session's end frees it. */
	gnutls_ext_set_data(session, SESSION_EXTENSION, state);
	/* A cache of sessions on this side would resume them under any name (TLS 1.2). */
	gnutls_db_set_retrieve_function(session, NULL);
	gnutls_handshake_set_hook_function(
		session, GNUTLS_HANDSHAKE_CLIENT_HELLO, GNUTLS_HOOK_PRE, session_client_hello);
	return 0;
}

/* Of several certificates that were presented together, the one whose pair the handshake took. */
static const char *session_certificate(gnutls_session_t session, const struct session_state *state)
{
	const struct credentials *credentials = state->credentials;
	const gnutls_datum_t *ours;
	size_t i, j;

	if (credentials == NULL || credentials->members_length < 2)
		return state_certificate(state);
	ours = gnutls_certificate_get_ours(session);
	for (i = 0; ours != NULL && i < credentials->members_length; i++)
		for (j = 0; j < credentials->members[i]->pairs_length; j++) {
			const struct der *der = credentials->members[i]->pairs[j].chain[0];

			if (der->size == ours->size &&
				memcmp(der->data, ours->data, ours->size) == 0)
				return credentials->members[i]->name;
		}
	return state_certificate(state);
}

int certbind_session_selected(gnutls_session_t session, struct certbind_selection *selection)
{
	const struct session_state *state = session_state_peek(session);

	if (state == NULL || selection == NULL)
		return CERTBIND_E_INVALID;
	memset(selection, 0, sizeof(*selection));
	(void)snprintf(
		selection->service, sizeof(selection->service), "%s", state->context->service);
	if (!state->is_selected)
		return CERTBIND_OK;
	selection->rule = state->rule;
	(void)snprintf(selection->host, sizeof(selection->host), "%s", state_host(state));
	(void)snprintf(selection->domain, sizeof(selection->domain), "%s", state_domain(state));
	(void)snprintf(selection->certificate, sizeof(selection->certificate), "%s",
		session_certificate(session, state));
	return CERTBIND_OK;
}

/*
 * The scope of a session: a binding's domain; else the certificate that was chosen by its own
 * name; else the service's default.
 */
static bool session_is_scope(const struct session_state *state,
	const struct snapshot_service *service, const struct snapshot_result *result)
{
	const struct bundle_members members =
		snapshot_members_peek(service->snapshot, result->bundle);

	if (result->rule == CERTBIND_RULE_REJECT || state->rule == CERTBIND_RULE_REJECT)
		return false;
	if (strcmp(result->domain, state_domain(state)) != 0)
		return false;
	if (result->domain[0] != '\0')
		return true;
	if (result->rule == CERTBIND_RULE_DEFAULT || state->rule == CERTBIND_RULE_DEFAULT)
		return result->rule == state->rule;
	return members.length > 0 && strcmp(members.items[0]->name, state_certificate(state)) == 0;
}

int certbind_session_serves(gnutls_session_t session, const char *host)
{
	const struct session_state *state = session_state_peek(session);
	struct snapshot_service *service;
	struct snapshot *snapshot;
	struct snapshot_result result;
	bool serves = false;

	if (state == NULL || host == NULL)
		return CERTBIND_E_INVALID;
	if (!state->is_selected)
		return CERTBIND_E_STATE;
	snapshot = store_service_snapshot(state->context->store, state->context->service, &service);
	if (service != NULL) {
		snapshot_select(service, host, strlen(host), &result);
		serves = result.host[0] != '\0' &&
			 (strcmp(result.host, state_host(state)) == 0 ||
				 session_is_scope(state, service, &result));
	}
	snapshot_unref(snapshot);
	return serves;
}
