/*
 * callout_link: the connection to one runner.
 *
 * A runner whose connection broke is connected to again and asked for its
 * list.  It is gone when its process was reaped or, where an earlier daemon
 * had started it, when nobody listens on its socket any more.
 */

#include "daemon/callout_edge.h"

#include <sys/socket.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/core/alloc.h"
#include "daemon/log.h"
#include "daemon/log_limited.h"
#include "daemon/loop.h"

#define READ_SIZE 65536
/* Seconds without an answer that is owed, each of which it is looked why. */
#define LOOKS_STALLED 5
#define LOOKS_LATE 30 /* a command that has not begun by then never does */

typedef bool message_handler(struct link *, struct wire_message *);

static message_handler on_welcome, on_started, on_ended, on_failed, on_listed;
static void on_readable(evutil_socket_t, short, void *);
static void on_writable(evutil_socket_t, short, void *);
static void on_retry(evutil_socket_t, short, void *);
static void on_stall(evutil_socket_t, short, void *);
static pid_t pid_of(const struct link *);
static void opened(struct link *, int);
static void down(struct link *);
static void gone(struct link *);
static void flush(struct link *);
static void owes(struct link *);
static void paid(struct link *);
static bool handle(struct link *, struct wire_message *);
static bool report(struct link *, struct wire_message *, enum wire_type);

static const struct timeval look = {1, 0};

/* False from a handler: not a message of this protocol. */
static message_handler *const handlers[] = {
    [WIRE_WELCOME] = on_welcome,
    [WIRE_STARTED] = on_started,
    [WIRE_ENDED] = on_ended,
    [WIRE_FAILED] = on_failed,
    [WIRE_LISTED] = on_listed,
};

struct link *
link_new(struct callouts *c, uint64_t id)
{
	struct link *l;

	l = xcalloc(1, sizeof *l);
	l->callouts = c;
	l->id = id;
	l->fd = -1;
	snprintf(l->path, sizeof l->path, "%s/runner-%016" PRIx64 ".sock",
	    c->run_dir, id);
	l->retry = loop_event(l->callouts->base, -1, 0, on_retry, l);
	l->stall = loop_event(l->callouts->base, -1, 0, on_stall, l);
	LIST_INSERT_HEAD(&c->links, l, all);
	return l;
}

void
link_free(struct link *l)
{
	if (l->state != LINK_DOWN)
		down(l);
	LIST_REMOVE(l, all);
	event_free(l->retry);
	event_free(l->stall);
	free(l);
}

void
link_connect(struct link *l)
{
	static const struct timeval soon = {0, 200000};
	int fd;

	fd = socket_connect(l->path);
	if (fd != -1)
		opened(l, fd);
	else if (errno != ECONNREFUSED && errno != ENOENT)
		loop_add(l->retry, &soon); /* its queue is full, or the like */
	else if (l->pid == 0)
		gone(l);
	/* else SIGCHLD will tell */
}

static void
opened(struct link *l, int fd)
{
	l->state = LINK_WAITING;
	l->fd = fd;
	l->listing++;
	l->readable = loop_event(
	    l->callouts->base, fd, EV_READ | EV_PERSIST, on_readable, l);
	l->writable =
	    loop_event(l->callouts->base, fd, EV_WRITE, on_writable, l);
	loop_add(l->readable, NULL);
	wire_put_id(&l->out, WIRE_HELLO, l->id);
	wire_put(&l->out, WIRE_LIST);
	owes(l);
	flush(l);
}

static void
down(struct link *l)
{
	l->state = LINK_DOWN;
	l->owed = 0;
	event_del(l->stall);
	event_free(l->readable);
	event_free(l->writable);
	close(l->fd);
	l->fd = -1;
	wire_buffer_free(&l->in);
	wire_buffer_free(&l->out);
	l->callouts->changed = true;
	callouts_later(l->callouts);
}

static void
gone(struct link *l)
{
	struct callouts *c;

	c = l->callouts;
	if (l->state != LINK_DOWN)
		down(l);
	unlink(l->path);
	c->changed = true;
	callouts_later(c);
	beginnings_wait(c);
	attempts_event(c, l, EVENT_GONE);
	link_free(l);
}

/* What it had sent is read to the end before anything is concluded. */
void
link_died(struct link *l)
{
	log_warn("runner %016" PRIx64 " (pid %d) ended", l->id, (int)l->pid);
	if (l->state != LINK_DOWN)
		link_read(l);
	gone(l);
}

/* False once the connection has ended, or what came is not the protocol. */
bool
link_read(struct link *l)
{
	struct wire_message m;
	ssize_t n;
	int got;

	for (;;) {
		if (!wire_reserve(&l->in, READ_SIZE))
			out_of_memory();
		n = read(l->fd, l->in.bytes + l->in.end, READ_SIZE);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == -1 && errno == EAGAIN;
		l->in.end += (size_t)n;
		while ((got = wire_next(&l->in, &m)) == 1)
			if (!handle(l, &m))
				return false;
		if (got == -1)
			return false;
		wire_consume(&l->in, 0);
	}
}

static void
on_readable(evutil_socket_t fd, short what, void *ctx)
{
	static const struct timeval soon = {0, 200000};
	struct link *l;
	bool was_ready;

	(void)fd;
	(void)what;
	l = ctx;
	if (link_read(l))
		return;
	was_ready = l->state == LINK_READY;
	down(l);
	if (was_ready)
		link_connect(l);
	else /* it takes no connection to its end: not all the time */
		loop_add(l->retry, &soon);
}

static void
on_writable(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	flush(ctx);
}

static void
on_retry(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	link_connect(ctx);
}

/* An error is left to be found by the reading, behind what is still to read. */
static void
flush(struct link *l)
{
	ssize_t n;

	if (l->out.failed)
		out_of_memory();
	while (l->out.end > l->out.start) {
		n = send(l->fd, l->out.bytes + l->out.start,
		    l->out.end - l->out.start, MSG_NOSIGNAL);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN) {
			loop_add(l->writable, NULL);
			return;
		}
		/* The runner notices too, and lets itself be asked again. */
		if (n == -1) {
			shutdown(l->fd, SHUT_WR);
			n = (ssize_t)(l->out.end - l->out.start);
		}
		wire_consume(&l->out, (size_t)n);
	}
}

/* It owes one more answer. */
static void
owes(struct link *l)
{
	if (l->owed++ > 0)
		return;
	l->looks = 0;
	loop_add(l->stall, &look);
}

static void
paid(struct link *l)
{
	static const struct log_about about = {
	    LOG_KIND_RUNNER, LOG_OF_NOBODY, LOG_LEVEL_INFO};

	l->looks = 0;
	if (l->owed > 0 && --l->owed == 0)
		event_del(l->stall);
	if (!l->stalled)
		return;
	log_limited(&about, "runner %016" PRIx64 " answers again", l->id);
	l->stalled = false;
	l->callouts->changed = true;
	callouts_later(l->callouts);
}

/*
 * Nothing new goes to it until it answers, and nothing of it is lost while it
 * is there.
 */
static void
on_stall(evutil_socket_t fd, short what, void *ctx)
{
	static const struct log_about about = {
	    LOG_KIND_RUNNER, LOG_OF_NOBODY, LOG_LEVEL_WARN};
	struct link *l;

	(void)fd;
	(void)what;
	l = ctx;
	loop_add(l->stall, &look);
	beginning_end(l, pid_of(l), ++l->looks >= LOOKS_LATE);
	if (l->looks < LOOKS_STALLED || l->stalled)
		return;
	log_limited(&about,
	    "runner %016" PRIx64 " does not answer (stopped?); new callouts go "
	    "to others",
	    l->id);
	l->stalled = true;
	l->callouts->changed = true;
	callouts_later(l->callouts);
}

/* Of one that an earlier daemon has started the system knows it. */
static pid_t
pid_of(const struct link *l)
{
#ifdef __linux__
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (l->pid == 0 &&
	    getsockopt(l->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0)
		return peer.pid;
#endif
	return l->pid;
}

void
link_start(struct link *l, struct attempt *a)
{
	char error[512];
	bool full;

	if (!start_write(l->callouts, a, &l->out, &full, error, sizeof error)) {
		attempt_refused(l->callouts, a, full, error);
		return;
	}
	owes(l);
	flush(l);
}

/* False when it can't be told now. */
bool
link_signal(struct link *l, struct attempt *a, int signo)
{
	if (l->state != LINK_READY)
		return false;
	wire_put_signal(&l->out, &a->key, signo);
	flush(l);
	return true;
}

void
link_acknowledge(struct link *l, const struct wire_key *key)
{
	if (l->state == LINK_DOWN)
		return; /* it lists it again, and it is acknowledged then */
	wire_put_key(&l->out, WIRE_ACK, key);
	flush(l);
}

void
link_leave(struct link *l)
{
	if (l->state == LINK_DOWN)
		return;
	wire_put(&l->out, WIRE_LEAVE);
	flush(l);
}

static bool
handle(struct link *l, struct wire_message *m)
{
	if (m->type >= sizeof handlers / sizeof handlers[0] ||
	    handlers[m->type] == NULL)
		return true;
	return handlers[m->type](l, m);
}

static bool
on_welcome(struct link *l, struct wire_message *m)
{
	uint64_t id;

	if (!wire_get_id(m, &id) || id != l->id)
		return false;
	l->retiring = m->version < WIRE_VERSION;
	return true;
}

static bool
report(struct link *l, struct wire_message *m, enum wire_type type)
{
	struct wire_report r;

	if (!wire_get_report(m, &r))
		return false;
	attempt_report(l, type, &r);
	return true;
}

/* While the list comes these are no answers to a start. */
static bool
on_started(struct link *l, struct wire_message *m)
{
	if (l->state == LINK_READY)
		paid(l);
	return report(l, m, WIRE_STARTED);
}

static bool
on_failed(struct link *l, struct wire_message *m)
{
	if (l->state == LINK_READY)
		paid(l);
	return report(l, m, WIRE_FAILED);
}

static bool
on_ended(struct link *l, struct wire_message *m)
{
	return report(l, m, WIRE_ENDED);
}

/*
 * What it had not in its list it never ran: it has handled, in order, all that
 * was ever sent to it, by this daemon or an earlier one.
 */
static bool
on_listed(struct link *l, struct wire_message *m)
{
	uint64_t id;

	if (!wire_get_id(m, &id) || id != l->id)
		return false;
	paid(l);
	l->state = LINK_READY;
	attempts_event(l->callouts, l, EVENT_ABSENT);
	attempts_event(l->callouts, l, EVENT_READY);
	if (l->retiring && l->callouts->recovered)
		link_leave(l);
	l->callouts->changed = true;
	callouts_later(l->callouts);
	return true;
}
