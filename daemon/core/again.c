/* again: which runs go again, which stand aside, who comes back to life. */

#include "daemon/core/again.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"
#include "daemon/core/decide.h"

static void spread(struct again *);
static bool has_outcome(const struct execution *);
static void cut_off(struct again *);
static bool
is_revivable(const struct execution *, const struct run *, struct reply *);
static void emit_revival(struct again *, const char *verb);
static void emit_aside(struct again *, const struct run *);
static void emit_again(struct again *, const struct run *);
static void emit_reopened(struct again *, const struct action *);
static bool has_failed(const struct run *);
static bool has_rest(const struct execution *);
static bool resumable(const struct state *, const struct action *);
static bool all_resumable(const struct state *, const struct run *);
static bool reopen_children(struct again *, const struct run *, struct reply *);

void
again_open(struct again *again, const struct state *s,
    const struct execution *x, const struct command *c, struct batch *b)
{
	again->s = s;
	again->x = x;
	again->c = c;
	again->b = b;
	again->fates = xcalloc(x->nruns, sizeof(*again->fates));
}

void
again_close(struct again *again)
{
	free(again->fates);
}

bool
again_is_quiet(const struct execution *x, struct reply *reply)
{
	if (!execution_ended(x->k.status) || x->open_callouts == 0)
		return true;
	return refuse(reply, ERROR_STATE_CONFLICT,
	    "execution %llu is %s, but still has %u callout%s being "
	    "stopped: try again when all have ended",
	    (unsigned long long)x->k.id, execution_status_name(x->k.status),
	    x->open_callouts, x->open_callouts == 1 ? "" : "s");
}

bool
again_is_open(const struct execution *x, struct reply *reply)
{
	if (execution_ended(x->k.status) || !execution_stops(x))
		return true;
	return refuse(reply, ERROR_STATE_CONFLICT,
	    "execution %llu is on its way to being %s: nothing of it can run "
	    "again before it has ended",
	    (unsigned long long)x->k.id,
	    execution_status_name(x->k.status == EXECUTION_CANCELING
		    ? EXECUTION_CANCELED
		    : (enum execution_status)x->k.ending));
}

bool
again_is_downstream(const struct again *again, const struct run *r)
{
	for (uint32_t i = 0; i + r->k.nlate < r->k.nfrom; i++)
		if (again->fates[r->k.from[i]] != FATE_STAYS)
			return true;
	return false;
}

/* Everything downstream, of what goes again or on. */
static void
spread(struct again *again)
{
	for (uint32_t i = 0; i < again->x->nruns; i++)
		if (again->fates[i] == FATE_STAYS &&
		    !again->x->runs[i]->k.superseded &&
		    again_is_downstream(again, again->x->runs[i]))
			again->fates[i] = FATE_ASIDE;
}

/* It has ended, or is held back on the way to its end. */
static bool
has_outcome(const struct execution *x)
{
	return execution_ended(x->k.status) || x->k.ending >= 0;
}

/*
 * Branches that a failure had cut off go on; but what ended the execution had
 * not been cut off, even where that was the cancel of a subworkflow.
 */
static void
cut_off(struct again *again)
{
	if (!has_outcome(again->x))
		return;
	for (uint32_t i = 0; i < again->x->nruns; i++)
		if (again->fates[i] == FATE_STAYS &&
		    i != again->x->k.cause.run &&
		    run_is_unhandled(again->x->runs[i]) &&
		    again->x->runs[i]->k.status == TASK_CANCELED)
			again->fates[i] = FATE_AGAIN_REST;
}

static void
emit_revival(struct again *again, const char *verb)
{
	const struct execution *x = again->x;
	struct event *e;

	if (!has_outcome(x))
		return;
	e = batch_add_execution(again->b, EVENT_EXECUTION_REVIVED, x);
	e->status = execution_moved(x->k.status, EXECUTION_MOVE_REVIVE);
	e->by = again->c->by.name;
	e->reason = verb;
	if (execution_ended(x->k.status) && x->definition->timeout != 0)
		e->due = again->b->now + x->definition->timeout;
}

/* What is in flight downstream is stopped first. */
static void
emit_aside(struct again *again, const struct run *r)
{
	static const char reason[] = "superseded: a task before it runs again";
	struct event *e;

	for (uint32_t i = 0; i < r->nactions; i++)
		if (r->actions[i].latest != NULL &&
		    r->actions[i].latest->k.open)
			stop_attempt(again->s, again->b, r->actions[i].latest,
			    STOP_CANCEL, reason);
	if (!task_ended(r->k.status)) {
		e = batch_add_run(again->b, EVENT_TASK_ENDED, r);
		e->status = TASK_CANCELED;
		e->reason = reason;
	}
	batch_add_run(again->b, EVENT_TASK_SUPERSEDED, r);
}

static void
emit_again(struct again *again, const struct run *r)
{
	struct event *e = batch_add_run(again->b, EVENT_TASK_AGAIN, r);
	struct value *input = value_get(again->c->task_input, r->task->name);

	e->count = again->fates[r->index] == FATE_AGAIN_REST;
	e->value = input;
}

static void
emit_reopened(struct again *again, const struct action *a)
{
	struct event *e = batch_add_action(again->b, EVENT_TASK_REOPENED, a);
	int64_t timeout = a->run->task->timeout;

	e->attempt = a->latest->k.number;
	e->due = timeout == 0 ? 0 : again->b->now + timeout;
}

void
again_emit(struct again *again, const char *verb)
{
	const struct execution *x = again->x;

	spread(again);
	cut_off(again); /* but what comes after one that runs again anyway */
	spread(again);
	emit_revival(again, verb);
	for (uint32_t i = 0; i < x->nruns; i++)
		if (again->fates[i] == FATE_ASIDE)
			emit_aside(again, x->runs[i]);
	for (uint32_t i = 0; i < x->nruns; i++)
		if (again->fates[i] == FATE_AGAIN ||
		    again->fates[i] == FATE_AGAIN_REST)
			emit_again(again, x->runs[i]);
	for (uint32_t i = 0; i < x->nruns; i++)
		if (again->fates[i] == FATE_STAYS &&
		    x->runs[i]->k.cut != NULL && !x->runs[i]->k.superseded)
			batch_add_run(
			    again->b, EVENT_TASK_CONTINUED, x->runs[i]);
}

/* It is why its execution ended, or was cut off by that. */
static bool
has_failed(const struct run *r)
{
	return run_is_unhandled(r) &&
	    (!r->task->optional || r->k.status == TASK_CANCELED);
}

/* There is something for a retry to go on from. */
static bool
has_rest(const struct execution *x)
{
	for (uint32_t i = 0; i < x->nruns; i++)
		if (has_failed(x->runs[i]) ||
		    (x->runs[i]->k.cut != NULL && !x->runs[i]->k.superseded))
			return true;
	return false;
}

/* Its subworkflow ended badly, by itself, and can go on from there. */
static bool
resumable(const struct state *s, const struct action *a)
{
	const struct execution *child;

	if (a->latest == NULL || a->latest->k.child == 0 || a->latest->k.open ||
	    a->k.status == TASK_COMPLETED || a->k.status == TASK_SKIPPED)
		return false;
	child = state_execution(s, a->latest->k.child);
	return child != NULL && child->k.started_at != 0 && has_rest(child) &&
	    execution_moved(child->k.status, EXECUTION_MOVE_RETRY) >= 0;
}

/*
 * Where an item's subworkflow can't, as one that its own end: task has ended,
 * the task runs again, with what was not done.
 */
static bool
all_resumable(const struct state *s, const struct run *r)
{
	bool any = false;

	for (uint32_t i = 0; i < r->nactions; i++) {
		const struct action *a = &r->actions[i];

		if (a->k.status == TASK_COMPLETED ||
		    a->k.status == TASK_SKIPPED ||
		    (a->k.status == TASK_CANCELED && a->latest == NULL))
			continue;
		if (!resumable(s, a))
			return false;
		any = true;
	}
	return any;
}

static bool
reopen_children(struct again *again, const struct run *r, struct reply *reply)
{
	const struct execution *child;

	for (uint32_t i = 0; i < r->nactions; i++) {
		const struct action *a = &r->actions[i];

		if (!resumable(again->s, a))
			continue;
		emit_reopened(again, a);
		child = state_execution(again->s, a->latest->k.child);
		if (!again_retry(again->s, child, again->c, again->b, reply))
			return false;
	}
	return true;
}

bool
again_retry(const struct state *s, const struct execution *x,
    const struct command *c, struct batch *b, struct reply *reply)
{
	struct again again;
	bool ok = true;

	if (!again_is_quiet(x, reply))
		return false;
	again_open(&again, s, x, c, b);
	for (uint32_t i = 0; i < x->nruns; i++)
		if (has_failed(x->runs[i]))
			again.fates[i] = c->resume_subworkflows &&
				all_resumable(s, x->runs[i])
			    ? FATE_REOPENED
			    : FATE_AGAIN_REST;
	if (!has_rest(x))
		ok = refuse(reply, ERROR_STATE_CONFLICT,
		    "no task of execution %llu failed or was cut off%s%s: "
		    "rerun --task names those to run again",
		    (unsigned long long)x->k.id,
		    x->k.reason == NULL ? "" : "; it ended with: ",
		    x->k.reason == NULL ? "" : x->k.reason);
	else
		again_emit(&again, "retry");
	for (uint32_t i = 0; ok && i < x->nruns; i++)
		if (again.fates[i] == FATE_REOPENED)
			ok = reopen_children(&again, x->runs[i], reply);
	again_close(&again);
	return ok;
}

/*
 * A parent that is paused stays so, even where the end of this very child's
 * will be its end too: that has not come yet.
 */
static bool
is_revivable(
    const struct execution *x, const struct run *r, struct reply *reply)
{
	if (x->k.status == EXECUTION_PAUSED && x->k.cause.run == r->index &&
	    !x->k.kill)
		return true;
	return again_is_open(x, reply) && again_is_quiet(x, reply);
}

/*
 * A parent that has moved on to another child, or run the task again, has
 * nothing to do with this one any more.
 */
bool
revive_parents(const struct state *s, const struct execution *x,
    const struct command *c, struct batch *b, struct reply *reply)
{
	const struct execution *parent = state_execution(s, x->k.parent);
	const struct action *a;
	struct command quiet = *c;
	struct again again;
	bool ok;

	if (parent == NULL)
		return true;
	a = run_action(parent->runs[x->k.parent_run], x->k.parent_item);
	if (a->run->k.superseded || a->latest == NULL ||
	    a->latest->k.child != x->k.id || a->latest->k.open)
		return true;
	if (!is_revivable(parent, a->run, reply))
		return false;
	quiet.task_input = NULL;
	ok = revive_parents(s, parent, c, b, reply);
	again_open(&again, s, parent, &quiet, b);
	again.fates[a->run->index] = FATE_REOPENED;
	if (ok) {
		again_emit(&again, "revived by a subworkflow");
		emit_reopened(&again, a);
	}
	again_close(&again);
	return ok;
}
