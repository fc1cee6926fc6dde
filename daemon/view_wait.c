/* view_wait: what an execution waits for */

#include "daemon/core/safety.h"
#include "daemon/view.h"
#include "libproto/pack.h"

static const char *waits_for(const struct state *, const struct action *);
static uint32_t count_waits(const struct state *, const struct execution *);
static void view_wait(msgpack_packer *, const struct action *, const char *);
static void pack_what(msgpack_packer *, const struct action *);
static void pack_from(msgpack_packer *, const struct task_definition *);

void
view_waits(msgpack_packer *packer, const struct state *state,
    const struct execution *execution)
{
	msgpack_pack_array(packer, count_waits(state, execution));
	for (uint32_t i = 0; i < execution->nruns; i++) {
		const struct run *run = execution->runs[i];

		for (uint32_t j = 0; j < run->nactions; j++) {
			const char *kind = waits_for(state, &run->actions[j]);

			if (kind != NULL)
				view_wait(packer, &run->actions[j], kind);
		}
	}
}

static uint32_t
count_waits(const struct state *state, const struct execution *execution)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < execution->nruns; i++)
		for (uint32_t j = 0; j < execution->runs[i]->nactions; j++)
			count += waits_for(state,
				     &execution->runs[i]->actions[j]) != NULL;
	return count;
}

/* NULL: it does not wait. */
static const char *
waits_for(const struct state *state, const struct action *action)
{
	static const char *const kinds[] = {
	    [WAIT_FOR] = "timer",
	    [WAIT_UNTIL] = "timer",
	    [WAIT_SIGNAL] = "signal",
	    [WAIT_APPROVAL] = "approval",
	};
	const struct task_definition *task = action->run->task;

	if (task_ended(action->k.status))
		return NULL;
	if (action->k.lost)
		return "operator";
	if (subworkflow_is_held(state, action))
		return "workflow";
	if (task->kind == ACTION_WORKFLOW && action->latest != NULL &&
	    action->latest->k.open)
		return "subworkflow";
	if (task->kind == ACTION_WAIT && action->k.status == TASK_WAITING)
		return kinds[task->u.wait.kind];
	return NULL;
}

static void
view_wait(msgpack_packer *packer, const struct action *action, const char *kind)
{
	msgpack_pack_map(packer, 8);
	pack_key_str(packer, "task", action->run->task->name);
	pack_key_uint(packer, "run", action->run->k.number);
	if (action->item != EVENT_NONE)
		pack_key_uint(packer, "item", action->item);
	else
		pack_key_nil(packer, "item");
	pack_key_str(packer, "kind", kind);
	pack_what(packer, action);
	pack_key_time(packer, "until", action->k.due);
	pack_from(packer, action->run->task);
}

/* One pair: the groups whose members may approve. */
static void
pack_from(msgpack_packer *packer, const struct task_definition *task)
{
	pack_str(packer, "from");
	if (task->kind != ACTION_WAIT || task->u.wait.nfrom == 0) {
		msgpack_pack_nil(packer);
		return;
	}
	msgpack_pack_array(packer, task->u.wait.nfrom);
	for (uint32_t i = 0; i < task->u.wait.nfrom; i++)
		pack_str(packer, task->u.wait.from[i]);
}

/* Two pairs: the name of a signal or a workflow, or for an approval the
 * question; the subworkflow. */
static void
pack_what(msgpack_packer *packer, const struct action *action)
{
	const struct task_definition *task = action->run->task;
	bool is_approval =
	    task->kind == ACTION_WAIT && task->u.wait.kind == WAIT_APPROVAL;

	if (task->kind == ACTION_WORKFLOW)
		pack_key_str(packer, "name", task->u.workflow.name);
	else {
		pack_str(packer, is_approval ? "question" : "name");
		value_pack(action->k.wait, packer);
	}
	if (action->latest != NULL && action->latest->k.child != 0)
		pack_key_uint(packer, "execution", action->latest->k.child);
	else
		pack_key_nil(packer, "execution");
}
