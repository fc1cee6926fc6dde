/* settle_status: whether an execution runs, waits, or has come to its pause. */

#include "daemon/core/decide.h"
#include "daemon/core/safety.h"

static bool callouts_drain(const struct execution *);
static bool child_drains(const struct state *, const struct execution *);
static void
settle_pausing(const struct state *, const struct execution *, struct batch *);
static bool is_moving(const struct state *, const struct execution *);
static bool action_moves(const struct state *, const struct action *);

static bool
action_moves(const struct state *s, const struct action *a)
{
	const struct execution *child;

	if (a->k.status == TASK_PENDING)
		return (a->is_ready && !subworkflow_is_held(s, a)) ||
		    a->k.due != 0;
	if (a->k.status != TASK_RUNNING || a->latest == NULL ||
	    a->latest->k.child == 0)
		return false;
	child = state_execution(s, a->latest->k.child);
	return child != NULL && child->k.status != EXECUTION_WAITING &&
	    child->k.status != EXECUTION_PAUSED;
}

/* Whether anything runs, or will without a timer or anybody's doing. */
static bool
is_moving(const struct state *s, const struct execution *x)
{
	const struct action *a;
	const struct run *r;

	if (x->open_callouts > 0 || !TAILQ_EMPTY(&x->attention))
		return true;
	TAILQ_FOREACH (a, &x->ready, ready)
		if (!subworkflow_is_held(s, a))
			return true;
	TAILQ_FOREACH (r, &x->open, open) {
		if (!r->k.begun)
			return true;
		for (uint32_t i = 0; i < r->nactions; i++)
			if (action_moves(s, &r->actions[i]))
				return true;
	}
	return false;
}

/* Whether something below it is still on its way to being paused. */
static bool
child_drains(const struct state *s, const struct execution *x)
{
	const struct execution *child;
	const struct run *r;

	TAILQ_FOREACH (r, &x->open, open)
		for (uint32_t i = 0; i < r->nactions; i++) {
			const struct attempt *t = r->actions[i].latest;

			if (t == NULL || !t->k.open || t->k.child == 0)
				continue;
			child = state_execution(s, t->k.child);
			if (child->k.status == EXECUTION_PAUSING ||
			    child_drains(s, child))
				return true;
		}
	return false;
}

/* Whether a callout is on its way to its end; one that is frozen is not. */
static bool
callouts_drain(const struct execution *x)
{
	return x->open_callouts > execution_callouts_frozen(x);
}

/*
 * What the engine has frozen does not end: the pause is there at once, and
 * keeps it frozen, for when the engine goes on what was paused by itself stays.
 */
static void
settle_pausing(
    const struct state *s, const struct execution *x, struct batch *b)
{
	struct event *e;

	if (callouts_drain(x) || child_drains(s, x))
		return;
	if (x->open_callouts == 0) {
		batch_add_execution(b, EVENT_EXECUTION_STATUS, x)->status =
		    execution_moved(x->k.status, EXECUTION_MOVE_DRAIN);
		return;
	}
	e = batch_add_execution(b, EVENT_EXECUTION_HELD, x);
	e->status = execution_moved(x->k.status, EXECUTION_MOVE_FREEZE);
	e->hold = x->k.hold.by;
	e->frozen = 1;
	e->reason = x->k.hold.reason;
	e->by = x->k.hold.who;
}

void
settle_status(const struct state *s, const struct execution *x, struct batch *b)
{
	bool moving;
	int to = LIFECYCLE_NO;

	if (x->k.status == EXECUTION_PAUSING) {
		settle_pausing(s, x, b);
		return;
	}
	moving = is_moving(s, x);
	if (x->k.status == EXECUTION_RUNNING && !moving)
		to = execution_moved(x->k.status, EXECUTION_MOVE_PARK);
	else if (x->k.status == EXECUTION_WAITING && moving)
		to = execution_moved(x->k.status, EXECUTION_MOVE_WAKE);
	if (to >= 0)
		batch_add_execution(b, EVENT_EXECUTION_STATUS, x)->status = to;
}
