/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "context.h"
#include "error.h"
#include "hot.h"
#include "transport.h"
#include <certbind/transport.h>

HOT int certbind_session_set_fd(gnutls_session_t session, int fd, struct certbind_error *error)
{
	struct transport **transport = session_transport_peek(session);

	if (transport == NULL || fd < 0)
		return error_set(error, CERTBIND_E_INVALID, NULL, 0,
			"no session of certbind's, or no descriptor");
	if (*transport != NULL) {
		if (!transport_set_fd(*transport, fd))
			return error_set(error, CERTBIND_E_STATE, NULL, 0,
				"bytes of the descriptor before wait in the session");
		return CERTBIND_OK;
	}
	*transport = transport_new(session, fd, session_may_start_early(session));
	return *transport != NULL ? CERTBIND_OK : error_memory(error);
}

size_t certbind_session_pending(gnutls_session_t session)
{
	struct transport **transport;

	if (session == NULL)
		return 0;
	transport = session_transport_peek(session);
	return gnutls_record_check_pending(session) +
	       (transport != NULL && *transport != NULL ? transport_pending(*transport) : 0);
}

int certbind_session_wants_write(gnutls_session_t session)
{
	struct transport **transport;

	if (session == NULL)
		return 0;
	transport = session_transport_peek(session);
	if (transport != NULL && *transport != NULL && transport_wants_write(*transport))
		return 1;
	return gnutls_record_get_direction(session) == 1;
}
