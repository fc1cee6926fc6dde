/* session_io: what clients send, and what they are sent */

#include <sys/socket.h>

#include <errno.h>
#include <event2/buffer.h>

#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/session_parts.h"
#include "libproto/errors.h"

#define BACKLOG_FULL (1024 * 1024) /* with more unread, nothing is read */
#define BACKLOG_LOW (64 * 1024)	   /* with less, it counts as drained */

static void take_messages(struct session *);
static void watch_patience(struct session *, bool);
static void flush(struct session *);
static struct timeval timeout_of(const struct sessions *);

void
session_on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct session *session = ctx;
	struct sessions *all = session->all;
	ssize_t n = recv(fd, all->buffer, sizeof(all->buffer), 0);

	(void)what;
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		session_close(session);
		return;
	}
	if (!frame_append(&session->frame, all->buffer, (size_t)n)) {
		session_close(session);
		return;
	}
	take_messages(session);
}

static void
take_messages(struct session *session)
{
	const struct session_handlers *handlers = &session->all->handlers;
	enum scan_result result;
	const char *bytes;
	bool some = false;
	size_t size;

	while ((result = frame_take(&session->frame, &bytes, &size)) ==
	    SCAN_COMPLETE) {
		handlers->message(handlers->ctx, session, bytes, size);
		some = true;
	}
	if (result == SCAN_MORE) {
		watch_patience(session, some);
		return;
	}
	session_drop(session,
	    result == SCAN_INVALID ? ERROR_BAD_REQUEST : ERROR_TOO_LARGE,
	    scan_result_text(result), 0);
	sessions_flush(session->all);
}

/* The time for one message does not begin again with each of its bytes. */
static void
watch_patience(struct session *session, bool begins)
{
	struct timeval timeout = timeout_of(session->all);

	if (frame_pending(&session->frame) == 0)
		event_del(session->patience);
	else if (begins || !event_pending(session->patience, EV_TIMEOUT, NULL))
		loop_add(session->patience, &timeout);
}

void
session_on_impatient(evutil_socket_t fd, short what, void *ctx)
{
	struct session *session = ctx;

	(void)fd;
	(void)what;
	session_drop(session, ERROR_LIMIT,
	    "the rest of a message did not come in time", 0);
	sessions_flush(session->all);
}

static struct timeval
timeout_of(const struct sessions *all)
{
	int64_t ns = all->config->limits.idle_timeout;
	struct timeval timeout = {
	    .tv_sec = (time_t)(ns / 1000000000),
	    .tv_usec = (suseconds_t)(ns % 1000000000 / 1000),
	};

	return timeout;
}

void
session_send(struct session *session, const void *bytes, size_t size)
{
	if (session->fd == -1 || session->is_ending)
		return;
	evbuffer_add(session->output, bytes, size);
	if (session->is_unsent)
		return;
	TAILQ_INSERT_TAIL(&session->all->unsent, session, unsent);
	session->is_unsent = true;
}

size_t
session_backlog(const struct session *session)
{
	return session->fd == -1 ? 0 : evbuffer_get_length(session->output);
}

void
session_drop(
    struct session *session, int code, const char *message, uint64_t last)
{
	msgpack_sbuffer buffer;

	if (session->fd == -1 || session->is_ending)
		return;
	log_info("a client of %s is dropped: %s", session->peer.name, message);
	msgpack_sbuffer_init(&buffer);
	session_pack_dropped(&buffer, code, message, last);
	session_send(session, buffer.data, buffer.size);
	msgpack_sbuffer_destroy(&buffer);
	session->is_ending = true;
	event_del(session->readable);
	event_del(session->patience);
}

void
sessions_flush(struct sessions *all)
{
	struct session *session;

	while ((session = TAILQ_FIRST(&all->unsent)) != NULL) {
		TAILQ_REMOVE(&all->unsent, session, unsent);
		session->is_unsent = false;
		if (!event_pending(session->writable, EV_WRITE, NULL))
			flush(session);
	}
}

void
session_on_writable(evutil_socket_t fd, short what, void *ctx)
{
	struct session *session = ctx;

	(void)fd;
	if (what & EV_TIMEOUT) {
		log_info("a client of %s is dropped: it does not read",
		    session->peer.name);
		session_close(session);
		return;
	}
	flush(session);
}

static void
flush(struct session *session)
{
	const struct session_handlers *handlers = &session->all->handlers;
	struct timeval timeout = timeout_of(session->all);
	size_t before = evbuffer_get_length(session->output), left;

	if (before > 0 && evbuffer_write(session->output, session->fd) == -1 &&
	    errno != EAGAIN && errno != EINTR) {
		session_close(session);
		return;
	}
	left = evbuffer_get_length(session->output);
	if (left == 0 && session->is_ending) {
		session_close(session);
		return;
	}
	if (left == 0)
		event_del(session->writable);
	else if (!event_pending(session->writable, EV_WRITE, NULL))
		loop_add(session->writable, &timeout);
	if (left > BACKLOG_FULL && !session->is_full)
		event_del(session->readable);
	else if (left < BACKLOG_LOW && session->is_full && !session->is_ending)
		loop_add(session->readable, NULL);
	session->is_full =
	    session->is_full ? left >= BACKLOG_LOW : left > BACKLOG_FULL;
	if (before >= BACKLOG_LOW && left < BACKLOG_LOW)
		handlers->drained(handlers->ctx, session);
}
