/* invariants: what always holds in a state, and what no event may do. */

#include "tests/invariants.h"

#include <atf-c.h>

#define HOLDS(x, condition)                                           \
	ATF_REQUIRE_MSG(condition, "execution %llu: not " #condition, \
	    (unsigned long long)(x)->k.id)

static void action_holds(const struct action *, uint32_t *open_callouts);
static void run_holds(const struct run *, uint32_t *open_callouts);
static void execution_holds(const struct execution *, uint32_t *open_callouts);
static bool something_moves(const struct state *, const struct execution *);
static bool
action_waits_for_something(const struct state *, const struct action *);

static void
action_holds(const struct action *a, uint32_t *open_callouts)
{
	const struct execution *x = a->run->execution;
	uint32_t number = a->k.attempts;

	for (const struct attempt *t = a->latest; t != NULL; t = t->before) {
		HOLDS(x, t->k.number == number--);
		HOLDS(x, t->k.open == (t->k.ended_at == 0));
		HOLDS(x, t->k.open || t->k.status != TASK_RUNNING);
		HOLDS(x, (t->k.spec != NULL) == (t->k.open && t->k.child == 0));
		/* Only what is being stopped outlives its action. */
		HOLDS(x,
		    !t->k.open || !task_ended(a->k.status) ||
			t->k.stop != STOP_NOT || t->k.child != 0);
		HOLDS(x, t->timer.due == t->k.due);
		HOLDS(x,
		    !t->k.frozen ||
			(t->k.open && t->k.due == 0 && t->k.stop == STOP_NOT));
		HOLDS(x, t->k.left == 0 || t->k.frozen || t->k.child != 0);
		HOLDS(x,
		    !t->k.frozen || a->latest != t ||
			a->k.status == TASK_PAUSED);
		*open_callouts += t->k.open && t->k.child == 0;
	}
	HOLDS(x, number == 0);
	HOLDS(x, !a->is_ready || a->k.status == TASK_PENDING);
	HOLDS(x, !task_ended(a->k.status) || a->k.due == 0);
	HOLDS(x, a->timer.due == a->k.due);
}

static void
run_holds(const struct run *r, uint32_t *open_callouts)
{
	const struct execution *x = r->execution;
	uint32_t open = 0;

	for (uint32_t i = 0; i < r->nactions; i++) {
		action_holds(&r->actions[i], open_callouts);
		open += !task_ended(r->actions[i].k.status);
	}
	HOLDS(x, r->items_open == open);
	HOLDS(x, !task_ended(r->k.status) || open == 0);
	HOLDS(x, task_ended(r->k.status) == (r->k.ended_at != 0));
	HOLDS(x, !task_ended(r->k.status) || !r->in_attention);
}

static void
execution_holds(const struct execution *x, uint32_t *open_callouts)
{
	uint32_t open = 0;

	for (uint32_t i = 0; i < x->nruns; i++) {
		run_holds(x->runs[i], &open);
		HOLDS(x,
		    !execution_ended(x->k.status) ||
			task_ended(x->runs[i]->k.status));
	}
	HOLDS(x, x->open_callouts == open);
	HOLDS(x, execution_ended(x->k.status) == (x->k.ended_at != 0));
	HOLDS(x, !execution_ended(x->k.status) || TAILQ_EMPTY(&x->open));
	/* Only a termination leaves callouts to end behind it. */
	HOLDS(x,
	    !execution_ended(x->k.status) || open == 0 ||
		x->k.status == EXECUTION_TERMINATED);
	HOLDS(x,
	    x->definition->parallel_tasks == 0 ||
		open <= x->definition->parallel_tasks);
	HOLDS(x, x->timer.due == x->k.due);
	HOLDS(x,
	    (x->k.hold.by != HOLD_NONE) ==
		(x->k.status == EXECUTION_PAUSING ||
		    x->k.status == EXECUTION_PAUSED));
	HOLDS(x, x->k.left == 0 || x->k.due == 0);
	/* Success is never said where something failed. */
	for (uint32_t i = 0; i < x->nruns; i++)
		HOLDS(x,
		    x->k.status != EXECUTION_COMPLETED || x->k.ending >= 0 ||
			x->runs[i]->task->optional ||
			!run_is_unhandled(x->runs[i]));
	HOLDS(x, x->k.hold.by != HOLD_NONE || !x->k.hold.frozen);
	*open_callouts += open;
}

static bool
action_waits_for_something(const struct state *s, const struct action *a)
{
	const struct execution *child;

	if (a->is_ready || a->k.due != 0 || a->k.status == TASK_WAITING)
		return true;
	if (a->latest == NULL || !a->latest->k.open)
		return false;
	if (a->latest->k.child == 0)
		return true;
	child = state_execution(s, a->latest->k.child);
	return child != NULL && !execution_ended(child->k.status);
}

/* Between steps whoever has not ended waits for something in particular. */
static bool
something_moves(const struct state *s, const struct execution *x)
{
	const struct run *r;

	if (x->open_callouts > 0 || execution_is_held(s, x))
		return true;
	TAILQ_FOREACH (r, &x->open, open)
		for (uint32_t i = 0; i < r->nactions; i++)
			if (action_waits_for_something(s, &r->actions[i]))
				return true;
	return false;
}

void
invariants_state(const struct state *s)
{
	struct executions *all = &((struct state *)(uintptr_t)s)->executions;
	struct execution *x;
	uint32_t open = 0, by_status[EXECUTION_STATUSES] = {0};

	RB_FOREACH (x, executions, all) {
		execution_holds(x, &open);
		by_status[x->k.status]++;
		if (execution_ended(x->k.status))
			continue;
		HOLDS(x, x->k.left == 0 || execution_is_held(s, x));
		if (x->k.status == EXECUTION_PENDING)
			HOLDS(x, x->is_held);
		else
			HOLDS(x, something_moves(s, x));
	}
	ATF_REQUIRE_EQ(s->open_callouts, open);
	ATF_REQUIRE(s->host.max_callouts == 0 || open <= s->host.max_callouts);
	for (int i = 0; i < EXECUTION_STATUSES; i++)
		ATF_REQUIRE_EQ(s->by_status[i], by_status[i]);
	ATF_REQUIRE(TAILQ_EMPTY(&s->dirty));
	ATF_REQUIRE(s->k.engine != ENGINE_PAUSING || open > 0);
}

void
invariants_event(const struct state *s, const struct event *e)
{
	const struct execution *x = state_execution(s, e->execution);

	if (e->type == EVENT_TASK_STARTED) {
		HOLDS(x, !execution_is_held(s, x));
		HOLDS(x, !execution_ended(x->k.status));
		HOLDS(x, x->k.ending < 0);
		HOLDS(x, x->k.status != EXECUTION_CANCELING);
	}
	/* What has ended only hears of callouts that come late. */
	if (x != NULL && execution_ended(x->k.status) &&
	    x->k.ended_at != e->time)
		HOLDS(x,
		    e->type == EVENT_TASK_ATTEMPT_ENDED ||
			e->type == EVENT_TASK_STOPPING ||
			e->type == EVENT_EXECUTION_FOLLOWED);
}
