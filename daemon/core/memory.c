/* memory: making and freeing the objects of the state. */

#include "daemon/core/memory.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"

static void generation_free(struct generation *);
static void action_free(struct action *);
static void attempt_free(struct attempt *);
static void run_free(struct run *);

struct execution *
execution_new(struct definition *d, uint64_t id)
{
	struct execution *x = xcalloc(1, sizeof(*x));

	x->k.id = id;
	x->k.ending = -1;
	x->k.generation = 1;
	x->k.cause = (struct cause){EVENT_NONE, EVENT_NONE, EVENT_NONE};
	x->definition = definition_ref(d);
	nodes_new(x);
	TAILQ_INIT(&x->signals);
	TAILQ_INIT(&x->open);
	TAILQ_INIT(&x->attention);
	TAILQ_INIT(&x->ready);
	x->timer.of = TIMER_OF_EXECUTION;
	x->timer.kind = TIMER_TIMEOUT;
	return x;
}

void
nodes_new(struct execution *x)
{
	const struct definition *d = x->definition;

	x->nodes = xcalloc(d->ntasks, sizeof(*x->nodes));
	for (uint32_t i = 0; i < d->ntasks; i++)
		if (d->tasks[i].join != JOIN_NONE)
			x->nodes[i].k.round =
			    xcalloc(d->tasks[i].nbefore, sizeof(bool));
}

void
nodes_free(struct execution *x)
{
	for (uint32_t i = 0; i < x->definition->ntasks; i++) {
		free(x->nodes[i].k.arrivals);
		free(x->nodes[i].k.round);
	}
	free(x->nodes);
	x->nodes = NULL;
}

static void
generation_free(struct generation *g)
{
	definition_unref(g->definition);
	value_unref(g->input);
	value_unref(g->output);
	value_unref(g->vars);
	free(g->reason);
}

void
execution_free(struct execution *x)
{
	struct kept_signal *kept;

	for (uint32_t i = 0; i < x->nruns; i++)
		run_free(x->runs[i]);
	for (uint32_t i = 0; i + 1 < x->k.generation; i++)
		generation_free(&x->earlier[i]);
	free(x->earlier);
	nodes_free(x);
	while ((kept = TAILQ_FIRST(&x->signals)) != NULL) {
		TAILQ_REMOVE(&x->signals, kept, entry);
		kept_signal_free(kept);
	}
	free(x->runs);
	definition_unref(x->definition);
	value_unref(x->k.input);
	value_unref(x->k.vars);
	value_unref(x->k.first_vars);
	value_unref(x->k.output);
	value_unref(x->k.labels);
	value_unref(x->k.domains);
	free(x->k.owner);
	free(x->k.reason);
	free(x->k.correlation);
	free(x->k.key);
	free(x->k.canceled_by);
	free(x->k.unfollowed);
	free(x->k.hold.who);
	free(x->k.hold.reason);
	free(x);
}

void
kept_signal_free(struct kept_signal *kept)
{
	free(kept->name);
	free(kept->by);
	value_unref(kept->output);
	free(kept);
}

struct run *
run_append(struct execution *x, const struct task_definition *task)
{
	struct run *r = xcalloc(1, sizeof(*r));

	if ((x->nruns & (x->nruns - 1)) == 0) /* grows by doubling */
		x->runs = xreallocarray(x->runs,
		    x->nruns == 0 ? 1 : (size_t)x->nruns * 2, sizeof(*x->runs));
	r->execution = x;
	r->task = task;
	r->index = x->nruns;
	x->runs[x->nruns++] = r;
	return r;
}

struct run *
run_new(struct execution *x, uint32_t task, int64_t now)
{
	struct run *r = run_append(x, &x->definition->tasks[task]);
	struct node *node = &x->nodes[task];

	r->k.number = ++node->runs;
	r->k.created_at = now;
	r->k.generation = x->k.generation;
	r->k.context = value_ref(x->k.vars);
	node->newest = r;
	TAILQ_INSERT_TAIL(&x->open, r, open);
	if (r->task->items == NULL)
		run_make_actions(r, 1);
	return r;
}

void
run_make_actions(struct run *r, uint32_t n)
{
	r->actions = xcalloc(n, sizeof(*r->actions));
	r->nactions = n;
	r->k.begun = true;
	for (uint32_t i = 0; i < n; i++) {
		struct action *a = &r->actions[i];

		a->run = r;
		a->item = r->task->items == NULL ? EVENT_NONE : i;
		a->timer.of = TIMER_OF_ACTION;
	}
	run_count(r);
}

void
run_count(struct run *r)
{
	memset(r->by_status, 0, sizeof(r->by_status));
	r->untouched = r->items_open = r->items_bad = r->items_active = 0;
	for (uint32_t i = 0; i < r->nactions; i++) {
		const struct action *a = &r->actions[i];

		r->by_status[a->k.status]++;
		r->untouched += !a->k.touched;
		r->items_active += a->k.offered;
		if (!task_ended(a->k.status))
			r->items_open++;
		else if (a->k.status != TASK_COMPLETED &&
		    a->k.status != TASK_SKIPPED)
			r->items_bad++;
	}
}

/* Before it sets any: those would be there when it runs again. */
void
run_sees(struct run *r)
{
	if (r->k.own_context || r->k.set != NULL)
		return;
	value_unref(r->k.context);
	r->k.context = value_ref(r->execution->k.vars);
}

void
run_find_vars(struct run *r)
{
	value_unref(r->own_vars);
	r->own_vars = r->k.own_context && r->k.set != NULL
	    ? value_merge(r->k.context, r->k.set)
	    : NULL;
}

void
node_find_newest(struct execution *x, uint32_t task)
{
	struct node *node = &x->nodes[task];

	node->newest = NULL;
	for (uint32_t i = x->nruns; i > 0 && node->newest == NULL; i--) {
		struct run *r = x->runs[i - 1];

		if (!r->k.superseded && r->task->number == task)
			node->newest = r;
	}
}

void
run_from(struct run *r, const uint32_t *from, uint32_t n)
{
	if (n == 0)
		return;
	r->k.from =
	    xreallocarray(r->k.from, r->k.nfrom + n, sizeof(*r->k.from));
	for (uint32_t i = 0; i < n; i++)
		r->k.from[r->k.nfrom++] = from[i];
}

void
arrival_add(struct execution *x, uint32_t task, uint32_t run)
{
	const struct task_definition *t = &x->definition->tasks[task];
	struct node *node = &x->nodes[task];
	uint32_t from = x->runs[run]->task->number;

	node->k.arrivals = xreallocarray(
	    node->k.arrivals, node->k.narrivals + 1, sizeof(*node->k.arrivals));
	for (uint32_t i = 0; i < t->nbefore; i++)
		if (t->before[i] == from)
			node->k.arrivals[node->k.narrivals++] =
			    (struct arrival){.before = i, .run = run};
}

void
arrivals_remove(struct node *node, uint32_t run)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < node->k.narrivals; i++)
		if (node->k.arrivals[i].run != run)
			node->k.arrivals[kept++] = node->k.arrivals[i];
	node->k.narrivals = kept;
}

static void
run_free(struct run *r)
{
	for (uint32_t i = 0; i < r->nactions; i++)
		action_free(&r->actions[i]);
	free(r->actions);
	value_unref(r->k.items);
	value_unref(r->k.output);
	value_unref(r->k.context);
	value_unref(r->k.input);
	value_unref(r->k.set);
	value_unref(r->k.cut);
	value_unref(r->own_vars);
	free(r->k.from);
	free(r->k.reason);
	free(r);
}

static void
action_free(struct action *a)
{
	struct attempt *t, *before;

	for (t = a->latest; t != NULL; t = before) {
		before = t->before;
		attempt_free(t);
	}
	value_unref(a->k.wait);
	value_unref(a->k.output);
	free(a->k.reason);
}

struct attempt *
attempt_append(struct action *a)
{
	struct attempt *t = xcalloc(1, sizeof(*t));

	t->k.number = ++a->k.attempts;
	t->k.open = true;
	t->k.status = TASK_RUNNING;
	t->k.exit = -1;
	t->before = a->latest;
	t->action = a;
	t->timer.of = TIMER_OF_ATTEMPT;
	a->latest = t;
	return t;
}

static void
attempt_free(struct attempt *t)
{
	value_unref(t->k.spec);
	free(t->k.reason);
	free(t);
}

struct workflow *
workflow_new(const char *name)
{
	struct workflow *w = xcalloc(1, sizeof(*w));

	w->name = xstrdup(name);
	w->status = WORKFLOW_ENABLED;
	w->timer.of = TIMER_OF_WORKFLOW;
	TAILQ_INIT(&w->pending);
	return w;
}

struct workflow_version *
workflow_add(struct workflow *w, struct definition *d)
{
	struct workflow_version *v;

	w->versions =
	    xreallocarray(w->versions, w->nversions + 1, sizeof(*w->versions));
	v = &w->versions[w->nversions++];
	v->definition = d;
	v->put_at = 0;
	v->by = NULL;
	v->uid = 0;
	return v;
}

void
idempotency_add(
    struct state *s, uint32_t uid, const char *key, uint64_t execution)
{
	struct idempotency *i;

	if (state_idempotency(s, uid, key) != NULL)
		return;
	i = xcalloc(1, sizeof(*i));
	i->key = xstrdup(key);
	i->uid = uid;
	i->execution = execution;
	RB_INSERT(idempotencies, &s->idempotencies, i);
}

void
workflow_free(struct workflow *w)
{
	for (uint32_t i = 0; i < w->nversions; i++) {
		definition_unref(w->versions[i].definition);
		free(w->versions[i].by);
	}
	free(w->versions);
	free(w->name);
	free(w->reason);
	free(w->by);
	free(w);
}
