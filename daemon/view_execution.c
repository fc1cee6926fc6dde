/* view_execution: one execution on the wire */

#include "daemon/core/event_text.h"
#include "daemon/core/family.h"
#include "daemon/core/safety.h"
#include "daemon/view.h"
#include "libproto/pack.h"

/* Who holds an execution back, and why. */
struct holder {
	const char *by;
	const char *reason;
	const char *who;
	int64_t since;
};

/* How one generation of it went: what differs between them. */
struct course {
	uint32_t generation;
	const struct definition *definition;
	enum execution_status status;
	const struct value *input;
	const struct value *vars;
	const struct value *output;
	const char *reason;
	const struct cause *cause;
	int64_t started_at;
	int64_t ended_at;
};

static void
view_course(msgpack_packer *, const struct state *, const struct execution *,
    const struct course *, bool shows, const struct view_tasks *whole);
static bool is_newest(const struct execution *, const struct course *);
static void
view_parent(msgpack_packer *, const struct state *, const struct execution *);
static void view_error(msgpack_packer *, const struct execution *,
    const struct course *, bool shows);
static void view_now(msgpack_packer *, const struct state *,
    const struct execution *, const struct course *);
static void
view_held(msgpack_packer *, const struct state *, const struct execution *);
static void
pack_held(msgpack_packer *, const struct holder *, bool engine, bool frozen);
static void view_values(msgpack_packer *, const struct state *,
    const struct execution *, const struct course *, bool shows);
static void view_generations(
    msgpack_packer *, const struct execution *, uint32_t before, bool shows);

void
view_execution(msgpack_packer *packer, const struct state *state,
    const struct execution *execution, bool shows,
    const struct view_tasks *whole)
{
	const struct course course = {
	    .generation = execution->k.generation,
	    .definition = execution->definition,
	    .status = execution->k.status,
	    .input = execution->k.input,
	    .vars = execution->k.vars,
	    .output = execution->k.output,
	    .reason = execution->k.reason,
	    .cause = &execution->k.cause,
	    .started_at = execution->k.started_at,
	    .ended_at = execution->k.ended_at,
	};

	view_course(packer, state, execution, &course, shows, whole);
}

void
view_generation(msgpack_packer *packer, const struct state *state,
    const struct execution *execution, uint32_t generation, bool shows,
    const struct view_tasks *whole)
{
	const struct generation *earlier = &execution->earlier[generation - 1];
	const struct course course = {
	    .generation = generation,
	    .definition = earlier->definition,
	    .status = earlier->status,
	    .input = earlier->input,
	    .vars = earlier->vars,
	    .output = earlier->output,
	    .reason = earlier->reason,
	    .cause = &earlier->cause,
	    .started_at = earlier->started_at,
	    .ended_at = earlier->ended_at,
	};

	view_course(packer, state, execution, &course, shows, whole);
}

static void
view_course(msgpack_packer *packer, const struct state *state,
    const struct execution *execution, const struct course *course, bool shows,
    const struct view_tasks *whole)
{
	msgpack_pack_map(packer, whole != NULL ? 35 : 29);
	pack_key_uint(packer, "id", execution->k.id);
	pack_key_str(packer, "workflow", execution->workflow->name);
	pack_key_uint(packer, "version", course->definition->version);
	pack_key_str(packer, "status", execution_status_name(course->status));
	pack_key_str(packer, "ending",
	    execution->k.ending < 0 || execution_ended(course->status)
		? NULL
		: execution_status_name(
		      (enum execution_status)execution->k.ending));
	pack_key_uint(packer, "revision", execution_revision(state, execution));
	pack_key_uint(packer, "generation", course->generation);
	pack_str(packer, "parent");
	view_parent(packer, state, execution);
	pack_key_uint(packer, "depth", execution->k.depth);
	pack_key_id(packer, "replay_of", execution->k.replay_of);
	pack_key_id(packer, "failure_of", execution->k.failure_of);
	pack_key_str(packer, "owner", execution->k.owner);
	pack_key_uint(packer, "uid", execution->k.uid);
	view_values(packer, state, execution, course, shows);
	pack_key_str(packer, "reason", shows ? course->reason : NULL);
	pack_key_str(packer, "canceled_by",
	    is_newest(execution, course) ? execution->k.canceled_by : NULL);
	pack_str(packer, "error");
	view_error(packer, execution, course, shows);
	view_now(packer, state, execution, course);
	pack_key_str(packer, "correlation_id", execution->k.correlation);
	pack_str(packer, "labels");
	value_pack(execution->k.labels, packer);
	pack_str(packer, "domains");
	value_pack(execution->k.domains, packer);
	pack_key_int(packer, "priority", execution->k.priority);
	pack_key_time(packer, "created_at", execution->k.created_at);
	pack_key_time(packer, "started_at", course->started_at);
	pack_key_time(packer, "ended_at", course->ended_at);
	if (whole == NULL)
		return;
	view_generations(packer, execution, course->generation, shows);
	view_obstacles(packer, state, execution, is_newest(execution, course));
	pack_str(packer, "tasks");
	msgpack_pack_array(packer, whole->count);
	msgpack_pack_bin_body(packer, whole->packed.data, whole->packed.size);
}

/* Three of the map's pairs: what is only true of the newest. */
static void
view_now(msgpack_packer *packer, const struct state *state,
    const struct execution *execution, const struct course *course)
{
	pack_str(packer, "held");
	if (is_newest(execution, course))
		view_held(packer, state, execution);
	else
		msgpack_pack_nil(packer);
	pack_str(packer, "waits_on");
	if (is_newest(execution, course))
		view_waits(packer, state, execution);
	else
		msgpack_pack_array(packer, 0);
	pack_key_uint(packer, "callouts",
	    is_newest(execution, course) ? execution->open_callouts : 0);
}

static bool
is_newest(const struct execution *execution, const struct course *course)
{
	return course->generation == execution->k.generation;
}

/* Three of the map's pairs. */
static void
view_values(msgpack_packer *packer, const struct state *state,
    const struct execution *execution, const struct course *course, bool shows)
{
	pack_str(packer, "input");
	view_value(packer, state, execution, course->input, shows);
	pack_str(packer, "vars");
	view_value(packer, state, execution, course->vars, shows);
	pack_str(packer, "output");
	view_value(packer, state, execution, course->output, shows);
}

/* Those before one; each is to be had with execution.get. */
static void
view_generations(msgpack_packer *packer, const struct execution *execution,
    uint32_t before, bool shows)
{
	pack_str(packer, "generations");
	msgpack_pack_array(packer, before - 1);
	for (uint32_t i = 0; i + 1 < before; i++) {
		const struct generation *earlier = &execution->earlier[i];

		msgpack_pack_map(packer, 6);
		pack_key_uint(packer, "generation", i + 1);
		pack_key_uint(packer, "version", earlier->definition->version);
		pack_key_str(
		    packer, "status", execution_status_name(earlier->status));
		pack_key_str(packer, "reason", shows ? earlier->reason : NULL);
		pack_key_time(packer, "started_at", earlier->started_at);
		pack_key_time(packer, "ended_at", earlier->ended_at);
	}
}

static void
view_parent(msgpack_packer *packer, const struct state *state,
    const struct execution *execution)
{
	const struct execution *parent;

	if (execution->k.parent == 0) {
		msgpack_pack_nil(packer);
		return;
	}
	parent = state_execution(state, execution->k.parent);
	msgpack_pack_map(packer, 2);
	pack_key_uint(packer, "execution", execution->k.parent);
	pack_key_str(packer, "task",
	    parent != NULL && execution->k.parent_run < parent->nruns
		? parent->runs[execution->k.parent_run]->task->name
		: NULL);
}

/* The task whose end ends, or will end, the execution. */
static void
view_error(msgpack_packer *packer, const struct execution *execution,
    const struct course *course, bool shows)
{
	const struct cause *cause = course->cause;
	int status = is_newest(execution, course) && execution->k.ending >= 0
	    ? execution->k.ending
	    : (int)course->status;

	if (cause->run >= execution->nruns || status == EXECUTION_COMPLETED) {
		msgpack_pack_nil(packer);
		return;
	}
	msgpack_pack_map(packer, 5);
	pack_key_str(packer, "task", execution->runs[cause->run]->task->name);
	pack_key_uint(packer, "run", execution->runs[cause->run]->k.number);
	if (cause->item != EVENT_NONE)
		pack_key_uint(packer, "item", cause->item);
	else
		pack_key_nil(packer, "item");
	if (cause->attempt != EVENT_NONE)
		pack_key_uint(packer, "attempt", cause->attempt);
	else
		pack_key_nil(packer, "attempt");
	pack_key_str(packer, "reason", shows ? course->reason : NULL);
}

/*
 * What is nearest comes first: what was paused for itself, or along with its
 * parent, stays so when the engine goes on.
 */
static void
view_held(msgpack_packer *packer, const struct state *state,
    const struct execution *execution)
{
	const struct hold *hold = &execution->k.hold;
	const struct holder by_engine = {"engine", state->k.engine_reason,
	    state->k.engine_by, state->k.engine_since};
	const struct holder by_hold = {
	    hold_name(hold->by), hold->reason, hold->who, hold->since};
	const struct holder by_limit = {"limit",
	    "as many executions of the workflow run as its "
	    "limits.parallel_runs lets",
	    NULL, execution->k.created_at};
	const struct workflow *workflow = execution->workflow;
	const struct holder by_workflow = {
	    workflow_capped(workflow) >= 0 ? "safety" : "disabled",
	    "its workflow is not let start anything", workflow->by,
	    execution->k.created_at};
	bool engine = state->k.engine != ENGINE_RUNNING;
	/* What is being canceled is let go, so that it can end. */
	bool frozen =
	    (hold->frozen || state->k.engine_frozen ||
		(engine && execution_callouts_frozen(execution) > 0)) &&
	    execution->k.status != EXECUTION_CANCELING;

	if (execution_ended(execution->k.status))
		msgpack_pack_nil(packer);
	else if (hold->by != HOLD_NONE)
		pack_held(packer, &by_hold, engine, frozen);
	else if (engine)
		pack_held(packer, &by_engine, engine, frozen);
	else if (execution->is_held && !workflow_admits(workflow, execution))
		pack_held(packer, &by_workflow, false, false);
	else if (execution->is_held)
		pack_held(packer, &by_limit, false, false);
	else
		msgpack_pack_nil(packer);
}

static void
pack_held(msgpack_packer *packer, const struct holder *holder, bool engine,
    bool frozen)
{
	msgpack_pack_map(packer, 6);
	pack_key_str(packer, "by", holder->by);
	pack_key_str(packer, "reason", holder->reason);
	pack_key_time(packer, "since", holder->since);
	pack_key_str(packer, "who", holder->who);
	pack_key_bool(packer, "frozen", frozen);
	pack_key_bool(packer, "engine", engine);
}
