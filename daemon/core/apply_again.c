/* apply_again: what runs anew, and what stands aside for it. */

#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"
#include "daemon/core/apply.h"
#include "daemon/core/memory.h"
#include "daemon/core/safety.h"

static void keep_generation(struct execution *);
static void stand_aside(struct execution *, struct run *);
static void leads_nowhere(struct execution *, const struct run *);
static void node_forgets_late(struct node *, const struct run *);
static void publish_again(struct execution *);
static int by_end(const void *, const void *);
static void keep_items(struct state *, struct run *, const struct run *old);
static void clear_outcome(struct execution *);

/* As if it had never ended. */
static void
clear_outcome(struct execution *x)
{
	x->k.ending = -1;
	x->k.kill = false;
	x->k.followed = false;
	replace_string(&x->k.unfollowed, NULL);
	x->k.followed_by = 0;
	x->k.wants_failure_workflow = false;
	x->k.ended_at = 0;
	x->k.cause = (struct cause){EVENT_NONE, EVENT_NONE, EVENT_NONE};
	value_unref(x->k.output);
	x->k.output = NULL;
	replace_string(&x->k.reason, NULL);
	replace_string(&x->k.canceled_by, NULL);
}

static void
keep_generation(struct execution *x)
{
	struct generation *g;

	x->earlier =
	    xreallocarray(x->earlier, x->k.generation, sizeof(*x->earlier));
	g = &x->earlier[x->k.generation - 1];
	g->definition = definition_ref(x->definition);
	g->input = value_ref(x->k.input);
	g->output = value_ref(x->k.output);
	g->vars = value_ref(x->k.vars);
	g->cause = x->k.cause;
	g->reason = x->k.reason == NULL ? NULL : xstrdup(x->k.reason);
	g->status = x->k.status;
	g->started_at = x->k.started_at;
	g->ended_at = x->k.ended_at;
	x->k.generation++;
}

void
apply_execution_restarted(struct state *s, const struct event *e)
{
	struct execution *x = state_execution(s, e->execution);

	keep_generation(x);
	for (uint32_t i = 0; i < x->nruns; i++) {
		struct run *r = x->runs[i];

		r->k.counted |= !r->k.superseded;
		r->k.superseded = true;
		value_unref(r->k.cut);
		r->k.cut = NULL;
	}
	nodes_free(x);
	definition_unref(x->definition);
	x->definition =
	    definition_ref(state_definition(s, x->workflow->name, e->version));
	nodes_new(x);
	clear_outcome(x);
	x->k.started_at = 0;
	value_unref(x->k.vars);
	value_unref(x->k.first_vars);
	x->k.vars = x->k.first_vars = NULL;
	if (e->value != NULL) {
		value_unref(x->k.input);
		x->k.input = value_ref(e->value);
	}
	if (e->correlation != NULL)
		replace_string(&x->k.correlation, e->correlation);
	if (e->domains != NULL) {
		value_unref(x->k.domains);
		x->k.domains = value_ref(e->domains);
	}
	x->k.admitted = workflow_capped(x->workflow) < 0;
	cap_count(s, x->workflow, CAP_STARTS, 1, e->time);
	execution_becomes(s, x, (enum execution_status)e->status);
	hold_pending(x);
}

void
apply_execution_revived(struct state *s, const struct event *e)
{
	struct execution *x = state_execution(s, e->execution);

	clear_outcome(x);
	mark_all(s, x);
	if (!execution_ended(x->k.status))
		return; /* it is held back: its end had not come */
	execution_becomes(s, x, (enum execution_status)e->status);
	x->workflow->active++;
	x->k.due = e->due;
	timer_set(s, &x->timer, TIMER_TIMEOUT, e->due);
	if (s->k.engine != ENGINE_RUNNING)
		clock_stop(s, x);
}

static int
by_end(const void *a, const void *b)
{
	const struct run *ra = *(const struct run *const *)a;
	const struct run *rb = *(const struct run *const *)b;
	uint64_t ea = ra->k.ended_seq - 1, eb = rb->k.ended_seq - 1;

	/* What has not ended (0) comes last. */
	if (ea != eb)
		return ea < eb ? -1 : 1;
	return ra->index < rb->index ? -1 : ra->index > rb->index;
}

/* The variables are what the runs that count have published, in order. */
static void
publish_again(struct execution *x)
{
	struct run **runs = xcalloc(x->nruns, sizeof(struct run *));
	struct value *vars = value_ref(x->k.first_vars), *merged;
	uint32_t n = 0;

	for (uint32_t i = 0; i < x->nruns; i++)
		if (!x->runs[i]->k.superseded && x->runs[i]->k.set != NULL)
			runs[n++] = x->runs[i];
	qsort(runs, n, sizeof(struct run *), by_end);
	for (uint32_t i = 0; i < n; i++) {
		merged = value_merge(vars, runs[i]->k.set);
		value_unref(vars);
		vars = merged;
	}
	value_unref(x->k.vars);
	x->k.vars = vars;
	free(runs);
}

/* It is history: what it led to, and has published, does not count. */
static void
stand_aside(struct execution *x, struct run *r)
{
	r->k.superseded = true;
	x->nodes[r->task->number].leaving += run_open_attempts(r);
	value_unref(r->k.cut);
	r->k.cut = NULL;
	leads_nowhere(x, r);
	node_find_newest(x, r->task->number);
	publish_again(x);
}

/* Not yet, that is. */
static void
leads_nowhere(struct execution *x, const struct run *r)
{
	for (uint32_t i = 0; i < x->definition->ntasks; i++) {
		arrivals_remove(&x->nodes[i], r->index);
		node_forgets_late(&x->nodes[i], r);
	}
}

/*
 * Where it came late to a join, that one's round is open for it again: what
 * comes in its stead is as late.
 */
static void
node_forgets_late(struct node *node, const struct run *late)
{
	struct run *join = node->newest;
	const struct task_definition *t;
	uint32_t i, end;

	if (join == NULL || join->k.nlate == 0)
		return;
	t = join->task;
	end = join->k.nfrom;
	for (i = end - join->k.nlate; i < end; i++)
		if (join->k.from[i] == late->index)
			break;
	if (i == end)
		return;
	memmove(&join->k.from[i], &join->k.from[i + 1],
	    (end - i - 1) * sizeof(*join->k.from));
	join->k.nfrom--;
	join->k.nlate--;
	if (!node->k.fired) /* everyone had come, so that it was over */
		for (i = 0; i < t->nbefore; i++)
			node->k.round[i] = true;
	node->k.fired = true;
	for (i = 0; i < t->nbefore; i++)
		if (t->before[i] == late->task->number)
			node->k.round[i] = false;
}

/* A join keeps what has arrived from branches that do not run again. */
void
apply_task_superseded(struct state *s, const struct event *e)
{
	struct execution *x = state_execution(s, e->execution);
	struct run *r = x->runs[e->run];
	struct node *node = &x->nodes[r->task->number];
	bool newest = node->newest == r;

	stand_aside(x, r);
	if (node->k.round == NULL)
		return;
	if (newest) {
		node->k.fired = false;
		memset(node->k.round, 0, r->task->nbefore * sizeof(bool));
	}
	for (uint32_t i = 0; i < r->k.nfrom; i++)
		if (!x->runs[r->k.from[i]]->k.superseded)
			arrival_add(x, r->task->number, r->k.from[i]);
}

/* The items that were done stay done. */
static void
keep_items(struct state *s, struct run *r, const struct run *old)
{
	r->k.items = value_ref(old->k.items);
	run_make_actions(r, old->nactions);
	for (uint32_t i = 0; i < r->nactions; i++) {
		enum task_status status = old->actions[i].k.status;

		if (status != TASK_COMPLETED && status != TASK_SKIPPED)
			continue;
		r->actions[i].k.output = value_ref(old->actions[i].k.output);
		action_becomes(s, &r->actions[i], status);
	}
	actions_offer(r);
}

void
apply_task_again(struct state *s, const struct event *e)
{
	struct execution *x = state_execution(s, e->execution);
	struct run *old = x->runs[e->run], *r;

	stand_aside(x, old);
	r = run_new(x, old->task->number, e->time);
	value_unref(r->k.context);
	r->k.context = value_ref(old->k.context);
	r->k.own_context = true;
	r->k.input = e->value != NULL ? value_merge(run_input(old), e->value)
				      : value_ref(old->k.input);
	run_from(r, old->k.from, old->k.nfrom);
	r->k.nlate = old->k.nlate;
	if (e->count != 0 && old->k.items != NULL)
		keep_items(s, r, old);
	run_offer(s, r);
}

void
apply_task_continued(struct state *s, const struct event *e)
{
	struct run *r = state_execution(s, e->execution)->runs[e->run];
	struct value *cut = r->k.cut;

	r->k.cut = NULL;
	run_leads(s, r, cut, e->time);
	value_unref(cut);
}

/*
 * The subworkflow that an attempt ran goes on, and so does the attempt; items
 * that were never begun get their turn.
 */
void
apply_task_reopened(struct state *s, const struct event *e)
{
	struct execution *x = state_execution(s, e->execution);
	struct run *r = x->runs[e->run];
	struct action *a = run_action(r, e->item);
	struct attempt *t = action_attempt(a, e->attempt);

	if (task_ended(r->k.status)) {
		TAILQ_INSERT_TAIL(&x->open, r, open);
		r->k.status = TASK_RUNNING;
		r->k.ended_at = 0;
		r->k.ended_seq = 0;
		r->k.led = false;
		value_unref(r->k.output);
		value_unref(r->k.set);
		value_unref(r->k.cut);
		r->k.output = r->k.set = r->k.cut = NULL;
		run_find_vars(r);
		replace_string(&r->k.reason, NULL);
		leads_nowhere(x, r);
		publish_again(x);
	}
	t->k.open = true;
	t->k.late = false;
	t->k.stop = STOP_NOT;
	t->k.stop_signal = 0;
	t->k.status = TASK_RUNNING;
	t->k.ended_at = 0;
	t->k.due = e->due;
	replace_string(&t->k.reason, NULL);
	replace_string(&a->k.reason, NULL);
	value_unref(a->k.output);
	a->k.output = NULL;
	action_becomes(s, a, TASK_RUNNING);
	timer_set(s, &t->timer, TIMER_TIMEOUT, e->due);
	for (uint32_t i = 0; i < r->nactions; i++)
		if (r->actions[i].k.status == TASK_CANCELED &&
		    r->actions[i].latest == NULL)
			action_requeued(s, &r->actions[i]);
	if (r->task->items != NULL) {
		r->k.next_item = 0;
		actions_offer(r);
	}
	mark_all(s, x);
}
