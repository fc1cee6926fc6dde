/* client: the runner's one connection, to the daemon. */

#include "daemon/runner/coverage.h"
#include "daemon/runner/process.h"
#include "daemon/runner/runner.h"

#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#define READ_SIZE 16384

typedef bool message_handler(struct runner *, struct wire_message *);

static message_handler on_hello, on_start, on_signal, on_list, on_ack, on_leave;
static bool same_user(int);
static void client_close(struct runner *);
static bool handle(struct runner *, struct wire_message *);

/* False from a handler: not a message of this protocol. */
static message_handler *const handlers[] = {
    [WIRE_HELLO] = on_hello,
    [WIRE_START] = on_start,
    [WIRE_SIGNAL] = on_signal,
    [WIRE_LIST] = on_list,
    [WIRE_ACK] = on_ack,
    [WIRE_LEAVE] = on_leave,
};

static bool
same_user(int fd)
{
#ifdef __linux__
	struct ucred peer;
	socklen_t size;

	size = sizeof peer;
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
	    peer.uid == geteuid();
#else
	uid_t uid;
	gid_t gid;

	return getpeereid(fd, &uid, &gid) == 0 && uid == geteuid();
#endif
}

/*
 * A daemon is let in only when the one before it is gone and all it had sent
 * is done: what its successor is told can't be changed by an old message.
 */
void
client_accept(struct runner *r)
{
	int fd;

	for (;;) {
		fd = accept4(
		    r->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd == -1)
			return;
		if (same_user(fd))
			break;
		close(fd);
	}
	r->client = fd;
}

static void
client_close(struct runner *r)
{
	coverage_write(); /* for it may be killed before the next one */
	close(r->client);
	r->client = -1;
	wire_buffer_free(&r->in);
	wire_buffer_free(&r->out);
}

void
client_read(struct runner *r)
{
	struct wire_message m;
	ssize_t n;
	int got;

	if (!wire_reserve(&r->in, READ_SIZE)) {
		client_close(r); /* it comes back and asks for the list */
		return;
	}
	n = read(r->client, r->in.bytes + r->in.end, READ_SIZE);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		client_close(r);
		return;
	}
	r->in.end += (size_t)n;
	while ((got = wire_next(&r->in, &m)) == 1)
		if (!handle(r, &m)) {
			client_close(r);
			return;
		}
	if (got == -1)
		client_close(r);
	else
		wire_consume(&r->in, 0);
}

static bool
handle(struct runner *r, struct wire_message *m)
{
	if (m->type >= sizeof handlers / sizeof handlers[0] ||
	    handlers[m->type] == NULL)
		return true; /* of a newer daemon */
	return handlers[m->type](r, m);
}

void
client_write(struct runner *r)
{
	ssize_t n;

	if (r->out.failed) {
		client_close(r); /* it comes back and asks for the list */
		return;
	}
	while (r->out.end > r->out.start) {
		n = send(r->client, r->out.bytes + r->out.start,
		    r->out.end - r->out.start, MSG_NOSIGNAL);
		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			return;
		/*
		 * Gone, or there was no memory: it notices, and asks for the
		 * list.  What it sent last is still to be read, to its end.
		 */
		if (n == -1) {
			shutdown(r->client, SHUT_WR);
			n = (ssize_t)(r->out.end - r->out.start);
		}
		wire_consume(&r->out, (size_t)n);
	}
}

static bool
on_hello(struct runner *r, struct wire_message *m)
{
	uint64_t id;

	if (!wire_get_id(m, &id))
		return false;
	r->leaving = false; /* that was asked by a daemon that ended */
	wire_put_id(&r->out, WIRE_WELCOME, r->id);
	return true;
}

static bool
on_start(struct runner *r, struct wire_message *m)
{
	struct wire_start start;
	struct entry *e;
	bool good;

	good = wire_get_start(m, &start);
	if (good) {
		e = entry_find(r, &start.key);
		if (e != NULL) /* never twice */
			wire_put_report(&r->out, e->told, &e->report);
		else
			entry_start(r, &start);
	}
	wire_start_free(&start);
	return good;
}

/*
 * To its process group, or to its whole tree; while its leader is not reaped it
 * can be no other.
 */
static bool
on_signal(struct runner *r, struct wire_message *m)
{
	struct wire_report unknown = {0};
	struct entry *e;
	int signo;

	if (!wire_get_signal(m, &unknown.key, &signo))
		return false;
	e = entry_find(r, &unknown.key);
	if (e == NULL)
		wire_put_report(&r->out, WIRE_UNKNOWN, &unknown);
	else if (e->told != WIRE_STARTED || e->is_ending)
		return true; /* what is left of it is being killed */
	else if (signo == SIGSTOP)
		process_tree_stop(e->report.pid, r->id, &e->report.key);
	else if (signo == SIGCONT)
		process_tree_continue(e->report.pid, r->id, &e->report.key);
	else if (signo == SIGKILL)
		process_tree_kill(e->report.pid, r->id, &e->report.key);
	else
		kill(-e->report.pid, signo);
	return true;
}

static bool
on_list(struct runner *r, struct wire_message *m)
{
	struct entry *e;

	(void)m;
	RB_FOREACH (e, entries_by_key, &r->entries)
		wire_put_report(&r->out, e->told, &e->report);
	wire_put_id(&r->out, WIRE_LISTED, r->id);
	return true;
}

static bool
on_ack(struct runner *r, struct wire_message *m)
{
	struct wire_key key;
	struct entry *e;

	if (!wire_get_key(m, &key))
		return false;
	e = entry_find(r, &key);
	if (e != NULL)
		entry_acknowledged(r, e);
	return true;
}

static bool
on_leave(struct runner *r, struct wire_message *m)
{
	(void)m;
	r->leaving = true;
	return true;
}
