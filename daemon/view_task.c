/* view_task: an execution's task runs on the wire */

#include <stdlib.h>

#include "daemon/core/alloc.h"
#include "daemon/view.h"
#include "libproto/pack.h"

/* What is shown of all runs of one execution, and to whom. */
struct looking {
	msgpack_packer *packer;
	const struct state *state;
	const struct callouts *callouts;
	bool shows;
};

static uint32_t entries(const struct run *, uint32_t generation);
static void view_run(const struct looking *, const struct run *);
static void view_item(const struct looking *, const struct action *);
static bool is_superseded(const struct run *);
static void begin_entry(
    msgpack_packer *, const struct run *, uint32_t item, enum task_status);
static void view_attempts(const struct looking *, const struct action *);
static void view_attempt(
    const struct looking *, const struct attempt *, const struct action *);
static void view_process(const struct looking *, const struct attempt *);
static void
end_entry(const struct looking *, const struct run *, const struct action *);

bool
view_task_next(msgpack_packer *packer, const struct state *state,
    const struct execution *execution, uint32_t generation, bool shows,
    const struct callouts *callouts, struct view_tasks *tasks)
{
	const struct looking looking = {packer, state, callouts, shows};
	const struct run *run;

	while (tasks->run < execution->nruns &&
	    tasks->entry >= entries(execution->runs[tasks->run], generation)) {
		tasks->run++;
		tasks->entry = 0;
	}
	if (tasks->run == execution->nruns)
		return false;
	run = execution->runs[tasks->run];
	if (tasks->entry == 0)
		view_run(&looking, run);
	else
		view_item(&looking, &run->actions[tasks->entry - 1]);
	tasks->entry++;
	tasks->count++;
	return true;
}

/* How many it makes; none where it is another generation's. */
static uint32_t
entries(const struct run *run, uint32_t generation)
{
	if (run->k.generation != generation)
		return 0;
	return 1 + (run->k.items != NULL ? run->nactions : 0);
}

/* The run as a whole; without items it is its only action's too. */
static void
view_run(const struct looking *looking, const struct run *run)
{
	msgpack_packer *packer = looking->packer;
	const struct action *only =
	    run->k.items == NULL && run->nactions > 0 ? run->actions : NULL;
	const struct value *output = run->k.output;
	const char *reason = run->k.reason;

	if (only != NULL && output == NULL)
		output = only->k.output;
	if (only != NULL && reason == NULL)
		reason = only->k.reason;
	begin_entry(packer, run, EVENT_NONE, run->k.status);
	view_attempts(looking, only);
	pack_str(packer, "output");
	view_value(
	    packer, looking->state, run->execution, output, looking->shows);
	pack_key_str(packer, "reason", looking->shows ? reason : NULL);
	end_entry(looking, run, only);
}

static void
view_item(const struct looking *looking, const struct action *action)
{
	msgpack_packer *packer = looking->packer;

	begin_entry(packer, action->run, action->item, action->k.status);
	view_attempts(looking, action);
	pack_str(packer, "output");
	view_value(packer, looking->state, action->run->execution,
	    action->k.output, looking->shows);
	pack_key_str(
	    packer, "reason", looking->shows ? action->k.reason : NULL);
	end_entry(looking, action->run, action);
}

/*
 * Another run stands in its place.  What an earlier generation ended with
 * counts as much there as it did then.
 */
static bool
is_superseded(const struct run *run)
{
	return run->k.superseded && !run->k.counted;
}

static void
begin_entry(msgpack_packer *packer, const struct run *run, uint32_t item,
    enum task_status status)
{
	msgpack_pack_map(packer, 21);
	pack_key_str(packer, "name", run->task->name);
	pack_key_uint(packer, "run", run->k.number);
	if (item != EVENT_NONE)
		pack_key_uint(packer, "item", item);
	else
		pack_key_nil(packer, "item");
	if (run->k.items != NULL)
		pack_key_uint(packer, "items", run->nactions);
	else
		pack_key_nil(packer, "items");
	pack_key_str(packer, "status", task_status_name(status));
	pack_key_uint(packer, "generation", run->k.generation);
	pack_key_bool(packer, "superseded", is_superseded(run));
	pack_key_time(packer, "created_at", run->k.created_at);
	pack_key_time(packer, "started_at", run->k.started_at);
	pack_key_time(packer, "ended_at", run->k.ended_at);
}

/* Two pairs, the oldest first; NULL: of a run with items, which have theirs. */
static void
view_attempts(const struct looking *looking, const struct action *action)
{
	msgpack_packer *packer = looking->packer;
	const struct attempt *latest = action != NULL ? action->latest : NULL;
	const struct attempt **list;
	uint32_t count = 0, i;

	for (const struct attempt *a = latest; a != NULL; a = a->before)
		count++;
	pack_key_uint(packer, "attempt", latest != NULL ? latest->k.number : 0);
	pack_str(packer, "attempts");
	msgpack_pack_array(packer, count);
	list = xcalloc(count + 1, sizeof(*list));
	i = count;
	for (const struct attempt *a = latest; a != NULL; a = a->before)
		list[--i] = a;
	for (i = 0; i < count; i++) {
		msgpack_pack_map(packer, 16);
		view_attempt(looking, list[i], action);
		view_process(looking, list[i]);
	}
	free(list);
}

/* Twelve of the map's pairs. */
static void
view_attempt(const struct looking *looking, const struct attempt *attempt,
    const struct action *action)
{
	msgpack_packer *packer = looking->packer;

	pack_key_uint(packer, "attempt", attempt->k.number);
	pack_key_str(packer, "status", task_status_name(attempt->k.status));
	if (attempt->k.exit >= 0)
		pack_key_int(packer, "exit", attempt->k.exit);
	else
		pack_key_nil(packer, "exit");
	if (attempt->k.signal != 0)
		pack_key_int(packer, "signal", attempt->k.signal);
	else
		pack_key_nil(packer, "signal");
	pack_key_str(
	    packer, "reason", looking->shows ? attempt->k.reason : NULL);
	pack_key_time(packer, "started_at", attempt->k.started_at);
	pack_key_time(packer, "ended_at", attempt->k.ended_at);
	pack_key_int(packer, "cpu", attempt->k.cpu);
	pack_key_int(packer, "max_rss", attempt->k.max_rss);
	if (attempt->k.child != 0)
		pack_key_uint(packer, "execution", attempt->k.child);
	else
		pack_key_nil(packer, "execution");
	pack_key_bool(packer, "superseded", is_superseded(action->run));
	pack_key_bool(packer, "late", attempt->k.late);
}

/* Four pairs: its process, and whether and why weird stops it. */
static void
view_process(const struct looking *looking, const struct attempt *attempt)
{
	static const char *const whys[] = {
	    [STOP_NOT] = NULL,
	    [STOP_TIMEOUT] = "timeout",
	    [STOP_CANCEL] = "cancel",
	    [STOP_UPDATE] = "update",
	};
	msgpack_packer *packer = looking->packer;
	struct callout_key key;
	pid_t pid = 0;

	if (attempt->k.open && attempt->k.child == 0) {
		action_key(attempt->action, attempt->k.number, &key);
		pid = callouts_pid(looking->callouts, &key);
	}
	if (pid != 0)
		pack_key_int(packer, "pid", pid);
	else
		pack_key_nil(packer, "pid");
	pack_key_str(packer, "stopped", whys[attempt->k.stop]);
	if (attempt->k.stop_signal != 0)
		pack_key_int(packer, "stop_signal", attempt->k.stop_signal);
	else
		pack_key_nil(packer, "stop_signal");
	pack_key_time(packer, "until", attempt->k.open ? attempt->k.due : 0);
}

static void
end_entry(const struct looking *looking, const struct run *run,
    const struct action *action)
{
	msgpack_packer *packer = looking->packer;

	if (action != NULL && action->latest != NULL &&
	    action->latest->k.child != 0)
		pack_key_uint(packer, "execution", action->latest->k.child);
	else
		pack_key_nil(packer, "execution");
	if (action != NULL)
		pack_key_time(packer, "due", action->k.due);
	else
		pack_key_nil(packer, "due");
	pack_key_nil(packer, "progress");
	pack_key_uint(packer, "retries", run->task->retry.count);
	pack_key_bool(packer, "optional", run->task->optional);
	/* It ended badly, and an entry of its next took care of that. */
	pack_key_bool(packer, "handled",
	    run->k.led && run->k.status != TASK_COMPLETED &&
		run->k.status != TASK_SKIPPED);
	pack_str(packer, "blocked");
	view_blocked(packer, looking->state, action);
}
