/* session_io: what clients send, and what they are sent */

#include <sys/socket.h>

#include <errno.h>
#include <event2/buffer.h>

#include "daemon/log_limited.h"
#include "daemon/loop.h"
#include "daemon/session_parts.h"
#include "libproto/errors.h"

#define BACKLOG_FULL (1024 * 1024) /* with more unread, it is not served */
#define WRITE_SIZE (32 * 1024)	   /* bytes that are written at a time */
#define BACKLOG_LOW (64 * 1024)	   /* with less, it counts as drained */

static void log_drop(const struct session *, const char *);
static void watch_room(struct session *);
static void queue(struct session *);
static void flush_now(struct sessions *);
static void flush(struct session *);
static bool write_some(struct session *);
static void wait_to_write(struct session *);

/* Told once for all that has come: whose turn it is to be read is elsewhere. */
void
session_on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct session *session = ctx;

	(void)fd;
	(void)what;
	session->is_readable = true;
	session_prepare(session);
	if (session->is_ready)
		session->all->handlers.ready(session->all->handlers.ctx);
}

/* A piece at a time: of a large message others are not to notice. */
bool
session_read(struct session *session)
{
	char *buffer = session->all->buffer;
	ssize_t n = recv(session->fd, buffer, SESSION_READ_SIZE, 0);

	if (n > 0 && frame_append(&session->frame, buffer, (size_t)n))
		return true;
	if (n == -1 && (errno == EAGAIN || errno == EINTR)) {
		session->is_readable = errno == EINTR;
		return true;
	}
	session_close(session);
	return false;
}

void
session_on_impatient(evutil_socket_t fd, short what, void *ctx)
{
	struct session *session = ctx;

	(void)fd;
	(void)what;
	session_drop(session, ERROR_LIMIT,
	    "the rest of a message did not come in time", 0);
	flush_now(session->all);
}

void
session_send(struct session *session, const void *bytes, size_t size)
{
	if (session->fd == -1 || session->is_ending)
		return;
	evbuffer_add(session->output, bytes, size);
	queue(session);
}

size_t
session_backlog(const struct session *session)
{
	return session->fd == -1 ? 0 : evbuffer_get_length(session->output);
}

static void
log_drop(const struct session *session, const char *why)
{
	const struct log_about about = {
	    LOG_KIND_CLIENT, session->peer.actor.uid, LOG_LEVEL_INFO};

	log_limited(
	    &about, "a client of %s is dropped: %s", session->peer.name, why);
}

void
session_drop(
    struct session *session, int code, const char *message, uint64_t last)
{
	msgpack_sbuffer buffer;

	if (session->fd == -1 || session->is_ending)
		return;
	log_drop(session, message);
	msgpack_sbuffer_init(&buffer);
	session_pack_dropped(&buffer, code, message, last);
	session_send(session, buffer.data, buffer.size);
	msgpack_sbuffer_destroy(&buffer);
	session->is_ending = true;
	session_unready(session);
	event_del(session->readable);
	event_del(session->patience);
}

bool
sessions_flush(struct sessions *all)
{
	struct session_list list = TAILQ_HEAD_INITIALIZER(list);
	struct session *session;

	TAILQ_CONCAT(&list, &all->unsent, unsent);
	while ((session = TAILQ_FIRST(&list)) != NULL) {
		TAILQ_REMOVE(&list, session, unsent);
		session->is_unsent = false;
		session_ref(session); /* it may be closed */
		if (!event_pending(session->writable, EV_WRITE, NULL))
			flush(session);
		session_unref(session);
	}
	return !TAILQ_EMPTY(&all->unsent);
}

/* Outside of the daemon's turns; what is left is for the next one. */
static void
flush_now(struct sessions *all)
{
	if (sessions_flush(all))
		all->handlers.ready(all->handlers.ctx);
}

void
session_on_writable(evutil_socket_t fd, short what, void *ctx)
{
	struct session *session = ctx;

	(void)fd;
	if (what & EV_TIMEOUT) {
		log_drop(session, "it does not read");
		session_close(session);
		return;
	}
	event_del(session->writable);
	queue(session);
	flush_now(session->all);
}

static void
flush(struct session *session)
{
	const struct session_handlers *handlers = &session->all->handlers;
	size_t before = evbuffer_get_length(session->output), left;
	bool is_blocked = before > 0 && !write_some(session);

	if (session->fd == -1)
		return;
	left = evbuffer_get_length(session->output);
	if (left == 0 && session->is_ending) {
		session_close(session);
		return;
	}
	if (is_blocked)
		wait_to_write(session);
	else if (left > 0)
		queue(session);
	watch_room(session);
	if (before >= BACKLOG_LOW && left < BACKLOG_LOW)
		handlers->drained(handlers->ctx, session);
}

/* False: there is no room in the socket, or it was closed. */
static bool
write_some(struct session *session)
{
	if (evbuffer_write_atmost(session->output, session->fd, WRITE_SIZE) !=
		-1 ||
	    errno == EINTR)
		return true;
	if (errno != EAGAIN)
		session_close(session);
	return false;
}

static void
wait_to_write(struct session *session)
{
	struct timeval timeout = session_timeout(session->all);

	loop_add(session->writable, &timeout);
}

/* For the next flush. */
static void
queue(struct session *session)
{
	if (session->is_unsent)
		return;
	TAILQ_INSERT_TAIL(&session->all->unsent, session, unsent);
	session->is_unsent = true;
}

/* One that has read enough of what it was sent is served again. */
static void
watch_room(struct session *session)
{
	struct sessions *all = session->all;
	size_t left = evbuffer_get_length(session->output) + session->held;

	if (!session->is_full || left >= BACKLOG_LOW)
		return;
	session->is_full = false;
	session_prepare(session);
	if (session->is_ready || session->is_ending)
		all->handlers.ready(all->handlers.ctx);
}

bool
session_is_full(const struct session *session)
{
	return session->fd != -1 &&
	    evbuffer_get_length(session->output) + session->held > BACKLOG_FULL;
}
