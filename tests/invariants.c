/* invariants: what always holds in a state between two steps. */

#include "tests/invariants.h"

#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"

/* What is looked at, for the message; only the parts that the rule is for. */
struct place {
	const char *rule;
	const struct state *s;
	const struct execution *x;
	const struct run *r;
	const struct action *a;
	const struct attempt *t;
};
typedef void rule(const struct place *);

#define HOLDS(p, condition)                                                   \
	ATF_REQUIRE_MSG(condition, "%s: execution %llu%s%s: not " #condition, \
	    (p)->rule, (unsigned long long)(p)->x->k.id,                      \
	    (p)->r == NULL ? "" : ", task ",                                  \
	    (p)->r == NULL ? "" : (p)->r->task->name)

static rule attempt_numbers, attempt_open, attempt_one_open, attempt_stopped,
    attempt_deadline, attempt_frozen;
static rule action_ready_is_pending, action_deadline, action_paused;
static rule run_counts, run_items, run_ended, run_latest;
static rule execution_callouts, execution_ended_whole, execution_deadline,
    execution_hold, execution_paused, execution_moves, execution_limits,
    execution_arrivals, execution_tasks;
static rule state_counts, state_engine, state_workflows, state_families,
    state_keys;
static bool may_not_start(const struct state *, const struct action *);
static bool moves(const struct state *, const struct action *);
static bool waits_for_something(const struct state *, const struct action *);

static const struct {
	const char *name;
	rule *rule;
} attempt_rules[] =
    {
	{"an attempt knows whether it has ended", attempt_open},
	{"only the latest attempt can be open", attempt_one_open},
	{"only what is being stopped outlives its action", attempt_stopped},
	{"an attempt's deadline stands while it is frozen or held",
	    attempt_deadline},
	{"frozen is what its execution or the engine freezes", attempt_frozen},
},
  action_rules[] =
      {
	  {"attempts are numbered from one", attempt_numbers},
	  {"what is ready is pending", action_ready_is_pending},
	  {"what has ended has no deadline", action_deadline},
	  {"paused is what is frozen or runs a paused child", action_paused},
},
  run_rules[] =
      {
	  {"a run's counters are what a count gives", run_counts},
	  {"items run at most so many at a time", run_items},
	  {"an ended run has nothing open", run_ended},
	  {"a task's newest run is the newest", run_latest},
},
  execution_rules[] =
      {
	  {"open callouts are what a count gives", execution_callouts},
	  {"an ended execution has nothing open", execution_ended_whole},
	  {"a held execution's clock stands", execution_deadline},
	  {"who is held is pausing or paused, and the other way",
	      execution_hold},
	  {"what is paused does not run", execution_paused},
	  {"at most so many callouts at a time", execution_limits},
	  {"arrivals are of runs that count", execution_arrivals},
	  {"a status follows from the tasks", execution_tasks},
},
  settled_rules[] =
      {
	  {"who has not ended waits for something", execution_moves},
},
  state_rules[] = {
      {"executions by status are what a count gives", state_counts},
      {"the engine drains while callouts run", state_engine},
      {"a workflow's active executions are what a count gives",
	  state_workflows},
      {"what may be deleted is what a count gives, in order", state_families},
      {"an idempotency key is that of an execution there is", state_keys},
};

#define EACH(rules, place)                                                \
	for (size_t rules##_i = 0;                                        \
	     rules##_i < sizeof(rules) / sizeof(rules[0]); rules##_i++) { \
		(place)->rule = rules[rules##_i].name;                    \
		rules[rules##_i].rule(place);                             \
	}

static void
attempt_numbers(const struct place *p)
{
	uint32_t number = p->a->k.attempts;

	for (const struct attempt *t = p->a->latest; t != NULL; t = t->before)
		HOLDS(p, t->k.number == number--);
	HOLDS(p, number == 0);
}

static void
attempt_open(const struct place *p)
{
	const struct attempt *t = p->t;

	HOLDS(p, t->k.open == (t->k.ended_at == 0));
	HOLDS(p, t->k.open || t->k.status != TASK_RUNNING);
	HOLDS(p, (t->k.spec != NULL) == (t->k.open && t->k.child == 0));
}

static void
attempt_one_open(const struct place *p)
{
	HOLDS(p, !p->t->k.open || p->a->latest == p->t);
}

static void
attempt_stopped(const struct place *p)
{
	HOLDS(p,
	    !p->t->k.open || !task_ended(p->a->k.status) ||
		p->t->k.stop != STOP_NOT || p->t->k.child != 0);
}

static void
attempt_deadline(const struct place *p)
{
	const struct attempt *t = p->t;
	const struct execution *child = state_execution(p->s, t->k.child);

	HOLDS(p, t->timer.due == t->k.due);
	HOLDS(p, t->k.due == 0 || (t->k.open && !t->k.frozen));
	HOLDS(p, t->k.left == 0 || t->k.due == 0);
	if (child == NULL)
		HOLDS(p, t->k.left == 0 || t->k.frozen);
	else if (execution_ended(child->k.status))
		return; /* what follows from that may have had no room yet */
	else if (t->k.open && execution_is_held(p->s, child))
		HOLDS(p, t->k.due == 0);
	else if (t->k.open)
		HOLDS(p, t->k.left == 0);
}

static void
attempt_frozen(const struct place *p)
{
	const struct attempt *t = p->t;
	bool stands = p->s->k.engine == ENGINE_PAUSED || p->x->k.hold.frozen;

	HOLDS(p, !t->k.frozen || (t->k.open && t->k.stop == STOP_NOT));
	HOLDS(p, !t->k.frozen || (stands && p->a->k.status == TASK_PAUSED));
}

static void
action_ready_is_pending(const struct place *p)
{
	HOLDS(p, !p->a->is_ready || p->a->k.status == TASK_PENDING);
}

static void
action_deadline(const struct place *p)
{
	HOLDS(p, !task_ended(p->a->k.status) || p->a->k.due == 0);
	HOLDS(p, p->a->timer.due == p->a->k.due);
}

static void
action_paused(const struct place *p)
{
	const struct attempt *t = p->a->latest;
	const struct execution *child =
	    t == NULL ? NULL : state_execution(p->s, t->k.child);
	bool paused = t != NULL && t->k.open &&
	    (t->k.frozen ||
		(child != NULL && child->k.status == EXECUTION_PAUSED));

	HOLDS(p, p->a->k.status != TASK_PAUSED || paused);
	HOLDS(p, p->a->k.status != TASK_RUNNING || !paused);
	HOLDS(p,
	    (p->a->k.status != TASK_RUNNING &&
		p->a->k.status != TASK_CANCELING) ||
		(t != NULL && t->k.open));
}

static void
run_counts(const struct place *p)
{
	const struct run *r = p->r;
	uint32_t open = 0, bad = 0, untouched = 0,
		 by_status[TASK_STATUSES] = {0};

	for (uint32_t i = 0; i < r->nactions; i++) {
		enum task_status status = r->actions[i].k.status;

		by_status[status]++;
		open += !task_ended(status);
		bad += task_ended(status) && status != TASK_COMPLETED &&
		    status != TASK_SKIPPED;
		untouched += !r->actions[i].k.touched;
	}
	HOLDS(p, r->items_open == open);
	HOLDS(p, r->items_bad == bad);
	HOLDS(p, r->untouched == untouched);
	for (int i = 0; i < TASK_STATUSES; i++)
		HOLDS(p, r->by_status[i] == by_status[i]);
}

static void
run_items(const struct place *p)
{
	const struct run *r = p->r;
	uint32_t active = 0, begun = 0;

	for (uint32_t i = 0; i < r->nactions; i++) {
		const struct action *a = &r->actions[i];

		active += a->k.offered;
		begun += a->k.touched && !task_ended(a->k.status);
		HOLDS(p, !a->k.offered || !task_ended(a->k.status));
		HOLDS(p, !a->is_ready || a->k.offered);
	}
	HOLDS(p, r->items_active == active);
	if (r->task->items != NULL && r->task->parallel != 0)
		HOLDS(p, begun <= r->task->parallel);
}

static void
run_ended(const struct place *p)
{
	const struct run *r = p->r;

	HOLDS(p, !task_ended(r->k.status) || r->items_open == 0);
	HOLDS(p, task_ended(r->k.status) == (r->k.ended_at != 0));
	HOLDS(p, task_ended(r->k.status) == (r->k.ended_seq != 0));
	HOLDS(p, !task_ended(r->k.status) || !r->in_attention);
	HOLDS(p, task_ended(r->k.status) || !r->k.superseded);
}

static void
run_latest(const struct place *p)
{
	const struct run *newest;

	if (p->r->k.superseded)
		return;
	newest = p->x->nodes[p->r->task->number].newest;
	HOLDS(p, newest != NULL && !newest->k.superseded);
	HOLDS(p, newest->index >= p->r->index);
	HOLDS(p, p->r->k.generation == p->x->k.generation);
}

static void
execution_callouts(const struct place *p)
{
	uint32_t open = 0;

	for (uint32_t i = 0; i < p->x->nruns; i++)
		for (uint32_t j = 0; j < p->x->runs[i]->nactions; j++)
			for (const struct attempt *t =
				 p->x->runs[i]->actions[j].latest;
			     t != NULL; t = t->before)
				open += t->k.open && t->k.child == 0;
	HOLDS(p, p->x->open_callouts == open);
}

static void
execution_ended_whole(const struct place *p)
{
	const struct execution *x = p->x;

	HOLDS(p, execution_ended(x->k.status) == (x->k.ended_at != 0));
	if (!execution_ended(x->k.status))
		return;
	HOLDS(p, TAILQ_EMPTY(&x->open));
	HOLDS(p, TAILQ_EMPTY(&x->ready));
	/* Only a termination leaves callouts to end behind it. */
	HOLDS(p, x->open_callouts == 0 || x->k.status == EXECUTION_TERMINATED);
	for (uint32_t i = 0; i < x->nruns; i++)
		HOLDS(p, task_ended(x->runs[i]->k.status));
	HOLDS(p, TAILQ_EMPTY(&x->signals));
}

static void
execution_deadline(const struct place *p)
{
	const struct execution *x = p->x;

	HOLDS(p, x->timer.due == x->k.due);
	HOLDS(p, x->k.left == 0 || x->k.due == 0);
	HOLDS(p, x->k.due == 0 || !execution_is_held(p->s, x));
	HOLDS(p, x->k.left == 0 || execution_is_held(p->s, x));
	HOLDS(p,
	    !execution_ended(x->k.status) || (x->k.due == 0 && x->k.left == 0));
}

static void
execution_hold(const struct place *p)
{
	const struct execution *x = p->x;
	const struct execution *parent = state_execution(p->s, x->k.parent);

	HOLDS(p,
	    (x->k.hold.by != HOLD_NONE) ==
		(x->k.status == EXECUTION_PAUSING ||
		    x->k.status == EXECUTION_PAUSED));
	HOLDS(p, x->k.hold.by != HOLD_NONE || !x->k.hold.frozen);
	HOLDS(p, (x->k.hold.by == HOLD_NONE) == (x->k.hold.since == 0));
	HOLDS(p,
	    x->k.hold.by != HOLD_PARENT ||
		(parent != NULL && parent->k.hold.by != HOLD_NONE));
}

static void
execution_paused(const struct place *p)
{
	const struct run *r;

	if (p->x->k.status != EXECUTION_PAUSED)
		return;
	TAILQ_FOREACH (r, &p->x->open, open)
		for (uint32_t i = 0; i < r->nactions; i++) {
			const struct attempt *t = r->actions[i].latest;

			if (t != NULL && t->k.open && t->k.child == 0)
				HOLDS(p, t->k.frozen || t->k.stop != STOP_NOT);
		}
}

static void
execution_limits(const struct place *p)
{
	uint32_t limit = p->x->definition->parallel_tasks;

	HOLDS(p, limit == 0 || p->x->open_callouts <= limit);
}

static void
execution_arrivals(const struct place *p)
{
	const struct execution *x = p->x;

	for (uint32_t i = 0; i < x->definition->ntasks; i++)
		for (uint32_t j = 0; j < x->nodes[i].k.narrivals; j++) {
			uint32_t from = x->nodes[i].k.arrivals[j].run;

			HOLDS(p, from < x->nruns);
			HOLDS(p, !x->runs[from]->k.superseded);
			HOLDS(p, task_ended(x->runs[from]->k.status));
		}
}

/* A subworkflow whose workflow may not start anything. */
static bool
may_not_start(const struct state *s, const struct action *a)
{
	const struct task_definition *t = a->run->task;
	const struct workflow *w = t->kind == ACTION_WORKFLOW
	    ? state_workflow(s, t->u.workflow.name)
	    : NULL;

	return w != NULL &&
	    (w->status == WORKFLOW_DISABLED ||
		w->use[CAP_STARTS].reached_at != 0 ||
		w->use[CAP_COST].reached_at != 0);
}

/* Whether the action runs, or will by itself. */
static bool
moves(const struct state *s, const struct action *a)
{
	const struct execution *child;

	if (a->k.status == TASK_PENDING)
		return (a->is_ready && !may_not_start(s, a)) || a->k.due != 0;
	if (a->k.status != TASK_RUNNING)
		return false;
	child = state_execution(s, a->latest->k.child);
	return child != NULL && child->k.status != EXECUTION_WAITING &&
	    child->k.status != EXECUTION_PAUSED;
}

/* Running is what runs; waiting is what runs when somebody does something. */
static void
execution_tasks(const struct place *p)
{
	const struct execution *x = p->x;
	const struct run *r;
	bool moving = x->open_callouts > 0 || !TAILQ_EMPTY(&x->attention);

	if (x->k.status != EXECUTION_RUNNING &&
	    x->k.status != EXECUTION_WAITING)
		return;
	TAILQ_FOREACH (r, &x->open, open) {
		moving |= !r->k.begun;
		for (uint32_t i = 0; i < r->nactions; i++)
			moving |= moves(p->s, &r->actions[i]);
	}
	if (TAILQ_EMPTY(&p->s->dirty))
		HOLDS(p, moving == (x->k.status == EXECUTION_RUNNING));
}

static bool
waits_for_something(const struct state *s, const struct action *a)
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

static void
execution_moves(const struct place *p)
{
	const struct execution *x = p->x;
	const struct run *r;

	if (execution_ended(x->k.status) || x->k.status == EXECUTION_PENDING)
		HOLDS(p, x->is_held == (x->k.status == EXECUTION_PENDING));
	else if (x->open_callouts == 0 && p->s->host.unavailable == NULL &&
	    !execution_is_held(p->s, x)) {
		bool waits = false;

		TAILQ_FOREACH (r, &x->open, open)
			for (uint32_t i = 0; i < r->nactions; i++)
				waits |=
				    waits_for_something(p->s, &r->actions[i]);
		HOLDS(p, waits);
	}
}

static void
state_counts(const struct place *p)
{
	struct executions *all = &((struct state *)(uintptr_t)p->s)->executions;
	uint32_t by_status[EXECUTION_STATUSES] = {0}, open = 0;
	struct execution *x;

	RB_FOREACH (x, executions, all) {
		by_status[x->k.status]++;
		open += x->open_callouts;
	}
	for (int i = 0; i < EXECUTION_STATUSES; i++)
		ATF_REQUIRE_EQ_MSG(
		    p->s->by_status[i], by_status[i], "%s", p->rule);
	ATF_REQUIRE_EQ_MSG(p->s->open_callouts, open, "%s", p->rule);
	ATF_REQUIRE_MSG(
	    p->s->host.max_callouts == 0 || open <= p->s->host.max_callouts,
	    "%u callouts", open);
}

static void
state_engine(const struct place *p)
{
	const struct state *s = p->s;
	uint32_t left = s->open_callouts - state_callouts_frozen(s);

	ATF_REQUIRE_MSG(
	    s->k.engine != ENGINE_PAUSING || left > 0, "%s", p->rule);
	ATF_REQUIRE_MSG(
	    !s->k.engine_frozen || s->k.engine == ENGINE_PAUSED, "%s", p->rule);
}

static void
state_workflows(const struct place *p)
{
	struct state *s = (struct state *)(uintptr_t)p->s;
	struct workflow *w;
	struct execution *x;
	uint32_t active, open, all;

	RB_FOREACH (w, workflows, &s->workflows) {
		active = open = all = 0;
		RB_FOREACH (x, executions, &s->executions) {
			active += x->workflow == w && !x->is_held &&
			    !execution_ended(x->k.status);
			open +=
			    x->workflow == w && !execution_ended(x->k.status);
			all += x->workflow == w;
		}
		ATF_REQUIRE_EQ_MSG(
		    w->open, open, "%s: %s: open", p->rule, w->name);
		ATF_REQUIRE_EQ_MSG(
		    w->executions, all, "%s: %s: all", p->rule, w->name);
		ATF_REQUIRE_EQ_MSG(w->active, active, "%s: %s: %u, not %u",
		    p->rule, w->name, w->active, active);
	}
}

/* By a root's number: those of its family that something is left of. */
static uint32_t *
count_families(struct state *s)
{
	uint32_t *open = xcalloc(s->k.next_execution + 1, sizeof(*open));
	const struct execution *root;
	struct execution *x;

	RB_FOREACH (x, executions, &s->executions) {
		for (root = x; root->k.parent != 0;
		     root = state_execution(s, root->k.parent))
			ATF_REQUIRE_MSG(
			    state_execution(s, root->k.parent) != NULL,
			    "execution %llu has no parent",
			    (unsigned long long)root->k.id);
		open[root->k.id] += !execution_ended(x->k.status) ||
		    x->open_callouts > 0 || execution_is_to_be_followed(x);
	}
	return open;
}

static void
state_families(const struct place *p)
{
	struct state *s = (struct state *)(uintptr_t)p->s;
	const struct execution *before = NULL;
	uint32_t *open = count_families(s), listed = 0, roots = 0;
	struct execution *x;

	TAILQ_FOREACH (x, &s->over, over) {
		ATF_REQUIRE_MSG(before == NULL || before->over_at <= x->over_at,
		    "%s", p->rule);
		before = x;
		listed++;
	}
	ATF_REQUIRE_EQ_MSG(s->nover, listed, "%s", p->rule);
	RB_FOREACH (x, executions, &s->executions) {
		if (x->k.parent != 0)
			continue;
		ATF_REQUIRE_EQ_MSG(
		    x->family_open, open[x->k.id], "%s", p->rule);
		ATF_REQUIRE_EQ_MSG(
		    x->is_over, open[x->k.id] == 0, "%s", p->rule);
		roots += open[x->k.id] == 0;
	}
	free(open);
	ATF_REQUIRE_EQ_MSG(roots, listed, "%s", p->rule);
}

static void
state_keys(const struct place *p)
{
	struct state *s = (struct state *)(uintptr_t)p->s;
	const struct execution *x;
	struct idempotency *key;

	RB_FOREACH (key, idempotencies, &s->idempotencies) {
		x = state_execution(s, key->execution);
		ATF_REQUIRE_MSG(x != NULL && x->k.key != NULL &&
			strcmp(x->k.key, key->key) == 0 && x->k.uid == key->uid,
		    "%s: %s", p->rule, key->key);
	}
}

static void
check_run(struct place *p)
{
	EACH(run_rules, p)
	for (uint32_t i = 0; i < p->r->nactions; i++) {
		p->a = &p->r->actions[i];
		EACH(action_rules, p)
		for (p->t = p->a->latest; p->t != NULL; p->t = p->t->before)
			EACH(attempt_rules, p)
	}
}

void
invariants_state(const struct state *s, bool settled)
{
	struct executions *all = &((struct state *)(uintptr_t)s)->executions;
	struct place place = {.s = s};
	struct execution *x;

	EACH(state_rules, &place)
	RB_FOREACH (x, executions, all) {
		place.x = x;
		EACH(execution_rules, &place)
		if (settled)
			EACH(settled_rules, &place)
		for (uint32_t i = 0; i < x->nruns; i++) {
			place.r = x->runs[i];
			check_run(&place);
		}
		place.r = NULL;
	}
	ATF_REQUIRE_MSG(
	    !settled || TAILQ_EMPTY(&s->dirty), "something is left to do");
}
