/* apply_hold: who is held, what is frozen, and whose clocks stand still. */

#include <stdlib.h>

#include "daemon/core/apply.h"

static int64_t time_left(const struct state *, int64_t due);
static int64_t time_after(const struct state *, int64_t left);
static struct attempt *
attempt_of(const struct state *, const struct execution *);
static void attempt_clock_stop(struct state *, struct attempt *);
static void attempt_clock_start(struct state *, struct attempt *);
static void clock_start(struct state *, struct execution *);
static void attempt_freeze(struct state *, struct attempt *);

/* What a clock that stands still has left; it is never over. */
static int64_t
time_left(const struct state *s, int64_t due)
{
	return due > s->k.time ? due - s->k.time : 1;
}

static int64_t
time_after(const struct state *s, int64_t left)
{
	return left > INT64_MAX - s->k.time ? INT64_MAX : s->k.time + left;
}

/* The parent's attempt that runs the execution; or NULL. */
static struct attempt *
attempt_of(const struct state *s, const struct execution *x)
{
	const struct execution *parent = state_execution(s, x->k.parent);
	const struct action *a;
	struct attempt *t;

	if (parent == NULL)
		return NULL;
	a = run_action(parent->runs[x->k.parent_run], x->k.parent_item);
	t = a->latest;
	return t != NULL && t->k.open && t->k.child == x->k.id ? t : NULL;
}

static void
attempt_clock_stop(struct state *s, struct attempt *t)
{
	if (t->k.due == 0)
		return;
	t->k.left = time_left(s, t->k.due);
	t->k.due = 0;
	timer_clear(s, &t->timer);
}

static void
attempt_clock_start(struct state *s, struct attempt *t)
{
	if (t->k.left == 0)
		return;
	t->k.due = time_after(s, t->k.left);
	t->k.left = 0;
	timer_set(s, &t->timer, TIMER_TIMEOUT, t->k.due);
}

/*
 * Held time counts towards no execution timeout, and towards none of a task
 * that runs the execution.
 */
void
clock_stop(struct state *s, struct execution *x)
{
	struct attempt *t = attempt_of(s, x);

	if (t != NULL)
		attempt_clock_stop(s, t);
	if (x->k.due == 0)
		return;
	x->k.left = time_left(s, x->k.due);
	x->k.due = 0;
	timer_clear(s, &x->timer);
}

static void
clock_start(struct state *s, struct execution *x)
{
	struct attempt *t = attempt_of(s, x);

	if (execution_is_held(s, x))
		return;
	if (t != NULL)
		attempt_clock_start(s, t);
	if (x->k.left == 0)
		return;
	x->k.due = time_after(s, x->k.left);
	x->k.left = 0;
	timer_set(s, &x->timer, TIMER_TIMEOUT, x->k.due);
}

/* Its timeout does not count while it is frozen. */
static void
attempt_freeze(struct state *s, struct attempt *t)
{
	t->k.frozen = true;
	attempt_clock_stop(s, t);
	if (t->action->latest == t && t->action->k.status == TASK_RUNNING)
		action_becomes(s, t->action, TASK_PAUSED);
	attempt_changed(s, t);
}

void
attempt_thaw(struct state *s, struct attempt *t)
{
	if (!t->k.frozen)
		return;
	t->k.frozen = false;
	t->k.thawed = true;
	attempt_clock_start(s, t);
	if (t->action->latest == t && t->action->k.status == TASK_PAUSED)
		action_becomes(s, t->action, TASK_RUNNING);
	attempt_changed(s, t);
}

/*
 * What is being stopped is let go, so that it can end.  While the engine is
 * PAUSED nothing else is: what was frozen by itself stands still until it goes
 * on, whoever is resumed.
 */
void
freeze_follows(struct state *s, struct execution *x)
{
	bool ends =
	    x->k.status == EXECUTION_CANCELING || execution_ended(x->k.status);
	bool frozen = (x->k.hold.frozen || s->k.engine_frozen) && !ends;
	bool stays = s->k.engine == ENGINE_PAUSED && !ends;

	for (uint32_t i = 0; i < x->nruns; i++)
		for (uint32_t j = 0; j < x->runs[i]->nactions; j++) {
			struct attempt *t = x->runs[i]->actions[j].latest;

			if (t == NULL || !t->k.open || t->k.child != 0 ||
			    t->k.stop != STOP_NOT || t->k.frozen == frozen)
				continue;
			if (frozen)
				attempt_freeze(s, t);
			else if (!stays)
				attempt_thaw(s, t);
		}
}

void
hold_clear(struct state *s, struct execution *x)
{
	x->k.hold.by = HOLD_NONE;
	x->k.hold.frozen = false;
	x->k.hold.since = 0;
	replace_string(&x->k.hold.who, NULL);
	replace_string(&x->k.hold.reason, NULL);
	freeze_follows(s, x);
	clock_start(s, x);
}

void
apply_execution_held(struct state *s, const struct event *e)
{
	struct execution *x = state_execution(s, e->execution);

	if (x->k.hold.by != (enum hold_by)e->hold)
		x->k.hold.since = e->time;
	x->k.hold.by = (enum hold_by)e->hold;
	x->k.hold.frozen = e->frozen != 0;
	replace_string(&x->k.hold.who, e->by);
	replace_string(&x->k.hold.reason, e->reason);
	execution_becomes(s, x, (enum execution_status)e->status);
	clock_stop(s, x);
	freeze_follows(s, x);
}

void
apply_execution_resumed(struct state *s, const struct event *e)
{
	struct execution *x = state_execution(s, e->execution);

	hold_clear(s, x);
	execution_becomes(s, x, (enum execution_status)e->status);
	mark_all(s, x);
}

void
apply_engine_status(struct state *s, const struct event *e)
{
	struct execution *x;
	bool resumed = e->status == ENGINE_RUNNING;

	s->k.engine = (enum engine_status)e->status;
	s->k.engine_since = e->time;
	s->k.engine_frozen = e->frozen != 0;
	/* The drain of a pause is nobody's act: who paused it stays. */
	if (e->by != NULL || resumed) {
		replace_string(&s->k.engine_reason, e->reason);
		replace_string(&s->k.engine_by, e->by);
	}
	RB_FOREACH (x, going, &s->going) {
		freeze_follows(s, x);
		if (resumed)
			clock_start(s, x);
		else
			clock_stop(s, x);
		if (resumed)
			mark_all(s, x);
		else if (s->k.engine_frozen)
			mark_dirty(s, x); /* a pause that drains is over */
	}
}
