/*
 * allowed: what a refusal says would not be refused now.  A status alone does
 * not tell: callouts are being stopped still, the engine is paused, no task has
 * failed, a parent stands in the way.  So what starts or removes something is
 * decided on and thrown away, with all that it may depend on.
 */
#include "daemon/core/allowed.h"

#include <string.h>

#include "daemon/core/buffer.h"
#include "daemon/core/decide.h"
#include "libproto/pack.h"

static bool is_of_task(enum command_type);
static uint32_t execution_moves(
    const struct state *, const struct command *, const struct execution *);
static bool may_move(const struct state *, const struct command *,
    const struct execution *, enum execution_move);
static bool was_asked(const struct command *, enum execution_move);
static const char *ended_task(const struct execution *);
static uint32_t
task_moves(const struct state *, const struct command *, const struct run *);
static bool task_was_asked(const struct command *, enum task_move);
static bool may_rerun(const struct state *, struct command *, const char *task);

void
allowed_find(
    const struct state *s, const struct command *c, struct reply *reply)
{
	const struct execution *x = state_execution(s, reply->execution);
	const struct run *r = NULL;
	uint32_t task;

	if (x == NULL || reply->error != ERROR_STATE_CONFLICT)
		return;
	if (!is_of_task(c->type)) {
		reply->allowed = execution_moves(s, c, x);
		return;
	}
	task = definition_task(x->definition, c->name, strlen(c->name));
	if (task != UINT32_MAX)
		r = x->nodes[task].newest;
	if (r == NULL)
		return;
	reply->run = r;
	reply->allowed = task_moves(s, c, r);
}

static bool
is_of_task(enum command_type type)
{
	return type == COMMAND_UPDATE || type == COMMAND_SKIP ||
	    type == COMMAND_APPROVE || type == COMMAND_REJECT;
}

static uint32_t
execution_moves(
    const struct state *s, const struct command *c, const struct execution *x)
{
	uint32_t moves = 0;

	for (int i = 0; i < EXECUTION_MOVES; i++) {
		enum execution_move move = (enum execution_move)i;

		if (execution_move_requested(move) && !was_asked(c, move) &&
		    execution_moved(x->k.status, move) >= 0 &&
		    may_move(s, c, x, move))
			moves |= UINT32_C(1) << i;
	}
	return moves;
}

/* The status has allowed it; whose it is has been asked by what was refused. */
static bool
may_move(const struct state *s, const struct command *c,
    const struct execution *x, enum execution_move move)
{
	struct command trial = {
	    .now = c->now,
	    .wall = c->wall,
	    .by = c->by,
	    .execution = x->k.id,
	    .if_status = -1,
	};

	switch (move) {
	case EXECUTION_MOVE_RESTART:
		trial.type = COMMAND_RESTART;
		break;
	case EXECUTION_MOVE_RERUN:
		trial.type = COMMAND_RERUN;
		break;
	case EXECUTION_MOVE_RERUN_TASKS:
		return may_rerun(s, &trial, ended_task(x));
	case EXECUTION_MOVE_RETRY:
		trial.type = COMMAND_RETRY;
		break;
	case EXECUTION_MOVE_REPLAY:
		trial.type = COMMAND_REPLAY;
		break;
	case EXECUTION_MOVE_DELETE:
		trial.type = COMMAND_DELETE;
		break;
	case EXECUTION_MOVE_KILL:
		return !x->k.kill || x->k.status != EXECUTION_CANCELING;
	default:
		return true;
	}
	return decides(s, &trial);
}

/*
 * Just this was refused, whatever else it may need than what the trial has; but
 * for a condition it may be asked again.
 */
static bool
was_asked(const struct command *c, enum execution_move move)
{
	static const enum command_type types[EXECUTION_MOVES] = {
	    [EXECUTION_MOVE_RESTART] = COMMAND_RESTART,
	    [EXECUTION_MOVE_RERUN] = COMMAND_RERUN,
	    [EXECUTION_MOVE_RERUN_TASKS] = COMMAND_RERUN_TASKS,
	    [EXECUTION_MOVE_REPLAY] = COMMAND_REPLAY,
	    [EXECUTION_MOVE_DELETE] = COMMAND_DELETE,
	};

	return c->if_revision == 0 && c->if_status < 0 &&
	    types[move] != COMMAND_TICK && types[move] == c->type;
}

/* Any: what may be in the way of one task is in that of each. */
static const char *
ended_task(const struct execution *x)
{
	for (uint32_t i = 0; i < x->definition->ntasks; i++)
		if (x->nodes[i].newest != NULL &&
		    task_moved(
			x->nodes[i].newest->k.status, TASK_MOVE_RUN_AGAIN) >= 0)
			return x->definition->tasks[i].name;
	return NULL;
}

static bool
may_rerun(const struct state *s, struct command *trial, const char *task)
{
	msgpack_sbuffer buffer;
	msgpack_packer pk;
	bool may;

	if (task == NULL)
		return false;
	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&pk, &buffer, buffer_write);
	msgpack_pack_array(&pk, 1);
	pack_str(&pk, task);
	trial->type = COMMAND_RERUN_TASKS;
	trial->tasks = value_of_buffer(&buffer);
	may = decides(s, trial);
	value_unref(trial->tasks);
	trial->tasks = NULL;
	return may;
}

static uint32_t
task_moves(const struct state *s, const struct command *c, const struct run *r)
{
	static const struct {
		enum task_move move;
		enum command_type type;
		enum task_status status;
	} asked[] = {
	    {TASK_MOVE_SET_COMPLETED, COMMAND_UPDATE, TASK_COMPLETED},
	    {TASK_MOVE_SET_FAILED, COMMAND_UPDATE, TASK_FAILED},
	    {TASK_MOVE_SET_RUNNING, COMMAND_UPDATE, TASK_RUNNING},
	    {TASK_MOVE_SKIP, COMMAND_SKIP, TASK_PENDING},
	    {TASK_MOVE_APPROVE, COMMAND_APPROVE, TASK_PENDING},
	    {TASK_MOVE_REJECT, COMMAND_REJECT, TASK_PENDING},
	};
	struct command trial = {
	    .now = c->now,
	    .wall = c->wall,
	    .by = c->by,
	    .execution = c->execution,
	    .if_status = -1,
	    .name = c->name,
	    .item = c->item,
	};
	uint32_t moves = 0;

	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		trial.type = asked[i].type;
		trial.status = asked[i].status;
		if (!task_was_asked(c, asked[i].move) && decides(s, &trial))
			moves |= UINT32_C(1) << asked[i].move;
	}
	if (r->task->kind == ACTION_WAIT &&
	    r->task->u.wait.kind == WAIT_SIGNAL && r->k.status == TASK_WAITING)
		moves |= UINT32_C(1) << TASK_MOVE_SIGNAL;
	if (task_moved(r->k.status, TASK_MOVE_RUN_AGAIN) >= 0 &&
	    may_rerun(s, &trial, c->name))
		moves |= UINT32_C(1) << TASK_MOVE_RUN_AGAIN;
	return moves;
}

/* Of a condition that did not hold, none. */
static bool
task_was_asked(const struct command *c, enum task_move move)
{
	if (c->if_revision != 0 || c->if_status >= 0)
		return false;
	switch (move) {
	case TASK_MOVE_SET_COMPLETED:
		return c->type == COMMAND_UPDATE && c->status == TASK_COMPLETED;
	case TASK_MOVE_SET_FAILED:
		return c->type == COMMAND_UPDATE && c->status == TASK_FAILED;
	case TASK_MOVE_SET_RUNNING:
		return c->type == COMMAND_UPDATE && c->status == TASK_RUNNING;
	case TASK_MOVE_SKIP:
		return c->type == COMMAND_SKIP;
	case TASK_MOVE_APPROVE:
		return c->type == COMMAND_APPROVE;
	case TASK_MOVE_REJECT:
		return c->type == COMMAND_REJECT;
	default:
		return false;
	}
}

void
allowed_say(struct reply *reply)
{
	size_t used = strlen(reply->message), before = used;

	for (int i = 0; i < EXECUTION_MOVES; i++)
		if ((reply->allowed >> i & 1) != 0 &&
		    used < sizeof(reply->message))
			used += (size_t)snprintf(reply->message + used,
			    sizeof(reply->message) - used, "%s%s",
			    used == before ? "; allowed: " : ", ",
			    execution_move_name((enum execution_move)i));
	if (used == before)
		snprintf(reply->message + used, sizeof(reply->message) - used,
		    "; nothing more can be asked of it");
}
