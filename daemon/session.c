/* session: clients that come and go */

#include <sys/resource.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/core/alloc.h"
#include "daemon/core/buffer.h"
#include "daemon/log_limited.h"
#include "daemon/loop.h"
#include "daemon/session_parts.h"
#include "libproto/errors.h"
#include "libproto/message.h"
#include "libproto/pack.h"

/* One in so many connections is kept for root and the daemon's own user. */
#define ROOTS_SHARE 16
/* Descriptors that are kept for the journal, for runners and for logs. */
#define DESCRIPTORS_KEPT 64

static struct session *session_new(struct sessions *, int fd, uid_t, gid_t);
static const char *why_not(const struct sessions *, int, uid_t);
static int descriptors_for_clients(void);
static void refuse(int, const char *);
static void assign(struct session *);

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
	RB_INIT(&all->ready);
	all->users = session_users_new();
	all->descriptors = descriptors_for_clients();
	return all;
}

/* The system gives out the lowest that is free. */
static int
descriptors_for_clients(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1 || limit.rlim_cur > INT_MAX)
		return INT_MAX;
	return limit.rlim_cur > 2 * DESCRIPTORS_KEPT
	    ? (int)limit.rlim_cur - DESCRIPTORS_KEPT
	    : (int)limit.rlim_cur / 2;
}

void
sessions_free(struct sessions *all)
{
	struct session *session;

	if (all == NULL)
		return;
	while ((session = TAILQ_FIRST(&all->list)) != NULL) {
		(void)evbuffer_write(session->output, session->fd);
		session_close(session);
	}
	session_users_free(all->users);
	recent_peers_forget(&all->recent);
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
	static const struct log_about about = {
	    LOG_KIND_CLIENT, LOG_OF_NOBODY, LOG_LEVEL_WARN};
	struct session *session;
	const char *why;
	uid_t uid;
	gid_t gid;

	if (getpeereid(fd, &uid, &gid) == -1) {
		log_limited(&about,
		    "a client is sent away: the system does not say who it is");
		close(fd);
		return;
	}
	why = why_not(all, fd, uid);
	if (why != NULL) {
		refuse(fd, why);
		close(fd);
		return;
	}
	session = session_new(all, fd, uid, gid);
	loop_add(session->readable, NULL);
}

/*
 * Why one client more can't be served; NULL: it can.  It costs little to find
 * out, for there may be a flood of them.
 */
static const char *
why_not(const struct sessions *all, int fd, uid_t uid)
{
	const struct config *config = all->config;
	int64_t most = config->limits.connections;

	if (uid != 0 &&
	    session_user_count(all->users, uid) >=
		config->limits.connections_per_user)
		return "too many connections of one user; close some";
	/* Whoever is to put an end to a flood has a place. */
	if (uid != 0 && uid != geteuid())
		most -= most / ROOTS_SHARE;
	if (all->count >= most)
		return "too many connections; try again later";
	if (fd >= all->descriptors)
		return "no more descriptors for connections; try again later";
	return NULL;
}

static struct session *
session_new(struct sessions *all, int fd, uid_t uid, gid_t gid)
{
	struct scan_limits limits = {
	    .size = (size_t)all->config->limits.message,
	    .depth = MESSAGE_DEPTH_MAX,
	    .elements = MESSAGE_ELEMENTS_MAX,
	};
	struct session *session = xcalloc(1, sizeof(*session));

	peer_recent(&session->peer, &all->recent, clock_uptime(), uid, gid,
	    all->config);
	session->all = all;
	session->fd = fd;
	session->refs = 1;
	session->number = ++all->number;
	session->process = session_process_take(all->users, uid, fd);
	frame_init(&session->frame, &limits);
	session->output = evbuffer_new();
	if (session->output == NULL)
		out_of_memory();
	session->readable = loop_event(all->base, fd,
	    EV_READ | EV_PERSIST | EV_ET, session_on_readable, session);
	session->writable = loop_event(
	    all->base, fd, EV_WRITE | EV_ET, session_on_writable, session);
	session->patience =
	    loop_event(all->base, -1, 0, session_on_impatient, session);
	TAILQ_INSERT_TAIL(&all->list, session, entry);
	all->count++;
	return session;
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
	session_unready(session);
	event_free(session->readable);
	event_free(session->writable);
	event_free(session->patience);
	evbuffer_free(session->output);
	frame_free(&session->frame);
	close(session->fd);
	session->fd = -1;
	session->message = NULL;
	if (session->job != NULL)
		session->job->end(session->job);
	session->job = NULL;
	session_process_drop(all->users, session->process);
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

	recent_peers_forget(&all->recent);
	TAILQ_FOREACH (session, &all->list, entry)
		assign(session);
	if (sessions_flush(all))
		all->handlers.ready(all->handlers.ctx);
}

/* With its last role a peer loses what it waits for and watches. */
static void
assign(struct session *session)
{
	struct peer before = session->peer;

	peer_of(&session->peer, before.actor.uid, before.actor.gid,
	    session->all->config);
	if (before.actor.role != ROLE_NONE &&
	    session->peer.actor.role == ROLE_NONE)
		session_drop(session, ERROR_UNAUTHORIZED,
		    "weird.conf was read again, and gives you no role any more",
		    0);
	peer_free(&before);
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

unsigned
session_in_flight(const struct session *session)
{
	return session->in_flight;
}

void
session_set_job(struct session *session, struct session_job *job)
{
	session->job = job;
	session->job_waits = false;
}

void
session_job_waits(struct session *session, bool waits)
{
	session->job_waits = waits;
	if (waits)
		return;
	session_prepare(session);
	if (session->is_ready)
		session->all->handlers.ready(session->all->handlers.ctx);
}

void
session_charge(struct session *session, int64_t ns)
{
	bool was_ready = session->is_ready;

	session_unready(session); /* it is sorted by what it has used */
	session->used += ns;
	if (was_ready)
		session_prepare(session);
}

void
session_hold(struct session *session, size_t size)
{
	session->held += size;
}

void
session_release(struct session *session, size_t size)
{
	session->held -= size;
}
