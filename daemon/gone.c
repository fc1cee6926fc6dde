/* gone: the wait of cancel and terminate */

#include "daemon/gone.h"

#include <sys/queue.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/core/alloc.h"
#include "daemon/core/buffer.h"
#include "daemon/loop.h"
#include "daemon/server.h"
#include "daemon/survivors.h"
#include "daemon/view.h"
#include "libproto/pack.h"

/*
 * How long SIGKILL, sent to all that is still there, is given to have its
 * effect, in ns.  Mostly that takes a millisecond; a process that gives
 * back a lot of memory, or waits for a slow disk, takes a few seconds.
 */
#define GRACE INT64_C(5000000000)
/* Between two looks at what no runner tells the end of, in microseconds. */
#define LOOK 100000

struct gone_wait {
	TAILQ_ENTRY(gone_wait) entry;
	struct gone *all;
	struct asker asker;
	struct acted *acted;
	uint32_t count;
	msgpack_sbuffer failed; /* a list */
	struct event *look;
	int64_t killed_at; /* when SIGKILL had been sent to all; 0: not yet */
};
TAILQ_HEAD(gone_waits, gone_wait);

struct gone {
	struct server *server;
	struct gone_waits waits;
	bool changed; /* since the last answer */
};

/* What is found in the executions of a request and their subworkflows. */
struct rest {
	struct server *server;
	uint64_t *ids; /* of those that have something left */
	uint32_t count;
	bool runs; /* something was not told to end, or not with SIGKILL */
};

static void on_look(evutil_socket_t, short, void *);
static void rest_of(struct rest *, uint64_t);
static void rest_of_run(struct rest *, const struct run *);
static bool rest_has(const void *, uint64_t);
static bool consider(struct gone_wait *);
static void answer(struct gone_wait *, const struct survivors *);
static void pack_survivors(struct gone_wait *, struct acted *,
    msgpack_sbuffer *, const struct survivors *);
static void
pack_survivor(msgpack_packer *, const struct state *, const struct survivor *);
static void release(struct gone_wait *);

struct gone *
gone_new(struct server *server)
{
	struct gone *all = xcalloc(1, sizeof(*all));

	all->server = server;
	TAILQ_INIT(&all->waits);
	return all;
}

void
gone_free(struct gone *all)
{
	struct gone_wait *wait, *next;

	TAILQ_FOREACH_SAFE (wait, &all->waits, entry, next)
		release(wait);
	free(all);
}

void
gone_add(struct gone *all, const struct asker *asker, const struct acted *acted,
    uint32_t count, const msgpack_sbuffer *failed)
{
	struct gone_wait *wait = xcalloc(1, sizeof(*wait));

	wait->all = all;
	wait->asker = *asker;
	session_ref(asker->session);
	wait->acted = xcalloc(count + 1, sizeof(*acted));
	if (count > 0)
		memcpy(wait->acted, acted, count * sizeof(*acted));
	wait->count = count;
	msgpack_sbuffer_init(&wait->failed);
	buffer_write(&wait->failed, failed->data, failed->size);
	wait->look = loop_event(all->server->base, -1, 0, on_look, wait);
	TAILQ_INSERT_TAIL(&all->waits, wait, entry);
	all->changed = true; /* it may be so already */
}

void
gone_event(struct gone *all, const struct event *event)
{
	if (event->type == EVENT_TASK_ATTEMPT_ENDED ||
	    event->type == EVENT_TASK_STARTED ||
	    event->type == EVENT_TASK_STOPPING)
		all->changed = true;
}

void
gone_answer(struct gone *all)
{
	struct gone_wait *wait, *next;

	if (!all->changed)
		return;
	all->changed = false;
	TAILQ_FOREACH_SAFE (wait, &all->waits, entry, next)
		if (consider(wait))
			release(wait);
}

static void
on_look(evutil_socket_t fd, short what, void *ctx)
{
	struct gone_wait *wait = ctx;

	(void)fd;
	(void)what;
	wait->all->changed = true;
	server_schedule(wait->all->server);
}

/* Whether it is answered.  Nothing but time is waited for once all is told. */
static bool
consider(struct gone_wait *wait)
{
	static const struct timeval soon = {0, LOOK};
	struct survivors survivors = {0};
	struct rest rest = {.server = wait->all->server};
	bool over;

	for (uint32_t i = 0; i < wait->count; i++)
		rest_of(&rest, wait->acted[i].id);
	if (rest.runs)
		wait->killed_at = 0;
	else if (wait->killed_at == 0)
		wait->killed_at = clock_uptime();
	over = rest.count == 0 ||
	    (!rest.runs && clock_uptime() - wait->killed_at >= GRACE);
	if (over && rest.count > 0)
		survivors_find(
		    rest.server->callouts, rest_has, &rest, &survivors);
	if (over)
		answer(wait, &survivors);
	else if (!rest.runs)
		loop_add(wait->look, &soon);
	survivors_free(&survivors);
	free(rest.ids);
	return over;
}

/* What is left of an execution and its subworkflows. */
static void
rest_of(struct rest *rest, uint64_t id)
{
	const struct execution *execution =
	    state_execution(rest->server->state, id);

	if (execution == NULL)
		return;
	if (execution->open_callouts > 0 ||
	    survivors_left(rest->server->callouts, id)) {
		rest->ids = xreallocarray(
		    rest->ids, rest->count + 1, sizeof(*rest->ids));
		rest->ids[rest->count++] = id;
	}
	for (uint32_t i = 0; i < execution->nruns; i++)
		rest_of_run(rest, execution->runs[i]);
}

static void
rest_of_run(struct rest *rest, const struct run *run)
{
	bool nests =
	    run->task->kind == ACTION_WORKFLOW && !run->task->u.workflow.detach;

	for (uint32_t i = 0; i < run->nactions; i++) {
		const struct attempt *latest = run->actions[i].latest;

		if (latest == NULL)
			continue;
		if (nests && latest->k.child != 0)
			rest_of(rest, latest->k.child);
		else if (latest->k.child == 0 && latest->k.open &&
		    latest->k.stop_signal != SIGKILL)
			rest->runs = true;
	}
}

static bool
rest_has(const void *ctx, uint64_t execution)
{
	const struct rest *rest = ctx;

	for (uint32_t i = 0; i < rest->count; i++)
		if (rest->ids[i] == execution)
			return true;
	return false;
}

static void
answer(struct gone_wait *wait, const struct survivors *survivors)
{
	struct server *server = wait->all->server;
	msgpack_sbuffer *lists = xcalloc(wait->count + 1, sizeof(*lists));

	for (uint32_t i = 0; i < wait->count; i++)
		pack_survivors(wait, &wait->acted[i], &lists[i], survivors);
	view_outcomes(answer_begin(server->answers, &wait->asker),
	    server->state, wait->acted, wait->count, &wait->failed);
	answer_end(server->answers, &wait->asker, server->state->k.seq);
	for (uint32_t i = 0; i < wait->count; i++)
		msgpack_sbuffer_destroy(&lists[i]);
	free(lists);
}

/* Those of the execution and its subworkflows, into the buffer. */
static void
pack_survivors(struct gone_wait *wait, struct acted *acted,
    msgpack_sbuffer *buffer, const struct survivors *survivors)
{
	struct rest rest = {.server = wait->all->server};
	msgpack_packer packer;

	msgpack_sbuffer_init(buffer);
	msgpack_packer_init(&packer, buffer, buffer_write);
	acted->survivors = buffer;
	if (survivors->count > 0)
		rest_of(&rest, acted->id);
	for (uint32_t i = 0; i < survivors->count; i++) {
		const struct survivor *survivor = &survivors->list[i];

		if (!rest_has(&rest, survivor->key.execution))
			continue;
		pack_survivor(&packer, rest.server->state, survivor);
		acted->nsurvivors++;
	}
	free(rest.ids);
}

static void
pack_survivor(msgpack_packer *packer, const struct state *state,
    const struct survivor *survivor)
{
	const struct callout_key *key = &survivor->key;
	const struct execution *execution =
	    state_execution(state, key->execution);
	const struct run *run = execution != NULL && key->run < execution->nruns
	    ? execution->runs[key->run]
	    : NULL;

	msgpack_pack_map(packer, 7);
	pack_key_int(packer, "pid", survivor->pid);
	pack_key_str(packer, "command", survivor->command);
	pack_key_str(packer, "why", survivor->why);
	pack_key_uint(packer, "execution", key->execution);
	pack_key_str(packer, "task", run != NULL ? run->task->name : NULL);
	if (key->item != CALLOUT_NO_ITEM)
		pack_key_uint(packer, "item", key->item);
	else
		pack_key_nil(packer, "item");
	pack_key_uint(packer, "attempt", key->attempt);
}

static void
release(struct gone_wait *wait)
{
	TAILQ_REMOVE(&wait->all->waits, wait, entry);
	event_free(wait->look);
	session_unref(wait->asker.session);
	msgpack_sbuffer_destroy(&wait->failed);
	free(wait->acted);
	free(wait);
}

void
gone_forget(struct gone *all, const struct session *session)
{
	struct gone_wait *wait, *next;

	TAILQ_FOREACH_SAFE (wait, &all->waits, entry, next)
		if (wait->asker.session == session)
			release(wait);
}
