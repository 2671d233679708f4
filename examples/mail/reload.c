/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reload.h"

#include <signal.h>
#include <stdio.h>

/*
 * Both callbacks run in the event loop, between other events. Connections under way keep the
 * certificate they have; the next handshake gets what was taken here.
 */

static void tell_refusal(const char *cause, const struct certbind_error *error)
{
	char place[sizeof(error->file) + 16] = "";

	if (error->line > 0)
		(void)snprintf(place, sizeof(place), "%s:%d: ", error->file, error->line);
	else if (error->file[0] != '\0')
		(void)snprintf(place, sizeof(place), "%s: ", error->file);
	(void)fprintf(stderr, "mail: %s: refused, what was loaded stays in service: %s%s\n", cause,
		place, error->message);
}

static void on_change(struct ev_loop *loop, struct ev_io *io, int events)
{
	const struct server *server = io->data;
	struct certbind_error error;

	(void)loop;
	(void)events;
	if (certbind_store_dispatch(server->store, &error) < 0)
		tell_refusal("files have changed", &error);
}

static void on_hangup(struct ev_loop *loop, struct ev_signal *signal, int events)
{
	const struct server *server = signal->data;
	struct certbind_error error;

	(void)loop;
	(void)events;
	if (certbind_store_reload(server->store, &error) < 0)
		tell_refusal("SIGHUP", &error);
	else
		(void)fprintf(stderr, "mail: SIGHUP: configuration and certificates are read\n");
}

bool reload_start(struct reload *reload, struct server *server)
{
	int fd = certbind_store_fd(server->store);

	ev_init(&reload->changes, on_change);
	ev_signal_init(&reload->hangup, on_hangup, SIGHUP);
	if (fd < 0) {
		(void)fprintf(
			stderr, "mail: changes can't be followed: %s\n", certbind_strerror(fd));
		return false;
	}
	ev_io_set(&reload->changes, fd, EV_READ);
	reload->changes.data = server;
	reload->hangup.data = server;
	ev_io_start(server->loop, &reload->changes);
	ev_signal_start(server->loop, &reload->hangup);
	return true;
}

void reload_stop(struct reload *reload, struct server *server)
{
	ev_io_stop(server->loop, &reload->changes);
	ev_signal_stop(server->loop, &reload->hangup);
}
