/* session: clients that come and go */

#include <sys/socket.h>

#include <event2/buffer.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/core/alloc.h"
#include "daemon/core/buffer.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/session_parts.h"
#include "libproto/errors.h"
#include "libproto/message.h"
#include "libproto/pack.h"

static struct session *session_new(struct sessions *, int);
static bool is_admitted(struct sessions *, const struct peer *, int);
static void refuse(int, const char *);

struct sessions *
sessions_new(struct event_base *base, const struct config *config,
    const struct session_handlers *handlers)
{
	struct sessions *all = xcalloc(1, sizeof(*all));

	all->base = base;
	all->config = config;
	all->handlers = *handlers;
	TAILQ_INIT(&all->list);
	TAILQ_INIT(&all->unsent);
	return all;
}

void
sessions_free(struct sessions *all)
{
	struct session *session;

	if (all == NULL)
		return;
	sessions_flush(all);
	while ((session = TAILQ_FIRST(&all->list)) != NULL)
		session_close(session);
	free(all);
}

unsigned
sessions_count(const struct sessions *all)
{
	return all->count;
}

void
sessions_accept(struct sessions *all, int fd)
{
	struct session *session = session_new(all, fd);

	if (session == NULL) {
		log_warn("a client is sent away: the system does not say who "
			 "it is");
		close(fd);
		return;
	}
	if (!is_admitted(all, &session->peer, fd)) {
		session_close(session);
		return;
	}
	loop_add(session->readable, NULL);
}

static struct session *
session_new(struct sessions *all, int fd)
{
	struct scan_limits limits = {
	    .size = (size_t)all->config->limits.message,
	    .depth = MESSAGE_DEPTH_MAX,
	    .elements = MESSAGE_ELEMENTS_MAX,
	};
	struct session *session = xcalloc(1, sizeof(*session));

	if (!peer_identify(&session->peer, fd, all->config)) {
		free(session);
		return NULL;
	}
	session->all = all;
	session->fd = fd;
	session->refs = 1;
	frame_init(&session->frame, &limits);
	session->output = evbuffer_new();
	session->readable = loop_event(
	    all->base, fd, EV_READ | EV_PERSIST, session_on_readable, session);
	session->writable = loop_event(
	    all->base, fd, EV_WRITE | EV_PERSIST, session_on_writable, session);
	session->patience =
	    loop_event(all->base, -1, 0, session_on_impatient, session);
	TAILQ_INSERT_TAIL(&all->list, session, entry);
	all->count++;
	return session;
}

/* The new one is counted already. */
static bool
is_admitted(struct sessions *all, const struct peer *peer, int fd)
{
	const struct session *other;
	int64_t same = 0;

	TAILQ_FOREACH (other, &all->list, entry)
		if (other->peer.actor.uid == peer->actor.uid)
			same++;
	if (peer->actor.uid != 0 &&
	    same > all->config->limits.connections_per_user) {
		refuse(fd, "too many connections of one user; close some");
		return false;
	}
	if (all->count > all->config->limits.connections) {
		refuse(fd, "too many connections; try again later");
		return false;
	}
	return true;
}

static void
refuse(int fd, const char *why)
{
	msgpack_sbuffer buffer;

	msgpack_sbuffer_init(&buffer);
	session_pack_dropped(&buffer, ERROR_LIMIT, why, 0);
	/* A new socket has room for it; if not, the client sees the end. */
	(void)!send(fd, buffer.data, buffer.size, MSG_NOSIGNAL);
	msgpack_sbuffer_destroy(&buffer);
}

void
session_pack_dropped(
    msgpack_sbuffer *buffer, int code, const char *message, uint64_t last)
{
	msgpack_packer packer;

	if (!message_notification_begin(buffer, "dropped"))
		return;
	msgpack_packer_init(&packer, buffer, buffer_write);
	msgpack_pack_map(&packer, 4);
	pack_key_int(&packer, "code", code);
	pack_key_str(&packer, "name", error_name(code));
	pack_key_str(&packer, "message", message);
	if (last > 0)
		pack_key_uint(&packer, "last", last);
	else
		pack_key_nil(&packer, "last");
}

struct session *
session_ref(struct session *session)
{
	session->refs++;
	return session;
}

void
session_unref(struct session *session)
{
	if (--session->refs > 0)
		return;
	peer_free(&session->peer);
	free(session);
}

void
session_close(struct session *session)
{
	struct sessions *all = session->all;

	if (session->fd == -1)
		return;
	event_free(session->readable);
	event_free(session->writable);
	event_free(session->patience);
	evbuffer_free(session->output);
	frame_free(&session->frame);
	close(session->fd);
	session->fd = -1;
	if (session->is_unsent)
		TAILQ_REMOVE(&all->unsent, session, unsent);
	TAILQ_REMOVE(&all->list, session, entry);
	all->count--;
	all->handlers.closed(all->handlers.ctx, session);
	session_unref(session);
}

const struct actor *
session_actor(const struct session *session)
{
	return &session->peer.actor;
}

bool
session_is_open(const struct session *session)
{
	return session->fd != -1;
}

void
sessions_assign(struct sessions *all)
{
	struct session *session;

	TAILQ_FOREACH (session, &all->list, entry)
		peer_assign(&session->peer, all->config);
}

void
session_set_text_errors(struct session *session, bool is)
{
	session->has_text_errors = is;
}

bool
session_has_text_errors(const struct session *session)
{
	return session->has_text_errors;
}

bool
session_admit(struct session *session)
{
	return ++session->in_flight <= session->all->config->limits.requests;
}

void
session_answered(struct session *session)
{
	session->in_flight--;
}
