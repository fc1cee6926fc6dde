/* waiters: execution.wait, and the wait of cancel and terminate */

#include <sys/queue.h>
#include <sys/tree.h>

#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"
#include "daemon/server.h"
#include "daemon/view.h"
#include "daemon/waiters.h"

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

/* One that waits for processes to go. */
struct gone {
	TAILQ_ENTRY(gone) entry;
	struct asker asker;
	struct acted *acted;
	uint32_t count;
	msgpack_sbuffer failed; /* a list */
};
TAILQ_HEAD(gone_list, gone);

struct waiters {
	struct server *server;
	struct waiter_tree tree;
	struct waiter_list done;
	struct gone_list gone;
	uint64_t number;
	bool attempts_ended; /* since the last answer */
};

static int compare(const struct waiter *, const struct waiter *);
static void finish(struct waiter *);
static void release(struct waiter *);
static void answer(struct waiters *, struct waiter *);
static void on_timeout(evutil_socket_t, short, void *);
static bool is_gone(const struct state *, uint64_t);
static bool run_is_gone(const struct state *, const struct run *);
static void answer_gone(struct waiters *, struct gone *);
static void release_gone(struct waiters *, struct gone *);

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
	TAILQ_INIT(&all->gone);
	return all;
}

void
waiters_free(struct waiters *all)
{
	struct waiter *waiter, *next;
	struct gone *gone, *later;

	if (all == NULL)
		return;
	while ((waiter = RB_MIN(waiter_tree, &all->tree)) != NULL)
		finish(waiter);
	TAILQ_FOREACH_SAFE (waiter, &all->done, done, next)
		release(waiter);
	TAILQ_FOREACH_SAFE (gone, &all->gone, entry, later)
		release_gone(all, gone);
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
	waiter->timeout = evtimer_new(all->server->base, on_timeout, waiter);
	event_add(waiter->timeout, &tv);
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
	struct gone *gone = xcalloc(1, sizeof(*gone));

	gone->asker = *asker;
	session_ref(asker->session);
	gone->acted = xcalloc(count + 1, sizeof(*acted));
	if (count > 0)
		memcpy(gone->acted, acted, count * sizeof(*acted));
	gone->count = count;
	msgpack_sbuffer_init(&gone->failed);
	msgpack_sbuffer_write(&gone->failed, failed->data, failed->size);
	TAILQ_INSERT_TAIL(&all->gone, gone, entry);
	all->attempts_ended = true; /* it may be so already */
}

void
waiters_event(struct waiters *all, const struct event *event)
{
	struct waiter least = {.execution = event->execution}, *waiter, *next;

	if (event->type == EVENT_TASK_ATTEMPT_ENDED)
		all->attempts_ended = true;
	if (event->type != EVENT_EXECUTION_STATUS &&
	    event->type != EVENT_EXECUTION_HELD &&
	    event->type != EVENT_EXECUTION_RESUMED)
		return;
	for (waiter = RB_NFIND(waiter_tree, &all->tree, &least);
	     waiter != NULL && waiter->execution == event->execution;
	     waiter = next) {
		next = RB_NEXT(waiter_tree, &all->tree, waiter);
		if ((waiter->statuses >> event->status & 1) != 0)
			finish(waiter);
	}
}

void
waiters_answer(struct waiters *all)
{
	struct waiter *waiter, *next;
	struct gone *gone, *later;

	TAILQ_FOREACH_SAFE (waiter, &all->done, done, next) {
		answer(all, waiter);
		release(waiter);
	}
	if (!all->attempts_ended)
		return;
	all->attempts_ended = false;
	TAILQ_FOREACH_SAFE (gone, &all->gone, entry, later) {
		bool left = false;

		for (uint32_t i = 0; i < gone->count; i++)
			left = left ||
			    !is_gone(all->server->state, gone->acted[i].id);
		if (left)
			continue;
		answer_gone(all, gone);
		release_gone(all, gone);
	}
}

static void
answer(struct waiters *all, struct waiter *waiter)
{
	struct server *server = all->server;
	const struct execution *execution =
	    state_execution(server->state, waiter->execution);

	if (!session_is_open(waiter->asker.session) || execution == NULL)
		return;
	view_execution(answer_begin(server->answers, &waiter->asker),
	    server->state, execution,
	    view_shows(server->config, session_actor(waiter->asker.session),
		execution),
	    false);
	answer_end(server->answers, &waiter->asker, server->state->k.seq);
}

/* Whether no process is left of the execution and its subworkflows. */
static bool
is_gone(const struct state *state, uint64_t id)
{
	const struct execution *execution = state_execution(state, id);

	if (execution == NULL)
		return true;
	if (execution->open_callouts > 0)
		return false;
	for (uint32_t i = 0; i < execution->nruns; i++)
		if (!run_is_gone(state, execution->runs[i]))
			return false;
	return true;
}

static bool
run_is_gone(const struct state *state, const struct run *run)
{
	if (run->task->kind != ACTION_WORKFLOW || run->task->u.workflow.detach)
		return true;
	for (uint32_t i = 0; i < run->nactions; i++) {
		const struct attempt *latest = run->actions[i].latest;

		if (latest != NULL && latest->k.child != 0 &&
		    !is_gone(state, latest->k.child))
			return false;
	}
	return true;
}

static void
answer_gone(struct waiters *all, struct gone *gone)
{
	struct server *server = all->server;

	view_outcomes(answer_begin(server->answers, &gone->asker),
	    server->state, gone->acted, gone->count, &gone->failed);
	answer_end(server->answers, &gone->asker, server->state->k.seq);
}

static void
release_gone(struct waiters *all, struct gone *gone)
{
	TAILQ_REMOVE(&all->gone, gone, entry);
	session_unref(gone->asker.session);
	msgpack_sbuffer_destroy(&gone->failed);
	free(gone->acted);
	free(gone);
}

void
waiters_forget(struct waiters *all, const struct session *session)
{
	struct waiter *waiter, *next;
	struct gone *gone, *later;

	RB_FOREACH_SAFE (waiter, waiter_tree, &all->tree, next) {
		if (waiter->asker.session != session)
			continue;
		finish(waiter);
		release(waiter);
	}
	TAILQ_FOREACH_SAFE (gone, &all->gone, entry, later)
		if (gone->asker.session == session)
			release_gone(all, gone);
}
