/* waiters: execution.wait; the wait of cancel and terminate is in gone.c */

#include <sys/queue.h>
#include <sys/tree.h>

#include <stdlib.h>

#include "daemon/core/alloc.h"
#include "daemon/gone.h"
#include "daemon/loop.h"
#include "daemon/server.h"
#include "daemon/view.h"
#include "daemon/waiters.h"
#include "libproto/errors.h"

/* In a turn, so that others do not wait when many are over at once; ns. */
#define ANSWER_TIME 25000

struct waiter {
	RB_ENTRY(waiter) entry; /* in waiters.tree, until it is done */
	TAILQ_ENTRY(waiter) done;
	struct waiters *all;
	struct asker asker;
	uint64_t execution;
	uint64_t number; /* tells those of one execution apart */
	unsigned statuses;
	bool is_done;
	struct event *timeout; /* NULL: none */
};
RB_HEAD(waiter_tree, waiter);
TAILQ_HEAD(waiter_list, waiter);

struct waiters {
	struct server *server;
	struct waiter_tree tree;
	struct waiter_list done;
	struct gone *gone;
	uint64_t number;
};

static int compare(const struct waiter *, const struct waiter *);
static void finish(struct waiter *);
static void release(struct waiter *);
static void answer(struct waiters *, struct waiter *);
static void on_timeout(evutil_socket_t, short, void *);

RB_PROTOTYPE(waiter_tree, waiter, entry, compare)
RB_GENERATE(waiter_tree, waiter, entry, compare)

static int
compare(const struct waiter *a, const struct waiter *b)
{
	if (a->execution != b->execution)
		return a->execution < b->execution ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

struct waiters *
waiters_new(struct server *server)
{
	struct waiters *all = xcalloc(1, sizeof(*all));

	all->server = server;
	RB_INIT(&all->tree);
	TAILQ_INIT(&all->done);
	all->gone = gone_new(server);
	return all;
}

void
waiters_free(struct waiters *all)
{
	struct waiter *waiter, *next;

	if (all == NULL)
		return;
	while ((waiter = RB_MIN(waiter_tree, &all->tree)) != NULL)
		finish(waiter);
	TAILQ_FOREACH_SAFE (waiter, &all->done, done, next)
		release(waiter);
	gone_free(all->gone);
	free(all);
}

void
waiters_add(struct waiters *all, const struct asker *asker, uint64_t execution,
    unsigned statuses, int64_t timeout)
{
	struct waiter *waiter = xcalloc(1, sizeof(*waiter));
	struct timeval tv;

	waiter->all = all;
	waiter->asker = *asker;
	session_ref(asker->session);
	waiter->execution = execution;
	waiter->number = ++all->number;
	waiter->statuses = statuses;
	RB_INSERT(waiter_tree, &all->tree, waiter);
	if (timeout < 0)
		return;
	tv.tv_sec = (time_t)(timeout / 1000000000);
	tv.tv_usec = (suseconds_t)(timeout % 1000000000 / 1000);
	waiter->timeout =
	    loop_event(all->server->base, -1, 0, on_timeout, waiter);
	loop_add(waiter->timeout, &tv);
}

static void
on_timeout(evutil_socket_t fd, short what, void *ctx)
{
	struct waiter *waiter = ctx;

	(void)fd;
	(void)what;
	finish(waiter);
	server_schedule(waiter->all->server);
}

/* Will be answered in this turn or the next. */
static void
finish(struct waiter *waiter)
{
	if (waiter->is_done)
		return;
	waiter->is_done = true;
	RB_REMOVE(waiter_tree, &waiter->all->tree, waiter);
	TAILQ_INSERT_TAIL(&waiter->all->done, waiter, done);
}

/* Of one that is done. */
static void
release(struct waiter *waiter)
{
	TAILQ_REMOVE(&waiter->all->done, waiter, done);
	if (waiter->timeout != NULL)
		event_free(waiter->timeout);
	session_unref(waiter->asker.session);
	free(waiter);
}

void
waiters_add_gone(struct waiters *all, const struct asker *asker,
    const struct acted *acted, uint32_t count, const msgpack_sbuffer *failed)
{
	gone_add(all->gone, asker, acted, count, failed);
}

void
waiters_event(struct waiters *all, const struct event *event)
{
	struct waiter least = {.execution = event->execution}, *waiter, *next;

	gone_event(all->gone, event);
	if (event->type != EVENT_EXECUTION_STATUS &&
	    event->type != EVENT_EXECUTION_DELETED &&
	    event->type != EVENT_EXECUTION_HELD &&
	    event->type != EVENT_EXECUTION_RESUMED)
		return;
	for (waiter = RB_NFIND(waiter_tree, &all->tree, &least);
	     waiter != NULL && waiter->execution == event->execution;
	     waiter = next) {
		next = RB_NEXT(waiter_tree, &all->tree, waiter);
		if (event->type == EVENT_EXECUTION_DELETED ||
		    (waiter->statuses >> event->status & 1) != 0)
			finish(waiter);
	}
}

bool
waiters_answer(struct waiters *all)
{
	int64_t until = clock_uptime() + ANSWER_TIME;
	struct waiter *waiter, *next;
	bool is_late = false;

	TAILQ_FOREACH_SAFE (waiter, &all->done, done, next) {
		/* A flood of them is not to fill the memory with answers. */
		if (session_is_full(waiter->asker.session))
			continue;
		answer(all, waiter);
		release(waiter);
		/* Not before: or nothing would ever come of the next turn. */
		is_late = clock_uptime() >= until;
		if (is_late)
			break;
	}
	gone_answer(all->gone);
	return is_late;
}

static void
answer(struct waiters *all, struct waiter *waiter)
{
	struct server *server = all->server;
	const struct execution *execution =
	    state_execution(server->state, waiter->execution);

	if (!session_is_open(waiter->asker.session))
		return;
	if (execution == NULL) {
		answer_error(server->answers, &waiter->asker,
		    server->state->k.seq, ERROR_NOT_FOUND,
		    "execution %ju has been deleted",
		    (uintmax_t)waiter->execution);
		return;
	}
	view_execution(answer_begin(server->answers, &waiter->asker),
	    server->state, execution,
	    view_shows(server->config, session_actor(waiter->asker.session),
		execution),
	    NULL);
	answer_end(server->answers, &waiter->asker, server->state->k.seq);
}

void
waiters_forget(struct waiters *all, const struct session *session)
{
	struct waiter *waiter, *next;

	if (session_in_flight(session) == 0)
		return;
	RB_FOREACH_SAFE (waiter, waiter_tree, &all->tree, next) {
		if (waiter->asker.session != session)
			continue;
		finish(waiter);
		release(waiter);
	}
	gone_forget(all->gone, session);
}
