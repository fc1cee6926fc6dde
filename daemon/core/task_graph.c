/* task_graph: which tasks can follow which, worked out once for the checks. */

#include "daemon/core/task_graph.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"

#define NONE UINT32_MAX
#define EVERY_ENDING ((1U << ENDINGS) - 1)

static struct task_graph empty_graph(const struct definition *);
static void find_components(struct task_graph *, uint32_t);
static void close_component(struct task_graph *, uint32_t);
static void reach(struct task_graph *, uint32_t);
static void find_ends(struct task_graph *);
static unsigned char endings_of(enum when);
static bool leads_after(const struct back *, unsigned);
static void
gather_endings(const struct task_graph *, uint32_t, unsigned char *);
static void walk_returns(struct task_graph *, unsigned char *, bool);
static void find_returns(struct task_graph *);
static bool join_is_certain(const struct task_graph *, uint32_t);
static bool always_returns(const struct task_graph *, uint32_t);
static void find_endless(struct task_graph *);
static uint32_t meet(const struct task_graph *, uint32_t, uint32_t);
static bool improve_dominator(struct task_graph *, uint32_t);
static void find_dominators(struct task_graph *);

static struct task_graph
empty_graph(const struct definition *def)
{
	uint32_t n = def->ntasks;

	return (struct task_graph){
	    .def = def,
	    .component = xcalloc(n, sizeof(uint32_t)),
	    .order = xcalloc(n, sizeof(uint32_t)),
	    .low = xcalloc(n, sizeof(uint32_t)),
	    .stack = xcalloc(n, sizeof(uint32_t)),
	    .reached = xcalloc(n, sizeof(bool)),
	    .postorder = xcalloc(n, sizeof(uint32_t)),
	    .position = xcalloc(n, sizeof(uint32_t)),
	    .dominator = xcalloc(n, sizeof(uint32_t)),
	    .ends = xcalloc(n, sizeof(bool)),
	    .back_first = xcalloc(n + 2, sizeof(uint32_t)),
	    .sure = xcalloc(n, sizeof(uint32_t)),
	    .returns = xcalloc(n, sizeof(uint32_t[ENDINGS])),
	    .endless = xcalloc(n, sizeof(bool)),
	};
}

void
task_graph_free(struct task_graph *g)
{
	free(g->component);
	free(g->order);
	free(g->low);
	free(g->stack);
	free(g->reached);
	free(g->postorder);
	free(g->position);
	free(g->dominator);
	free(g->ends);
	free(g->back_first);
	free(g->back);
	free(g->sure);
	free(g->returns);
	free(g->endless);
}

/* Tarjan's strongly connected components, from one task on. */
static void
find_components(struct task_graph *g, uint32_t task)
{
	const struct task_definition *t = &g->def->tasks[task];
	uint32_t i, j, to;

	g->order[task] = g->low[task] = ++g->walked;
	g->component[task] = NONE;
	g->stack[g->stacked++] = task;
	for (i = 0; i < t->nnext; i++)
		for (j = 0; j < t->next[i].nto; j++) {
			to = t->next[i].to[j];
			if (g->order[to] == 0)
				find_components(g, to);
			else if (g->component[to] != NONE)
				continue;
			if (g->low[to] < g->low[task])
				g->low[task] = g->low[to];
		}
	if (g->low[task] == g->order[task])
		close_component(g, task);
}

/* All that was stacked since the task is one component with it. */
static void
close_component(struct task_graph *g, uint32_t task)
{
	uint32_t member;

	do {
		member = g->stack[--g->stacked];
		g->component[member] = g->components;
	} while (member != task);
	g->components++;
}

static void
reach(struct task_graph *g, uint32_t task)
{
	const struct task_definition *t = &g->def->tasks[task];
	uint32_t i, j;

	g->reached[task] = true;
	for (i = 0; i < t->nnext; i++)
		for (j = 0; j < t->next[i].nto; j++)
			if (!g->reached[t->next[i].to[j]])
				reach(g, t->next[i].to[j]);
	g->position[task] = g->nreached;
	g->postorder[g->nreached++] = task;
}

/* Backwards from every task that ends the execution. */
static void
find_ends(struct task_graph *g)
{
	const struct task_definition *t;
	uint32_t i;

	g->stacked = 0;
	for (i = 0; i < g->def->ntasks; i++)
		if (g->def->tasks[i].kind == ACTION_END) {
			g->ends[i] = true;
			g->stack[g->stacked++] = i;
		}
	while (g->stacked > 0) {
		t = &g->def->tasks[g->stack[--g->stacked]];
		for (i = 0; i < t->nbefore; i++)
			if (!g->ends[t->before[i]]) {
				g->ends[t->before[i]] = true;
				g->stack[g->stacked++] = t->before[i];
			}
	}
}

static unsigned char
endings_of(enum when when)
{
	switch (when) {
	case WHEN_ALWAYS:
		return EVERY_ENDING;
	case WHEN_COMPLETED:
	case WHEN_FAILED:
	case WHEN_CANCELED:
		return (unsigned char)(1U << (when - WHEN_COMPLETED));
	case WHEN_EXPR:
		break;
	}
	return 0; /* it may hold after none */
}

static bool
leads_after(const struct back *b, unsigned ending)
{
	return (b->endings & 1U << ending) != 0;
}

/* Adds, by where the task leads within its component, after which endings. */
static void
gather_endings(
    const struct task_graph *g, uint32_t task, unsigned char *endings)
{
	const struct task_definition *t = &g->def->tasks[task];
	uint32_t i, j, to;

	for (i = 0; i < t->nnext; i++)
		for (j = 0; j < t->next[i].nto; j++) {
			to = t->next[i].to[j];
			if (g->component[to] == g->component[task])
				endings[to] |= endings_of(t->next[i].when);
		}
}

/*
 * Walks over who leads to whom within a component, each pair once: counts them
 * at back_first[to + 2], or, with fill, puts them into back.  Endings are all
 * 0, and are so again afterwards.
 */
static void
walk_returns(struct task_graph *g, unsigned char *endings, bool fill)
{
	const struct task_definition *t;
	uint32_t i, j, k, to;

	for (i = 0; i < g->def->ntasks; i++) {
		gather_endings(g, i, endings);
		for (j = 0; j < (t = &g->def->tasks[i])->nnext; j++)
			for (k = 0; k < t->next[j].nto; k++) {
				to = t->next[j].to[k];
				if (endings[to] == 0)
					continue;
				if (fill)
					g->back[g->back_first[to + 1]++] =
					    (struct back){i, endings[to]};
				else
					g->back_first[to + 2]++;
				endings[to] = 0;
			}
	}
}

static void
find_returns(struct task_graph *g)
{
	unsigned char *endings = xcalloc(g->def->ntasks, sizeof(*endings));
	uint32_t i, task;
	unsigned k;

	walk_returns(g, endings, false);
	for (i = 2; i < g->def->ntasks + 2; i++)
		g->back_first[i] += g->back_first[i - 1];
	g->back = xcalloc(g->back_first[g->def->ntasks + 1], sizeof(*g->back));
	walk_returns(g, endings, true);
	for (task = 0; task < g->def->ntasks; task++)
		for (i = g->back_first[task]; i < g->back_first[task + 1];
		     i++) {
			if (g->back[i].endings == EVERY_ENDING)
				g->sure[task]++;
			for (k = 0; k < ENDINGS; k++)
				if (leads_after(&g->back[i], k))
					g->returns[g->back[i].from][k]++;
		}
	free(endings);
}

/* A join that may stay unmet is a way out, though not a good one. */
static bool
join_is_certain(const struct task_graph *g, uint32_t task)
{
	const struct task_definition *t = &g->def->tasks[task];

	return t->join == JOIN_NONE || t->join == 1 ||
	    t->nbefore == g->sure[task];
}

static bool
always_returns(const struct task_graph *g, uint32_t task)
{
	for (unsigned k = 0; k < ENDINGS; k++)
		if (g->returns[task][k] == 0)
			return false;
	return true;
}

/*
 * Begins with every task, and takes out those that an end can follow or that
 * need not lead back to one that is left, until none has to be taken out.
 */
static void
find_endless(struct task_graph *g)
{
	const struct back *b;
	uint32_t i, task;

	find_returns(g);
	g->stacked = 0;
	for (i = 0; i < g->def->ntasks; i++) {
		g->endless[i] = !g->ends[i] && join_is_certain(g, i) &&
		    always_returns(g, i);
		if (!g->endless[i])
			g->stack[g->stacked++] = i;
	}
	while (g->stacked > 0) {
		task = g->stack[--g->stacked];
		for (i = g->back_first[task]; i < g->back_first[task + 1];
		     i++) {
			b = &g->back[i];
			for (unsigned k = 0; k < ENDINGS; k++)
				if (leads_after(b, k))
					g->returns[b->from][k]--;
			if (!g->endless[b->from] || always_returns(g, b->from))
				continue;
			g->endless[b->from] = false;
			g->stack[g->stacked++] = b->from;
		}
	}
}

/* The nearest common dominator; NONE stands before all that start first. */
static uint32_t
meet(const struct task_graph *g, uint32_t a, uint32_t b)
{
	while (a != b) {
		if (a == NONE || b == NONE)
			return NONE;
		if (g->position[a] < g->position[b])
			a = g->dominator[a];
		else
			b = g->dominator[b];
	}
	return a;
}

/* One task's step of Cooper, Harvey and Kennedy's algorithm. */
static bool
improve_dominator(struct task_graph *g, uint32_t task)
{
	const struct task_definition *t = &g->def->tasks[task];
	uint32_t i, new = task;

	for (i = 0; i < t->nbefore; i++) {
		if (!g->reached[t->before[i]] ||
		    g->dominator[t->before[i]] == t->before[i])
			continue; /* nothing is known of it yet */
		new = new == task ? t->before[i] : meet(g, t->before[i], new);
	}
	if (t->nbefore == 0)
		new = NONE;
	if (g->dominator[task] == new)
		return false;
	g->dominator[task] = new;
	return true;
}

static void
find_dominators(struct task_graph *g)
{
	uint32_t i;
	bool changed = true;

	/* A task that is its own dominator is one not looked at so far. */
	for (i = 0; i < g->def->ntasks; i++)
		g->dominator[i] = i;
	while (changed) {
		changed = false;
		for (i = g->nreached; i-- > 0;)
			if (improve_dominator(g, g->postorder[i]))
				changed = true;
	}
}

bool
task_graph_after(const struct task_graph *g, uint32_t task, uint32_t other)
{
	while (task != NONE && task != other)
		task = g->dominator[task];
	return task == other;
}

struct task_graph
task_graph_new(const struct definition *def)
{
	struct task_graph g = empty_graph(def);
	uint32_t i;

	for (i = 0; i < def->ntasks; i++) {
		if (g.order[i] == 0)
			find_components(&g, i);
		if (def->tasks[i].nbefore == 0)
			reach(&g, i);
	}
	find_ends(&g);
	find_endless(&g);
	find_dominators(&g);
	return g;
}
