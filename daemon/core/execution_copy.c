/* execution_copy: one execution again, in a copy of its state. */

#include "daemon/core/execution_copy.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"
#include "daemon/core/apply.h"
#include "daemon/core/memory.h"

static void own_strings(struct execution *);
static void share_values(struct execution *);
static void copy_generations(struct execution *, const struct execution *);
static void
copy_runs(struct state *, struct execution *, const struct execution *);
static void copy_run(struct state *, struct run *, const struct run *);
static void copy_action(struct state *, struct action *, const struct action *);
static struct attempt *
copy_attempt(struct state *, struct action *, const struct attempt *);
static void copy_nodes(struct execution *, const struct execution *);
static void
copy_node(struct execution *, const struct execution *, uint32_t task);
static void copy_signals(struct execution *, const struct execution *);
static void copy_lists(struct execution *, const struct execution *);
static void own(char **);
static void *array_copy(const void *, size_t n, size_t size);

/* What was taken over with the rest becomes a string of its own. */
static void
own(char **string)
{
	if (*string != NULL)
		*string = xstrdup(*string);
}

/* NULL where there is nothing in it. */
static void *
array_copy(const void *from, size_t n, size_t size)
{
	void *to;

	if (n == 0)
		return NULL;
	to = xreallocarray(NULL, n, size);
	memcpy(to, from, n * size);
	return to;
}

static void
own_strings(struct execution *x)
{
	char **const strings[] = {&x->k.owner, &x->k.reason, &x->k.correlation,
	    &x->k.key, &x->k.canceled_by, &x->k.unfollowed, &x->k.hold.who,
	    &x->k.hold.reason};

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		own(strings[i]);
}

static void
share_values(struct execution *x)
{
	value_ref(x->k.input);
	value_ref(x->k.vars);
	value_ref(x->k.first_vars);
	value_ref(x->k.output);
	value_ref(x->k.labels);
	value_ref(x->k.domains);
}

static void
copy_generations(struct execution *mine, const struct execution *x)
{
	mine->earlier =
	    array_copy(x->earlier, x->k.generation - 1, sizeof(*x->earlier));
	for (uint32_t i = 0; i + 1 < x->k.generation; i++) {
		struct generation *g = &mine->earlier[i];

		definition_ref(g->definition);
		value_ref(g->input);
		value_ref(g->output);
		value_ref(g->vars);
		own(&g->reason);
	}
}

static struct attempt *
copy_attempt(struct state *s, struct action *a, const struct attempt *t)
{
	struct attempt *mine = xcalloc(1, sizeof(*mine));

	mine->k = t->k;
	value_ref(mine->k.spec);
	own(&mine->k.reason);
	mine->action = a;
	mine->timer.of = TIMER_OF_ATTEMPT;
	timer_set(s, &mine->timer, t->timer.kind, t->timer.due);
	return mine;
}

static void
copy_action(struct state *s, struct action *mine, const struct action *a)
{
	struct attempt **where = &mine->latest;

	mine->k = a->k;
	value_ref(mine->k.wait);
	value_ref(mine->k.output);
	own(&mine->k.reason);
	mine->item = a->item;
	mine->timer.of = TIMER_OF_ACTION;
	for (const struct attempt *t = a->latest; t != NULL; t = t->before) {
		*where = copy_attempt(s, mine, t);
		where = &(*where)->before;
	}
	timer_set(s, &mine->timer, a->timer.kind, a->timer.due);
}

static void
copy_run(struct state *s, struct run *mine, const struct run *r)
{
	mine->k = r->k;
	value_ref(mine->k.items);
	value_ref(mine->k.output);
	value_ref(mine->k.context);
	value_ref(mine->k.input);
	value_ref(mine->k.set);
	value_ref(mine->k.cut);
	mine->own_vars = value_ref(r->own_vars);
	own(&mine->k.reason);
	mine->k.from = array_copy(r->k.from, r->k.nfrom, sizeof(*r->k.from));
	memcpy(mine->by_status, r->by_status, sizeof(mine->by_status));
	mine->items_active = r->items_active;
	mine->untouched = r->untouched;
	mine->items_open = r->items_open;
	mine->items_bad = r->items_bad;
	mine->nactions = r->nactions;
	/* None before it is known which there are. */
	if (r->actions == NULL)
		return;
	mine->actions = xcalloc(r->nactions, sizeof(*r->actions));
	for (uint32_t i = 0; i < r->nactions; i++) {
		mine->actions[i].run = mine;
		copy_action(s, &mine->actions[i], &r->actions[i]);
	}
}

static void
copy_runs(struct state *s, struct execution *mine, const struct execution *x)
{
	for (uint32_t i = 0; i < x->nruns; i++)
		copy_run(s, run_append(mine, x->runs[i]->task), x->runs[i]);
}

static void
copy_node(struct execution *mine, const struct execution *x, uint32_t task)
{
	const struct node *from = &x->nodes[task];
	struct node *to = &mine->nodes[task];

	to->k.fired = from->k.fired;
	to->k.narrivals = from->k.narrivals;
	to->k.arrivals = array_copy(
	    from->k.arrivals, from->k.narrivals, sizeof(*from->k.arrivals));
	if (from->k.round != NULL)
		memcpy(to->k.round, from->k.round,
		    x->definition->tasks[task].nbefore * sizeof(bool));
	to->runs = from->runs;
	to->leaving = from->leaving;
	if (from->newest != NULL)
		to->newest = mine->runs[from->newest->index];
}

static void
copy_nodes(struct execution *mine, const struct execution *x)
{
	for (uint32_t i = 0; i < x->definition->ntasks; i++)
		copy_node(mine, x, i);
}

static void
copy_signals(struct execution *mine, const struct execution *x)
{
	const struct kept_signal *kept;
	struct kept_signal *copy;

	TAILQ_FOREACH (kept, &x->signals, entry) {
		copy = xcalloc(1, sizeof(*copy));
		copy->name = xstrdup(kept->name);
		copy->by = kept->by == NULL ? NULL : xstrdup(kept->by);
		copy->output = value_ref(kept->output);
		TAILQ_INSERT_TAIL(&mine->signals, copy, entry);
	}
}

/* Runs that have not ended, and actions that are due: in their order. */
static void
copy_lists(struct execution *mine, const struct execution *x)
{
	const struct action *a;
	const struct run *r;
	struct action *ready;

	TAILQ_FOREACH (r, &x->open, open)
		TAILQ_INSERT_TAIL(&mine->open, mine->runs[r->index], open);
	TAILQ_FOREACH (a, &x->ready, ready) {
		ready =
		    &mine->runs[a->run->index]->actions[a - a->run->actions];
		ready->is_ready = true;
		TAILQ_INSERT_TAIL(&mine->ready, ready, ready);
	}
}

struct execution *
execution_copy(struct state *s, const struct execution *x)
{
	struct execution *mine = execution_new(x->definition, x->k.id);

	mine->workflow = state_workflow(s, x->workflow->name);
	mine->k = x->k;
	own_strings(mine);
	share_values(mine);
	mine->open_callouts = x->open_callouts;
	mine->below = x->below;
	copy_generations(mine, x);
	copy_runs(s, mine, x);
	copy_nodes(mine, x);
	copy_signals(mine, x);
	copy_lists(mine, x);
	timer_set(s, &mine->timer, x->timer.kind, x->timer.due);
	state_insert(s, mine);
	if (x->is_dirty)
		mark_all(s, mine);
	if (x->is_blocked)
		mark_blocked(s, mine);
	return mine;
}
