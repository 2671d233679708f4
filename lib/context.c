/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "context.h"
#include "error.h"
#include "hot.h"
#include <gnutls/dtls.h>
#include <stdlib.h>
#include <string.h>

static void protocols_free(char **protocols)
{
	size_t i;

	for (i = 0; i < CONTEXT_PROTOCOLS_MAX; i++) {
		free(protocols[i]);
		protocols[i] = NULL;
	}
}

HOT struct certbind_context *context_ref(struct certbind_context *context)
{
	atomic_fetch_add_explicit(&context->references, 1, memory_order_relaxed);
	return context;
}

HOT void context_unref(struct certbind_context *context)
{
	if (context == NULL ||
		atomic_fetch_sub_explicit(&context->references, 1, memory_order_acq_rel) != 1)
		return;
	protocols_free(context->protocols);
	if (context->base != NULL)
		gnutls_certificate_free_credentials(context->base);
	gnutls_priority_deinit(context->priority);
	free(context->service);
	store_unref(context->store);
	free(context);
}

static int error_gnutls(struct certbind_error *error, const char *what, int status)
{
	if (status == GNUTLS_E_MEMORY_ERROR)
		return error_memory(error);
	return error_set(error, CERTBIND_E_TLS, NULL, 0, "%s: %s", what, gnutls_strerror(status));
}

static int context_make(struct certbind_context **context, struct certbind_store *store,
	const char *service, struct certbind_error *error)
{
	struct certbind_context *made = calloc(1, sizeof(*made));
	int status;

	if (made == NULL)
		return error_memory(error);
	atomic_init(&made->references, 1);
	made->store = store_ref(store);
	made->has_tickets = true;
	made->service = strdup(service);
	status = gnutls_certificate_allocate_credentials(&made->base);
	if (made->service == NULL || status < 0 || store_note_served(store, service) < 0) {
		context_unref(made);
		return error_memory(error);
	}
	*context = made;
	return CERTBIND_OK;
}

int certbind_context_new(struct certbind_context **context, struct certbind_store *store,
	const char *service, struct certbind_error *error)
{
	const struct snapshot_service *found;
	struct snapshot *snapshot;
	int status;

	if (context != NULL)
		*context = NULL;
	if (context == NULL || store == NULL || service == NULL)
		return error_set(
			error, CERTBIND_E_INVALID, NULL, 0, "context, store or service is NULL");
	snapshot = store_snapshot(store);
	if (snapshot == NULL)
		return error_set(error, CERTBIND_E_STATE, NULL, 0, "nothing is loaded");
	found = snapshot_service_peek(snapshot, service);
	if (found == NULL)
		status = error_set(error, CERTBIND_E_UNKNOWN_SERVICE, NULL, 0,
			"service \"%s\": not configured; expected \"webmail\", \"mail\" or one "
			"of `services`",
			service);
	else if (found->default_at == 0)
		status = store_own_prepare(store, snapshot, error);
	else
		status = CERTBIND_OK;
	snapshot_unref(snapshot);
	if (status == CERTBIND_OK)
		status = context_make(context, store, service, error);
	return status;
}

/* RFC 7301, 3.1: a protocol's name has 1 to 255 bytes. */
static bool protocols_are_names(const char *const *protocols, unsigned int length)
{
	unsigned int i;

	for (i = 0; i < length; i++)
		if (protocols[i] == NULL || protocols[i][0] == '\0' || strlen(protocols[i]) > 255)
			return false;
	return true;
}

/* GnuTLS has a bound of its own: better found now than in a handshake. */
static bool protocols_are_taken(const char *const *protocols, unsigned int length)
{
	gnutls_datum_t data[CONTEXT_PROTOCOLS_MAX] = { { NULL, 0 } };
	gnutls_session_t session;
	unsigned int i;
	int status;

	if (gnutls_init(&session, GNUTLS_SERVER) < 0)
		return false;
	for (i = 0; i < length; i++) {
		data[i].data = (unsigned char *)(uintptr_t)protocols[i];
		data[i].size = (unsigned int)strlen(protocols[i]);
	}
	status = gnutls_alpn_set_protocols(session, data, length, 0);
	gnutls_deinit(session);
	return status >= 0;
}

int certbind_context_set_alpn(struct certbind_context *context, const char *const *protocols,
	unsigned int protocols_length, struct certbind_error *error)
{
	char *copies[CONTEXT_PROTOCOLS_MAX] = { NULL };
	unsigned int i;

	if (context == NULL || (protocols == NULL && protocols_length > 0) ||
		protocols_length > CONTEXT_PROTOCOLS_MAX)
		return error_set(error, CERTBIND_E_INVALID, NULL, 0,
			"no context, or more than %d protocols", CONTEXT_PROTOCOLS_MAX);
	if (!protocols_are_names(protocols, protocols_length))
		return error_set(error, CERTBIND_E_INVALID, NULL, 0,
			"a protocol's name has 1 to 255 bytes (RFC 7301)");
	if (!protocols_are_taken(protocols, protocols_length))
		return error_set(error, CERTBIND_E_INVALID, NULL, 0,
			"GnuTLS does not take these protocols: a name is too long for it");
	for (i = 0; i < protocols_length; i++) {
		copies[i] = strdup(protocols[i]);
		if (copies[i] == NULL) {
			protocols_free(copies);
			return error_memory(error);
		}
	}
	protocols_free(context->protocols);
	memcpy(context->protocols, copies, sizeof(copies));
	context->protocols_length = protocols_length;
	return CERTBIND_OK;
}

int certbind_context_set_priority(
	struct certbind_context *context, const char *priority, struct certbind_error *error)
{
	gnutls_priority_t made = NULL;
	const char *position = NULL;
	int status;

	if (context == NULL)
		return error_set(error, CERTBIND_E_INVALID, NULL, 0, "no context was given");
	if (priority != NULL) {
		status = snapshot_priority_make(priority, &made, &position);
		if (status == GNUTLS_E_MEMORY_ERROR)
			return error_memory(error);
		if (status < 0)
			return error_set(error, CERTBIND_E_INVALID, NULL, 0,
				"GnuTLS does not understand the priority string at \"%s\"",
				position != NULL ? position : "");
	}
	gnutls_priority_deinit(context->priority);
	context->priority = made;
	return CERTBIND_OK;
}

int certbind_context_set_tickets(struct certbind_context *context, int enabled)
{
	if (context == NULL)
		return CERTBIND_E_INVALID;
	context->has_tickets = enabled != 0;
	return CERTBIND_OK;
}

/*
 * Is it the session of a TLS server over a stream? GnuTLS has no question for that: only servers
 * may set the amount of early data (here: to what it is), only datagram sessions have an MTU.
 */
static bool session_is_tls_server(gnutls_session_t session)
{
	return gnutls_dtls_get_mtu(session) == 0 &&
	       gnutls_record_set_max_early_data_size(
		       session, gnutls_record_get_max_early_data_size(session)) >= 0;
}

static int context_set_priority(struct certbind_context *context, gnutls_session_t session)
{
	struct snapshot *snapshot;
	struct snapshot_service *service;
	int status = GNUTLS_E_INTERNAL_ERROR;

	if (context->priority != NULL)
		return gnutls_priority_set(session, context->priority);
	snapshot = store_service_snapshot(context->store, context->service, &service);
	if (service != NULL) /* the session takes a reference of the priorities */
		status = gnutls_priority_set(session, service->priority);
	snapshot_unref(snapshot);
	return status;
}

HOT static int context_attach(struct certbind_context *context, gnutls_session_t session,
	bool has_tickets, struct certbind_error *error)
{
	int status = context_set_priority(context, session);

	if (status >= 0)
		status = gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, context->base);
	if (status >= 0)
		status = session_attach(session, context, has_tickets);
	if (status < 0)
		return error_gnutls(error, "the session can't be attached", status);
	return CERTBIND_OK;
}

HOT int certbind_context_session(struct certbind_context *context, unsigned int gnutls_init_flags,
	gnutls_session_t *session, struct certbind_error *error)
{
	/* Early data stays off: it can be replayed, and comes before the certificate is known to fit. */
	const unsigned int refused =
		GNUTLS_CLIENT | GNUTLS_DATAGRAM | GNUTLS_ENABLE_EARLY_DATA | GNUTLS_ENABLE_RAWPK;
	int status;

	if (session != NULL)
		*session = NULL;
	if (context == NULL || session == NULL || (gnutls_init_flags & refused) != 0)
		return error_set(error, CERTBIND_E_INVALID, NULL, 0,
			"context or session is NULL, or the flags ask for a client, datagrams, "
			"early data or raw public keys");
	status = gnutls_init(session, gnutls_init_flags | GNUTLS_SERVER);
	if (status < 0) {
		*session = NULL;
		return error_gnutls(error, "no session can be made", status);
	}
	status = context_attach(
		context, *session, (gnutls_init_flags & GNUTLS_NO_TICKETS) == 0, error);
	if (status < 0) {
		gnutls_deinit(*session);
		*session = NULL;
	} else if ((gnutls_init_flags & GNUTLS_ENABLE_EARLY_START) == 0) {
		session_rule_out_early_start(*session);
	}
	return status;
}

int certbind_context_attach(
	struct certbind_context *context, gnutls_session_t session, struct certbind_error *error)
{
	int status;

	if (context == NULL || session == NULL || !session_is_tls_server(session))
		return error_set(error, CERTBIND_E_INVALID, NULL, 0,
			"no context, or no session of a TLS server over a stream");
	if (session_is_attached(session))
		return error_set(
			error, CERTBIND_E_STATE, NULL, 0, "the session is attached already");
	status = context_attach(context, session, true, error);
	if (status == CERTBIND_OK && session_refuse_early_data(session) < 0)
		return error_memory(error);
	return status;
}

void certbind_context_free(struct certbind_context *context)
{
	context_unref(context);
}
