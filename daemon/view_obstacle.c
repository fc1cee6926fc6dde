/* view_obstacle: what keeps an execution or a task from starting or ending */

#include <stdlib.h>

#include "daemon/core/alloc.h"
#include "daemon/core/safety.h"
#include "daemon/view.h"
#include "libproto/pack.h"

static void view_queue(msgpack_packer *, const struct execution *);
static void view_joins(msgpack_packer *, const struct execution *);
static void view_failure_workflow(msgpack_packer *, const struct execution *);
static const char *blocked_by(const struct state *, const struct action *);

void
view_obstacles(msgpack_packer *packer, const struct state *state,
    const struct execution *execution, bool newest)
{
	pack_key_str(packer, "unavailable",
	    newest && !execution_ended(execution->k.status)
		? state->host.unavailable
		: NULL);
	pack_str(packer, "queue");
	if (newest)
		view_queue(packer, execution);
	else
		msgpack_pack_nil(packer);
	pack_str(packer, "joins");
	if (newest)
		view_joins(packer, execution);
	else
		msgpack_pack_array(packer, 0);
	pack_str(packer, "failure_workflow");
	if (newest)
		view_failure_workflow(packer, execution);
	else
		msgpack_pack_nil(packer);
}

/* {ahead, running, limit}: how many begin before it, and what they wait for. */
static void
view_queue(msgpack_packer *packer, const struct execution *execution)
{
	const struct execution *other;
	uint64_t ahead = 0;

	if (execution->k.status != EXECUTION_PENDING) {
		msgpack_pack_nil(packer);
		return;
	}
	TAILQ_FOREACH (other, &execution->workflow->pending, held) {
		if (other == execution)
			break;
		if (other->k.status == EXECUTION_PENDING)
			ahead++;
	}
	msgpack_pack_map(packer, 3);
	pack_key_uint(packer, "ahead", ahead);
	pack_key_uint(packer, "running", execution->workflow->active);
	if (execution->definition->parallel_runs != 0)
		pack_key_uint(
		    packer, "limit", execution->definition->parallel_runs);
	else
		pack_key_nil(packer, "limit");
}

/* [{task, lacks}]: joins that some arrivals have come to, but not all. */
static void
view_joins(msgpack_packer *packer, const struct execution *execution)
{
	uint32_t count = 0;
	char **lacks;

	lacks = xcalloc(execution->definition->ntasks, sizeof(*lacks));
	for (uint32_t i = 0; i < execution->definition->ntasks; i++) {
		lacks[i] = node_lacks(execution, i);
		count += lacks[i] != NULL;
	}
	msgpack_pack_array(packer, count);
	for (uint32_t i = 0; i < execution->definition->ntasks; i++) {
		if (lacks[i] == NULL)
			continue;
		msgpack_pack_map(packer, 2);
		pack_key_str(
		    packer, "task", execution->definition->tasks[i].name);
		pack_key_str(packer, "lacks", lacks[i]);
		free(lacks[i]);
	}
	free(lacks);
}

/* {execution, reason}: which one it was, or why there is none; or nil. */
static void
view_failure_workflow(msgpack_packer *packer, const struct execution *execution)
{
	if (execution->k.followed_by == 0 && execution->k.unfollowed == NULL) {
		msgpack_pack_nil(packer);
		return;
	}
	msgpack_pack_map(packer, 2);
	if (execution->k.followed_by != 0)
		pack_key_uint(packer, "execution", execution->k.followed_by);
	else
		pack_key_nil(packer, "execution");
	pack_key_str(packer, "reason", execution->k.unfollowed);
}

void
view_blocked(msgpack_packer *packer, const struct state *state,
    const struct action *action)
{
	const char *by = action != NULL ? blocked_by(state, action) : NULL;

	if (by != NULL)
		pack_str(packer, by);
	else
		msgpack_pack_nil(packer);
}

/* In the order in which settling asks. */
static const char *
blocked_by(const struct state *state, const struct action *action)
{
	const struct execution *execution = action->run->execution;
	uint32_t limit = execution->definition->parallel_tasks;

	if (!action->is_ready)
		return NULL;
	if (execution_is_held(state, execution))
		return "hold";
	if (nothing_begins(state, execution))
		return "space";
	if (action->run->items_bad > 0 && !action->k.touched)
		return "failed_item";
	if (action->latest != NULL && action->latest->k.open)
		return "stopping";
	if (subworkflow_is_held(state, action))
		return "workflow";
	if (action->run->task->kind != ACTION_RUN)
		return NULL;
	if (limit != 0 && execution->open_callouts >= limit)
		return "parallel_tasks";
	if (state->host.nrunners == 0)
		return "runners";
	if (journal_is_full(state))
		return "space";
	if (state->host.max_callouts != 0 &&
	    state->open_callouts >= state->host.max_callouts)
		return "callouts";
	return NULL;
}
