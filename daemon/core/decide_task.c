/* decide_task: what people do to one task. */

#include "daemon/core/again.h"
#include "daemon/core/buffer.h"
#include "daemon/core/decide.h"
#include "daemon/core/scope.h"

#include <string.h>

#include "libproto/pack.h"

/* What is done to each of the actions that a command names. */
typedef void action_step(const struct state *, const struct command *,
    const struct action *, struct batch *);

static action_step update_action, skip_action;
static const struct run *
named_run(const struct execution *, const struct command *, struct reply *);
static enum task_move move_of(const struct command *);
static bool may_change(const struct command *, const struct action *);
static bool may_run(const struct command *, const struct run *,
    enum task_status, struct reply *);
static bool
is_whole(const struct command *, const struct run *, struct batch *);
static void set_whole(const struct state *, const struct command *,
    const struct run *, struct batch *);
static const char *reason_of(const struct command *, struct batch *);
static struct value *given(const struct command *, const struct action *);
static bool each_action(const struct state *, const struct command *,
    struct batch *, struct reply *, const char *verb, action_step *);
static void stop_latest(const struct state *, struct batch *,
    const struct action *, const char *reason);
static const struct action *
approval(const struct execution *, const struct command *, struct reply *);
static bool may_approve(
    const struct execution *, const struct action *, const struct actor *);
static bool decide_approval(const struct state *, const struct command *,
    struct batch *, struct reply *, bool approved);

static const struct run *
named_run(
    const struct execution *x, const struct command *c, struct reply *reply)
{
	uint32_t number =
	    definition_task(x->definition, c->name, strlen(c->name));
	const struct run *r;

	if (number == UINT32_MAX) {
		refuse(reply, ERROR_NOT_FOUND, "workflow %s has no task \"%s\"",
		    x->definition->name, c->name);
		return NULL;
	}
	r = x->nodes[number].newest;
	if (r == NULL) {
		refuse(reply, ERROR_STATE_CONFLICT,
		    "task %s of execution %llu has not been reached yet",
		    c->name, (unsigned long long)x->k.id);
		return NULL;
	}
	return r;
}

static enum task_move
move_of(const struct command *c)
{
	if (c->type == COMMAND_SKIP)
		return TASK_MOVE_SKIP;
	if (c->status == TASK_RUNNING)
		return TASK_MOVE_SET_RUNNING;
	return c->status == TASK_COMPLETED ? TASK_MOVE_SET_COMPLETED
					   : TASK_MOVE_SET_FAILED;
}

static bool
may_change(const struct command *c, const struct action *a)
{
	return task_moved(a->k.status, move_of(c)) >= 0;
}

/*
 * Whether what has the status can run again, where it is to: only what is run
 * can, and not in an execution that would not let it begin.
 */
static bool
may_run(const struct command *c, const struct run *r, enum task_status status,
    struct reply *reply)
{
	const struct execution *x = r->execution;
	enum action_kind kind = r->task->kind;

	if (move_of(c) != TASK_MOVE_SET_RUNNING ||
	    task_moved(status, TASK_MOVE_SET_RUNNING) < 0)
		return true; /* or is refused as all are */
	if (kind != ACTION_RUN && kind != ACTION_WORKFLOW)
		return refuse(reply, ERROR_STATE_CONFLICT,
		    "task %s of execution %llu runs nothing that could run "
		    "again: it is %s, and can be set to completed or failed",
		    r->task->name, (unsigned long long)x->k.id,
		    task_status_name(status));
	return again_is_open(x, reply);
}

/*
 * Whether a task with items is set as one: with an output, which is the task's
 * then, or before its items are made.  While items are tried again it goes on.
 */
static bool
is_whole(const struct command *c, const struct run *r, struct batch *b)
{
	enum task_move move = move_of(c);
	const char *reason = "";
	int64_t due;

	if (r->task->items == NULL || c->item != EVENT_NONE ||
	    move == TASK_MOVE_SET_RUNNING || task_moved(r->k.status, move) < 0)
		return false;
	if (!r->k.begun)
		return true;
	if (c->value == NULL)
		return false;
	if (move != TASK_MOVE_SET_FAILED || c->terminal)
		return true;
	for (uint32_t i = 0; i < r->nactions; i++)
		if (may_change(c, &r->actions[i]) &&
		    retry_due(b, &r->actions[i], TASK_FAILED, -1, c->value,
			&due, &reason))
			return false;
	return true;
}

static const char *
reason_of(const struct command *c, struct batch *b)
{
	const char *who = c->by.name == NULL ? "a user" : c->by.name;

	if (c->reason != NULL)
		return c->reason;
	return c->type == COMMAND_SKIP ? batch_printf(b, "skipped by %s", who)
				       : batch_printf(b, "set to %s by %s",
					     task_status_name(c->status), who);
}

/* What its items have given is theirs; the output is that of them all. */
static void
set_whole(const struct state *s, const struct command *c, const struct run *r,
    struct batch *b)
{
	enum task_status to =
	    (enum task_status)task_moved(r->k.status, move_of(c));
	const char *reason = reason_of(c, b);

	for (uint32_t i = 0; i < r->nactions; i++) {
		const struct action *a = &r->actions[i];

		if (task_ended(a->k.status))
			continue;
		stop_latest(s, b, a, reason);
		end_action(b, a, item_ends(a, to), reason, NULL)->by =
		    c->by.name;
	}
	end_items(s, r, b, to, reason, c->by.name, c->value);
}

static bool
each_action(const struct state *s, const struct command *c, struct batch *b,
    struct reply *reply, const char *verb, action_step *step)
{
	const struct execution *x = acted_on(s, c, reply);
	const struct run *r;
	enum task_status status;
	size_t before = b->n;

	if (x == NULL || (r = named_run(x, c, reply)) == NULL)
		return false;
	if (c->item != EVENT_NONE &&
	    (r->task->items == NULL || c->item >= r->nactions))
		return refuse(reply, ERROR_NOT_FOUND,
		    "task %s of execution %llu has no item %u", c->name,
		    (unsigned long long)x->k.id, c->item);
	status =
	    c->item == EVENT_NONE ? r->k.status : r->actions[c->item].k.status;
	if (!may_run(c, r, status, reply))
		return false;
	if (is_whole(c, r, b)) {
		set_whole(s, c, r, b);
		return true;
	}
	for (uint32_t i = 0; i < r->nactions; i++)
		if ((c->item == EVENT_NONE || c->item == i) &&
		    may_change(c, &r->actions[i]))
			step(s, c, &r->actions[i], b);
	if (b->n > before || task_moved(status, move_of(c)) == LIFECYCLE_SAME)
		return true;
	return refuse(reply, ERROR_STATE_CONFLICT,
	    "task %s of execution %llu %s %s: there is nothing to %s", c->name,
	    (unsigned long long)x->k.id,
	    task_ended(status) ? "has ended and is" : "is",
	    task_status_name(status), verb);
}

static void
stop_latest(const struct state *s, struct batch *b, const struct action *a,
    const char *reason)
{
	if (a->latest != NULL && a->latest->k.open)
		stop_attempt(s, b, a->latest, STOP_UPDATE, reason);
}

/* What is given for them all is not that of one of the items. */
static struct value *
given(const struct command *c, const struct action *a)
{
	return a->run->task->items != NULL && c->item == EVENT_NONE
	    ? NULL
	    : value_ref(c->value);
}

static void
update_action(const struct state *s, const struct command *c,
    const struct action *a, struct batch *b)
{
	const char *reason = reason_of(c, b);
	int64_t due = 0;
	int to = task_moved(a->k.status, move_of(c));
	struct event *e;

	stop_latest(s, b, a, reason);
	if (to == TASK_FAILED && !c->terminal &&
	    retry_due(b, a, TASK_FAILED, -1, c->value, &due, &reason))
		to = task_moved(a->k.status, TASK_MOVE_RETRY);
	if (to == TASK_PENDING) {
		e = batch_add_action(b, EVENT_TASK_READY, a);
		e->due = due;
		e->reason = reason;
	} else
		e = end_action(b, a, (enum task_status)to, reason, given(c, a));
	e->by = c->by.name;
}

bool
decide_update(const struct state *s, const struct command *c, struct batch *b,
    struct reply *reply)
{
	if (c->status != TASK_COMPLETED && c->status != TASK_FAILED &&
	    c->status != TASK_RUNNING)
		return refuse(reply, ERROR_BAD_REQUEST,
		    "a task can be set to completed, failed, failed_terminal "
		    "or running, not to %s",
		    task_status_name(c->status));
	return each_action(s, c, b, reply, "update", update_action);
}

static void
skip_action(const struct state *s, const struct command *c,
    const struct action *a, struct batch *b)
{
	const char *reason = reason_of(c, b);

	stop_latest(s, b, a, reason);
	end_action(b, a,
	    (enum task_status)task_moved(a->k.status, TASK_MOVE_SKIP), reason,
	    given(c, a))
	    ->by = c->by.name;
}

bool
decide_skip(const struct state *s, const struct command *c, struct batch *b,
    struct reply *reply)
{
	return each_action(s, c, b, reply, "skip", skip_action);
}

static const struct action *
approval(
    const struct execution *x, const struct command *c, struct reply *reply)
{
	const struct run *r = named_run(x, c, reply);
	enum task_move move =
	    c->type == COMMAND_APPROVE ? TASK_MOVE_APPROVE : TASK_MOVE_REJECT;

	if (r == NULL)
		return NULL;
	if (r->task->kind != ACTION_WAIT ||
	    r->task->u.wait.kind != WAIT_APPROVAL ||
	    task_moved(r->k.status, move) < 0) {
		refuse(reply, ERROR_STATE_CONFLICT,
		    "task %s of execution %llu does not wait for an approval: "
		    "it %s %s",
		    c->name, (unsigned long long)x->k.id,
		    task_ended(r->k.status) ? "has ended and is" : "is",
		    task_status_name(r->k.status));
		return NULL;
	}
	return &r->actions[0];
}

static bool
may_approve(
    const struct execution *x, const struct action *a, const struct actor *by)
{
	const struct task_definition *t = a->run->task;

	if (by->role == ROLE_ADMIN)
		return true;
	if (t->u.wait.nfrom == 0)
		return by->operates_any || by->uid == x->k.uid;
	for (uint32_t i = 0; i < t->u.wait.nfrom; i++)
		for (unsigned j = 0; j < by->ngroups; j++)
			if (strcmp(t->u.wait.from[i], by->groups[j]) == 0)
				return true;
	return false;
}

static bool
decide_approval(const struct state *s, const struct command *c, struct batch *b,
    struct reply *reply, bool approved)
{
	struct command unowned = *c;
	const struct execution *x;
	const struct action *a;
	msgpack_sbuffer buffer;
	msgpack_packer pk;
	struct event *e;

	/* Whose it is does not matter here: the definition says who may. */
	unowned.by.operates_any = true;
	x = acted_on(s, &unowned, reply);
	if (x == NULL || (a = approval(x, c, reply)) == NULL)
		return false;
	if (!may_approve(x, a, &c->by))
		return refuse(reply, ERROR_FORBIDDEN,
		    "approving task %s of execution %llu is for %s", c->name,
		    (unsigned long long)x->k.id,
		    a->run->task->u.wait.nfrom == 0
			? "its owner and for operators of all executions"
			: "members of the groups that its definition names");
	if (!approved) {
		e = end_action(b, a,
		    (enum task_status)task_moved(a->k.status, TASK_MOVE_REJECT),
		    batch_printf(b, "rejected by %s%s%s", c->by.name,
			c->reason == NULL ? "" : ": ",
			c->reason == NULL ? "" : c->reason),
		    NULL);
		e->by = c->by.name;
		return true;
	}
	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&pk, &buffer, buffer_write);
	msgpack_pack_map(&pk, 3);
	pack_key_bool(&pk, "approved", true);
	pack_key_str(&pk, "by", c->by.name);
	pack_key_str(&pk, "note", c->reason);
	e = end_action(b, a,
	    (enum task_status)task_moved(a->k.status, TASK_MOVE_APPROVE),
	    batch_printf(b, "approved by %s%s%s", c->by.name,
		c->reason == NULL ? "" : ": ",
		c->reason == NULL ? "" : c->reason),
	    value_of_buffer(&buffer));
	e->by = c->by.name;
	return true;
}

bool
decide_approve(const struct state *s, const struct command *c, struct batch *b,
    struct reply *reply)
{
	return decide_approval(s, c, b, reply, true);
}

bool
decide_reject(const struct state *s, const struct command *c, struct batch *b,
    struct reply *reply)
{
	return decide_approval(s, c, b, reply, false);
}
